/** Users who place, change and cancel everything there is, over public HTTP; every answer they get is remembered. */
import { ApiRefusal, Client } from '../../stage/client';
import { sleep } from '../../services/process';
import { Dice } from '../../stage/random';

export interface MarketFacts {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly tick: string;
  readonly lot: string;
  readonly minNotional: string;
}

export interface Price {
  readonly bid: number;
  readonly ask: number;
  readonly mode: string;
}

/** What all traders share: the markets, their prices, and what was answered. */
export interface Floor {
  readonly markets: readonly MarketFacts[];
  readonly prices: Map<string, Price>;
  /** Ids of orders that were answered with 2xx: each must be in the tables, whatever was killed. */
  readonly placed: Set<string>;
  readonly refused: Map<string, number>;
  running: boolean;
}

/** Nothing is known, or nothing was done: the same request with the same key again. */
const AGAIN = new Set(['UNKNOWN_OUTCOME', 'BUSY', 'INTERNAL', 'TOO_MANY_REQUESTS', 'NO_ANSWER']);
const LOGGED_OUT = new Set(['NOT_LOGGED_IN', 'CSRF']);

/** Asks again through kills; a definite refusal is thrown. */
export class StormClient extends Client {
  constructor(
    url: string,
    private readonly email: string,
    private readonly password: string,
  ) {
    super(url);
  }

  start(): Promise<unknown> {
    return this.logIn(this.email, this.password);
  }

  override async call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        const answer = await super.call<T>(method, path, body, headers);
        // A kill can cut an answer after its first line: then nothing is known.
        if (path.startsWith('/orders') && Object.keys(answer as object).length === 0)
          throw new ApiRefusal(200, 'NO_ANSWER', undefined);
        return answer;
      } catch (error) {
        const refusal = error instanceof ApiRefusal ? error : undefined;
        const loggedOut = refusal && LOGGED_OUT.has(refusal.code) && path !== '/session';
        if (tries > 400 || (refusal && !loggedOut && !AGAIN.has(refusal.code))) throw error;
        await sleep(200);
        if (loggedOut) await this.logIn(this.email, this.password).catch(() => undefined);
      }
    }
  }
}

const ACTIONS = {
  market: 18,
  quote: 8,
  ioc: 10,
  fok: 4,
  limit: 20,
  maker: 8,
  stop: 5,
  takeProfit: 4,
  stopLimit: 3,
  trailing: 3,
  iceberg: 4,
  oco: 5,
  cancel: 12,
  cancelAll: 1,
  amend: 4,
  replace: 6,
  swap: 6,
} as const;

interface Order {
  id: string;
  symbol: string;
  quantity: string;
}

const decimalsOf = (step: string): number =>
  step.includes('.') ? (step.split('.')[1]?.replace(/0+$/, '').length ?? 0) : 0;
/** Rounded down to a step, written out. */
function onStep(value: number, step: string): string {
  const decimals = decimalsOf(step);
  const text = (Math.floor(value / Number(step) + 1e-9) * Number(step)).toFixed(decimals);
  return decimals === 0 ? text : text.replace(/0+$/, '').replace(/\.$/, '');
}

/** One user: acts until the floor closes. */
export class Trader {
  private readonly dice: Dice;
  private open: Order[] = [];
  private n = 0;

  constructor(
    private readonly client: StormClient,
    private readonly floor: Floor,
    private readonly name: string,
    seed: number,
  ) {
    this.dice = new Dice(seed);
  }

  async run(pauseMs: number): Promise<void> {
    while (this.floor.running) {
      await this.act().catch((error: unknown) => {
        const code =
          error instanceof ApiRefusal
            ? `${error.code}${error.details?.filter ? ` ${String(error.details.filter)}` : ''}`
            : `no answer: ${String(error).slice(0, 60)}`;
        this.floor.refused.set(code, (this.floor.refused.get(code) ?? 0) + 1);
      });
      await sleep(this.dice.between(0, 2 * pauseMs));
    }
  }

  private key(): string {
    return `${this.name}-${++this.n}-${Math.floor(this.dice.next() * 1e9).toString(36)}`.padEnd(8, '0');
  }

  private async send(body: Record<string, unknown>): Promise<void> {
    const order = await this.client.call<Order>('POST', '/orders', body, { 'Idempotency-Key': this.key() });
    this.remember(order);
  }

  private remember(order: Order): void {
    this.floor.placed.add(order.id);
    this.open.push(order);
    if (this.open.length > 40) this.open.shift();
  }

  /** A market that has a price, and a quantity worth so many times its least. */
  private draw():
    { market: MarketFacts; price: Price; side: 'BUY' | 'SELL'; quantity: string; worth: string } | undefined {
    const market = this.dice.pick(this.floor.markets);
    const price = this.floor.prices.get(market.symbol);
    if (!price || !(price.ask > 0) || !(price.bid > 0)) return undefined;
    const worth = Number(market.minNotional) * this.dice.between(1.3, 8);
    return {
      market,
      price,
      side: this.dice.pick(['BUY', 'SELL'] as const),
      quantity: onStep(worth / price.bid + Number(market.lot), market.lot),
      worth: worth.toFixed(market.quote === 'USDT' ? 2 : 6),
    };
  }

  private async act(): Promise<void> {
    const action = this.dice.weighted(ACTIONS);
    const drawn = this.draw();
    if (!drawn) return sleep(200);
    const { market, price, side, quantity, worth } = drawn;
    const buy = side === 'BUY';
    const common = {
      symbol: market.symbol,
      side,
      ...(this.dice.next() < 0.3 && {
        selfTradePreventionMode: this.dice.pick(['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT']),
      }),
    };
    /** So many per cent better (+) or worse (-) for the other side than the best price that faces us. */
    const at = (percent: number, from = buy ? price.ask : price.bid): string =>
      onStep(from * (1 + (buy ? percent : -percent) / 100), market.tick);
    switch (action) {
      case 'market':
        return this.send({ ...common, type: 'MARKET', quantity });
      case 'quote':
        return this.send({ ...common, type: 'MARKET', quoteOrderQty: worth });
      case 'ioc':
        return this.send({ ...common, type: 'LIMIT', timeInForce: 'IOC', quantity, price: at(0.1) });
      case 'fok':
        return this.send({ ...common, type: 'LIMIT', timeInForce: 'FOK', quantity, price: at(0.2) });
      case 'limit':
        return this.send({ ...common, type: 'LIMIT', quantity, price: at(this.dice.between(-0.15, 0.05)) });
      case 'maker':
        return this.send({ ...common, type: 'LIMIT_MAKER', quantity, price: at(this.dice.between(-0.3, -0.05)) });
      case 'stop':
        return this.send({ ...common, type: 'STOP_LOSS', quantity, stopPrice: at(this.dice.between(0.02, 0.3)) });
      case 'takeProfit':
        return this.send({ ...common, type: 'TAKE_PROFIT', quantity, stopPrice: at(this.dice.between(-0.3, -0.02)) });
      case 'stopLimit':
        return this.send({
          ...common,
          type: 'STOP_LOSS_LIMIT',
          quantity,
          stopPrice: at(this.dice.between(0.02, 0.2)),
          price: at(0.25),
        });
      case 'trailing':
        return this.send({
          ...common,
          type: 'STOP_LOSS',
          quantity,
          trailingDelta: Math.floor(this.dice.between(10, 40)),
        });
      case 'iceberg':
        return this.send({
          ...common,
          type: 'LIMIT',
          quantity: onStep(Number(quantity) * 4, market.lot),
          icebergQty: quantity,
          price: at(this.dice.between(-0.1, 0.02)),
        });
      case 'oco':
        return this.oco(market.symbol, side, quantity, {
          price: at(-0.2),
          stopPrice: at(0.2),
          ...(this.dice.next() < 0.5 && { stopLimitPrice: at(0.3) }),
        });
      case 'swap':
        return this.swap(market, side, quantity, worth);
      default:
        return this.change(action, common, quantity, at(this.dice.between(-0.1, 0.03)));
    }
  }

  private async oco(symbol: string, side: string, quantity: string, prices: Record<string, string>): Promise<void> {
    const { orders } = await this.client.call<{ orders: Order[] }>(
      'POST',
      '/orders/oco',
      { symbol, side, quantity, ...prices },
      { 'Idempotency-Key': this.key() },
    );
    for (const order of orders) this.remember(order);
  }

  private async swap({ base, quote }: MarketFacts, side: string, quantity: string, worth: string): Promise<void> {
    const [from, to, fromAmount] = side === 'SELL' ? [base, quote, quantity] : [quote, base, worth];
    const offer = await this.client.call<{ id: string }>('POST', '/quotes', { from, to, fromAmount });
    await this.client.call('POST', '/swaps', { quoteId: offer.id }, { 'Idempotency-Key': this.key() });
  }

  /** Cancels, lowers or replaces one of the orders that were placed, open or not. */
  private async change(
    action: 'cancel' | 'cancelAll' | 'amend' | 'replace',
    common: Record<string, unknown>,
    quantity: string,
    price: string,
  ): Promise<void> {
    const order = this.open.length > 0 ? this.dice.pick(this.open) : undefined;
    if (!order) return;
    if (action === 'cancelAll') return void (await this.client.call('DELETE', `/orders?symbol=${order.symbol}`));
    if (action === 'cancel') return void (await this.client.call('DELETE', `/orders/${order.id}`));
    if (action === 'amend') {
      const lot = this.floor.markets.find(({ symbol }) => symbol === order.symbol)?.lot ?? '1';
      return void (await this.client.call(
        'POST',
        `/orders/${order.id}/amend`,
        { quantity: onStep(Number(order.quantity) * 0.8, lot) },
        { 'Idempotency-Key': this.key() },
      ));
    }
    const body = { ...common, symbol: order.symbol, type: 'LIMIT', quantity, price };
    if (common.symbol !== order.symbol) return;
    const { placed } = await this.client.call<{ placed: Order }>('POST', `/orders/${order.id}/replace`, body, {
      'Idempotency-Key': this.key(),
    });
    this.remember(placed);
  }

  /** Many small orders at market as fast as they are answered, twenty in a request. Answers how many were taken. */
  async flood(until: number): Promise<number> {
    let taken = 0;
    while (Date.now() < until) {
      const orders = Array.from({ length: 20 }, () => {
        const drawn = this.draw();
        return (
          drawn && {
            symbol: drawn.market.symbol,
            side: drawn.side,
            type: 'MARKET',
            quantity: drawn.quantity,
            clientOrderId: this.key(),
          }
        );
      }).filter((order) => order !== undefined);
      if (orders.length === 0) {
        await sleep(100);
        continue;
      }
      const { items } = await this.client.call<{ items: { order?: Order; error?: { code: string } }[] }>(
        'POST',
        '/orders/batch',
        { orders },
      );
      for (const { order, error } of items) {
        if (order) {
          taken++;
          this.floor.placed.add(order.id);
        }
        if (error)
          this.floor.refused.set(`flood ${error.code}`, (this.floor.refused.get(`flood ${error.code}`) ?? 0) + 1);
      }
    }
    return taken;
  }
}
