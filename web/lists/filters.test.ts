import { fits, noFilters, queryOf } from './filters';

const row = { assets: ['ETH', 'USDT'], market: 'ETHUSDT', state: 'open', at: new Date(2026, 10, 30, 12).getTime() };

test("what is empty is left out; days are whole, in the reader's time zone", () => {
  expect(queryOf(noFilters())).toBe('');
  expect(queryOf({ ...noFilters(), market: 'ETHUSDT', from: '2026-11-30', to: '2026-11-30', state: 'closed' })).toBe(
    `?market=ETHUSDT&state=closed&from=${new Date(2026, 10, 30).getTime()}&to=${new Date(2026, 11, 1).getTime() - 1}`,
  );
  // A day that is not typed to its end is no day yet.
  expect(queryOf({ ...noFilters(), from: '2026-11' })).toBe('');
});

test.each([
  [{}, true],
  [{ asset: 'USDT' }, true],
  [{ asset: 'BTC' }, false],
  [{ market: 'ETHUSDT', state: 'open' }, true],
  [{ state: 'closed' }, false],
  [{ from: '2026-11-30', to: '2026-11-30' }, true],
  [{ from: '2026-12-01' }, false],
  [{ to: '2026-11-29' }, false],
])('a row that came live, under %j: %s', (filters, expected) => {
  expect(fits({ ...noFilters(), ...filters }, row)).toBe(expected);
});
