import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { entryOf, refuse } from './policy';

/** What one signed transaction takes for its network at most. */
export interface Fee {
  readonly network: string;
  /**
   * Of one payment: of several under one name at most one is mined, so that a dearer one counts only by what it is
   * dearer.
   */
  readonly payment: string;
  /** Units of the network's own coin. */
  readonly cost: Units;
}

/**
 * The most that may leave to networks within 24 hours, by what was signed: fees are coins too, and nobody approves
 * them.
 */
export interface FeeBudget {
  /** Refuses what would come above the network's budget; remembers nothing. */
  check(fee: Fee): void;
  /**
   * What was signed. `at`: when, milliseconds since 1970; a line that does not say is old, and only a base for its
   * replacements.
   */
  add(fee: Fee, at: number | undefined): void;
}

const DAY_MS = 86_400_000;

interface Spent {
  readonly at: number;
  readonly cost: Units;
}

/** `daily`: the budget by network, decimal strings of its own coin; a network that is not named has none. */
export function createFeeBudget(daily: Readonly<Record<string, string>>, now: () => number): FeeBudget {
  /** The dearest that was signed for a payment. */
  const dearest = new Map<string, Units>();
  const spent = new Map<string, { lines: Spent[]; sum: Units }>();
  const of = (network: string): { lines: Spent[]; sum: Units } => {
    const found = spent.get(network) ?? { lines: [], sum: 0n };
    spent.set(network, found);
    return found;
  };
  const increase = ({ network, payment, cost }: Fee): Units => {
    const more = cost - (dearest.get(`${network}/${payment}`) ?? 0n);
    return more > 0n ? more : 0n;
  };
  /** Lines are in the order of the log: where a clock was set back, one counts for longer, never for less. */
  const within24Hours = (network: string): Units => {
    const day = of(network);
    const old = day.lines.findIndex(({ at }) => at > now() - DAY_MS);
    for (const { cost } of day.lines.splice(0, old < 0 ? day.lines.length : old)) day.sum -= cost;
    return day.sum;
  };
  return {
    check: (fee) => {
      const most = entryOf(daily, fee.network);
      const more = increase(fee);
      if (most === undefined || more === 0n) return;
      const before = within24Hours(fee.network);
      if (before + more > parseAmount(most))
        refuse(
          `${formatAmount(more)} more for the network, beside ${formatAmount(before)} within 24 hours, is above the ${most} of ${fee.network} (SIGNER_FEES_DAILY)`,
        );
    },
    add: (fee, at) => {
      const more = increase(fee);
      const key = `${fee.network}/${fee.payment}`;
      if (more > 0n) dearest.set(key, (dearest.get(key) ?? 0n) + more);
      if (at === undefined || more === 0n || entryOf(daily, fee.network) === undefined) return;
      const day = of(fee.network);
      day.lines.push({ at, cost: more });
      day.sum += more;
    },
  };
}
