import type { Clock } from '../../../domain/clock-and-ids';
import { DomainError } from '../../../domain/contract/errors';
import type { VenueCapital } from '../../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import { failureOf } from './errors';
import { BINANCE } from './id';
import { VenueBusy } from './rest';
import type { Rest } from './rest';

interface CoinInfo {
  readonly coin: string;
  readonly networkList: readonly {
    network: string;
    withdrawFee: string;
    withdrawMin: string;
    withdrawIntegerMultiple: string;
    sameAddress?: boolean;
  }[];
}

/** Deposit statuses that mean "yours": 1 credited, 6 credited but not withdrawable yet. */
const CREDITED = new Set([1, 6]);
/** Withdrawal statuses: 6 completed; 1 cancelled, 3 rejected, 5 failed. */
const COMPLETED = 6;
const FAILED = new Set([1, 3, 5]);

interface WithdrawalRow {
  readonly withdrawOrderId: string;
  readonly status: number;
  readonly txId: string;
  readonly amount: string;
  readonly transactionFee: string;
}

/**
 * The venue counts 18,000 for each question about withdrawals and allows 180,000 a minute: ten. So an answer is kept
 * the longer, the more was asked in the last minute; no minute has more than eight.
 */
const KEPT_MS = [0, 1000, 2000, 4000, 8000];
const KEPT_LONGEST_MS = 15_000;
const MINUTE_MS = 60_000;
/**
 * It tells ninety days, newest first, so many rows a page. Looked up by our own id it would tell no more than seven.
 */
const HISTORY_MS = 89 * 86_400_000;
const HISTORY_LIMIT = 1000;

interface DepositRow {
  readonly txId: string;
  readonly coin: string;
  readonly amount: string;
  readonly status: number;
}

const paged = (offset: number): { limit: number; offset?: number } => ({
  limit: HISTORY_LIMIT,
  ...(offset > 0 && { offset }),
});

/** All pages of a history. A new row comes first and moves the others on: a row may come twice, none is left out. */
async function pagesOf<Row>(page: (offset: number) => Promise<Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const more = await page(rows.length);
    rows.push(...more);
    if (more.length < HISTORY_LIMIT) return rows;
  }
}

/** The venue's capital calls by the treasury key, under the limiter that trading uses too. */
export function createCapital(rest: Rest, deps: { clock: Clock }): VenueCapital {
  const { treasury } = rest;

  let known: { until: number; rows: Promise<WithdrawalRow[]> } | undefined;
  /** When the venue was asked in the last minute. */
  let asked: number[] = [];
  const page = (offset: number): Promise<WithdrawalRow[]> => {
    const now = deps.clock.now();
    asked = [...asked.filter((at) => now - at < MINUTE_MS), now];
    return rest.capital(() =>
      treasury.getWithdrawHistory({ startTime: now - HISTORY_MS, ...paged(offset) }),
    ) as unknown as Promise<WithdrawalRow[]>;
  };
  /** Of all withdrawals: one answer, however many are waited for. */
  const history = (): Promise<WithdrawalRow[]> => {
    if (known && deps.clock.now() < known.until) return known.rows;
    const mine = { until: Number.MAX_SAFE_INTEGER, rows: pagesOf(page) };
    known = mine;
    const kept = (): number => KEPT_MS[asked.length] ?? KEPT_LONGEST_MS;
    mine.rows.then(
      (rows) =>
        (mine.until = deps.clock.now() + (rows.length < HISTORY_LIMIT ? kept() : KEPT_LONGEST_MS * asked.length)),
      () => known === mine && (known = undefined),
    );
    return mine.rows;
  };

  const findWithdrawal: VenueCapital['withdrawal'] = async (id) => {
    const rows = await history();
    const row = rows.find(({ withdrawOrderId }) => withdrawOrderId === id);
    if (!row) return null;
    const state = row.status === COMPLETED ? 'completed' : FAILED.has(row.status) ? 'failed' : 'pending';
    // The history's amount is what arrives; what was debited is that and the fee.
    const fee = parseAmount(row.transactionFee);
    return {
      state,
      txid: row.txId || null,
      amount: formatAmount(parseAmount(row.amount) + fee),
      fee: formatAmount(fee),
    };
  };

  return {
    venue: BINANCE,
    depositAddress: async (asset, venueNetwork) => {
      const { address, tag } = await rest.capital(() =>
        treasury.getDepositAddress({ coin: asset, network: venueNetwork }),
      );
      // Sent without it our coins would be credited to nobody, or to somebody else.
      if (tag) throw new DomainError('MEMO_REQUIRED', { asset, network: venueNetwork, venue: BINANCE });
      return address;
    },
    hasTreasury: () => rest.treasuryIsThere(),
    deposits: async (asset, sinceMs) => {
      const oldest = deps.clock.now() - HISTORY_MS;
      const asked = { coin: asset, startTime: sinceMs > oldest ? sinceMs : oldest };
      const rows = await pagesOf<DepositRow>(
        (offset) =>
          rest.capital(() => treasury.getDepositHistory({ ...asked, ...paged(offset) } as never)) as unknown as Promise<
            DepositRow[]
          >,
      );
      return rows.map((row) => ({
        txid: row.txId,
        asset: row.coin,
        amount: formatAmount(parseAmount(String(row.amount))),
        credited: CREDITED.has(row.status),
      }));
    },
    withdrawalTerms: async (asset, venueNetwork) => {
      const coins = (await rest.capital(() => treasury.getBalances())) as unknown as CoinInfo[];
      const network = coins
        .find((coin) => coin.coin === asset)
        ?.networkList.find((candidate) => candidate.network === venueNetwork);
      if (!network) throw new Error(`the venue does not withdraw ${asset} on ${venueNetwork}`);
      if (network.sameAddress === true)
        throw new DomainError('MEMO_REQUIRED', { asset, network: venueNetwork, venue: BINANCE });
      return { fee: network.withdrawFee, minimum: network.withdrawMin, step: network.withdrawIntegerMultiple };
    },
    withdraw: async ({ id, asset, venueNetwork, address, amount }) => {
      try {
        // By hand: the SDK's type takes the amount as a floating point number.
        const body = { coin: asset, network: venueNetwork, address, amount, withdrawOrderId: id };
        await rest.capital(() => treasury.postPrivate('sapi/v1/capital/withdraw/apply', body));
        return { outcome: 'done' };
      } catch (error) {
        if (error instanceof VenueBusy) return { outcome: 'refused', reason: error.message };
        const failure = failureOf(error, deps.clock.now());
        if (failure.kind === 'unknown') return { outcome: 'unknown' };
        // An id that the venue has seen is ours: the first ask went through.
        return /withdrawOrderId/i.test(failure.message)
          ? { outcome: 'unknown' }
          : { outcome: 'refused', reason: `${failure.code} ${failure.message}` };
      }
    },
    withdrawal: findWithdrawal,
    balances: async () => {
      const account = (await rest.call(false, () => rest.trading.getAccountInformation())) as unknown as {
        balances: { asset: string; free: string; locked: string }[];
      };
      return account.balances.map(({ asset, free, locked }) => ({
        asset,
        free: formatAmount(parseAmount(free)),
        locked: formatAmount(parseAmount(locked)),
      }));
    },
  };
}
