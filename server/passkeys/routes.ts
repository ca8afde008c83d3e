import type { UserRow } from '../../db/entities/accounts';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { ServerDeps } from '../deps';
import { route } from '../http/route';
import type { Route } from '../http/route';
import type { Sessions } from '../http/session';
import type { Post } from '../jobs/mail';
import { attemptIn } from '../second-factor/attempt';
import type { SecondFactors } from '../second-factor/service';
import type { PasskeyChanges } from './changes';
import { presentPasskey } from './service';
import type { Passkeys } from './service';
import type { Site } from './webauthn';

export interface PasskeyParts {
  readonly passkeys: Passkeys;
  readonly changes: PasskeyChanges;
  readonly secondFactors: Pick<SecondFactors, 'since'>;
  readonly sessions: Sessions;
  readonly post: Post;
  readonly site: Site;
}

/** What the signer's operator has taken out is gone here too, and its owner is written to. */
export async function forgetDropped(
  { changes, post }: Pick<PasskeyParts, 'changes' | 'post'>,
  user: UserRow,
): Promise<void> {
  for (const { id } of await changes.catchUp(user.id)) post.send('passkey-removed', `${user.id}-${id}`, user);
}

/**
 * As with every second factor: where one comes or goes all other sessions end, and the one that changed it goes on
 * under a new id.
 */
export function passkeyRoutes(
  { clock }: Pick<ServerDeps, 'clock'>,
  { passkeys, changes, secondFactors, sessions, post, site }: PasskeyParts,
): Route[] {
  return [
    route(ENDPOINTS.passkeys, async ({ user }) => {
      await forgetDropped({ changes, post }, user);
      return { origin: site.origin, items: (await passkeys.of(user.id)).map(presentPasskey) };
    }),
    route(ENDPOINTS.beginPasskey, ({ user, body, req }) => changes.begin(user, body, attemptIn(sessions, req))),
    route(ENDPOINTS.addPasskey, async ({ user, body, req }) => {
      const { row, generation } = await changes.add(user, body);
      await sessions.renew(req, generation, clock.now());
      await sessions.end(user.id, { except: req.session.publicId });
      post.send('passkey-added', `${user.id}-${row.id}`, user, { label: row.label });
      await changes.enrol(row);
      return presentPasskey(row);
    }),
    route(ENDPOINTS.renamePasskey, ({ user, params, body }) => passkeys.rename(user.id, params.id, body.label)),
    route(ENDPOINTS.removePasskey, async ({ user, params, body, req }) => {
      const generation = await changes.remove(user, params.id, body.confirmation);
      const hasOne = (await secondFactors.since(user.id)) !== null;
      await sessions.renew(req, generation, hasOne ? req.session.provenAt : undefined);
      await sessions.end(user.id, { except: req.session.publicId });
      post.send('passkey-removed', `${user.id}-${params.id}`, user);
      return {};
    }),
  ];
}
