import { parseSigned } from '../domain/money/amount';
import { auditBooks, auditPlace } from './audit';
import type { AccountSum, BookFacts, Finding } from './audit';

const rows = (text: string): AccountSum[] =>
  text
    .trim()
    .split('\n')
    .map((row) => {
      const [account = '', asset = '', amount = '0'] = row.trim().split(/\s+/);
      return { account, asset, amount: parseSigned(amount) };
    });

const BOOKS = rows(`
  user/u/available ETH 3
  user/u/held ETH 2
  user/v/debt ETH -1
  custody/hot/ethereum ETH -8
  equity/operator ETH 2
  revenue/withdrawal-fee ETH 0.5
  revenue/swap-commission ETH 0.25
  revenue/swap-spread ETH 0.75
  expense/network-fee ETH -1
  suspense/reserved-costs ETH 1.625
  suspense/pull-back-fees ETH -0.25
  suspense/dust ETH 0.125
`);
const SOUND: BookFacts = {
  unbalanced: [],
  balances: BOOKS,
  postings: BOOKS,
  holds: rows('user/u/held ETH 1.5\n user/u/held ETH 0.5'),
  earned: rows('revenue/withdrawal-fee ETH 0.5\n revenue/swap-commission ETH 0.25'),
  suspended: rows('suspense/reserved-costs ETH 1.625\n suspense/pull-back-fees ETH -0.25'),
  entry: 0,
  venueTrades: 2,
  venueTradeEntries: 2,
};
/** Both lists changed alike, so that the rule alone is broken which is meant. */
const inBoth = (account: string, amount: string): Partial<BookFacts> => {
  const changed = [
    ...BOOKS.filter((row) => row.account !== account),
    { account, asset: 'ETH', amount: parseSigned(amount) },
  ];
  return { balances: changed, postings: changed };
};
const brief = (findings: Finding[]): string[] =>
  findings.map(({ rule, subject, asset, expected, found }) => `${rule}: ${subject} ${asset} ${expected} ${found}`);

test('sound books have no finding; rows of zero and rows that are missing are the same', () => {
  expect(auditBooks(SOUND)).toEqual([]);
  expect(
    auditBooks({
      ...SOUND,
      balances: [...BOOKS, ...rows('user/w/held USDT 0')],
      holds: [...SOUND.holds, ...rows('user/x/held USDT 0')],
    }),
  ).toEqual([]);
});

test.each<[string, Partial<BookFacts>, string[]]>([
  [
    'an entry that does not sum to zero',
    { unbalanced: [{ entryId: '7', asset: 'ETH', sum: 1n }] },
    ['entry sums to zero: entry 7 ETH 0 0.000000000000000001'],
  ],
  [
    'a balance that is not its postings',
    { postings: [...BOOKS, ...rows('user/u/available ETH 0.1')] },
    ['balance = sum of postings: user/u/available ETH 3.1 3'],
  ],
  [
    'a balance without postings',
    { balances: [...BOOKS, ...rows('custody/binance USDT -5')] },
    ['balance = sum of postings: custody/binance USDT 0 -5'],
  ],
  [
    'postings without a balance',
    { postings: [...BOOKS, ...rows('custody/binance USDT -5')] },
    ['balance = sum of postings: custody/binance USDT -5 0'],
  ],
  ['a user below zero', inBoth('user/u/available', '-0.1'), ['never below zero: user/u/available ETH 0 -0.1']],
  ['dust below zero', inBoth('suspense/dust', '-1'), ['never below zero: suspense/dust ETH 0 -1']],
  [
    "the operator's position below zero",
    inBoth('equity/operator', '-0.75'),
    ["operator's position never below zero: equity + revenue + expense ETH 0 -0.25"],
  ],
  [
    'a hold that nothing needs',
    { holds: rows('user/u/held ETH 1.5') },
    ['held = open orders, swaps and withdrawals: user/u/held ETH 1.5 2'],
  ],
  [
    'a withdrawal that holds nothing',
    { holds: [...SOUND.holds, ...rows('user/w/held ETH 1')] },
    ['held = open orders, swaps and withdrawals: user/w/held ETH 1 0'],
  ],
  [
    'a fee that was not booked',
    { earned: [...SOUND.earned, ...rows('revenue/withdrawal-fee ETH 0.003')] },
    ['revenue = sum of fees: revenue/withdrawal-fee ETH 0.503 0.5'],
  ],
  [
    'a commission that no swap earned',
    { earned: rows('revenue/withdrawal-fee ETH 0.5') },
    ['revenue = sum of fees: revenue/swap-commission ETH 0 0.25'],
  ],
  [
    'a reservation that was closed and kept',
    { suspended: rows('suspense/pull-back-fees ETH -0.25') },
    ['suspense = what is open: suspense/reserved-costs ETH 0 1.625'],
  ],
  [
    'a pull-back fee that no withdrawal carries',
    { suspended: rows('suspense/reserved-costs ETH 1.625') },
    ['suspense = what is open: suspense/pull-back-fees ETH 0 -0.25'],
  ],
  [
    'a trade of the venue that was settled twice',
    { venueTradeEntries: 3 },
    ['each venue trade settled once: venue_trades  2 3'],
  ],
  [
    'a trade of the venue that was not settled',
    { venueTrades: 3 },
    ['each venue trade settled once: venue_trades  3 2'],
  ],
])('caught: %s', (_, change, expected) => {
  expect(brief(auditBooks({ ...SOUND, ...change }))).toEqual(expected);
});

test('a place outside: named items explain, the rest is unexplained, and what cannot be read is never zero', () => {
  const place = {
    place: 'binance',
    asset: 'ETH',
    booked: 10n,
    actual: 7n,
    items: [{ id: 'w1', amount: -2n, ageMs: 5 }],
  };
  expect(auditPlace(place).unexplained).toBe(-1n);
  expect(auditPlace({ ...place, actual: 8n }).unexplained).toBe(0n);
  expect(auditPlace({ ...place, actual: 0n, items: [] }).unexplained).toBe(-10n);
  expect(auditPlace({ ...place, actual: undefined }).unexplained).toBeUndefined();
});
