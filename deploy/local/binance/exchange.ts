import { EventEmitter } from 'node:events';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Account, ChangeSet, isOpen } from './account';
import { UNIT, must, show, times } from './decimal';
import { ApiError, CANCEL_REJECTED, DUPLICATE, INSUFFICIENT, NO_ORDER } from './errors';
import { Faults } from './faults';
import { checkFilters, readOrder } from './filters';
import type { OrderRequest, SymbolInfo } from './filters';
import { Journal } from './journal';
import { Market } from './market';
import type { Fill, JournalRecord, Order } from './types';

/** 0.1 % of what is received, the venue's first fee tier. */
const COMMISSION = UNIT / 1000n;
const MARK_EVERY_MS = 2000;
const TICK_MS = 50;
/** How long a fresh order is not found by queries, when that fault is on. */
const LAG_MS = 1500;

interface Match {
  readonly price: bigint;
  readonly quantity: bigint;
}

/** Markets, the account, and the orders between them. Everything is durable before it is answered. */
export class Exchange extends EventEmitter {
  readonly account = new Account();
  readonly faults = new Faults();
  readonly markets = new Map<string, Market>();
  readonly symbols = new Map<string, SymbolInfo>();
  readonly info: { timezone: string; rateLimits: unknown[]; exchangeFilters: unknown[]; symbols: SymbolInfo[] };
  readonly journal: Journal<JournalRecord>;
  private readonly lagging = new Map<number, number>();
  private frozen = false;
  private timers: NodeJS.Timeout[] = [];

  constructor(dir: string) {
    super();
    this.setMaxListeners(0);
    const data = join(__dirname, 'data');
    this.info = JSON.parse(readFileSync(join(data, 'exchange-info.json'), 'utf8')) as Exchange['info'];
    for (const info of this.info.symbols) {
      this.symbols.set(info.symbol, info);
      this.markets.set(info.symbol, new Market(info.symbol, join(data, `${info.symbol.toLowerCase()}.jsonl.gz`)));
    }
    this.journal = new Journal(join(dir, 'journal.jsonl'));
  }

  async open(onRecord: (record: JournalRecord) => void, first: Readonly<Record<string, string>> = {}): Promise<void> {
    const marks = new Map<string, Extract<JournalRecord, { k: 'mark' }>>();
    let empty = true;
    this.journal.open((record) => {
      empty = false;
      this.account.apply(record);
      if (record.k === 'mark') marks.set(record.symbol, record);
      onRecord(record);
    });
    for (const mark of marks.values()) this.markets.get(mark.symbol)?.resume(mark);
    for (const fill of this.account.fills) this.markets.get(fill.symbol)?.sawTrade(fill.id);
    if (empty && Object.keys(first).length > 0) await this.record({ k: 'balance', changes: Object.fromEntries(Object.entries(first).map(([asset, free]) => [asset, { free }])) });
    let last = Date.now();
    const tick = (): void => {
      const now = Date.now();
      if (!this.frozen) for (const market of this.markets.values()) market.advance(now - last);
      last = now;
    };
    for (const market of this.markets.values()) market.on('book', () => this.meetResting(market));
    this.timers = [setInterval(tick, TICK_MS), setInterval(() => this.mark(), MARK_EVERY_MS)];
  }

  close(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.mark();
  }

  /** Market time stands still; orders still trade against the book. */
  freeze(frozen: boolean): void {
    this.frozen = frozen;
  }

  step(ms: number): void {
    for (const market of this.markets.values()) market.advance(ms);
  }

  private mark(): void {
    for (const market of this.markets.values()) this.journal.note({ k: 'mark', symbol: market.symbol, ...market.position });
  }

  /** Applies at once and resolves when it is on the disk. */
  record(record: JournalRecord): Promise<void> {
    this.account.apply(record);
    return this.journal.append(record);
  }

  async place(params: Record<string, string>): Promise<{ order: Order; fills: Fill[] }> {
    const request = readOrder(params, this.symbols, () => randomBytes(11).toString('hex'));
    const market = this.markets.get(request.info.symbol);
    if (!market) throw new ApiError(400, -1121, 'Invalid symbol.');
    checkFilters(request, market, this.account.openOrders(request.info.symbol).length);
    if (this.account.openOrders(request.info.symbol).some((order) => order.clientOrderId === request.clientOrderId)) throw DUPLICATE();
    const matches = this.match(request, market);
    this.checkFunds(request, matches);
    if (request.type === 'LIMIT_MAKER' && matches.length > 0) throw new ApiError(400, -2010, 'Order would immediately match and take.');
    const result = this.execute(request, market, matches);
    await this.record(result.record);
    this.tell(result.record.order, result.record.fills, result.assets);
    return { order: result.record.order, fills: result.record.fills };
  }

  /** What the book gives at once, best first. */
  private match({ info, side, type, price, quantity, quoteOrderQty, timeInForce }: OrderRequest, market: Market): Match[] {
    const lot = lotOf(info);
    let left = quantity;
    let money = quoteOrderQty;
    const matches: Match[] = [];
    for (const [at, there] of market.levels(side === 'BUY' ? 'a' : 'b')) {
      if (type !== 'MARKET' && (side === 'BUY' ? at > price : at < price)) break;
      let take = there < left || quantity === 0n ? there : left;
      if (quantity === 0n) {
        // By quote amount: whole lots of what is left to spend.
        const affordable = (money * UNIT) / at;
        take = affordable < take ? affordable - (affordable % lot) : take;
        money -= times(take, at);
      }
      if (take === 0n) break;
      matches.push({ price: at, quantity: take });
      left -= take;
      if (quantity > 0n && left === 0n) break;
    }
    if (timeInForce === 'FOK' && left > 0n) return [];
    if (timeInForce === 'IOC' && matches.length > 0 && this.faults.fires('partial-fill')) return [half(matches[0] as Match, lot)];
    return matches;
  }

  private checkFunds(request: OrderRequest, matches: readonly Match[]): void {
    const { info, side, type, price, quantity } = request;
    const cost = matches.reduce((sum, match) => sum + times(match.price, match.quantity), 0n);
    const needed = side === 'SELL' ? quantity : type === 'MARKET' ? cost : times(price, quantity);
    if (this.account.balance(side === 'SELL' ? info.baseAsset : info.quoteAsset).free < needed) throw INSUFFICIENT();
  }

  private execute(request: OrderRequest, market: Market, matches: readonly Match[]): { record: Extract<JournalRecord, { k: 'order' }>; assets: string[] } {
    const { info, side, type, timeInForce, price, clientOrderId } = request;
    const now = Date.now();
    const changes = new ChangeSet();
    const orderId = this.account.nextOrderId();
    const bookSide = side === 'BUY' ? 'a' : 'b';
    const fills = matches.map((match) => this.fill(info, side, orderId, match, false, market.take(bookSide, match.price, match.quantity), now, changes, match.price));
    market.announce(bookSide, matches.map((match) => match.price));
    const executed = sum(matches.map((match) => match.quantity));
    const quote = sum(fills.map((fill) => must(fill.quoteQty)));
    const wanted = request.quantity > 0n ? request.quantity : executed;
    const left = wanted - executed;
    const rests = left > 0n && timeInForce === 'GTC' && type !== 'MARKET';
    if (rests) {
      const [asset, amount] = side === 'SELL' ? [info.baseAsset, left] : [info.quoteAsset, times(price, left)];
      changes.free(asset, -amount).locked(asset, amount);
    }
    const status = left === 0n && executed > 0n ? 'FILLED' : rests ? (executed > 0n ? 'PARTIALLY_FILLED' : 'NEW') : 'EXPIRED';
    const order: Order = {
      symbol: info.symbol,
      orderId,
      clientOrderId,
      side,
      type,
      timeInForce,
      price: show(price),
      origQty: show(wanted),
      quoteOrderQty: show(request.quoteOrderQty),
      executedQty: show(executed),
      cummulativeQuoteQty: show(quote),
      status,
      time: now,
      updateTime: now,
    };
    if (this.faults.fires('order-lag')) this.lagging.set(orderId, now + LAG_MS);
    return { record: { k: 'order', order, fills, changes: changes.changes }, assets: changes.assets };
  }

  /** Books one trade of ours. `paysAt`: a resting order was locked at its own price. */
  private fill(info: SymbolInfo, side: 'BUY' | 'SELL', orderId: number, match: Match, maker: boolean, id: number, time: number, changes: ChangeSet, paysAt: bigint): Fill {
    const quote = times(match.price, match.quantity);
    const received = side === 'BUY' ? match.quantity : quote;
    const commission = times(received, COMMISSION);
    const [give, given, get] = side === 'BUY' ? [info.quoteAsset, maker ? times(paysAt, match.quantity) : quote, info.baseAsset] : [info.baseAsset, match.quantity, info.quoteAsset];
    if (maker) changes.locked(give, -given);
    else changes.free(give, -given);
    changes.free(get, received - commission);
    return { symbol: info.symbol, id, orderId, price: show(match.price), qty: show(match.quantity), quoteQty: show(quote), commission: show(commission), commissionAsset: get, time, isBuyer: side === 'BUY', isMaker: maker };
  }

  /** Resting orders that the book has come to are filled at their own price. */
  private meetResting(market: Market): void {
    for (const order of this.account.openOrders(market.symbol)) {
      const best = market.best(order.side === 'BUY' ? 'a' : 'b');
      const price = must(order.price);
      if (!best || (order.side === 'BUY' ? best[0] > price : best[0] < price)) continue;
      const info = this.symbols.get(order.symbol);
      if (!info) continue;
      const left = must(order.origQty) - must(order.executedQty);
      const now = Date.now();
      const changes = new ChangeSet();
      const fill = this.fill(info, order.side, order.orderId, { price, quantity: left }, true, market.trade(price, left, order.side === 'BUY'), now, changes, price);
      const done: Order = { ...order, executedQty: order.origQty, cummulativeQuoteQty: show(must(order.cummulativeQuoteQty) + must(fill.quoteQty)), status: 'FILLED', updateTime: now };
      void this.record({ k: 'order', order: done, fills: [fill], changes: changes.changes }).then(() => this.tell(done, [fill], changes.assets));
    }
  }

  async cancel(params: Record<string, string>): Promise<{ order: Order; cancelId: string }> {
    const order = this.account.find(params.symbol ?? '', { ...(params.orderId && { orderId: params.orderId }), ...(params.origClientOrderId && { clientOrderId: params.origClientOrderId }) });
    const info = this.symbols.get(params.symbol ?? '');
    if (!order || !info || !isOpen(order)) throw CANCEL_REJECTED();
    const left = must(order.origQty) - must(order.executedQty);
    const [asset, amount] = order.side === 'SELL' ? [info.baseAsset, left] : [info.quoteAsset, times(must(order.price), left)];
    const changes = new ChangeSet().free(asset, amount).locked(asset, -amount);
    const canceled: Order = { ...order, status: 'CANCELED', updateTime: Date.now() };
    await this.record({ k: 'order', order: canceled, fills: [], changes: changes.changes });
    const cancelId = params.newClientOrderId ?? randomBytes(11).toString('hex');
    this.tell(canceled, [], changes.assets, cancelId);
    return { order: canceled, cancelId };
  }

  query(params: Record<string, string>): Order {
    const order = this.account.find(params.symbol ?? '', { ...(params.orderId && { orderId: params.orderId }), ...(params.origClientOrderId && { clientOrderId: params.origClientOrderId }) });
    if (!order || (this.lagging.get(order.orderId) ?? 0) > Date.now()) throw NO_ORDER();
    return order;
  }

  private tell(order: Order, fills: readonly Fill[], assets: readonly string[], cancelId?: string): void {
    const times = this.faults.fires('report-lost') ? 0 : this.faults.fires('report-doubled') ? 2 : 1;
    for (let n = 0; n < times; n++) this.emit('order', order, fills, cancelId);
    this.emit('position', assets);
  }
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

/** The step of the symbol's quantities. */
const lotOf = (info: SymbolInfo): bigint => must(String(info.filters.find((filter) => filter.filterType === 'LOT_SIZE')?.stepSize ?? '0.0001'));

/** Half of a match, in whole lots (at least one). */
function half({ price, quantity }: Match, lot: bigint): Match {
  const part = quantity / 2n - ((quantity / 2n) % lot);
  return { price, quantity: part > 0n ? part : quantity };
}
