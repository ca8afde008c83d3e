/**
 * Freezing an account: nothing leaves it and no order is taken until somebody of the exchange opens it again.
 * Cancelling and depositing go on.
 */
import type { UserRow } from '../../db/entities/accounts';
import { recordAdminAction } from '../../db/stores/admin-audit';
import { requestedWithdrawals } from '../../db/stores/history';
import { lockUser, setFrozen } from '../../db/stores/users';
import { inTransaction } from '../../db/transaction';
import { DomainError } from '../../domain/contract/errors';
import { decisionReference } from '../../domain/references';
import type { ServerDeps } from '../deps';
import type { Post } from '../jobs/mail';

export interface Freezing {
  /** By its owner; frozen twice is frozen once. Refuses NOT_FOUND. */
  freeze(userId: string): Promise<void>;
  /** By an admin, with an audit row. Refuses NOT_FOUND, SELF_APPROVAL. */
  set(admin: UserRow, userId: string, wish: { readonly frozen: boolean; readonly why: string }): Promise<void>;
}

export function createFreezing(
  deps: Pick<ServerDeps, 'dataSource' | 'clock' | 'ids' | 'events' | 'engine' | 'logger'>,
  post: Post,
): Freezing {
  const { dataSource, clock, ids, events, engine, logger } = deps;
  /**
   * What was asked for and not decided goes back: it may be the thief's. What an admin has approved waits in the
   * wallets.
   */
  const takeBack = async (userId: string): Promise<void> => {
    for (const { id, attempt } of await requestedWithdrawals(dataSource, userId)) {
      await engine
        .submit({
          kind: 'withdrawal.cancel',
          withdrawalId: id,
          userId,
          reference: decisionReference({ withdrawalId: id, round: attempt }, 'cancel'),
        })
        .catch((error: unknown) =>
          logger.warn(
            { event: 'withdrawal.not_cancelled', withdrawal: id, error: String(error) },
            'a withdrawal of a frozen account was not taken back; it is approved by nobody',
          ),
        );
    }
  };
  const put = async (
    userId: string,
    frozen: boolean,
    admin?: { readonly id: string; readonly why: string },
  ): Promise<void> => {
    const { user, changed } = await inTransaction(dataSource, async (manager) => {
      // Who asks for a withdrawal holds this lock: it is there before and taken back, or comes after and is refused.
      const row = await lockUser(manager, userId);
      if (!row) throw new DomainError('NOT_FOUND');
      const isChanged = await setFrozen(manager, userId, frozen ? clock.now() : null);
      if (admin)
        await recordAdminAction(manager, {
          id: ids.next(),
          adminId: admin.id,
          action: frozen ? 'user.freeze' : 'user.unfreeze',
          subject: userId,
          details: { why: admin.why },
          at: clock.now(),
        });
      return { user: row, changed: isChanged };
    });
    events.publish({ name: 'access.changed', userId });
    if (frozen) await takeBack(userId);
    if (changed) post.send(frozen ? 'account-frozen' : 'account-opened', `${userId}-${clock.now()}`, user);
  };
  return {
    freeze: (userId) => put(userId, true),
    set: async (admin, userId, { frozen, why }) => {
      if (admin.id === userId && !frozen) throw new DomainError('SELF_APPROVAL');
      await put(userId, frozen, { id: admin.id, why });
    },
  };
}
