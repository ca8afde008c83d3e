import fc from 'fast-check';
import { DUST, EQUITY, RESERVED_COSTS, available, custody, debt, expense, held, revenue } from './accounts';
import { Books, check, post } from './post';
import type { Posting } from './post';

const seed = Number(process.env.SEED ?? 20251121);
console.info(`post: seed ${seed}`);

const line = (account: string, amount: bigint, asset = 'ETH'): Posting => ({ account, asset, amount });
const entry = (...postings: Posting[]) => ({ reference: 'r', reason: 'test', postings });
const snapshot = (books: Books): string[] =>
  [...books.entries()].map(({ account, asset, amount }) => `${account}|${asset}|${amount}`);

function booksWith(...postings: Posting[]): Books {
  const books = new Books();
  for (const posting of postings) books.load(posting.account, posting.asset, posting.amount);
  return books;
}

test.each([
  ['nothing', [], { code: 'EMPTY', asset: '' }],
  ['one line', [line(EQUITY, 0n)], { code: 'EMPTY', asset: 'ETH' }],
  [
    'lines that do not sum to zero',
    [line(custody('transit'), -2n), line(EQUITY, 1n)],
    { code: 'UNBALANCED', asset: 'ETH' },
  ],
  [
    'two assets that even each other out',
    [line(custody('transit'), -1n), line(EQUITY, 1n, 'USDT')],
    { code: 'UNBALANCED', asset: 'ETH' },
  ],
  [
    'more than a user has',
    [line(available('u'), -6n), line(held('u'), 6n)],
    { code: 'INSUFFICIENT_FUNDS', account: 'user/u/available', asset: 'ETH', missing: 1n },
  ],
  [
    'more than is held',
    [line(held('u'), -1n), line(available('u'), 1n)],
    { code: 'INSUFFICIENT_FUNDS', account: 'user/u/held', asset: 'ETH', missing: 1n },
  ],
  [
    'more dust than there is',
    [line(DUST, -1n), line(revenue('deposit-fee'), 1n)],
    { code: 'INSUFFICIENT_FUNDS', account: DUST, asset: 'ETH', missing: 1n },
  ],
  [
    'more reserved cost than there is',
    [line(RESERVED_COSTS, -1n), line(custody('transit'), 1n)],
    { code: 'INSUFFICIENT_FUNDS', account: RESERVED_COSTS, asset: 'ETH', missing: 1n },
  ],
  [
    "a cost above the operator's position",
    [line(expense('network-fee'), -4n), line(RESERVED_COSTS, 4n)],
    { code: 'NEEDS_OPERATOR_FUNDS', asset: 'ETH', missing: 1n },
  ],
])('refused, and nothing changes: %s', (_, postings, refusal) => {
  const books = booksWith(line(available('u'), 5n), line(EQUITY, 3n), line(custody('transit'), -8n));
  const before = snapshot(books);
  expect(post(books, entry(...postings))).toEqual(refusal);
  expect(snapshot(books)).toEqual(before);
  expect(books.position('ETH')).toBe(3n);
});

test('lines of one account are taken together', () => {
  const books = booksWith(line(available('u'), 5n), line(custody('transit'), -5n));
  expect(post(books, entry(line(available('u'), -9n), line(available('u'), 4n), line(held('u'), 5n)))).toBeUndefined();
  expect([books.balance(available('u'), 'ETH'), books.balance(held('u'), 'ETH')]).toEqual([0n, 5n]);
});

test('a debt may be below zero; a user who is below zero already may be paid, not charged', () => {
  const books = booksWith(line(available('u'), -3n), line(custody('transit'), 3n));
  expect(post(books, entry(line(debt('u'), -5n), line(custody('transit'), 5n)))).toBeUndefined();
  expect(post(books, entry(line(available('u'), 1n), line(custody('transit'), -1n)))).toBeUndefined();
  expect(check(books, [line(available('u'), -1n), line(held('u'), 1n)])).toMatchObject({
    code: 'INSUFFICIENT_FUNDS',
    missing: 3n,
  });
});

test("the operator's position is equity, revenue and expense together, asset by asset", () => {
  const books = booksWith(line(EQUITY, 3n), line(custody('transit'), -3n));
  // A fee of the same entry pays for its own cost.
  expect(
    post(
      books,
      entry(line(revenue('withdrawal-fee'), 10n), line(expense('network-fee'), -12n), line(custody('transit'), 2n)),
    ),
  ).toBeUndefined();
  expect(books.position('ETH')).toBe(1n);
  expect(books.position('USDT')).toBe(0n);
  expect(post(books, entry(line(expense('venue-fee'), -1n, 'USDT'), line(custody('binance'), 1n, 'USDT')))).toEqual({
    code: 'NEEDS_OPERATOR_FUNDS',
    asset: 'USDT',
    missing: 1n,
  });
  // Below zero already: an entry that does not touch the position, or mends it, is not refused for it.
  const poor = booksWith(line(expense('network-fee'), -5n), line(available('u'), 5n));
  expect(post(poor, entry(line(available('u'), -2n), line(held('u'), 2n)))).toBeUndefined();
  expect(post(poor, entry(line(custody('transit'), -4n), line(EQUITY, 4n)))).toBeUndefined();
  expect(poor.position('ETH')).toBe(-1n);
});

test('random entries: after each the books sum to zero, nobody is below zero, and the position is what its accounts say', () => {
  const accounts = [
    available('a'),
    held('a'),
    available('b'),
    custody('hot/ethereum'),
    custody('binance'),
    EQUITY,
    revenue('swap-spread'),
    expense('venue-fee'),
    DUST,
  ];
  const postings = fc.array(
    fc.record({
      account: fc.constantFrom(...accounts),
      asset: fc.constantFrom('ETH', 'USDT'),
      amount: fc.bigInt({ min: -100n, max: 100n }),
    }),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(fc.array(postings, { maxLength: 40 }), (sequence) => {
      const books = new Books();
      for (const open of sequence) {
        const first = open[0] as Posting;
        // One line more makes most of them balanced; two assets stay unbalanced and are refused.
        const closing = line(custody('transit'), -open.reduce((sum, { amount }) => sum + amount, 0n), first.asset);
        const before = snapshot(books);
        if (post(books, entry(...open, closing))) expect(snapshot(books)).toEqual(before);
        for (const asset of ['ETH', 'USDT']) {
          const rows = [...books.entries()].filter((row) => row.asset === asset);
          expect(rows.reduce((sum, row) => sum + row.amount, 0n)).toBe(0n);
          const own = rows
            .filter(({ account }) => /^(equity|revenue|expense)\//.test(account))
            .reduce((sum, row) => sum + row.amount, 0n);
          expect([books.position(asset), own >= 0n]).toEqual([own, true]);
          for (const row of rows) if (/^(user|suspense)\//.test(row.account)) expect(row.amount >= 0n).toBe(true);
        }
      }
    }),
    { seed, numRuns: 300 },
  );
});
