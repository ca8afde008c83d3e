/**
 * A walk through trading on a real account of a venue: one small order of each type placed, queried and cancelled,
 * orders and a swap that are executed there, and the account beside our books. Meant for Binance's Spot testnet.
 */
import type { DataSource } from 'typeorm';
import { readBookFacts } from '../../db/stores/audit';
import { createEventBus } from '../../domain/contract/event-bus';
import type { CommandAnswer, CommandBody, Command, OrderTerms } from '../../domain/contract/commands';
import type { Logger } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { ceilToStep, floorToStep } from '../../domain/money/rounding';
import type { Registry } from '../../domain/registry';
import { auditBooks } from '../../ledger/audit';
import { createMatching } from '../../matching';
import type { Matching, MatchingConfig } from '../../matching';

export interface TestnetOptions {
  readonly dataSource: DataSource;
  readonly registry: Registry;
  readonly binance: MatchingConfig['binance'];
  readonly logger: Logger;
  readonly say: (line: string) => void;
}

export interface TestnetStep {
  readonly step: string;
  readonly ok: boolean;
  readonly seen: string;
}

export interface TestnetResult {
  readonly steps: readonly TestnetStep[];
  /** Whether the exchange can send coins to the venue and bring them back; not on the Spot testnet. */
  readonly treasury: boolean;
  readonly findings: readonly string[];
  readonly good: boolean;
}

const SYMBOL = 'ETHUSDT';
/** Of each order, in USDT: well above the venue's smallest. */
const WORTH = parseAmount('15');
const USER = 'testnet-walk';
/** Given to the user of the walk out of what the account holds. */
const GIVEN: Readonly<Record<string, string>> = { USDT: '400', ETH: '0.2' };
const WAIT_MS = 60_000;
const LOOK_EVERY_MS = 200;
const DEALS = ['FILLED', 'PARTIALLY_FILLED', 'EXPIRED'];

/**
 * Walks; every step is tried whatever became of the one before. Rejects where the venue or the account cannot be used
 * at all.
 */
export async function walkTestnet(options: TestnetOptions): Promise<TestnetResult> {
  const { registry, binance, logger, dataSource, say } = options;
  let id = 0;
  const run = Date.now().toString(36);
  const events = createEventBus((error) =>
    logger.error({ event: 'process.listener_failed', error: String(error) }, 'a listener failed'),
  );
  events.on('alert', ({ code, details }) => say(`alert ${code} ${JSON.stringify(details)}`));
  const matching = createMatching(
    {
      dataSource,
      registry,
      clock: { now: () => Date.now() },
      ids: { next: () => `${run}${++id}` },
      events,
      logger,
      onFenced: () => undefined,
    },
    { binance },
  );
  await matching.start();
  try {
    const walk = new Walk(matching, dataSource, run, say);
    await walk.fund(registry);
    await walk.orders(registry);
    await walk.swap();
    const findings = await walk.audit(registry);
    const treasury = matching.venueCapital.hasTreasury?.() ?? true;
    return { steps: walk.steps, treasury, findings, good: findings.length === 0 && walk.steps.every(({ ok }) => ok) };
  } finally {
    await matching.stop();
  }
}

class Walk {
  readonly steps: TestnetStep[] = [];
  private n = 0;

  constructor(
    private readonly matching: Matching,
    private readonly database: DataSource,
    private readonly run: string,
    private readonly say: (line: string) => void,
  ) {}

  /** What the account holds is the operator's; a little of it is given to a user. */
  async fund(registry: Registry): Promise<void> {
    const balances = await this.matching.venueCapital.balances();
    for (const { code: asset } of registry.assets) {
      const row = balances.find((balance) => balance.asset === asset);
      const amount = row ? parseAmount(row.free) + parseAmount(row.locked) : 0n;
      if (amount > 0n)
        await this.submit({ kind: 'operator.contribute', asset, amount: formatAmount(amount), custody: 'binance' });
    }
    for (const [asset, amount] of Object.entries(GIVEN))
      await this.submit({ kind: 'operator.grant', userId: USER, asset, amount, why: 'testnet' });
    await this.until(`fresh prices of ${SYMBOL}`, async () => (await this.ticker()).mode === 'mirrored');
  }

  async orders(registry: Registry): Promise<void> {
    const { bid, ask } = await this.ticker();
    const market = registry.markets.find(({ symbol }) => symbol === SYMBOL);
    const [tick, lot] = [parseAmount(market?.tick ?? '0.01'), parseAmount(market?.lot ?? '0.0001')];
    const at = (percent: bigint): string => formatAmount(floorToStep((parseAmount(bid) * percent) / 100n, tick));
    const quantity = (price: string): string =>
      formatAmount(ceilToStep((WORTH * 10n ** 18n) / parseAmount(price), lot));
    const low = { price: at(95n), quantity: quantity(at(95n)) };
    const high = { price: at(105n), quantity: quantity(at(105n)) };
    const part = (of: string): string => formatAmount(ceilToStep(parseAmount(of) / 2n, lot));
    const resting: [string, Partial<OrderTerms>][] = [
      ['LIMIT', { type: 'LIMIT', side: 'BUY', ...low }],
      ['LIMIT, iceberg', { type: 'LIMIT', side: 'BUY', ...low, icebergQty: part(low.quantity) }],
      ['LIMIT_MAKER', { type: 'LIMIT_MAKER', side: 'SELL', ...high }],
      ['STOP_LOSS', { type: 'STOP_LOSS', side: 'SELL', quantity: low.quantity, stopPrice: low.price }],
      ['STOP_LOSS, trailing', { type: 'STOP_LOSS', side: 'SELL', quantity: low.quantity, trailingDelta: 500 }],
      ['STOP_LOSS_LIMIT', { type: 'STOP_LOSS_LIMIT', side: 'SELL', ...low, stopPrice: low.price }],
      ['TAKE_PROFIT', { type: 'TAKE_PROFIT', side: 'SELL', quantity: high.quantity, stopPrice: high.price }],
      ['TAKE_PROFIT_LIMIT', { type: 'TAKE_PROFIT_LIMIT', side: 'SELL', ...high, stopPrice: high.price }],
    ];
    for (const [name, terms] of resting) await this.step(name, () => this.placeAndCancel(terms));
    await this.step('OCO', () =>
      this.placeAndCancelPair({ quantity: high.quantity, price: high.price, stopPrice: low.price }),
    );
    const beyond = formatAmount(floorToStep((parseAmount(ask) * 101n) / 100n, tick));
    const executed: [string, Partial<OrderTerms>][] = [
      ['MARKET by total', { type: 'MARKET', side: 'BUY', quoteOrderQty: formatAmount(WORTH) }],
      ['MARKET by quantity', { type: 'MARKET', side: 'SELL', quantity: quantity(bid) }],
      ['LIMIT IOC', { type: 'LIMIT', side: 'BUY', timeInForce: 'IOC', price: beyond, quantity: quantity(beyond) }],
      ['LIMIT FOK', { type: 'LIMIT', side: 'BUY', timeInForce: 'FOK', price: beyond, quantity: quantity(beyond) }],
    ];
    for (const [name, terms] of executed)
      await this.step(`${name}, executed at the venue`, () => this.placeAndFollow(terms));
  }

  swap(): Promise<void> {
    return this.step('swap USDT to ETH, executed at the venue', async () => {
      const quote = await this.matching.quotes.quote({
        userId: USER,
        from: 'USDT',
        to: 'ETH',
        fromAmount: formatAmount(WORTH),
      });
      const swapId = `testnet${this.run}`;
      await this.submit({ kind: 'swap.accept', swapId, userId: USER, quoteId: quote.id });
      const state = await this.until('the end of the swap', async () => this.stateOf('swaps', swapId, ['EXECUTING']));
      if (state !== 'COMPLETED') throw new Error(`it is ${state}`);
      return state;
    });
  }

  /** Our books against themselves and against the account, once nothing is on its way. */
  async audit(registry: Registry): Promise<string[]> {
    await this.until('no order at the venue without a final word', async () => {
      const open = (await this.database.query(
        "SELECT COUNT(*) AS n FROM venue_intents WHERE state IN ('PENDING', 'UNKNOWN')",
      )) as { n: string }[];
      return open[0]?.n === '0' || String(open[0]?.n) === '0';
    });
    const broken = auditBooks(await readBookFacts(this.database)).map(({ rule, subject }) => `${rule}: ${subject}`);
    const booked = new Map(
      (await this.matching.engine.custody())
        .filter(({ place }) => place === 'binance')
        .map(({ asset, amount }) => [asset, parseAmount(amount)]),
    );
    const balances = await this.matching.venueCapital.balances();
    const differences = registry.assets.flatMap(({ code }) => {
      const row = balances.find(({ asset }) => asset === code);
      const actual: Units = row ? parseAmount(row.free) + parseAmount(row.locked) : 0n;
      const ours = booked.get(code) ?? 0n;
      return actual === ours
        ? []
        : [`${code}: ${formatAmount(actual)} at the venue, ${formatAmount(ours)} in our books`];
    });
    return [...broken, ...differences];
  }

  private async placeAndCancel(terms: Partial<OrderTerms>): Promise<string> {
    const placed = await this.place(terms);
    const found = await this.stateOf('orders', String(placed.id), []);
    if (found !== 'NEW') throw new Error(`it is ${found}`);
    const { state } = await this.submit({ kind: 'order.cancel', userId: USER, orderId: String(placed.id) });
    if (state !== 'CANCELED') throw new Error(`after its cancellation it is ${String(state)}`);
    return 'NEW, found, CANCELED';
  }

  private async placeAndCancelPair(terms: { quantity: string; price: string; stopPrice: string }): Promise<string> {
    const clientOrderId = this.nextId();
    const pair = {
      kind: 'order.oco' as const,
      userId: USER,
      clientOrderId,
      symbol: SYMBOL,
      side: 'SELL' as const,
      ...terms,
    };
    await this.submit(pair, `order:${USER}:${clientOrderId}`);
    const legs = (await this.database.query('SELECT id FROM orders WHERE user_id = ? AND book_status IS NOT NULL', [
      USER,
    ])) as { id: string }[];
    if (legs.length !== 2) throw new Error(`it has ${legs.length} legs`);
    await this.submit({ kind: 'order.cancel', userId: USER, orderId: legs[0]?.id ?? '' });
    const left = (await this.database.query('SELECT id FROM orders WHERE user_id = ? AND book_status IS NOT NULL', [
      USER,
    ])) as unknown[];
    if (left.length > 0) throw new Error('one leg is left after the other was cancelled');
    return 'two legs, both CANCELED';
  }

  private async placeAndFollow(terms: Partial<OrderTerms>): Promise<string> {
    const { id } = await this.place(terms);
    const state = await this.until('the end of the order', async () =>
      this.stateOf('orders', String(id), ['NEW', 'PENDING_CANCEL']),
    );
    if (!DEALS.includes(state)) throw new Error(`it is ${state}`);
    const fills = (await this.database.query(
      'SELECT COUNT(*) AS n FROM fills WHERE order_id = ? AND venue_trade_id IS NOT NULL',
      [id],
    )) as { n: string }[];
    if (Number(fills[0]?.n) === 0) throw new Error(`it is ${state} without a trade at the venue`);
    return `${state}, ${fills[0]?.n} trades at the venue`;
  }

  private place(terms: Partial<OrderTerms>): Promise<CommandAnswer> {
    const clientOrderId = this.nextId();
    const order = {
      kind: 'order.place',
      userId: USER,
      clientOrderId,
      symbol: SYMBOL,
      side: 'BUY',
      type: 'LIMIT',
      ...terms,
    } as CommandBody;
    return this.submit(order, `order:${USER}:${clientOrderId}`);
  }

  private submit(body: CommandBody, reference = `testnet:${this.nextId()}`): Promise<CommandAnswer> {
    return this.matching.engine.submit({ ...body, reference } as Command);
  }

  private nextId(): string {
    return `${this.run}-${++this.n}`.padEnd(8, '0');
  }

  private async ticker(): Promise<{ bid: string; ask: string; mode: string }> {
    const ticker = (await this.matching.marketData.tickers()).find(({ symbol }) => symbol === SYMBOL);
    if (!ticker) throw new Error(`there is no market ${SYMBOL}`);
    return ticker;
  }

  /** The state of a row, once it is none of these. */
  private async stateOf(
    table: 'orders' | 'swaps',
    id: string,
    besides: readonly string[],
  ): Promise<string | undefined> {
    const [row] = (await this.database.query(`SELECT state FROM ${table} WHERE id = ?`, [id])) as { state: string }[];
    return row && !besides.includes(row.state) ? row.state : undefined;
  }

  private async until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
    for (const end = Date.now() + WAIT_MS; ;) {
      const found = await look();
      if (found) return found;
      if (Date.now() > end) throw new Error(`${what}: not within ${WAIT_MS / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  private async step(step: string, work: () => Promise<string>): Promise<void> {
    this.say(step);
    const row = await work().then(
      (seen) => ({ step, ok: true, seen }),
      (error: unknown) => ({ step, ok: false, seen: error instanceof Error ? error.message : String(error) }),
    );
    this.steps.push(row);
  }
}
