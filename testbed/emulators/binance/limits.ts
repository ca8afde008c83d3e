import { ApiError } from './errors';

/** As `exchangeInfo` tells it: so much of that kind in each window of the clock. */
export interface RateLimit {
  readonly rateLimitType: 'REQUEST_WEIGHT' | 'ORDERS' | 'RAW_REQUESTS';
  readonly interval: 'SECOND' | 'MINUTE' | 'DAY';
  readonly intervalNum: number;
  limit: number;
}

/** A minute's weight of one account for capital calls, which `exchangeInfo` does not tell. */
const CAPITAL_WEIGHT = 180_000;
/** What the first fill of an order gives back of the count of unfilled orders. */
const GIVEN_BACK = { taker: 1, maker: 5 };
const UNIT_MS = { SECOND: 1000, MINUTE: 60_000, DAY: 86_400_000 };
const MINUTE = UNIT_MS.MINUTE;

const lengthOf = ({ interval, intervalNum }: RateLimit): number => UNIT_MS[interval] * intervalNum;
const headerOf = ({ interval, intervalNum }: RateLimit): string => `${intervalNum}${interval.charAt(0).toLowerCase()}`;

/** Weights, requests and order counts in fixed clock windows, with the venue's headers and refusals. */
export class Limits {
  private readonly windows = new Map<string, { at: number; used: number }>();
  private bannedUntil = 0;

  /** `rates`: the limits of `exchangeInfo`, looked at anew at every call. */
  constructor(private readonly rates: readonly RateLimit[]) {}

  private of(kind: RateLimit['rateLimitType']): readonly RateLimit[] {
    return this.rates.filter(({ rateLimitType }) => rateLimitType === kind);
  }

  private use(name: string, length: number, amount: number): number {
    const at = Math.floor(Date.now() / length);
    const window = this.windows.get(name);
    const used = Math.max(0, (window?.at === at ? window.used : 0) + amount);
    this.windows.set(name, { at, used });
    return used;
  }

  private count(rate: RateLimit, amount: number): number {
    return this.use(`${rate.rateLimitType} ${headerOf(rate)}`, lengthOf(rate), amount);
  }

  private checkBan(now: number): void {
    if (now >= this.bannedUntil) return;
    const text = `Way too much request weight used; IP banned until ${this.bannedUntil}. Please use WebSocket Streams for live updates to avoid bans.`;
    throw new ApiError(418, -1003, text, Math.ceil((this.bannedUntil - now) / 1000));
  }

  /**
   * One more request, whatever it weighs. Capital calls (`/sapi`) have a limit of their own, far above that of trading
   * and market data.
   */
  request(amount: number, capital: boolean): void {
    for (const rate of this.of('RAW_REQUESTS')) {
      if (this.count(rate, 1) > rate.limit)
        throw new ApiError(
          429,
          -1003,
          `Too many requests; current limit is ${rate.limit} requests per ${rate.intervalNum} ${rate.interval}.`,
          restOf(lengthOf(rate)),
        );
    }
    this.weight(amount, capital);
  }

  /** Counts weight and refuses what is too much of it. */
  weight(amount: number, capital: boolean): void {
    this.checkBan(Date.now());
    if (capital) {
      if (this.use('capital', MINUTE, amount) > CAPITAL_WEIGHT) throw tooMuch(CAPITAL_WEIGHT, restOf(MINUTE));
      return;
    }
    for (const rate of this.of('REQUEST_WEIGHT'))
      if (this.count(rate, amount) > rate.limit) throw tooMuch(rate.limit, restOf(lengthOf(rate)));
  }

  /** Refuses new orders when too many are unfilled. */
  checkOrders(): void {
    for (const rate of this.of('ORDERS')) {
      if (this.count(rate, 0) < rate.limit) continue;
      throw new ApiError(
        429,
        -1015,
        `Too many new orders; current limit is ${rate.limit} orders per ${rate.intervalNum} ${rate.interval}.`,
        restOf(lengthOf(rate)),
      );
    }
  }

  placed(): void {
    for (const rate of this.of('ORDERS')) this.count(rate, 1);
  }

  firstFill(as: 'taker' | 'maker'): void {
    for (const rate of this.of('ORDERS')) this.count(rate, -GIVEN_BACK[as]);
  }

  ban(ms: number): void {
    this.bannedUntil = Date.now() + ms;
  }

  private told(rate: RateLimit): Record<string, unknown> {
    const { rateLimitType, interval, intervalNum, limit } = rate;
    return { rateLimitType, interval, intervalNum, limit, count: this.count(rate, 0) };
  }

  /** As the WebSocket API tells them. */
  orderCounts(): Record<string, unknown>[] {
    return this.of('ORDERS').map((rate) => this.told(rate));
  }

  requestWeight(): Record<string, unknown>[] {
    return this.of('REQUEST_WEIGHT').map((rate) => this.told(rate));
  }

  headers(forOrder: boolean): Record<string, string> {
    const told = (kind: RateLimit['rateLimitType'], name: string): [string, string][] =>
      this.of(kind).map((rate) => [`${name}-${headerOf(rate)}`, String(this.count(rate, 0))]);
    const weights = told('REQUEST_WEIGHT', 'x-mbx-used-weight');
    return Object.fromEntries([
      ...weights,
      ...weights.slice(0, 1).map(([, used]): [string, string] => ['x-mbx-used-weight', used]),
      ...(forOrder ? told('ORDERS', 'x-mbx-order-count') : []),
    ]);
  }
}

/** Seconds until the next window begins. */
const restOf = (ms: number): number => Math.ceil((ms - (Date.now() % ms)) / 1000);

export const tooMuch = (limit = 6000, retryAfter = 1): ApiError =>
  new ApiError(
    429,
    -1003,
    `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`,
    retryAfter,
  );
