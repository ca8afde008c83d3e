import { receivedInside } from '../../db/stores/reviews';
import type { Transaction } from '../../db/transaction';
import { DomainError } from '../../domain/contract/errors';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { ServerDeps } from '../deps';
import { DAY_MS, QUOTE } from '../tiers/policy';
import { worthOf } from './value';

type Deps = Pick<ServerDeps, 'dataSource' | 'engine' | 'marketData' | 'registry' | 'clock'>;

interface Asked {
  readonly asset: string;
  /** Of what would leave, in the quote asset; null where it has no price. */
  readonly value: Units | null;
  /** So much in all may leave again at once. */
  readonly small: Units;
  readonly now: number;
}

/**
 * Coins that came from other users stay for a day: a thief sends them to an account of his own first. Swapped they are
 * other coins, so what stays is as much as they are worth. Call with the user's row locked. Refuses RECEIVED_RECENTLY.
 */
export async function refuseReceived(
  deps: Deps,
  manager: Transaction,
  userId: string,
  { value, small, now }: Asked,
): Promise<void> {
  const received = await receivedInside(manager, userId, now - DAY_MS);
  const stays = await sum(deps, received);
  if (stays <= small) return;
  const balances = await deps.engine.balancesOf(userId);
  const there = await sum(
    deps,
    balances.map(({ asset, available }) => ({ asset, amount: available })),
  );
  if (value !== null && value + stays <= there) return;
  const until = Math.max(...received.map(({ at }) => at)) + DAY_MS;
  throw new DomainError('RECEIVED_RECENTLY', {
    quote: QUOTE,
    stays: formatAmount(stays),
    left: formatAmount(there > stays ? there - stays : 0n),
    until,
  });
}

/** In the quote asset; what no market trades for it is worth nothing here. */
async function sum(deps: Deps, amounts: readonly { asset: string; amount: string }[]): Promise<Units> {
  let total = 0n;
  for (const { asset, amount } of amounts) total += (await worthOf(deps, asset, parseAmount(amount))).value ?? 0n;
  return total;
}
