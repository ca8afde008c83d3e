/** Somebody with the account's keys who trades by hand: what no order of ours would ever do at the venue. */
import { createHmac } from 'node:crypto';

export interface HandTrade {
  readonly id: number;
  readonly orderId: number;
  readonly qty: string;
  readonly quoteQty: string;
  readonly commission: string;
  readonly commissionAsset: string;
}

export class Hand {
  private n = 0;

  constructor(
    private readonly url: string,
    private readonly key: { readonly key: string; readonly secret: string },
    private readonly ahead: () => number,
  ) {}

  /** One signed REST call; what goes wrong is the storm's business and not ours. */
  private async call(
    method: string,
    path: string,
    params: Record<string, string>,
  ): Promise<Record<string, unknown> | undefined> {
    const query = new URLSearchParams({
      ...params,
      timestamp: String(Date.now() + this.ahead()),
      recvWindow: '10000',
    }).toString();
    const signature = createHmac('sha256', this.key.secret).update(query).digest('hex');
    try {
      const response = await fetch(`${this.url}${path}?${query}&signature=${signature}`, {
        method,
        headers: { 'x-mbx-apikey': this.key.key },
        signal: AbortSignal.timeout(15_000),
      });
      return (await response.json()) as Record<string, unknown>;
    } catch {
      return undefined;
    }
  }

  /** All trades of the account in a market, oldest first, and the client ids of its orders. */
  async history(symbol: string): Promise<{ trades: HandTrade[]; clientIds: Map<number, string> }> {
    const pages = async <T>(path: string, from: string, idOf: (row: T) => number): Promise<T[]> => {
      const all: T[] = [];
      for (let next = 0; ;) {
        const page = (await this.call('GET', path, { symbol, [from]: String(next), limit: '1000' })) as unknown as T[];
        if (!Array.isArray(page))
          throw new Error(`the venue does not tell the history of ${symbol}: ${JSON.stringify(page)}`);
        all.push(...page);
        const last = page.at(-1);
        if (!last || page.length < 1000) return all;
        next = idOf(last) + 1;
      }
    };
    const trades = await pages<HandTrade>('/api/v3/myTrades', 'fromId', ({ id }) => id);
    const orders = await pages<{ orderId: number; clientOrderId: string }>(
      '/api/v3/allOrders',
      'orderId',
      ({ orderId }) => orderId,
    );
    return { trades, clientIds: new Map(orders.map(({ orderId, clientOrderId }) => [orderId, clientOrderId])) };
  }

  private id(): string {
    return `web_${Date.now().toString(36)}${++this.n}`;
  }

  /** A purchase at the market, over REST. */
  buy(symbol: string, worth: string): Promise<unknown> {
    return this.call('POST', '/api/v3/order', {
      symbol,
      side: 'BUY',
      type: 'MARKET',
      quoteOrderQty: worth,
      newClientOrderId: this.id(),
    });
  }

  /** Rests for a while a little below the market, then is cancelled. */
  async rest(symbol: string, price: string, quantity: string, ms: number): Promise<void> {
    const newClientOrderId = this.id();
    await this.call('POST', '/api/v3/order', {
      symbol,
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'GTC',
      price,
      quantity,
      newClientOrderId,
    });
    await new Promise((resolve) => setTimeout(resolve, ms));
    await this.call('DELETE', '/api/v3/order', { symbol, origClientOrderId: newClientOrderId });
  }
}
