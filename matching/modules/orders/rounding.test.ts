/**
 * At constant prices nobody gets richer by trading: tiny orders, splits, swaps and round trips, on steps so small that
 * nearly every trade has something to round. A user's worth, with the fees paid, never rises above what it began with,
 * and revenue is the sum of the fees to the unit. STEPS=1000000 runs a million; a test run makes do with fewer.
 */
import { FillEntity } from '../../../db/entities/orders';
import type { FillRow } from '../../../db/entities/orders';
import { SwapEntity } from '../../../db/entities/swaps';
import { firstListing } from '../../../db/seed';
import type { Command, CommandBody, VenueTrade } from '../../../domain/contract/commands';
import { ONE, formatAmount, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { mulDivDown } from '../../../domain/money/rounding';
import type { Registry } from '../../../domain/registry';
import { available, custody, held, revenue } from '../../../ledger/accounts';
import { apply } from '../../engine/apply';
import { emptyState } from '../../engine/modules';
import type { EngineState } from '../../engine/modules';
import type { OpenIntent } from '../venue/state';
import { priceSwap } from '../swaps/price';

const listing = firstListing({
  ethereum: { chainId: 1, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
const TINY = '0.00000001';
const registry: Registry = {
  ...listing,
  markets: listing.markets
    .filter(({ symbol }) => symbol === 'JVZJVG' || symbol === 'ETHUSDT')
    .map((market) => ({ ...market, lot: TINY, minQuantity: TINY, minNotional: '0', maxOrders: 100_000 })),
};
/** Ticks that fit no step of the ledger: price x lot has more decimals than either quote asset. */
const PRICES = { JVZJVG: parseAmount('1.2347'), ETHUSDT: parseAmount('1999.97') } as const;
const ASSETS = ['JVZ', 'JVG', 'ETH', 'USDT'];
const USERS = ['ann', 'bob', 'cid', 'dan'];
const STEPS = Number(process.env.STEPS ?? 20_000);
const SEED = Number(process.env.SEED ?? 20261121);

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

class World {
  readonly state: EngineState = emptyState({ registry, epoch: 1 });
  readonly dice = new Dice(SEED);
  readonly fees = new Map<string, Units>();
  readonly userFees = new Map<string, Units>();
  readonly commissions = new Map<string, Units>();
  readonly begun: Map<string, Units>;
  orders = 0;
  fills = 0;
  swaps = 0;
  private n = 0;
  private now = 1_763_700_000_000;

  constructor() {
    for (const asset of ASSETS) {
      this.submit({ kind: 'operator.contribute', asset, amount: '1000000', custody: 'binance' });
      for (const userId of USERS) this.submit({ kind: 'operator.grant', userId, asset, amount: '1000', why: 'test' });
      this.state.venueFree.set(asset, 10n ** 30n);
    }
    this.begun = new Map(USERS.map((userId) => [userId, this.worth(userId)]));
  }

  /** In JVG and USDT taken as one unit of account, in 10^-36 so that nothing is lost in the product. */
  worth(userId: string): Units {
    const of = (asset: string): Units =>
      this.state.books.balance(available(userId), asset) + this.state.books.balance(held(userId), asset);
    return of('JVZ') * PRICES.JVZJVG + of('ETH') * PRICES.ETHUSDT + (of('JVG') + of('USDT')) * ONE;
  }

  submit(body: CommandBody): void {
    const outcome = apply(this.state, { ...body, reference: `r:${++this.n}` } as Command, { now: this.now, registry });
    if ('refused' in outcome) return;
    const price = (asset: string): Units => (asset === 'JVZ' ? PRICES.JVZJVG : asset === 'ETH' ? PRICES.ETHUSDT : ONE);
    for (const change of outcome.done.rows) {
      if (change.op === 'insert' && change.entity.options.name === FillEntity.options.name) {
        const { userId, fee, feeAsset } = change.row as FillRow;
        this.fills++;
        add(this.fees, feeAsset, parseAmount(fee));
        add(this.userFees, userId, parseAmount(fee) * price(feeAsset));
      }
      if (change.op === 'update' && change.entity.options.name === SwapEntity.options.name)
        add(this.commissions, 'all', parseAmount(String(change.set.commission)));
    }
  }

  /** The venue's book stands still, one price for both sides and far more than anybody asks for. */
  private look(): void {
    const market = this.state.markets.get('ETHUSDT');
    if (!market) return;
    const ticks = Number(PRICES.ETHUSDT / market.scales.tick);
    market.outside = { bids: [[ticks, 10 ** 9]], asks: [[ticks, 10 ** 9]], at: this.now };
    this.submit({ kind: 'market.tick', symbol: 'ETHUSDT' });
  }

  private order(): void {
    const { dice } = this;
    const symbol = dice.pick(['JVZJVG', 'JVZJVG', 'ETHUSDT'] as const);
    // One lot, a handful, or some thousands: from less than a unit of the ledger upwards.
    const lots = 1 + dice.next(dice.pick([1, 9, 300, 20_000]));
    const quantity = formatAmount(BigInt(lots) * 10n ** 10n);
    const kind = dice.next(6);
    const side = dice.pick(['BUY', 'SELL'] as const);
    const common = {
      kind: 'order.place' as const,
      userId: dice.pick(USERS),
      clientOrderId: `c${this.n}`,
      symbol,
      side,
      selfTradePreventionMode: dice.pick(['EXPIRE_MAKER', 'DECREMENT'] as const),
    };
    this.orders++;
    if (kind === 0) this.submit({ ...common, type: 'MARKET', quantity });
    else if (kind === 1)
      this.submit({
        ...common,
        type: 'MARKET',
        quoteOrderQty: formatAmount(BigInt(1 + dice.next(5000)) * (symbol === 'ETHUSDT' ? 10n ** 12n : 10n ** 10n)),
      });
    else
      this.submit({
        ...common,
        type: 'LIMIT',
        price: formatAmount(PRICES[symbol]),
        quantity,
        timeInForce: kind === 2 ? 'IOC' : 'GTC',
      });
  }

  private swap(): void {
    const { dice } = this;
    const side = dice.pick(['BUY', 'SELL'] as const);
    const [from, to] = side === 'SELL' ? ['ETH', 'USDT'] : ['USDT', 'ETH'];
    const level = [{ price: PRICES.ETHUSDT, quantity: parseAmount('1000') }];
    const rules = {
      symbol: 'ETHUSDT',
      base: 'ETH',
      quote: 'USDT',
      trading: true,
      tick: 10n ** 16n,
      lot: 10n ** 10n,
      minQuantity: 10n ** 10n,
      maxQuantity: 10n ** 24n,
      minNotional: 0n,
      maxNotional: 0n,
    };
    const { fees } = registry;
    const rates = {
      commission: parseAmount(fees.swapCommission),
      spread: parseAmount(fees.swapSpread),
      venueTaker: parseAmount(fees.venueTaker),
    };
    const steps = side === 'SELL' ? { from: 10n ** 10n, to: 10n ** 12n } : { from: 10n ** 12n, to: 10n ** 10n };
    const asked = BigInt(1 + dice.next(500_000)) * steps.from;
    const priced = priceSwap(side, asked, { bids: level, asks: level, ageMs: 0 }, rules, rates, steps);
    if (typeof priced === 'string') return;
    const { quantity, limit, fromAmount, toAmount, commission } = priced;
    const id = `q${++this.n}`;
    const userId = dice.pick(USERS);
    const amounts = {
      fromAmount: formatAmount(fromAmount),
      toAmount: formatAmount(toAmount),
      commission: formatAmount(commission),
    };
    const quote = { id, userId, from, to, ...amounts, rate: '0', between: null, expiresAt: this.now + 10_000 } as const;
    this.state.quotes.set(id, {
      quote: { ...quote, from, to } as never,
      legs: [{ symbol: 'ETHUSDT', side, quantity, limit, from, to, fromAmount, toAmount, seen: {} } as never],
      feeVersion: 1,
      used: false,
    });
    this.submit({ kind: 'swap.accept', swapId: `s${this.n}`, userId, quoteId: id });
    this.state.quotes.delete(id);
    this.swaps++;
  }

  /** The venue fills all or a part, in up to four trades, and takes a tenth of a percent. */
  private report(intent: OpenIntent): void {
    const { dice } = this;
    const lots = intent.quantity / 10n ** 10n;
    let left = dice.next(4) === 0 ? (lots * BigInt(dice.next(100))) / 100n : lots;
    const trades: VenueTrade[] = [];
    for (let parts = 1 + dice.next(4); left > 0n; parts--) {
      const part = parts === 1 || left === 1n ? left : 1n + (left * BigInt(dice.next(90))) / 100n;
      left -= part;
      const quantity = part * 10n ** 10n;
      const worth = mulDivDown(quantity, PRICES.ETHUSDT, ONE);
      const got = intent.side === 'BUY' ? quantity : worth;
      trades.push({
        symbol: 'ETHUSDT',
        tradeId: ++this.n,
        price: formatAmount(PRICES.ETHUSDT),
        quantity: formatAmount(quantity),
        quoteQuantity: formatAmount(worth),
        commission: formatAmount(got / 1000n),
        commissionAsset: intent.side === 'BUY' ? 'ETH' : 'USDT',
        time: this.now,
      });
    }
    this.submit({
      kind: 'venue.report',
      intentId: intent.id,
      outcome: trades.length > 0 ? 'done' : 'refused',
      venueOrderId: '1',
      reason: null,
      trades,
    });
  }

  step(): void {
    const { dice, state } = this;
    this.now += dice.next(250);
    const wish = dice.next(40);
    if (wish < 34) this.order();
    else if (wish < 36) this.swap();
    else if (wish === 36) this.look();
    else if (wish === 37)
      this.submit({ kind: 'order.cancelAll', userId: dice.pick(USERS), symbol: dice.pick(['JVZJVG', 'ETHUSDT']) });
    for (const intent of [...state.intents.values()]) if (dice.next(3) === 0) this.report(intent);
  }

  check(): void {
    const { books } = this.state;
    for (const userId of USERS) {
      const paid = this.userFees.get(userId) ?? 0n;
      const gained = this.worth(userId) + paid - (this.begun.get(userId) ?? 0n);
      if (gained > 0n) throw new Error(`${userId} gained ${gained} x 10^-36 by rounding`);
    }
    for (const asset of ASSETS) {
      expect([asset, books.balance(revenue('trading-fee'), asset)]).toEqual([asset, this.fees.get(asset) ?? 0n]);
      expect(books.balance(revenue('rounding'), asset)).toBeGreaterThanOrEqual(0n);
      const owed = USERS.reduce(
        (sum, userId) => sum + books.balance(available(userId), asset) + books.balance(held(userId), asset),
        0n,
      );
      expect(owed + books.position(asset) + books.balance(custody('binance'), asset)).toBe(0n);
    }
    const commissions =
      books.balance(revenue('swap-commission'), 'ETH') + books.balance(revenue('swap-commission'), 'USDT');
    expect(commissions).toBe(this.commissions.get('all') ?? 0n);
  }
}

const add = (sums: Map<string, Units>, key: string, amount: Units): void =>
  void sums.set(key, (sums.get(key) ?? 0n) + amount);

test(`${STEPS} steps, seed ${SEED}: no user gains by rounding, and revenue is the sum of the fees`, () => {
  const world = new World();
  for (let at = 0; at < STEPS; at++) {
    world.step();
    if (at % 20 === 0) world.check();
  }
  world.check();
  console.info(`rounding: ${world.orders} orders, ${world.fills} fills, ${world.swaps} swaps, seed ${SEED}`);
  expect(world.fills).toBeGreaterThan(STEPS / 2);
  expect(world.swaps).toBeGreaterThan(0);
});
