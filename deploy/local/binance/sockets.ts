import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { must, show } from './decimal';
import { ApiError, BAD_KEY } from './errors';
import { INTERVALS } from './market';
import type { Market } from './market';
import * as present from './present';
import { placeOrder } from './rest';
import type { RestDeps } from './rest';
import type { ApiKey, Fill, Order } from './types';

/** What a stream name sends: attaches to its market and answers how to detach. Undefined for names we do not have. */
function attach(deps: RestDeps, stream: string, send: (data: unknown) => void): (() => void) | undefined {
  const [symbol = '', kind = ''] = stream.split('@');
  const market = deps.exchange.markets.get(symbol.toUpperCase());
  if (!market) return undefined;
  const on = (event: string, listener: (...args: never[]) => void): (() => void) => {
    market.on(event, listener as (...args: unknown[]) => void);
    return () => void market.off(event, listener as (...args: unknown[]) => void);
  };
  if (kind === 'depth') {
    return on('depth', (update: never) => {
      if (!deps.exchange.faults.fires('depth-gap')) send(update);
    });
  }
  if (kind === 'trade') {
    return on('trade', ({ id, price, quantity, time, buyerIsMaker }: { id: number; price: bigint; quantity: bigint; time: number; buyerIsMaker: boolean }) =>
      send({ e: 'trade', E: time, s: market.symbol, t: id, p: show(price), q: show(quantity), T: time, m: buyerIsMaker, M: true }),
    );
  }
  if (kind === 'bookTicker') return bookTicker(market, on, send);
  if (kind.startsWith('kline_') && INTERVALS[kind.slice(6)]) return kline(market, kind.slice(6), on, send);
  return undefined;
}

type On = (event: string, listener: (...args: never[]) => void) => () => void;

function bookTicker(market: Market, on: On, send: (data: unknown) => void): () => void {
  let last = '';
  return on('book', () => {
    const [bid, ask] = [market.best('b'), market.best('a')];
    const data = { s: market.symbol, b: show(bid?.[0] ?? 0n), B: show(bid?.[1] ?? 0n), a: show(ask?.[0] ?? 0n), A: show(ask?.[1] ?? 0n) };
    const text = JSON.stringify(data);
    if (text !== last) send({ u: market.position.updateId, ...data });
    last = text;
  });
}

function kline(market: Market, interval: string, on: On, send: (data: unknown) => void): () => void {
  const length = INTERVALS[interval] ?? 60_000;
  let sentAt = 0;
  return on('kline', (...args: never[]) => {
    const [at, candle] = args as unknown as [string, { t: number; o: bigint; h: bigint; l: bigint; c: bigint; v: bigint; q: bigint; n: number }];
    const now = Date.now();
    if (at !== interval || now - sentAt < 1000) return;
    sentAt = now;
    const { t, o, h, l, c, v, q, n } = candle;
    const k = { t, T: t + length - 1, s: market.symbol, i: interval, f: -1, L: -1, o: show(o), c: show(c), h: show(h), l: show(l), v: show(v), n, x: false, q: show(q), V: '0', Q: '0', B: '0' };
    send({ e: 'kline', E: now, s: market.symbol, k });
  });
}

/** `/ws`, `/ws/<streams>`, `/stream?streams=`: market data. */
export function marketSocket(deps: RestDeps, socket: WebSocket, request: IncomingMessage): void {
  const url = new URL(request.url ?? '/', 'http://emulator');
  let combined = url.pathname.startsWith('/stream');
  const open = new Map<string, () => void>();
  const subscribe = (stream: string): void => {
    if (open.has(stream)) return;
    const detach = attach(deps, stream, (data) => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(combined ? { stream, data } : data));
    });
    if (detach) open.set(stream, detach);
  };
  const unsubscribe = (stream: string): void => {
    open.get(stream)?.();
    open.delete(stream);
  };
  const named = [...url.pathname.replace(/^\/(ws|stream)\/?/, '').split('/'), ...(url.searchParams.get('streams') ?? '').split('/')];
  for (const stream of named) if (stream.includes('@')) subscribe(stream);
  socket.on('close', () => {
    for (const detach of open.values()) detach();
  });
  socket.on('message', (raw) => {
    let message: { method?: string; params?: unknown[]; id?: unknown };
    try {
      message = JSON.parse(String(raw)) as typeof message;
    } catch {
      return socket.send(JSON.stringify({ code: 3, msg: 'Invalid JSON: expected value at line 1 column 1' }));
    }
    const names = (message.params ?? []).filter((name): name is string => typeof name === 'string');
    let result: unknown = null;
    if (message.method === 'SUBSCRIBE') names.forEach(subscribe);
    else if (message.method === 'UNSUBSCRIBE') names.forEach(unsubscribe);
    else if (message.method === 'LIST_SUBSCRIPTIONS') result = [...open.keys()];
    else if (message.method === 'SET_PROPERTY') combined = message.params?.[1] === true;
    else if (message.method === 'GET_PROPERTY') result = combined;
    else return socket.send(JSON.stringify({ code: 2, msg: `Invalid request: unknown variant ${String(message.method)}`, id: message.id }));
    socket.send(JSON.stringify({ result, id: message.id ?? null }));
  });
}

const subscriptions = { next: 0 };

/** `/ws-api/v3`: requests, orders and the user data stream. */
export function apiSocket(deps: RestDeps, socket: WebSocket): void {
  const own = new Set<number>();
  const tell = (event: unknown): void => {
    for (const subscriptionId of own) if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ subscriptionId, event }));
  };
  const detach = userEvents(deps, tell);
  socket.on('close', detach);
  socket.on('message', (raw) => void answer(deps, socket, String(raw), own));
}

function userEvents({ exchange }: RestDeps, tell: (event: unknown) => void): () => void {
  const onOrder = (order: Order, fills: readonly Fill[], cancelId?: string): void => {
    for (const report of reports(order, fills, cancelId)) tell(report);
  };
  const onPosition = (assets: readonly string[]): void => {
    const now = Date.now();
    const rows = assets.map((asset) => {
      const { free, locked } = exchange.account.balance(asset);
      return { a: asset, f: show(free), l: show(locked) };
    });
    tell({ e: 'outboundAccountPosition', E: now, u: now, B: rows });
  };
  const onBalance = (asset: string, amount: string): void => tell({ e: 'balanceUpdate', E: Date.now(), a: asset, d: amount, T: Date.now() });
  exchange.on('order', onOrder).on('position', onPosition).on('balance', onBalance);
  return () => void exchange.off('order', onOrder).off('position', onPosition).off('balance', onBalance);
}

/** NEW unless it rested already, a TRADE for each fill, and the end if it is one; with running totals. */
function reports(order: Order, fills: readonly Fill[], cancelId: string | undefined): Record<string, unknown>[] {
  const { executedQty, cummulativeQuoteQty } = order;
  if (order.status === 'CANCELED') return [present.executionReport(order, 'CANCELED', undefined, { status: 'CANCELED', executed: executedQty, quote: cummulativeQuoteQty, cancelId })];
  const total = (name: 'qty' | 'quoteQty'): bigint => fills.reduce((sum, fill) => sum + must(fill[name]), 0n);
  let [executed, quote] = [must(executedQty) - total('qty'), must(cummulativeQuoteQty) - total('quoteQty')];
  const rested = fills.some((fill) => fill.isMaker);
  const placed = rested ? [] : [present.executionReport(order, 'NEW', undefined, { status: 'NEW', executed: show(executed), quote: show(quote) })];
  const trades = fills.map((fill) => {
    executed += must(fill.qty);
    quote += must(fill.quoteQty);
    const status = show(executed) === order.origQty ? 'FILLED' : 'PARTIALLY_FILLED';
    return present.executionReport(order, 'TRADE', fill, { status, executed: show(executed), quote: show(quote) });
  });
  const ended = order.status === 'EXPIRED' ? [present.executionReport(order, 'EXPIRED', undefined, { status: 'EXPIRED', executed: executedQty, quote: cummulativeQuoteQty })] : [];
  return [...placed, ...trades, ...ended];
}

async function answer(deps: RestDeps, socket: WebSocket, raw: string, own: Set<number>): Promise<void> {
  let message: { id?: unknown; method?: string; params?: Record<string, unknown> };
  try {
    message = JSON.parse(raw) as typeof message;
  } catch {
    return socket.send(JSON.stringify({ id: null, status: 400, error: { code: -1000, msg: 'Invalid JSON.' } }));
  }
  const { id = null, params = {} } = message;
  const rateLimits = [{ rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000, count: Number(deps.limits.headers()['x-mbx-used-weight-1m']) }];
  const reply = (body: Record<string, unknown>): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ id, ...body, rateLimits }));
  };
  try {
    const result = await call(deps, socket, (message.method ?? '').replace(/^v3\//, ''), params, own);
    if (result !== SILENT) reply({ status: 200, result });
  } catch (error) {
    if (!(error instanceof ApiError)) return reply({ status: 500, error: { code: -1000, msg: String(error) } });
    const data = error.retryAfter === undefined ? {} : { data: { serverTime: Date.now(), retryAfter: Date.now() + error.retryAfter * 1000 } };
    reply({ status: error.status, error: { code: error.code, msg: error.msg, ...data } });
  }
}

const SILENT = Symbol('no answer');

async function call(deps: RestDeps, socket: WebSocket, method: string, params: Record<string, unknown>, own: Set<number>): Promise<unknown> {
  const text = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));
  const signed = (needs?: 'TRADE'): ApiKey => {
    const key = deps.auth.socket(params);
    if (needs && !key.permissions.includes(needs)) throw BAD_KEY();
    return key;
  };
  switch (method) {
    case 'ping':
      return {};
    case 'time':
      return { serverTime: Date.now() };
    case 'order.place': {
      signed('TRADE');
      if (deps.exchange.faults.fires('ws-silent')) return SILENT;
      const sever = (): never => {
        socket.terminate();
        throw new ApiError(503, -1001, 'disconnected');
      };
      return placeOrder(deps, text, sever);
    }
    case 'order.cancel': {
      signed('TRADE');
      const { order, cancelId } = await deps.exchange.cancel(text);
      return present.canceled(order, cancelId);
    }
    case 'order.status':
      signed();
      return present.queried(deps.exchange.query(text));
    case 'account.status':
      signed();
      return present.account(deps.exchange.account, text.omitZeroBalances === 'true');
    case 'userDataStream.subscribe.signature': {
      signed();
      const subscriptionId = subscriptions.next++;
      own.add(subscriptionId);
      return { subscriptionId };
    }
    case 'userDataStream.unsubscribe':
      own.clear();
      return {};
    case 'session.logon':
      throw new ApiError(400, -4056, 'HMAC_SHA256 API key is not supported.');
    default:
      throw new ApiError(400, -1020, 'This operation is not supported.');
  }
}
