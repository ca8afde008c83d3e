/** Invariants of the books, over facts read in one snapshot. Pure: the same facts give the same findings. */
import { formatAmount } from '../domain/money/amount';
import type { Units } from '../domain/money/amount';
import { PULL_BACK_FEES, RESERVED_COSTS, VENUE_DIFFERENCES, isOperatorAccount, mustNotBeNegative } from './accounts';

export interface AccountSum {
  readonly account: string;
  readonly asset: string;
  readonly amount: Units;
}

/** What the tables say, all from one snapshot. */
export interface BookFacts {
  /** Entries whose postings do not sum to zero. */
  readonly unbalanced: readonly { entryId: string; asset: string; sum: Units }[];
  readonly balances: readonly AccountSum[];
  readonly postings: readonly AccountSum[];
  /** What open orders, swaps and withdrawals hold, by `user/<id>/held`. */
  readonly holds: readonly AccountSum[];
  /** What the rows of finished business say was earned, by revenue account. */
  readonly earned: readonly AccountSum[];
  /** Open reservations, pull-back fees and the venue's differences, by their suspense accounts. */
  readonly suspended: readonly AccountSum[];
  /** Number of the last entry of the journal. */
  readonly entry: number;
  readonly venueTrades: number;
  readonly venueTradeEntries: number;
}

export interface Finding {
  readonly rule: string;
  readonly subject: string;
  readonly asset: string;
  readonly expected: string;
  readonly found: string;
}

const finding = (rule: string, subject: string, asset: string, expected: Units, found: Units): Finding => ({
  rule,
  subject,
  asset,
  expected: formatAmount(expected),
  found: formatAmount(found),
});

/** Every rule that is broken; an empty list is a balanced house. */
export function auditBooks(facts: BookFacts): Finding[] {
  const earnedCentres = ['revenue/swap-commission', 'revenue/withdrawal-fee', 'revenue/trading-fee'];
  const only = (rows: readonly AccountSum[], test: (account: string) => boolean): AccountSum[] =>
    rows.filter((row) => test(row.account));
  return [
    ...facts.unbalanced.map(({ entryId, asset, sum }) =>
      finding('entry sums to zero', `entry ${entryId}`, asset, 0n, sum),
    ),
    ...differences('balance = sum of postings', facts.postings, facts.balances),
    ...facts.balances
      .filter(({ account, amount }) => amount < 0n && mustNotBeNegative(account))
      .map(({ account, asset, amount }) => finding('never below zero', account, asset, 0n, amount)),
    ...positions(facts.balances),
    ...differences(
      'held = open orders, swaps and withdrawals',
      facts.holds,
      only(facts.balances, (account) => account.endsWith('/held')),
    ),
    ...differences(
      'revenue = sum of fees',
      facts.earned,
      only(facts.balances, (account) => earnedCentres.includes(account)),
    ),
    ...differences(
      'suspense = what is open',
      facts.suspended,
      only(facts.balances, (account) => [RESERVED_COSTS, PULL_BACK_FEES, VENUE_DIFFERENCES].includes(account)),
    ),
    ...(facts.venueTrades === facts.venueTradeEntries
      ? []
      : [
          {
            rule: 'each venue trade settled once',
            subject: 'venue_trades',
            asset: '',
            expected: String(facts.venueTrades),
            found: String(facts.venueTradeEntries),
          },
        ]),
  ];
}

/** Accounts in which the two lists differ; a row that is missing counts as zero. */
function differences(rule: string, expected: readonly AccountSum[], found: readonly AccountSum[]): Finding[] {
  const at = new Map<string, { account: string; asset: string; expected: Units; found: Units }>();
  const add = (rows: readonly AccountSum[], side: 'expected' | 'found'): void => {
    for (const { account, asset, amount } of rows) {
      const entry = at.get(`${account}|${asset}`) ?? { account, asset, expected: 0n, found: 0n };
      entry[side] += amount;
      at.set(`${account}|${asset}`, entry);
    }
  };
  add(expected, 'expected');
  add(found, 'found');
  return [...at.values()]
    .filter((entry) => entry.expected !== entry.found)
    .map((entry) => finding(rule, entry.account, entry.asset, entry.expected, entry.found));
}

function positions(balances: readonly AccountSum[]): Finding[] {
  const sums = new Map<string, Units>();
  for (const { account, asset, amount } of balances)
    if (isOperatorAccount(account)) sums.set(asset, (sums.get(asset) ?? 0n) + amount);
  return [...sums]
    .filter(([, sum]) => sum < 0n)
    .map(([asset, sum]) =>
      finding("operator's position never below zero", 'equity + revenue + expense', asset, 0n, sum),
    );
}

/** One place outside, as it is and as the books say, with everything that is known to be on its way. */
export interface OutsidePlace {
  readonly place: string;
  readonly asset: string;
  readonly booked: Units;
  /** Undefined: the source could not be read; that is never taken for zero. */
  readonly actual: Units | undefined;
  readonly items: readonly InFlight[];
}

/** Something that moved outside and is not booked yet, or is booked and has not moved: actual - booked, signed. */
export interface InFlight {
  readonly id: string;
  readonly amount: Units;
  readonly ageMs: number;
}

export interface PlaceResult extends OutsidePlace {
  /** What no named item explains, or undefined when the place was unreadable. */
  readonly unexplained: Units | undefined;
}

export function auditPlace(place: OutsidePlace): PlaceResult {
  if (place.actual === undefined) return { ...place, unexplained: undefined };
  const explained = place.items.reduce((sum, item) => sum + item.amount, 0n);
  return { ...place, unexplained: place.actual - place.booked - explained };
}
