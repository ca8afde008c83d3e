/** Somebody with the account's keys who trades by hand: what no order of ours would ever do at the venue. */
import { createHmac } from 'node:crypto';

export class Hand {
  private n = 0;

  constructor(
    private readonly url: string,
    private readonly key: { readonly key: string; readonly secret: string },
    private readonly ahead: () => number,
  ) {}

  /** One signed REST call; what goes wrong is the storm's business and not ours. */
  private async call(method: string, path: string, params: Record<string, string>): Promise<Record<string, unknown> | undefined> {
    const query = new URLSearchParams({ ...params, timestamp: String(Date.now() + this.ahead()), recvWindow: '10000' }).toString();
    const signature = createHmac('sha256', this.key.secret).update(query).digest('hex');
    try {
      const response = await fetch(`${this.url}${path}?${query}&signature=${signature}`, { method, headers: { 'x-mbx-apikey': this.key.key }, signal: AbortSignal.timeout(15_000) });
      return (await response.json()) as Record<string, unknown>;
    } catch {
      return undefined;
    }
  }

  private id(): string {
    return `web_${Date.now().toString(36)}${++this.n}`;
  }

  /** A purchase at the market, over REST. */
  buy(symbol: string, worth: string): Promise<unknown> {
    return this.call('POST', '/api/v3/order', { symbol, side: 'BUY', type: 'MARKET', quoteOrderQty: worth, newClientOrderId: this.id() });
  }

  /** Rests for a while a little below the market, then is cancelled. */
  async rest(symbol: string, price: string, quantity: string, ms: number): Promise<void> {
    const newClientOrderId = this.id();
    await this.call('POST', '/api/v3/order', { symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price, quantity, newClientOrderId });
    await new Promise((resolve) => setTimeout(resolve, ms));
    await this.call('DELETE', '/api/v3/order', { symbol, origClientOrderId: newClientOrderId });
  }
}
