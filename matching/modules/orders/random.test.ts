/**
 * Random lives of two markets, one with a venue, in memory alone: after each command the books, the holds and the book
 * of orders agree.
 */
import { firstListing } from '../../../db/seed';
import type { Command, CommandBody, OrderTerms, VenueTrade } from '../../../domain/contract/commands';
import { ONE, formatAmount, parseAmount } from '../../../domain/money/amount';
import { available, custody, held, revenue } from '../../../ledger/accounts';
import { apply } from '../../engine/apply';
import { memoryFaults } from '../../engine/memory-faults';
import { emptyState } from '../../engine/modules';
import type { EngineState } from '../../engine/modules';
import { BUY, SELL } from '../../book/types';
import { leavesLots } from './order';

const registry = firstListing({
  ethereum: { chainId: 1, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
const USERS = ['ann', 'bob', 'cid', 'dan'];
const ASSETS = ['JVZ', 'JVG', 'ETH', 'USDT'];
const STEPS = 4000;

/** xorshift32: the same seed, the same life. */
class Dice {
  constructor(private seed: number) {}
  next(sides: number): number {
    this.seed ^= this.seed << 13;
    this.seed ^= this.seed >>> 17;
    this.seed ^= this.seed << 5;
    return (this.seed >>> 0) % sides;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.next(items.length)] as T;
  }
}

class Life {
  readonly state: EngineState = emptyState({ registry, epoch: 1 });
  readonly dice: Dice;
  private n = 0;
  private now = 1_763_700_000_000;
  private tradeId = 0;
  done = 0;
  refused = new Map<string, number>();
  filled = 0;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    for (const asset of ASSETS) {
      this.submit({ kind: 'operator.contribute', asset, amount: '1000000000', custody: 'binance' });
      for (const userId of USERS) this.submit({ kind: 'operator.grant', userId, asset, amount: '20000', why: 'test' });
      this.state.venueFree.set(asset, 10n ** 30n);
    }
    this.move();
  }

  submit(body: CommandBody, reference = `r:${++this.n}`): void {
    const outcome = apply(this.state, { ...body, reference } as Command, { now: this.now, registry });
    if ('refused' in outcome) this.refused.set(outcome.refused.code, (this.refused.get(outcome.refused.code) ?? 0) + 1);
    else this.done++;
  }

  /** The venue's book of ETHUSDT, around 2,000 with a walk. */
  move(): void {
    const market = this.state.markets.get('ETHUSDT');
    if (!market) return;
    const middle = 200_000 + this.dice.next(400) - 200;
    const side = (sign: number): [number, number][] =>
      [1, 2, 3].map((at) => [middle + sign * at * (1 + this.dice.next(5)), 1 + this.dice.next(3000)]);
    const sorted = (levels: [number, number][], up: boolean): [number, number][] =>
      levels
        .toSorted(([a], [b]) => (up ? a - b : b - a))
        .filter(([price], at, all) => all.findIndex(([other]) => other === price) === at);
    market.outside = { bids: sorted(side(-1), false), asks: sorted(side(1), true), at: this.now };
    market.lastPrices.push(middle);
    this.submit({ kind: 'market.tick', symbol: 'ETHUSDT' });
  }

  terms(): OrderTerms {
    const { dice } = this;
    const symbol = dice.pick(['JVZJVG', 'ETHUSDT']);
    const side = dice.pick(['BUY', 'SELL'] as const);
    const type = dice.pick([
      'LIMIT',
      'LIMIT',
      'LIMIT',
      'MARKET',
      'LIMIT_MAKER',
      'STOP_LOSS',
      'STOP_LOSS_LIMIT',
      'TAKE_PROFIT',
      'TAKE_PROFIT_LIMIT',
    ] as const);
    const price = (): string =>
      symbol === 'ETHUSDT'
        ? formatAmount(BigInt(199_800 + dice.next(400)) * 10n ** 16n)
        : formatAmount(BigInt(19_900 + dice.next(200)) * 10n ** 14n);
    const quantity =
      symbol === 'ETHUSDT'
        ? formatAmount(BigInt(25 + dice.next(2000)) * 10n ** 14n)
        : formatAmount(BigInt(51 + dice.next(5000)) * 10n ** 16n);
    const limit = type.includes('LIMIT');
    const stop = type.startsWith('STOP') || type.startsWith('TAKE');
    const byQuote = type === 'MARKET' && dice.next(2) === 0;
    return {
      symbol,
      side,
      type,
      ...(byQuote ? { quoteOrderQty: String(7 + dice.next(500)) } : { quantity }),
      ...(limit && { price: price() }),
      ...(stop && { stopPrice: price() }),
      ...(stop && dice.next(4) === 0 && { trailingDelta: 10 + dice.next(100) }),
      ...(type === 'LIMIT' && { timeInForce: dice.pick(['GTC', 'GTC', 'GTC', 'IOC', 'FOK'] as const) }),
      selfTradePreventionMode: dice.pick(['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT'] as const),
    };
  }

  /** What the venue says of one open hedge order: all, part or nothing of it, in one or two trades. */
  report(): void {
    const intent = this.dice.pick([...this.state.intents.values()]);
    if (!intent) return;
    const market = this.state.markets.get(intent.symbol);
    if (!market) return;
    const limit =
      market.scales.notional(1, 1) && (intent.side === 'BUY' ? (intent.spendsMost * ONE) / intent.quantity : undefined);
    const total = Number(intent.quantity / market.scales.lot);
    const lots = this.dice.pick([0, total, 1 + this.dice.next(total)]);
    const ticks =
      limit === undefined ? 200_200 + this.dice.next(50) : Number(limit / market.scales.tick) - this.dice.next(3);
    const parts = lots > 1 ? [1, lots - 1] : lots === 1 ? [1] : [];
    const trades = parts.map((part): VenueTrade => {
      const [price, quantity] = [market.scales.price(ticks), market.scales.quantity(part)];
      const got = intent.side === 'BUY' ? quantity : (price * quantity) / ONE;
      return {
        symbol: intent.symbol,
        tradeId: ++this.tradeId,
        price: formatAmount(price),
        quantity: formatAmount(quantity),
        quoteQuantity: formatAmount((price * quantity) / ONE),
        commission: formatAmount(got / 1000n),
        commissionAsset: intent.side === 'BUY' ? market.listing.base : market.listing.quote,
        time: this.now,
      };
    });
    this.submit({
      kind: 'venue.report',
      intentId: intent.id,
      outcome: lots === 0 && this.dice.next(3) === 0 ? 'refused' : 'done',
      venueOrderId: '1',
      reason: null,
      trades,
    });
  }

  step(): void {
    const { dice } = this;
    this.now += dice.next(300);
    const open = [...this.state.markets.values()].flatMap((market) => [...market.orders.values()]);
    const order = open.length > 0 ? dice.pick(open) : undefined;
    const userId = dice.pick(USERS);
    const wish = dice.next(20);
    if (wish < 11) this.submit({ kind: 'order.place', userId, clientOrderId: `c${this.n}`, ...this.terms() });
    else if (wish < 13 && order) this.submit({ kind: 'order.cancel', userId: order.userId, orderId: order.id });
    else if (wish === 13 && order)
      this.submit({
        kind: 'order.amend',
        userId: order.userId,
        orderId: order.id,
        quantity: formatAmount(
          BigInt(order.lots > 2 ? order.lots - 1 : 1) * 10n ** (order.price > 100_000 ? 14n : 16n),
        ),
      });
    else if (wish === 14 && order)
      this.submit({
        kind: 'order.replace',
        userId: order.userId,
        clientOrderId: `c${this.n}`,
        orderId: order.id,
        ...this.terms(),
      });
    else if (wish === 15)
      this.submit({
        kind: 'order.oco',
        userId,
        clientOrderId: `c${this.n}`,
        symbol: 'ETHUSDT',
        side: 'SELL',
        quantity: '0.1',
        price: '2004',
        stopPrice: '1996',
      });
    else if (wish === 16) this.submit({ kind: 'order.cancelAll', userId, symbol: dice.pick(['JVZJVG', 'ETHUSDT']) });
    else if (wish === 17) this.report();
    else this.move();
  }

  check(): void {
    expect(memoryFaults(this.state)).toEqual([]);
    const { books, markets } = this.state;
    const holds = new Map<string, bigint>();
    for (const market of markets.values()) {
      for (const order of market.orders.values()) {
        const key = `${order.userId} ${order.side === 'BUY' ? market.listing.quote : market.listing.base}`;
        holds.set(key, (holds.get(key) ?? 0n) + order.held);
        expect(order.held).toBeGreaterThanOrEqual(0n);
        if (order.quoteBudget === 0) expect(leavesLots(order)).toBeGreaterThan(0);
        expect(market.book.find(order.seq)).toMatchObject({
          bookStatus: order.bookStatus,
          lots: order.quoteBudget > 0 ? 0 : leavesLots(order),
        });
      }
      const [bid, ask] = [market.book.best(BUY), market.book.best(SELL)];
      // Frozen orders are in flight; without any the book is never crossed.
      if (bid > 0 && ask > 0 && ![...market.orders.values()].some(({ bookStatus }) => bookStatus === 'locked'))
        expect(bid).toBeLessThan(ask);
    }
    for (const userId of USERS) {
      for (const asset of ASSETS) {
        expect([userId, asset, books.balance(held(userId), asset)]).toEqual([
          userId,
          asset,
          holds.get(`${userId} ${asset}`) ?? 0n,
        ]);
        expect(books.balance(available(userId), asset)).toBeGreaterThanOrEqual(0n);
      }
    }
    for (const asset of ASSETS) {
      const owed = USERS.reduce(
        (sum, userId) => sum + books.balance(available(userId), asset) + books.balance(held(userId), asset),
        0n,
      );
      expect(owed + books.position(asset) + books.balance(custody('binance'), asset)).toBe(0n);
      expect(books.balance(revenue('rounding'), asset)).toBeGreaterThanOrEqual(0n);
    }
  }
}

const first = Number(process.env.SEED ?? 20261121);
test.each([first, first + 1, first + 2])(
  'a random life, seed %d: holds are what is open, books balance, nothing is crossed, nothing is spoilt',
  (seed) => {
    const life = new Life(seed);
    for (let at = 0; at < STEPS; at++) {
      life.step();
      if (at % 5 === 0) life.check();
    }
    // Every kind of thing happened.
    expect(life.done).toBeGreaterThan(STEPS / 2);
    expect([...life.refused.keys()]).toEqual(
      expect.arrayContaining(['POST_ONLY_REJECTED', 'WOULD_TRIGGER', 'IN_FLIGHT']),
    );
    // At constant prices no user is richer for all the trading: what left them is ours or the venue's.
    const fees = ['JVZ', 'JVG'].map((asset) => life.state.books.balance(revenue('trading-fee'), asset));
    expect(fees.every((fee) => fee > 0n)).toBe(true);
    expect(parseAmount('1')).toBe(ONE);
  },
);
