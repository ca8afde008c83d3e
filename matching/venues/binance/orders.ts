import { WebsocketAPIClient } from 'binance';
import type { Clock } from '../../../domain/clock-and-ids';
import type { VenueTrade } from '../../../domain/contract/commands';
import type { Logger } from '../../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import { floorToStep, notionalDown } from '../../../domain/money/rounding';
import type { AccountTrade, OrderFound, OrderOutcome, Venue, VenueOrder } from '../venue';
import type { VenueClock } from './clock';
import type { VenueLimit } from './budget';
import { BAD_CLOCK, BAD_KEY, FILTER, NO_SUCH_ORDER, TOO_MANY_ORDERS, failureOf } from './errors';
import { readSecret } from './keys';
import { CALL_TIMEOUT_MS } from './rest';
import { CONNECTION, openSession, request } from './session';
import type { BinanceConfig, Rest } from './rest';

/** The SDK moves a request's timestamp by the time it waited for a connection; more than this is not signed. */
const TIMESTAMP_SLACK_MS = 500;
/** After too many orders the next one waits so long where the venue does not say how long. */
const ORDERS_PAUSE_MS = 1000;
/** The venue's amounts have eight decimals. */
const FINEST = 10n ** 10n;

export interface Orders {
  place(order: VenueOrder): Promise<OrderOutcome>;
  find(order: VenueOrder): Promise<OrderFound>;
  readonly knows: Venue['knows'];
  readonly tradesFrom: Venue['tradesFrom'];
  readonly clientIdOf: Venue['clientIdOf'];
  readonly ready: Venue['ready'];
  /** Called when the user stream is open, or open again: whatever happened before was not told. */
  onSubscribed(listener: () => void): void;
  onHint(listener: (orderId: string) => void): void;
  onBalances(listener: () => void): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface PlacedOrder {
  readonly orderId: number;
  readonly status: string;
  readonly executedQty: string;
  readonly cummulativeQuoteQty: string;
  readonly transactTime: number;
  readonly expiryReason?: string;
  readonly fills?: readonly {
    price: string;
    qty: string;
    commission: string;
    commissionAsset: string;
    tradeId: number;
  }[];
}

/**
 * Orders over the venue's WebSocket API. The SDK has no deadline, opens a second socket when asked during a reconnect,
 * and shifts timestamps; so we keep our own gate and deadline, and sign only what carries the stored timestamp.
 */
export function createOrders(
  config: BinanceConfig,
  rest: Rest,
  venueClock: VenueClock,
  onFilter: () => void,
  deps: { clock: Clock; logger: Logger },
): Orders {
  const hints: ((orderId: string) => void)[] = [];
  const balanceHints: (() => void)[] = [];
  const subscribed: (() => void)[] = [];
  /** Orders on their way, by client id: the timestamp each must be signed with. */
  const stored = new Map<string, number>();
  let connected = false;
  let stopped = false;

  const key = readSecret(config.tradingKey.secret);

  const sign = async (text: string): Promise<string> => {
    const params = new URLSearchParams(text);
    const orderId = params.get('newClientOrderId');
    if (orderId !== null) {
      // Given up on by its deadline, or moved in time by the SDK: not signed, so never sent.
      const timestamp = stored.get(orderId);
      if (timestamp === undefined || Number(params.get('timestamp')) - timestamp > TIMESTAMP_SLACK_MS)
        throw new NotSent();
    }
    return key.sign(text);
  };
  const silent = { trace: () => undefined, info: () => undefined, error: () => undefined };
  const api = new WebsocketAPIClient(
    {
      api_key: config.tradingKey.key,
      api_secret: key.secret,
      wsUrl: config.wsApiUrl,
      customSignMessageFn: sign,
      attachEventListeners: false,
      muteLatencyWarning: true,
      resubscribeUserDataStreamAfterReconnect: false,
      beautify: false,
    },
    silent,
  );
  // We log on and subscribe by ourselves: the SDK would wait for ever for a logon that was refused.
  const socket = api.getWSClient().setAuthOnConnect(false);

  /** The SDK knows how to close and come back, and keeps it to itself. */
  const reconnect = (why: string): void => {
    connected = false;
    deps.logger.info({ why }, "the venue's connection for orders is begun anew");
    (socket as unknown as { executeReconnectableClose(key: string, reason: string): void }).executeReconnectableClose(
      CONNECTION,
      why,
    );
  };

  /** Of the connection that is open now. */
  let life = 0;
  /** Until the account's events are told on this connection: only then orders go out over it. */
  const subscribe = async (): Promise<void> => {
    const mine = ++life;
    while (!stopped && mine === life) {
      try {
        if (deps.clock.now() < rest.bannedUntil()) throw new Error('the venue has asked us to wait');
        await withDeadline(openSession(socket, key.kind, () => venueClock.now()));
        if (mine !== life) return;
        connected = true;
        deps.logger.info({}, 'the venue user stream is open');
        for (const hint of [...balanceHints, ...subscribed]) hint();
        return;
      } catch (error) {
        deps.logger.warn(
          { event: 'venue.user_stream_not_open', error: reasonOf(error) },
          'the venue user stream is not open yet',
        );
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  };

  const lost = (): void => {
    connected = false;
    life++;
  };
  socket.on('reconnecting', lost);
  socket.on('close', lost);
  socket.on('reconnected', () => {
    deps.logger.info({}, "the venue's connection for orders is back");
    void subscribe();
  });
  socket.on('exception', () => undefined);
  socket.on('message', (raw: unknown) => {
    const event = raw as { e?: string; c?: string; C?: string; status?: number };
    if (event.e === 'executionReport') for (const hint of hints) hint(event.C ? event.C : (event.c ?? ''));
    if (event.e === 'outboundAccountPosition' || event.e === 'balanceUpdate') for (const hint of balanceHints) hint();
    // The venue is about to close, or has ended our subscription: begin anew before it does.
    if (event.e === 'serverShutdown' || event.e === 'eventStreamTerminated' || event.status === 401)
      reconnect(event.e ?? 'revoked');
  });

  const send = async (order: VenueOrder): Promise<OrderOutcome> => {
    rest.budget.sent();
    const sent = request(socket, 'order.place', {
      symbol: order.symbol,
      side: order.side,
      type: 'LIMIT',
      timeInForce: 'IOC',
      quantity: order.quantity,
      price: order.limitPrice,
      newClientOrderId: order.id,
      newOrderRespType: 'FULL',
      timestamp: order.timestamp,
      recvWindow: order.recvWindow,
      // In a session too (Ed25519) an order is signed by itself: what is not signed in time is never sent.
      signRequest: true,
    });
    const response = (await withDeadline(sent)) as { result: PlacedOrder; rateLimits?: readonly VenueLimit[] };
    rest.budget.heard(response.rateLimits ?? []);
    return outcomeOf(order, response.result);
  };

  return {
    place: async (order) => {
      // Nothing was sent: another attempt may follow when the venue is there again.
      if (!connected) return { outcome: 'refused', reason: 'NOT_CONNECTED', again: true };
      if (deps.clock.now() < rest.bannedUntil()) return { outcome: 'refused', reason: 'BANNED', again: true };
      if (!rest.budget.mayOrder()) return { outcome: 'refused', reason: 'ORDER_LIMIT', again: true };
      stored.set(order.id, order.timestamp);
      try {
        return await send(order);
      } catch (error) {
        if (error instanceof NotSent) return { outcome: 'refused', reason: 'NOT_SENT', again: true };
        rest.budget.heard((error as { rateLimits?: readonly VenueLimit[] } | undefined)?.rateLimits ?? []);
        const failure = failureOf(error, deps.clock.now());
        if (failure.kind === 'banned') rest.ban(failure.until);
        const reason = `${failure.code ?? ''} ${failure.message}`.trim();
        if (failure.kind === 'unknown') return { outcome: 'unknown', reason };
        if (failure.code === FILTER) onFilter();
        if (failure.code === BAD_KEY) rest.keyRefused();
        if (failure.code === TOO_MANY_ORDERS)
          rest.budget.ordersRefused(
            deps.clock.now() + (failure.kind === 'refused' ? (failure.retryAfterMs ?? ORDERS_PAUSE_MS) : 0),
          );
        if (failure.kind === 'banned' || failure.code === BAD_KEY || failure.code === TOO_MANY_ORDERS)
          return { outcome: 'refused', reason, again: true };
        if (failure.code !== BAD_CLOCK) return { outcome: 'refused', reason };
        // The clock first, so that the next attempt (a new order with a new id) carries the right time.
        await venueClock
          .sync()
          .catch((cause: unknown) =>
            deps.logger.warn({ event: 'venue.clock_unread', error: String(cause) }, "the venue's clock cannot be read"),
          );
        return { outcome: 'refused', reason, again: true };
      } finally {
        stored.delete(order.id);
      }
    },
    find: (order) => findOrder(rest, order, deps.clock),
    knows: (order) => knowsOrder(rest, order, deps.clock),
    tradesFrom: (symbol, id) => accountTrades(rest, symbol, id),
    clientIdOf: async (symbol, orderId) => (await query(rest, symbol, { orderId }, deps.clock))?.clientOrderId,
    ready: () => connected && deps.clock.now() >= rest.bannedUntil() && rest.budget.mayOrder(),
    onSubscribed: (listener) => void subscribed.push(listener),
    onHint: (listener) => void hints.push(listener),
    onBalances: (listener) => void balanceHints.push(listener),
    start: subscribe,
    stop: async () => {
      stopped = true;
      connected = false;
      await api.disconnectAll();
    },
  };
}

/** The request was not signed, so it cannot have been sent. */
class NotSent extends Error {
  override readonly name = 'NotSent';
}

async function withDeadline<T>(request: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer within the deadline')), CALL_TIMEOUT_MS);
  });
  request.catch(() => undefined);
  try {
    return await Promise.race([request, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

const reasonOf = (error: unknown): string => failureOf(error, 0).message;

const OUT_OF_RANGE = 'EXECUTION_RULE_PRICE_RANGE_EXCEEDED';
const FINAL = new Set(['FILLED', 'CANCELED', 'EXPIRED', 'EXPIRED_IN_MATCH', 'REJECTED']);

/** An IOC is final in its own answer; anything else, or fills that do not add up, is looked up. */
function outcomeOf(order: VenueOrder, placed: PlacedOrder): OrderOutcome {
  if (!FINAL.has(placed.status)) return { outcome: 'unknown', reason: `status ${placed.status}` };
  const trades = (placed.fills ?? []).map((fill): VenueTrade => {
    // Counted as the venue counts: what is finer than its amounts does not exist there.
    const quoteQuantity = formatAmount(
      floorToStep(notionalDown(parseAmount(fill.price), parseAmount(fill.qty)), FINEST),
    );
    return {
      symbol: order.symbol,
      tradeId: fill.tradeId,
      price: fill.price,
      quantity: fill.qty,
      quoteQuantity,
      commission: fill.commission,
      commissionAsset: fill.commissionAsset,
      time: placed.transactTime,
    };
  });
  const quote = trades.reduce((sum, trade) => sum + parseAmount(trade.quoteQuantity), 0n);
  if (!isId(placed.orderId) || !addsUp(trades, placed.executedQty) || quote !== parseAmount(placed.cummulativeQuoteQty))
    return { outcome: 'unknown', reason: 'fills do not add up to the executed quantity' };
  return { outcome: 'done', venueOrderId: String(placed.orderId), trades, ...endedBy(placed) };
}

/** The venue's rule of execution by which an order ended, where that is why. */
const endedBy = ({ expiryReason }: { readonly expiryReason?: string }): { ended?: 'PRICE_RANGE' } =>
  expiryReason === OUT_OF_RANGE ? { ended: 'PRICE_RANGE' } : {};

/** A number that JSON can carry whole. */
const isId = (id: unknown): boolean => Number.isSafeInteger(id) && (id as number) > 0;

/** Sound trades that are all there; amounts that are none throw. */
function addsUp(trades: readonly VenueTrade[], executed: string): boolean {
  const sound = trades.every(
    ({ tradeId, price, quantity, commission }) =>
      isId(tradeId) && parseAmount(price) > 0n && parseAmount(quantity) > 0n && parseAmount(commission) >= 0n,
  );
  return sound && trades.reduce((sum, trade) => sum + parseAmount(trade.quantity), 0n) === parseAmount(executed);
}

interface QueriedOrder {
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly status: string;
  readonly executedQty: string;
  readonly expiryReason?: string;
}

async function query(
  rest: Rest,
  symbol: string,
  by: { origClientOrderId: string } | { orderId: number },
  clock: Clock,
): Promise<QueriedOrder | undefined> {
  try {
    const found = (await rest.call(true, () => rest.trading.getOrder({ symbol, ...by }))) as unknown as QueriedOrder;
    if (!isId(found.orderId) || typeof found.status !== 'string')
      throw new Error('the venue answered something odd about an order');
    return found;
  } catch (error) {
    if (failureOf(error, clock.now()).code === NO_SUCH_ORDER) return undefined;
    throw error;
  }
}

interface TradeRow {
  readonly id: number;
  readonly orderId: number;
  readonly price: string;
  readonly qty: string;
  readonly quoteQty: string;
  readonly commission: string;
  readonly commissionAsset: string;
  readonly time: number;
}

/** The most trades that the venue tells at once. */
const TRADES_PAGE = 1000;

/**
 * All trades of an order, page by page from its first: without `fromId` the venue would tell the last ones. Throws
 * where a page does not go on from the one before.
 */
async function tradesOfOrder(rest: Rest, symbol: string, orderId: number): Promise<TradeRow[]> {
  const rows: TradeRow[] = [];
  for (;;) {
    const page = (await rest.call(true, () =>
      rest.trading.getAccountTradeList({ symbol, orderId, fromId: (rows.at(-1)?.id ?? -1) + 1, limit: TRADES_PAGE }),
    )) as unknown as TradeRow[];
    for (const row of page) {
      if (!isId(row.id) || row.id <= (rows.at(-1)?.id ?? 0))
        throw new Error('the venue answered something odd about trades');
      rows.push(row);
    }
    if (page.length < TRADES_PAGE) return rows;
  }
}

/** Asks for the order by our id, and for its trades by the venue's. */
async function findOrder(rest: Rest, order: VenueOrder, clock: Clock): Promise<OrderFound> {
  const found = await query(rest, order.symbol, { origClientOrderId: order.id }, clock);
  if (!found) return { found: 'absent' };
  if (!FINAL.has(found.status)) return { found: 'open' };
  const rows = await tradesOfOrder(rest, order.symbol, found.orderId);
  const trades = rows.map((row): VenueTrade => ({
    symbol: order.symbol,
    tradeId: row.id,
    price: row.price,
    quantity: row.qty,
    quoteQuantity: row.quoteQty,
    commission: row.commission,
    commissionAsset: row.commissionAsset,
    time: row.time,
  }));
  // Queries may read a copy that lags behind.
  return addsUp(trades, found.executedQty)
    ? { found: 'final', venueOrderId: String(found.orderId), trades, ...endedBy(found) }
    : { found: 'incomplete' };
}

async function knowsOrder(
  rest: Rest,
  { id, symbol, venueOrderId }: { id: string; symbol: string; venueOrderId: string },
  clock: Clock,
): Promise<boolean> {
  const found = await query(rest, symbol, { origClientOrderId: id }, clock);
  return found !== undefined && String(found.orderId) === venueOrderId;
}

async function accountTrades(rest: Rest, symbol: string, fromId: number): Promise<AccountTrade[]> {
  const rows = (await rest.call(true, () =>
    rest.trading.getAccountTradeList({ symbol, fromId, limit: TRADES_PAGE }),
  )) as unknown as TradeRow[];
  if (!rows.every(({ id, orderId }) => isId(id) && isId(orderId)))
    throw new Error('the venue answered something odd about trades');
  return rows.map(({ id, orderId, price, qty }) => ({ id, orderId, price, quantity: qty }));
}
