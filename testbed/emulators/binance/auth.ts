import { createHmac, timingSafeEqual, verify } from 'node:crypto';
import { ApiError, BAD_KEY, BAD_SIGNATURE, OUT_OF_WINDOW, missing } from './errors';
import { valueOf } from './parameters';
import type { ApiKey } from './types';

/** Verifies requests exactly as the venue documents it: what is signed differs between REST and WebSocket. */
export class Auth {
  private readonly keys: ReadonlyMap<string, ApiKey>;
  private readonly revoked = new Map<string, number>();
  /** The venue's clock is ahead of ours by so many milliseconds. */
  skew = 0;

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
    if (!key || this.isRevoked(apiKey)) throw BAD_KEY();
    return key;
  }

  /** The key is refused for so many milliseconds. */
  revoke(apiKey: string, ms: number): void {
    this.revoked.set(apiKey, Date.now() + ms);
  }

  isRevoked(apiKey: string): boolean {
    return (this.revoked.get(apiKey) ?? 0) > Date.now();
  }

  now(): number {
    return Date.now() + this.skew;
  }

  private verify(key: ApiKey, payload: string, signature: string): void {
    if (key.type !== 'hmac') {
      // RSA is PKCS #1 v1.5 with SHA-256; Ed25519 has its own hash.
      if (
        !verify(
          key.type === 'rsa' ? 'sha256' : null,
          Buffer.from(payload),
          key.publicKey,
          Buffer.from(signature, 'base64'),
        )
      )
        throw BAD_SIGNATURE();
      return;
    }
    const expected = createHmac('sha256', key.secret).update(payload).digest();
    const given = Buffer.from(signature.toLowerCase(), 'hex');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw BAD_SIGNATURE();
  }

  /** The request must be no older than recvWindow and no more than a second from the future. */
  checkTime(params: Record<string, string>): void {
    if (!params.timestamp) throw missing('timestamp');
    const timestamp = Number(valueOf('timestamp', params.timestamp));
    const window = params.recvWindow === undefined ? 5000 : Number(valueOf('recvWindow', params.recvWindow));
    if (!(window > 0 && window <= 60_000)) throw new ApiError(400, -1131, 'recvWindow must be less than 60000.');
    const now = this.now();
    if (timestamp >= now + 1000)
      throw new ApiError(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.");
    if (now - timestamp > window) throw OUT_OF_WINDOW();
  }
}
