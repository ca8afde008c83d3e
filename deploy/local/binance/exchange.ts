import { EventEmitter } from 'node:events';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Account, ChangeSet, isOpen } from './account';
import { UNIT, must, show, times } from './decimal';
import { ApiError, BAD_SYMBOL, CANCEL_REJECTED, DUPLICATE, INSUFFICIENT, NO_ORDER, missing } from './errors';
import { Faults } from './faults';
import { checkFilters, readOrder } from './filters';
import type { OrderRequest, SymbolInfo } from './filters';
import { Journal } from './journal';
import type { Market } from './market';
import { exchangeInfo, openMarkets } from './symbols';
import type { ExchangeInfo } from './symbols';
import type { Fill, JournalRecord, Order } from './types';

/** 0.1 % of what is received, the venue's first fee tier. */
const COMMISSION = UNIT / 1000n;
const MARK_EVERY_MS = 2000;
const TICK_MS = 50;
/** A journal of more lines is written anew, shorter, at the start. */
const LINES_KEPT = 2000;
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
  readonly info: ExchangeInfo;
  /** The open ones and the legs of their crosses. */
  private readonly running: ReadonlyMap<string, Market>;
  readonly journal: Journal<JournalRecord>;
  private readonly lagging = new Map<number, number>();
  private readonly marked = new Map<string, number>();
  private frozen = false;
  private timers: NodeJS.Timeout[] = [];

  /** `options.symbols`: the markets that are open (all); `options.seed`: of the walked ones. */
  constructor(dir: string, options: { readonly symbols?: readonly string[]; readonly seed?: number } = {}) {
    super();
    this.setMaxListeners(0);
    this.info = exchangeInfo(options.symbols);
    this.running = openMarkets(this.info, options.seed ?? 1, (symbol) => this.account.openOrders(symbol).length > 0);
    for (const info of this.info.symbols) {
      this.symbols.set(info.symbol, info);
      this.markets.set(info.symbol, this.running.get(info.symbol) as Market);
    }
    this.journal = new Journal(join(dir, 'journal.jsonl'));
  }

  async open(onRecord: (record: JournalRecord) => void, first: Readonly<Record<string, string>> = {}): Promise<void> {
    const marks = new Map<string, Extract<JournalRecord, { k: 'mark' }>>();
    const scans = new Map<string, JournalRecord>();
    const lines = this.journal.open((record) => {
      this.account.apply(record);
      if (record.k === 'mark') marks.set(record.symbol, record);
      if (record.k === 'scan') scans.set(record.network, record);
      onRecord(record);
    });
    if (lines > LINES_KEPT) this.journal.replace([...this.account.records(), ...marks.values(), ...scans.values()]);
    for (const mark of marks.values()) this.running.get(mark.symbol)?.resume(mark);
    for (const fill of this.account.fills) this.markets.get(fill.symbol)?.sawTrade(fill.id);
    for (const market of this.running.values()) market.begin();
    if (lines === 0 && Object.keys(first).length > 0) await this.record({ k: 'balance', changes: Object.fromEntries(Object.entries(first).map(([asset, free]) => [asset, { free }])) });
    let last = Date.now();
    const tick = (): void => {
      const now = Date.now();
      if (!this.frozen) for (const market of this.running.values()) market.advance(now - last);
      last = now;
    };
    for (const market of this.markets.values()) market.on('book', () => this.meetResting(market));
    this.timers = [setInterval(tick, TICK_MS), setInterval(() => this.mark(), MARK_EVERY_MS)];
  }

  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.mark();
    await this.journal.close();
  }

  /** Market time stands still; orders still trade against the book. */
  freeze(frozen: boolean): void {
    this.frozen = frozen;
  }

  step(ms: number): void {
    for (const market of this.running.values()) market.advance(ms);
  }

  private mark(): void {
    for (const { symbol, position } of this.running.values()) {
      if (this.marked.get(symbol) === position.updateId) continue;
      this.marked.set(symbol, position.updateId);
      this.journal.note({ k: 'mark', symbol, ...position });
    }
  }

  /** Applies at once and resolves when it is on the disk. */
  record(record: JournalRecord): Promise<void> {
    this.account.apply(record);
    return this.journal.append(record);
  }

  /** Reads a new order and holds it against the symbol's filters; throws what the venue says of one that is wrong. */
  check(params: Record<string, string>): { request: OrderRequest; market: Market } {
    const request = readOrder(params, this.symbols, () => randomBytes(11).toString('hex'));
    const market = this.markets.get(request.info.symbol);
    if (!market) throw BAD_SYMBOL();
    checkFilters(request, market, this.account.openOrders(request.info.symbol).length);
    return { request, market };
  }

  async place(params: Record<string, string>): Promise<{ order: Order; fills: Fill[] }> {
    const { request, market } = this.check(params);
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
    for (const [at, there] of market.walk(side === 'BUY' ? 'a' : 'b')) {
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
      // The venue shows its market orders so.
      timeInForce: type === 'MARKET' ? 'GTC' : timeInForce,
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

  /** Resting orders that the book has come to are filled at their own price, as far as the book goes. */
  private meetResting(market: Market): void {
    const changed: Record<'a' | 'b', bigint[]> = { a: [], b: [] };
    for (const order of this.account.openOrders(market.symbol)) {
      const bookSide = order.side === 'BUY' ? 'a' : 'b';
      const price = must(order.price);
      const info = this.symbols.get(order.symbol);
      const { quantity, prices } = market.meet(bookSide, price, must(order.origQty) - must(order.executedQty));
      if (!info || quantity === 0n) continue;
      const changes = new ChangeSet();
      const now = Date.now();
      const fill = this.fill(info, order.side, order.orderId, { price, quantity }, true, market.trade(price, quantity, order.side === 'BUY'), now, changes, price);
      const executed = must(order.executedQty) + quantity;
      const status = executed === must(order.origQty) ? 'FILLED' : 'PARTIALLY_FILLED';
      const met: Order = { ...order, executedQty: show(executed), cummulativeQuoteQty: show(must(order.cummulativeQuoteQty) + must(fill.quoteQty)), status, updateTime: now };
      const durable = this.record({ k: 'order', order: met, fills: [fill], changes: changes.changes });
      durable.then(() => this.tell(met, [fill], changes.assets)).catch(() => undefined);
      changed[bookSide].push(...prices);
      if (must(order.executedQty) === 0n) this.emit('first-fill');
    }
    for (const side of ['a', 'b'] as const) market.announce(side, changed[side]);
  }

  /** The order that a query or a cancel means. */
  private asked(params: Record<string, string>): Order | undefined {
    if (!params.symbol) throw missing('symbol');
    if (!this.symbols.has(params.symbol)) throw BAD_SYMBOL();
    const { symbol, orderId, origClientOrderId } = params;
    if (!orderId && !origClientOrderId) throw new ApiError(400, -1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!");
    return this.account.find(symbol, { ...(orderId && { orderId }), ...(origClientOrderId && { clientOrderId: origClientOrderId }) });
  }

  async cancel(params: Record<string, string>): Promise<{ order: Order; cancelId: string }> {
    const order = this.asked(params);
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
    const order = this.asked(params);
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
