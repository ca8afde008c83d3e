import { EAST, EAST_MS } from './candles';
import type { Candle } from './candles';
import { show } from './decimal';
import { followDepth } from './depth-feed';
import { closeOf, isInterval, openOf } from './intervals';
import type { Market, PublicTrade } from './market';
import { eventInMicroseconds, isInMicroseconds } from './microseconds';
import type { Deps } from './routes';
import type { Line } from './sockets';
import { dayTicker, windowTicker } from './tickers';

type Send = (data: unknown) => void;
type Detach = () => void;

/** How often the venue tells: changes of a book, tickers, and candles that are longer than a second. */
const SLOW_MS = 1000;
const FAST_MS = 100;
const TICKER_EVERY_MS = 1000;
const CANDLE_MS = 2000;
const MOST_STREAMS = 1024;

function on(market: Market, event: string, listener: (...args: never[]) => void): Detach {
  market.on(event, listener as (...args: unknown[]) => void);
  return () => void market.off(event, listener as (...args: unknown[]) => void);
}

/** What a stream name sends: attaches to its market and answers how to detach. Undefined for names we do not have. */
function attach(deps: Deps, stream: string, send: Send): Detach | undefined {
  if (stream === '!miniTicker@arr') return allTickers(deps, miniTicker, send);
  const window = /^!ticker_(1h|4h|1d)@arr$/.exec(stream)?.[1];
  if (window) return allTickers(deps, (market, now) => windowEvent(market, window, now), send);
  const [symbol = '', kind = '', how] = stream.split('@');
  const market = deps.exchange.markets.get(symbol.toUpperCase());
  if (!market || symbol !== symbol.toLowerCase()) return undefined;
  if (kind.startsWith('kline_')) return candles(market, kind.slice('kline_'.length), how, send);
  if (kind.startsWith('depth')) return book(deps, market, stream, kind.slice('depth'.length), how, send);
  if (how !== undefined) return undefined;
  if (kind === 'trade') return on(market, 'trade', (trade: never) => send(tradeEvent(market, trade)));
  if (kind === 'aggTrade') return on(market, 'trade', (trade: never) => send(aggregate(market, trade)));
  if (kind === 'bookTicker') return bookTicker(market, send);
  if (kind === 'avgPrice')
    return every(() =>
      send({
        e: 'avgPrice',
        E: Date.now(),
        s: market.symbol,
        i: '5m',
        w: show(market.average()),
        T: market.trades.at(-1)?.time ?? Date.now(),
      }),
    );
  if (kind === 'referencePrice')
    return every(() => send({ e: 'referencePrice', s: market.symbol, r: show(market.average()), t: Date.now() }));
  if (kind === 'ticker' || kind === 'miniTicker')
    return ticker(market, (now) => send(kind === 'ticker' ? fullTicker(market, now) : miniTicker(market, now)));
  const span = /^ticker_(1h|4h|1d)$/.exec(kind)?.[1];
  return span ? ticker(market, (now) => send(windowEvent(market, span, now))) : undefined;
}

/** Changes of the book, or its best levels: once a second, or ten times where that is asked for. */
function book(
  deps: Deps,
  market: Market,
  stream: string,
  levels: string,
  how: string | undefined,
  send: Send,
): Detach | undefined {
  const everyMs = how === undefined || how === '1000ms' ? SLOW_MS : how === '100ms' ? FAST_MS : undefined;
  if (everyMs === undefined) return undefined;
  if (levels === '')
    return followDepth(
      market,
      everyMs,
      (update) => void (deps.exchange.faults.fires('depth-gap', stream) || send(update)),
    );
  if (!['5', '10', '20'].includes(levels)) return undefined;
  // The levels are told where something has changed.
  return followDepth(market, everyMs, () => send(market.snapshot(Number(levels))));
}

function every(tell: () => void): Detach {
  const timer = setInterval(tell, TICKER_EVERY_MS);
  return () => clearInterval(timer);
}

const tradeEvent = (market: Market, { id, price, quantity, time, buyerIsMaker }: PublicTrade): unknown => ({
  e: 'trade',
  E: time,
  s: market.symbol,
  t: id,
  p: show(price),
  q: show(quantity),
  T: time,
  m: buyerIsMaker,
  M: true,
});

const aggregate = (market: Market, { id, price, quantity, time, buyerIsMaker }: PublicTrade): unknown => ({
  e: 'aggTrade',
  E: time,
  s: market.symbol,
  a: id,
  p: show(price),
  q: show(quantity),
  f: id,
  l: id,
  T: time,
  m: buyerIsMaker,
  M: true,
});

function bookTicker(market: Market, send: Send): Detach {
  let last = '';
  return on(market, 'book', () => {
    const [bid, ask] = [market.best('b'), market.best('a')];
    const data = {
      s: market.symbol,
      b: show(bid?.[0] ?? 0n),
      B: show(bid?.[1] ?? 0n),
      a: show(ask?.[0] ?? 0n),
      A: show(ask?.[1] ?? 0n),
    };
    const text = JSON.stringify(data);
    if (text !== last) send({ u: market.position.updateId, ...data });
    last = text;
  });
}

type Row = (market: Market, now: number) => unknown;

/** The tickers of all markets that have traded since the last time. */
function allTickers({ exchange }: Deps, row: Row, send: Send): Detach {
  const seen = new Map<string, number>();
  const timer = setInterval(() => {
    const changed = [...exchange.markets.values()].filter(
      ({ symbol, position }) => seen.get(symbol) !== position.tradeId,
    );
    for (const { symbol, position } of changed) seen.set(symbol, position.tradeId);
    const now = Date.now();
    const rows = changed.map((market) => row(market, now));
    if (rows.length > 0) send(rows);
  }, TICKER_EVERY_MS);
  return () => clearInterval(timer);
}

/** Tells at most once a second, where something was traded. */
function ticker(market: Market, tell: (now: number) => void): Detach {
  let sentAt = 0;
  return on(market, 'trade', () => {
    const now = Date.now();
    if (now - sentAt < TICKER_EVERY_MS) return;
    sentAt = now;
    tell(now);
  });
}

const figures = ({
  lastPrice: c,
  openPrice: o,
  highPrice: h,
  lowPrice: l,
  volume: v,
  quoteVolume: q,
}: Record<string, unknown>): object => ({ c, o, h, l, v, q });
const ids = ({ openTime: O, closeTime: C, firstId: F, lastId: L, count: n }: Record<string, unknown>): object => ({
  O,
  C,
  F,
  L,
  n,
});

const miniTicker = (market: Market, E: number): unknown => ({
  e: '24hrMiniTicker',
  E,
  s: market.symbol,
  ...figures(dayTicker(market)),
});

function fullTicker(market: Market, E: number): unknown {
  const day = dayTicker(market);
  const {
    priceChange: p,
    priceChangePercent: P,
    weightedAvgPrice: w,
    prevClosePrice: x,
    lastQty: Q,
    bidPrice: b,
    bidQty: B,
    askPrice: a,
    askQty: A,
  } = day;
  return { e: '24hrTicker', E, s: market.symbol, ...figures(day), p, P, w, x, Q, b, B, a, A, ...ids(day) };
}

function windowEvent(market: Market, span: string, E: number): unknown {
  const row = windowTicker(market, { windowSize: span });
  const { priceChange: p, priceChangePercent: P, weightedAvgPrice: w } = row;
  return { e: `${span}Ticker`, E, s: market.symbol, p, P, w, ...figures(row), ...ids(row) };
}

/** Candles by UTC, or by the one other clock that the venue has streams for. */
function candles(market: Market, interval: string, how: string | undefined, send: Send): Detach | undefined {
  if (!isInterval(interval) || (how !== undefined && `@${how}` !== EAST)) return undefined;
  const ahead = how === undefined ? 0 : EAST_MS;
  const key = openOf(interval, 0) === openOf(interval, 0, ahead) ? interval : interval + EAST;
  const everyMs = interval === '1s' ? SLOW_MS : CANDLE_MS;
  let sentAt = 0;
  return on(market, 'kline', (...args: never[]) => {
    const [at, candle, closed] = args as unknown as [string, Candle, boolean];
    const now = Date.now();
    if (at !== key || (!closed && now - sentAt < everyMs)) return;
    sentAt = now;
    const { t, o, h, l, c, v, q, n, bought, boughtQuote } = candle;
    const k = {
      t,
      T: closeOf(interval, t, ahead),
      s: market.symbol,
      i: interval,
      f: -1,
      L: -1,
      o: show(o),
      c: show(c),
      h: show(h),
      l: show(l),
      v: show(v),
      n,
      x: closed,
      q: show(q),
      V: show(bought),
      Q: show(boughtQuote),
      B: '0',
    };
    send({ e: 'kline', E: now, s: market.symbol, k });
  });
}

/** `/ws`, `/ws/<streams>`, `/stream?streams=`: market data. */
export function marketSocket(deps: Deps, line: Line, path: string, query: URLSearchParams): void {
  const finely = isInMicroseconds(query.get('timeUnit') ?? undefined);
  const open = new Map<string, Detach>();
  let combined = path.startsWith('/stream');
  const subscribe = (stream: string): void => {
    if (open.has(stream)) return;
    const detach = attach(deps, stream, (event) => {
      const data = finely ? eventInMicroseconds(event) : event;
      line.send(`stream ${stream}`, combined ? { stream, data } : data);
    });
    if (detach) open.set(stream, detach);
  };
  const unsubscribe = (stream: string): void => {
    open.get(stream)?.();
    open.delete(stream);
  };
  const named = [...path.replace(/^\/(ws|stream)\/?/, '').split('/'), ...(query.get('streams') ?? '').split('/')];
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
    else
      return refuse(
        `unknown variant \`${String(message.method)}\`, expected one of \`SUBSCRIBE\`, \`UNSUBSCRIBE\`, \`LIST_SUBSCRIPTIONS\`, \`SET_PROPERTY\`, \`GET_PROPERTY\``,
      );
    reply({ result, id: message.id ?? null });
  });
}
