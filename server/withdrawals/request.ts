import type { UserRow } from '../../db/entities/accounts';
import type { WithdrawalRow } from '../../db/entities/withdrawals';
import { withdrawalOf } from '../../db/stores/history';
import { knownSince, saveReview, spentSince } from '../../db/stores/reviews';
import { tierOf } from '../../db/stores/tiers';
import { lockUser } from '../../db/stores/users';
import { inTransaction } from '../../db/transaction';
import type { Transaction } from '../../db/transaction';
import type { Confirmation } from '../../domain/contract/api/passkeys';
import type { AskWithdrawal, WithdrawalLimitsView } from '../../domain/contract/api/withdrawals';
import { DomainError } from '../../domain/contract/errors';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import { memoFault, networkOf } from '../../domain/registry';
import type { Rail, Registry } from '../../domain/registry';
import type { ServerDeps } from '../deps';
import { atMost } from '../http/queue';
import { idFrom } from '../../db/references';
import type { Attempt, SecondFactors } from '../second-factor/service';
import type { Passkeys } from '../passkeys/service';
import { DAY_MS, QUOTE, dayOf, tierIn } from '../tiers/policy';
import type { Tiers } from '../tiers/policy';
import { railFor } from './policy';
import { refuseReceived } from './received';
import { receiverIn } from './receiver';
import { COOL_OFF_MS, judge } from './risk';
import type { TierLimits, WithdrawalFacts } from './risk';
import { worthOf } from './value';

/**
 * Each holds a connection of the pool and needs a second one for a moment. Were all of the pool held by such, none of
 * them would ever get it.
 */
const SIDE_BY_SIDE = 4;
const MOST_WAITING = 2000;

type Deps = Pick<ServerDeps, 'dataSource' | 'engine' | 'addressCheck' | 'registry' | 'marketData' | 'clock'>;

export interface WithdrawalRequests {
  /** Answers the withdrawal, and whether nothing speaks against paying it without a look. */
  ask(
    user: UserRow,
    request: AskWithdrawal,
    reference: string,
    attempt: Attempt,
  ): Promise<{ id: string; passes: boolean; inside: boolean }>;
  /** 0 before the identity is approved. */
  limits(user: UserRow): Promise<WithdrawalLimitsView>;
}

export function createWithdrawalRequests(
  deps: Deps,
  secondFactors: SecondFactors,
  passkeys: Pick<Passkeys, 'confirmPayment'>,
  tiers: Tiers,
): WithdrawalRequests {
  const one = oneAtATime();
  const inTurn = atMost(SIDE_BY_SIDE, MOST_WAITING);
  const limitsOf = async (manager: Transaction, userId: string): Promise<TierLimits & { tier: number }> => {
    const { number: tier, perDay, small } = tierIn(tiers, await tierOf(manager, userId));
    return { tier, perDay: parseAmount(perDay), small: parseAmount(small) };
  };

  const fresh = async (user: UserRow, request: AskWithdrawal, rail: Rail, reference: string, attempt: Attempt) => {
    const { dataSource, addressCheck, registry, clock } = deps;
    const { asset, network } = request;
    const { address, inside } = await addressCheck.check(
      network,
      asset,
      receiverIn(registry, network, asset, request.address),
    );
    checkMemo(registry, request);
    const id = idFrom('wd', reference);
    const payment = {
      userId: user.id,
      withdrawalId: id,
      network,
      asset,
      to: address,
      memo: request.memo ?? null,
      amount: formatAmount(parseAmount(request.amount)),
    };
    const confirmation = await passkeys.confirmPayment(payment, request.confirmation);
    // A confirmation says more than a code.
    if (!confirmation) await secondFactors.prove(user.id, request, attempt);
    const left = parseAmount(request.amount) + parseAmount(rail.withdrawalFee);
    const [{ value, isFresh }, secondFactorSince, now] = [
      await worthOf(deps, asset, left),
      await secondFactors.since(user.id),
      clock.now(),
    ];
    return inTurn(() =>
      inTransaction(dataSource, async (manager) => {
        // Requests of one user go one after the other, in whichever process: each sees what the others have used of
        // the day.
        refuseLocked(await lockUser(manager, user.id), now);
        // One that was added meanwhile: from the first on, each withdrawal is confirmed.
        if (!confirmation) await passkeys.confirmPayment(payment, undefined);
        const limits = await limitsOf(manager, user.id);
        const spent = await spentSince(manager, user.id, now - DAY_MS);
        const facts: WithdrawalFacts = {
          now,
          value,
          priceIsFresh: isFresh,
          ...spent,
          addressSince: await knownSince(manager, user.id, network, address),
          secondFactorSince,
        };
        const { verdict, reasons } = judge(facts, limits);
        if (verdict === 'refuse')
          throw new DomainError('WITHDRAWAL_LIMIT', {
            tier: limits.tier,
            quote: QUOTE,
            perDay: formatAmount(limits.perDay),
            left: formatAmount(limits.perDay - spent.spent),
          });
        await refuseReceived(deps, manager, user.id, { asset, value, small: limits.small, now });
        // Durable before the withdrawal is there, so that each of those counts; one without its withdrawal counts for
        // nothing.
        await saveReview(dataSource, {
          withdrawalId: id,
          userId: user.id,
          value: value === null ? null : formatAmount(value),
          verdict,
          reasons,
          inside,
          at: now,
        });
        await submit(deps, user.id, request, { id, address, fee: rail.withdrawalFee, reference, confirmation });
        return { id, passes: verdict === 'pass', inside };
      }),
    );
  };

  return {
    ask: (user, request, reference, attempt) =>
      one(user.id, async () => {
        const rail = railFor(deps.registry, request);
        const before = await withdrawalOf(deps.dataSource, user.id, idFrom('wd', reference));
        return before ? again(deps, before, request, reference) : fresh(user, request, rail, reference, attempt);
      }),
    limits: async ({ id, kycState }) => {
      const { manager } = deps.dataSource;
      const { spent } = await spentSince(manager, id, deps.clock.now() - DAY_MS);
      const { tier, perDay, left } = dayOf(tiers, kycState, await tierOf(manager, id), spent);
      return { tier, quote: QUOTE, perDay, left };
    },
  };
}

/** Asked of the row while it is locked: whoever freezes or locks it comes before or after, never between. */
function refuseLocked(user: UserRow | null, now: number): void {
  if (user === null || user.frozenAt !== null) throw new DomainError('ACCOUNT_FROZEN');
  if (now < user.withdrawalsFrom) throw new DomainError('WITHDRAWALS_LOCKED', { until: user.withdrawalsFrom });
}

/**
 * A request that was sent again: the engine says whether it is the same. It keeps the fee it was made with, and was
 * judged then.
 */
async function again(
  deps: Deps,
  before: WithdrawalRow,
  request: AskWithdrawal,
  reference: string,
): Promise<{ id: string; passes: boolean; inside: boolean }> {
  const { network, asset } = request;
  const { address } = await deps.addressCheck.check(
    network,
    asset,
    receiverIn(deps.registry, network, asset, request.address),
  );
  // Sent again without it, it is the one that was confirmed.
  const confirmation = request.confirmation ?? (await deps.engine.recordedWithdrawals([before.id]))[0]?.confirmation;
  await submit(deps, before.userId, request, { id: before.id, address, fee: before.fee, reference, confirmation });
  return { id: before.id, passes: false, inside: false };
}

interface Made {
  readonly id: string;
  readonly address: string;
  readonly fee: string;
  readonly reference: string;
  readonly confirmation: Confirmation | undefined;
}

async function submit(
  { engine }: Deps,
  userId: string,
  { asset, network, amount, memo }: AskWithdrawal,
  made: Made,
): Promise<void> {
  await engine.submit({
    kind: 'withdrawal.request',
    withdrawalId: made.id,
    userId,
    asset,
    network,
    address: made.address,
    ...(memo !== undefined && { memo }),
    amount: formatAmount(parseAmount(amount)),
    fee: formatAmount(parseAmount(made.fee)),
    ...(made.confirmation && { confirmation: made.confirmation }),
    reference: made.reference,
  });
}

function checkMemo(registry: Registry, { network, memo }: AskWithdrawal): void {
  const fault = memoFault(networkOf(registry, network), memo);
  if (fault) throw new DomainError(fault, { network });
}

/**
 * Keeps a user's requests in this process in one row, so that they wait here and not each with a connection of its
 * own.
 */
function oneAtATime(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const mine = (last.get(name) ?? Promise.resolve()).catch(() => undefined).then(work);
    last.set(name, mine);
    const forget = (): void => void (last.get(name) === mine && last.delete(name));
    mine.then(forget, forget);
    return mine;
  };
}

export const isTrusted = (since: number, now: number): boolean => now - since >= COOL_OFF_MS;
