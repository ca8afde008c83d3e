import { ApiError } from './errors';

/** A minute's weight of one address for trading and market data, and of one account for capital calls. */
const TRADING_WEIGHT = 6000;
const CAPITAL_WEIGHT = 180_000;
const TEN_SECONDS = { name: 'orders', ms: 10_000, limit: 100, interval: 'SECOND', intervalNum: 10 };
const DAY = { name: 'day', ms: 86_400_000, limit: 200_000, interval: 'DAY', intervalNum: 1 };
/** What the first fill of an order gives back of the count of unfilled orders. */
const GIVEN_BACK = { taker: 1, maker: 5 };

/** Weights and order counts in fixed clock windows, with the venue's headers and refusals. */
export class Limits {
  private readonly windows = new Map<string, { at: number; used: number }>();
  private bannedUntil = 0;

  private use(name: string, length: number, amount: number): number {
    const at = Math.floor(Date.now() / length);
    const window = this.windows.get(name);
    const used = Math.max(0, (window?.at === at ? window.used : 0) + amount);
    this.windows.set(name, { at, used });
    return used;
  }

  /** Capital calls (`/sapi`) have a limit of their own, far above that of trading and market data. */
  weight(amount: number, capital: boolean): void {
    const now = Date.now();
    if (now < this.bannedUntil) {
      const text = `Way too much request weight used; IP banned until ${this.bannedUntil}. Please use WebSocket Streams for live updates to avoid bans.`;
      throw new ApiError(418, -1003, text, Math.ceil((this.bannedUntil - now) / 1000));
    }
    const used = this.use(capital ? 'capital' : 'weight', 60_000, amount);
    const limit = capital ? CAPITAL_WEIGHT : TRADING_WEIGHT;
    if (used > limit) throw tooMuch(limit, 60 - Math.floor((now % 60_000) / 1000));
  }

  /** Refuses a new order when too many are unfilled. */
  checkOrders(): void {
    for (const { name, ms, limit, interval, intervalNum } of [TEN_SECONDS, DAY]) {
      if (this.use(name, ms, 0) < limit) continue;
      throw new ApiError(429, -1015, `Too many new orders; current limit is ${limit} orders per ${intervalNum} ${interval}.`, Math.ceil((ms - (Date.now() % ms)) / 1000));
    }
  }

  placed(): void {
    for (const { name, ms } of [TEN_SECONDS, DAY]) this.use(name, ms, 1);
  }

  firstFill(as: 'taker' | 'maker'): void {
    for (const { name, ms } of [TEN_SECONDS, DAY]) this.use(name, ms, -GIVEN_BACK[as]);
  }

  ban(ms: number): void {
    this.bannedUntil = Date.now() + ms;
  }

  /** As the WebSocket API tells them. */
  orderCounts(): Record<string, unknown>[] {
    return [TEN_SECONDS, DAY].map(({ name, ms, limit, interval, intervalNum }) => ({ rateLimitType: 'ORDERS', interval, intervalNum, limit, count: this.use(name, ms, 0) }));
  }

  requestWeight(): Record<string, unknown> {
    return { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: TRADING_WEIGHT, count: this.use('weight', 60_000, 0) };
  }

  headers(forOrder: boolean): Record<string, string> {
    const used = String(this.use('weight', 60_000, 0));
    const weights = { 'x-mbx-used-weight': used, 'x-mbx-used-weight-1m': used };
    if (!forOrder) return weights;
    return { ...weights, 'x-mbx-order-count-10s': String(this.use(TEN_SECONDS.name, TEN_SECONDS.ms, 0)), 'x-mbx-order-count-1d': String(this.use(DAY.name, DAY.ms, 0)) };
  }
}

export const tooMuch = (limit = TRADING_WEIGHT, retryAfter = 1): ApiError =>
  new ApiError(429, -1003, `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`, retryAfter);
