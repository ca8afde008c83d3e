import { userById } from '../../db/stores/users';
import type { ServerDeps } from '../deps';
import type { LetterKind } from './letters';
import type { Post } from './mail';

const KYC_LETTERS: Record<string, LetterKind> = { APPROVED: 'kyc-approved', REJECTED: 'kyc-refused' };
const WITHDRAWAL_LETTERS: Record<string, LetterKind> = {
  APPROVED: 'withdrawal-approved',
  REJECTED: 'withdrawal-refused',
  CONFIRMED: 'withdrawal-sent',
};

/** Writes to a user when something about them was decided. Returns what ends it. */
export function writeAboutDecisions(
  deps: Pick<ServerDeps, 'dataSource' | 'events' | 'clock' | 'logger'>,
  post: Post,
): () => void {
  const write = (kind: LetterKind | undefined, userId: string, about: string): void => {
    if (!kind) return;
    userById(deps.dataSource, userId).then(
      (user) => user && post.send(kind, about, user),
      (error: unknown) =>
        deps.logger.warn({ event: 'mail.not_written', error: String(error) }, 'a letter was not written'),
    );
  };
  const off = [
    // A refused application may be sent again, so each decision is a letter of its own.
    deps.events.on('kyc.changed', ({ userId, state }) =>
      write(KYC_LETTERS[state], userId, `${userId}-${deps.clock.now()}`),
    ),
    deps.events.on('withdrawal.changed', ({ userId, withdrawalId, state }) =>
      write(WITHDRAWAL_LETTERS[state], userId, withdrawalId),
    ),
  ];
  return () => off.forEach((end) => end());
}
