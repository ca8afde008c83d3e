import { createHmac, timingSafeEqual } from 'node:crypto';
import { ApiError, BAD_KEY, BAD_SIGNATURE, missing } from './errors';
import type { ApiKey } from './types';

/** Verifies requests exactly as the venue documents it: what is signed differs between REST and WebSocket. */
export class Auth {
  private readonly keys: ReadonlyMap<string, ApiKey>;

  constructor(keys: readonly ApiKey[]) {
    this.keys = new Map(keys.map((key) => [key.apiKey, key]));
  }

  /** REST: the raw query and the raw body, joined without a separator, without the signature. */
  rest(apiKey: string | undefined, query: string, body: string, params: Record<string, string>): ApiKey {
    const key = this.key(apiKey);
    const signature = params.signature;
    if (!signature) throw missing('signature');
    const without = (text: string): string =>
      text
        .split('&')
        .filter((pair) => pair !== '' && !pair.startsWith('signature='))
        .join('&');
    this.verify(key, without(query) + without(body), signature);
    this.checkTime(params);
    return key;
  }

  /** WebSocket API: all parameters but the signature, sorted by name, raw. */
  socket(params: Record<string, unknown>): ApiKey {
    const { signature, ...rest } = params;
    if (rest.apiKey === undefined) throw missing('apiKey');
    const key = this.key(String(rest.apiKey));
    if (typeof signature !== 'string') throw missing('signature');
    const payload = Object.keys(rest)
      .sort()
      .map((name) => `${name}=${String(rest[name])}`)
      .join('&');
    this.verify(key, payload, signature);
    this.checkTime(Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)])));
    return key;
  }

  private key(apiKey: string | undefined): ApiKey {
    if (!apiKey) throw new ApiError(401, -2014, 'API-key format invalid.');
    const key = this.keys.get(apiKey);
    if (!key) throw BAD_KEY();
    return key;
  }

  private verify(key: ApiKey, payload: string, signature: string): void {
    const expected = createHmac('sha256', key.secret).update(payload).digest();
    const given = Buffer.from(signature.toLowerCase(), 'hex');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw BAD_SIGNATURE();
  }

  /** The request must be no older than recvWindow and no more than a second from the future. */
  checkTime(params: Record<string, string>): void {
    if (!params.timestamp) throw missing('timestamp');
    if (!/^\d{13,16}$/.test(params.timestamp)) throw new ApiError(400, -1100, "Illegal characters found in parameter 'timestamp'; legal range is '^[0-9]{1,20}$'.");
    const timestamp = params.timestamp.length > 13 ? Math.floor(Number(params.timestamp) / 1000) : Number(params.timestamp);
    const window = params.recvWindow === undefined ? 5000 : Number(params.recvWindow);
    if (!(window > 0 && window <= 60_000)) throw new ApiError(400, -1131, 'recvWindow must be less than 60000.');
    const now = Date.now();
    if (timestamp >= now + 1000) throw new ApiError(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.");
    if (now - timestamp > window) throw new ApiError(400, -1021, 'Timestamp for this request is outside of the recvWindow.');
  }
}

/** A minute's weight of one address for trading and market data, and of one account for capital calls. */
const TRADING_WEIGHT = 6000;
const CAPITAL_WEIGHT = 180_000;

/** Weights and order counts in fixed clock windows, with the venue's headers and refusals. */
export class Limits {
  private readonly windows = new Map<string, { at: number; used: number }>();
  private bannedUntil = 0;

  private use(name: string, length: number, amount: number): number {
    const at = Math.floor(Date.now() / length);
    const window = this.windows.get(name);
    const used = (window?.at === at ? window.used : 0) + amount;
    this.windows.set(name, { at, used });
    return used;
  }

  /** Capital calls (`/sapi`) have a limit of their own, far above that of trading and market data. */
  weight(amount: number, capital: boolean): number {
    const now = Date.now();
    if (now < this.bannedUntil) throw new ApiError(418, -1003, `Way too much request weight used; IP banned until ${this.bannedUntil}. Please use WebSocket Streams for live updates to avoid bans.`, Math.ceil((this.bannedUntil - now) / 1000));
    const used = this.use(capital ? 'capital' : 'weight', 60_000, amount);
    const limit = capital ? CAPITAL_WEIGHT : TRADING_WEIGHT;
    if (used > limit) throw new ApiError(429, -1003, `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`, 60 - Math.floor((now % 60_000) / 1000));
    return used;
  }

  order(): { tenSeconds: number; day: number } {
    const counts = { tenSeconds: this.use('orders', 10_000, 1), day: this.use('day', 86_400_000, 1) };
    if (counts.tenSeconds > 100) throw new ApiError(429, -1015, 'Too many new orders; current limit is 100 orders per 10 SECOND.', 10 - Math.floor((Date.now() % 10_000) / 1000));
    return counts;
  }

  ban(ms: number): void {
    this.bannedUntil = Date.now() + ms;
  }

  headers(): Record<string, string> {
    return {
      'x-mbx-used-weight': String(this.use('weight', 60_000, 0)),
      'x-mbx-used-weight-1m': String(this.use('weight', 60_000, 0)),
      'x-mbx-order-count-10s': String(this.use('orders', 10_000, 0)),
      'x-mbx-order-count-1d': String(this.use('day', 86_400_000, 0)),
    };
  }
}
