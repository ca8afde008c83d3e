/**
 * The markets that nobody recorded: the same seed gives the same prices, books never cross, diffs make the book, no
 * way around three markets gains.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UNIT, must, show } from './decimal';
import { Exchange } from './exchange';
import type { DepthUpdate } from './market';
import { generator } from './random';
import { ruleOf } from './symbols';

const SYMBOLS = [
  'BTCUSDT',
  'ETHUSDT',
  'BNBUSDT',
  'SOLUSDT',
  'TRXUSDT',
  'XRPUSDT',
  'LTCUSDT',
  'DOGEUSDT',
  'ADAUSDT',
  'ETHBTC',
  'BNBBTC',
];
let dir: string;
const open: Exchange[] = [];

async function exchangeOf(
  options: { seed?: number; symbols?: string[] } = {},
  balances: Record<string, string> = {},
): Promise<Exchange> {
  const exchange = new Exchange(join(dir, String(open.length)), options);
  open.push(exchange);
  await exchange.open(() => undefined, { balances });
  exchange.freeze(true);
  return exchange;
}

beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'emulator-markets-'))));
afterEach(async () => {
  for (const exchange of open.splice(0)) await exchange.close();
  rmSync(dir, { recursive: true, force: true });
});

const look = (exchange: Exchange): unknown =>
  [...exchange.markets.values()].map((market) => [
    market.symbol,
    market.lastPrice,
    market.levels('b', 5),
    market.levels('a', 5),
    market.trades.map(({ price, quantity }) => [price, quantity]),
  ]);

test('every market is there; the same seed gives the same prices, another one others', async () => {
  const [one, two, other] = [
    await exchangeOf({ seed: 5 }),
    await exchangeOf({ seed: 5 }),
    await exchangeOf({ seed: 6 }),
  ];
  expect([...one.markets.keys()].sort()).toEqual([...SYMBOLS].sort());
  for (const exchange of [one, two, other]) for (let n = 0; n < 100; n++) exchange.step(100);
  expect(look(one)).toEqual(look(two));
  expect(look(one)).not.toEqual(look(other));
});

test('only the symbols asked for are open; a cross brings its legs without opening them', async () => {
  const exchange = await exchangeOf({ symbols: ['ETHBTC'] });
  expect([...exchange.markets.keys()]).toEqual(['ETHBTC']);
  expect(exchange.markets.get('ETHBTC')?.best('b')).toBeDefined();
  await expect(exchange.place({ symbol: 'ETHUSDT', side: 'BUY', type: 'MARKET', quantity: '1' })).rejects.toMatchObject(
    { code: -1121 },
  );
  expect(() => new Exchange(dir, { symbols: ['NOPE'] })).toThrow('has no NOPE');
});

test.each(SYMBOLS)(
  '%s: prices and quantities keep their steps, the book is never crossed, diffs make it without a gap',
  async (symbol) => {
    const exchange = await exchangeOf({ symbols: [symbol] });
    const market = exchange.markets.get(symbol);
    const info = exchange.symbols.get(symbol);
    if (!market || !info) throw new Error(symbol);
    const [tick, lot] = [ruleOf(info, 'PRICE_FILTER', 'tickSize'), ruleOf(info, 'LOT_SIZE', 'stepSize')];
    const snapshot = market.snapshot(5000);
    const book = { b: new Map(snapshot.bids), a: new Map(snapshot.asks) };
    let at = snapshot.lastUpdateId;
    let trades = 0;
    market.on('trade', () => trades++);
    market.on('depth', ({ U, u, b, a }: DepthUpdate) => {
      expect(U).toBe(at + 1);
      at = u;
      for (const [side, rows] of [
        ['b', b],
        ['a', a],
      ] as const)
        for (const [price, quantity] of rows)
          if (must(quantity) === 0n) book[side].delete(price);
          else book[side].set(price, quantity);
    });
    // Past the end of the recording and back.
    for (let n = 0; n < 1400; n++) {
      exchange.step(500);
      const [bid, ask] = [market.best('b')?.[0] ?? 0n, market.best('a')?.[0] ?? 0n];
      expect(bid > 0n && bid < ask).toBe(true);
    }
    expect(at).toBeGreaterThan(snapshot.lastUpdateId + 500);
    expect(trades).toBeGreaterThan(50);
    for (const side of ['b', 'a'] as const) {
      const rows = market.levels(side);
      expect(rows.length).toBeGreaterThan(5);
      expect([...book[side]].sort()).toEqual(rows.map(([price, quantity]) => [show(price), show(quantity)]).sort());
      expect(
        rows.every(
          ([price, quantity]) =>
            price % tick === 0n &&
            (market.symbol === 'ETHUSDT' || market.symbol === 'BTCUSDT' || quantity % lot === 0n),
        ),
      ).toBe(true);
    }
    expect(market.klines('1m').length).toBeGreaterThan(10);
  },
);

test('no loop of trades over three markets gains on a standing world', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  process.stdout.write(`emulator triangle seed ${seed}\n`);
  const random = generator(seed);
  const exchange = await exchangeOf({}, { USDT: '10000000' });
  const free = (asset: string): bigint => exchange.account.balance(asset).free;
  const trade = async (symbol: string, side: 'BUY' | 'SELL', amount: bigint): Promise<void> => {
    const info = exchange.symbols.get(symbol);
    if (!info) throw new Error(symbol);
    const lot = ruleOf(info, 'LOT_SIZE', 'stepSize');
    const quantity = show(amount - (amount % lot));
    await exchange.place({
      symbol,
      side,
      type: 'MARKET',
      ...(side === 'BUY' ? { quoteOrderQty: show(amount) } : { quantity }),
    });
  };
  /** What is left over by lots is sold too. */
  const home = async (asset: string): Promise<void> => {
    if (free(asset) > 0n) await trade(`${asset}USDT`, 'SELL', free(asset)).catch(() => undefined);
  };
  for (let n = 0; n < 60; n++) {
    if (n % 10 === 0) exchange.step(5000);
    const coin = random() < 0.5 ? 'ETH' : 'BNB';
    const before = free('USDT');
    const money = must(String(100 + Math.floor(random() * 50_000)));
    if (random() < 0.5) {
      await trade(`${coin}USDT`, 'BUY', money);
      await trade(`${coin}BTC`, 'SELL', free(coin));
    } else {
      await trade('BTCUSDT', 'BUY', money);
      await trade(`${coin}BTC`, 'BUY', free('BTC'));
    }
    for (const asset of ['BTC', 'ETH', 'BNB']) await home(asset);
    expect(free('USDT')).toBeLessThan(before);
  }
  // Without commissions too: what one leg pays is never more than the two others together ask.
  for (let n = 0; n < 400; n++) {
    exchange.step(700);
    for (const coin of ['ETH', 'BNB']) {
      const best = (symbol: string, side: 'a' | 'b'): bigint => exchange.markets.get(symbol)?.best(side)?.[0] ?? 0n;
      expect(best(`${coin}BTC`, 'b') * best('BTCUSDT', 'a')).toBeLessThanOrEqual(best(`${coin}USDT`, 'b') * UNIT);
      expect(best(`${coin}BTC`, 'a') * best('BTCUSDT', 'b')).toBeGreaterThanOrEqual(best(`${coin}USDT`, 'a') * UNIT);
    }
  }
});

test('all markets together take little of a processor while nobody follows them', async () => {
  const exchange = await exchangeOf();
  const before = process.cpuUsage();
  for (let n = 0; n < 2400; n++) exchange.step(50);
  const { user, system } = process.cpuUsage(before);
  // Processor time, not time by the clock: two minutes of the market in at most 12 seconds of it.
  expect((user + system) / 1_000_000).toBeLessThan(12);
});
