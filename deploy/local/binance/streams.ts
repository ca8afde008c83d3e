import type { IncomingMessage } from 'node:http';
import { lengthOf } from './candles';
import type { Candle } from './candles';
import { show } from './decimal';
import type { Market, PublicTrade } from './market';
import { dayTicker } from './routes';
import type { Deps } from './routes';
import type { Line } from './sockets';

type Send = (data: unknown) => void;
type Detach = () => void;

const KLINE_EVERY_MS = 1000;
const TICKER_EVERY_MS = 1000;
const MOST_STREAMS = 1024;

function on(market: Market, event: string, listener: (...args: never[]) => void): Detach {
  market.on(event, listener as (...args: unknown[]) => void);
  return () => void market.off(event, listener as (...args: unknown[]) => void);
}

/** What a stream name sends: attaches to its market and answers how to detach. Undefined for names we do not have. */
function attach(deps: Deps, stream: string, send: Send): Detach | undefined {
  if (stream === '!miniTicker@arr') return allTickers(deps, send);
  const [symbol = '', kind = ''] = stream.split('@');
  const market = deps.exchange.markets.get(symbol.toUpperCase());
  if (!market || symbol !== symbol.toLowerCase()) return undefined;
  const levels = /^depth(5|10|20)$/.exec(kind)?.[1];
  if (levels) return on(market, 'book', () => send(market.snapshot(Number(levels))));
  if (kind === 'depth') return on(market, 'depth', (update: never) => void (deps.exchange.faults.fires('depth-gap', stream) || send(update)));
  if (kind === 'trade') return on(market, 'trade', (trade: never) => send(tradeEvent(market, trade)));
  if (kind === 'aggTrade') return on(market, 'trade', (trade: never) => send(aggregate(market, trade)));
  if (kind === 'bookTicker') return bookTicker(market, send);
  if (kind === 'avgPrice') return average(market, send);
  if (kind === 'ticker' || kind === 'miniTicker') return ticker(market, kind, send);
  if (kind.startsWith('kline_') && lengthOf(kind.slice(6))) return kline(market, kind.slice(6), send);
  return undefined;
}

const tradeEvent = (market: Market, { id, price, quantity, time, buyerIsMaker }: PublicTrade): unknown => ({
  e: 'trade', E: time, s: market.symbol, t: id, p: show(price), q: show(quantity), T: time, m: buyerIsMaker, M: true,
});

const aggregate = (market: Market, { id, price, quantity, time, buyerIsMaker }: PublicTrade): unknown => ({
  e: 'aggTrade', E: time, s: market.symbol, a: id, p: show(price), q: show(quantity), f: id, l: id, T: time, m: buyerIsMaker, M: true,
});

function bookTicker(market: Market, send: Send): Detach {
  let last = '';
  return on(market, 'book', () => {
    const [bid, ask] = [market.best('b'), market.best('a')];
    const data = { s: market.symbol, b: show(bid?.[0] ?? 0n), B: show(bid?.[1] ?? 0n), a: show(ask?.[0] ?? 0n), A: show(ask?.[1] ?? 0n) };
    const text = JSON.stringify(data);
    if (text !== last) send({ u: market.position.updateId, ...data });
    last = text;
  });
}

function average(market: Market, send: Send): Detach {
  const timer = setInterval(() => send({ e: 'avgPrice', E: Date.now(), s: market.symbol, i: '5m', w: show(market.average()), T: market.trades.at(-1)?.time ?? Date.now() }), TICKER_EVERY_MS);
  return () => clearInterval(timer);
}

/** The short tickers of all markets that have traded since the last time. */
function allTickers({ exchange }: Deps, send: Send): Detach {
  const seen = new Map<string, number>();
  const timer = setInterval(() => {
    const changed = [...exchange.markets.values()].filter(({ symbol, position }) => seen.get(symbol) !== position.tradeId);
    for (const { symbol, position } of changed) seen.set(symbol, position.tradeId);
    const now = Date.now();
    const rows = changed.map((market) => {
      const day = dayTicker(market);
      return { e: '24hrMiniTicker', E: now, s: market.symbol, c: day.lastPrice, o: day.openPrice, h: day.highPrice, l: day.lowPrice, v: day.volume, q: day.quoteVolume };
    });
    if (rows.length > 0) send(rows);
  }, TICKER_EVERY_MS);
  return () => clearInterval(timer);
}

function ticker(market: Market, kind: 'ticker' | 'miniTicker', send: Send): Detach {
  let sentAt = 0;
  return on(market, 'trade', () => {
    const now = Date.now();
    if (now - sentAt < TICKER_EVERY_MS) return;
    sentAt = now;
    const day = dayTicker(market);
    const mini = { E: now, s: market.symbol, c: day.lastPrice, o: day.openPrice, h: day.highPrice, l: day.lowPrice, v: day.volume, q: day.quoteVolume };
    if (kind === 'miniTicker') return send({ e: '24hrMiniTicker', ...mini });
    send({
      e: '24hrTicker', ...mini, p: day.priceChange, P: day.priceChangePercent, w: day.weightedAvgPrice, x: day.prevClosePrice, Q: day.lastQty, b: day.bidPrice, B: day.bidQty,
      a: day.askPrice, A: day.askQty, O: day.openTime, C: day.closeTime, F: day.firstId, L: day.lastId, n: day.count,
    });
  });
}

function kline(market: Market, interval: string, send: Send): Detach {
  const length = lengthOf(interval) ?? 60_000;
  let sentAt = 0;
  return on(market, 'kline', (...args: never[]) => {
    const [at, candle, closed] = args as unknown as [string, Candle, boolean];
    const now = Date.now();
    if (at !== interval || (!closed && now - sentAt < KLINE_EVERY_MS)) return;
    sentAt = now;
    const { t, o, h, l, c, v, q, n, bought, boughtQuote } = candle;
    const k = {
      t, T: t + length - 1, s: market.symbol, i: interval, f: -1, L: -1, o: show(o), c: show(c), h: show(h), l: show(l), v: show(v), n, x: closed, q: show(q),
      V: show(bought), Q: show(boughtQuote), B: '0',
    };
    send({ e: 'kline', E: now, s: market.symbol, k });
  });
}

/** `/ws`, `/ws/<streams>`, `/stream?streams=`: market data. */
export function marketSocket(deps: Deps, line: Line, request: IncomingMessage): void {
  const [path = '', query = ''] = (request.url ?? '/').split('?');
  const open = new Map<string, Detach>();
  let combined = path.startsWith('/stream');
  const subscribe = (stream: string): void => {
    if (open.has(stream)) return;
    const detach = attach(deps, stream, (data) => {
      line.send(`stream ${stream}`, combined ? { stream, data } : data);
    });
    if (detach) open.set(stream, detach);
  };
  const unsubscribe = (stream: string): void => {
    open.get(stream)?.();
    open.delete(stream);
  };
  const named = [...path.replace(/^\/(ws|stream)\/?/, '').split('/'), ...(new URLSearchParams(query).get('streams') ?? '').split('/')];
  for (const stream of named) if (stream.includes('@')) subscribe(stream);
  line.socket.on('close', () => {
    for (const detach of open.values()) detach();
  });
  deps.sockets.add(line, {
    shutdown: () => {
      const data = { e: 'serverShutdown', E: Date.now() };
      line.send('stream serverShutdown', combined ? { stream: '!serverShutdown', data } : data);
    },
  });
  const reply = (body: Record<string, unknown>): void => line.send('control', body);
  line.onMessage((raw) => {
    let message: { method?: string; params?: unknown; id?: unknown };
    try {
      message = JSON.parse(raw) as typeof message;
    } catch {
      return reply({ code: 3, msg: 'Invalid JSON: expected value at line 1 column 1' });
    }
    const params: unknown[] = Array.isArray(message.params) ? message.params : [];
    const names = params.filter((name): name is string => typeof name === 'string');
    const refuse = (msg: string): void => reply({ code: 2, msg: `Invalid request: ${msg}`, id: message.id ?? null });
    let result: unknown = null;
    if (message.method === 'SUBSCRIBE') {
      if (open.size + names.length > MOST_STREAMS) return refuse('too many streams');
      names.forEach(subscribe);
    } else if (message.method === 'UNSUBSCRIBE') names.forEach(unsubscribe);
    else if (message.method === 'LIST_SUBSCRIPTIONS') result = [...open.keys()];
    else if (message.method === 'SET_PROPERTY') combined = params[1] === true;
    else if (message.method === 'GET_PROPERTY') result = combined;
    else return refuse(`unknown variant \`${String(message.method)}\`, expected one of \`SUBSCRIBE\`, \`UNSUBSCRIBE\`, \`LIST_SUBSCRIPTIONS\`, \`SET_PROPERTY\`, \`GET_PROPERTY\``);
    reply({ result, id: message.id ?? null });
  });
}
