import { MarketEntity } from '../../../db/entities/registry';
import { idFrom } from '../../../db/references';
import { updateRow } from '../../../db/stores/rows';
import type { CommandAnswer, CommandOf } from '../../../domain/contract/commands';
import { DomainError } from '../../../domain/contract/errors';
import { formatAmount } from '../../../domain/money/amount';
import { available } from '../../../ledger/accounts';
import * as transfers from '../../../ledger/transfers';
import { SELL, BUY } from '../../book/types';
import type { NewOrder, PlaceRefusal } from '../../book/types';
import { sendHedgeOrders, settleHedgeOrder } from '../../routing/aggregate';
import { oppositeSide, forgetOldPrices, modeOf, refresh, sideOf } from './market';
import type { TradingMarket } from './market';
import { heldAssetOf, holdOf, leavesLots, move, orderRow, quoteTicksLeft } from './order';
import type { OpenOrder } from './order';
import { Settlement } from './settle';
import { checkTerms, wholeLots } from './terms';
import type { Checked, OpenOnes } from './terms';
import type { Context } from '../../engine/draft';
import { adminAudit } from '../admin-audit';
import { availableToHedge } from '../venue/state';
import type { OpenIntent } from '../venue/state';
import type { OrdersDraft as Draft } from './state';

const REFUSED: Record<PlaceRefusal, () => DomainError> = {
  MARKET_CLOSED: () => new DomainError('MARKET_CLOSED'),
  POST_ONLY_REJECTED: () => new DomainError('POST_ONLY_REJECTED'),
  WOULD_TRIGGER: () => new DomainError('WOULD_TRIGGER'),
  OCO_PRICES: () => new DomainError('BAD_ORDER', { reason: 'OCO_PRICES' }),
};

/** Refuses in these states of the book. What an operator has closed is told from a book without a fresh price. */
function refuseIn({ book, listing }: TradingMarket, states: readonly TradingMarket['book']['state'][]): void {
  if (!states.includes(book.state)) return;
  throw new DomainError(listing.state === 'TRADING' ? 'MARKET_CLOSED' : 'MARKET_HALTED', { market: listing.symbol });
}

function marketOf(draft: Draft, symbol: string, { now }: Context): TradingMarket {
  const market = draft.state.markets.get(symbol);
  if (!market) throw new DomainError('UNKNOWN_MARKET', { symbol });
  refresh(market, now);
  forgetOldPrices(market);
  return market;
}

function mine(
  draft: Draft,
  userId: string,
  orderId: string,
  { now }: Context,
): { market: TradingMarket; order: OpenOrder } {
  for (const market of draft.state.markets.values()) {
    const order = market.orders.byId(orderId);
    if (order?.userId === userId) {
      refresh(market, now);
      forgetOldPrices(market);
      return { market, order };
    }
  }
  throw new DomainError('ORDER_STATE', { orderId });
}

type Named = Pick<OpenOrder, 'id' | 'userId' | 'clientOrderId' | 'listId' | 'ocoLegId'>;

/** What an order that belongs to no list is called. */
const named = (
  { state }: Draft,
  { userId, clientOrderId }: { userId: string; clientOrderId: string },
  reference: string,
  now: number,
): Named => ({
  id: state.nextOrderId(userId, reference, now),
  userId,
  clientOrderId,
  listId: null,
  ocoLegId: null,
});

function newOrder(
  draft: Draft,
  { id, userId, clientOrderId, listId, ocoLegId }: Named,
  terms: Checked,
  now: number,
): OpenOrder {
  const seq = ++draft.state.counters.seq;
  // Field by field: every order has the same shape, and a spread costs more than all the rest of it.
  const { side, type, tif, price, protectionPrice, lots, quoteBudget, stop, trailing, displayLots, stp } = terms;
  return {
    id,
    seq,
    userId,
    clientOrderId,
    side,
    type,
    tif,
    price,
    protectionPrice,
    lots,
    quoteBudget,
    stop,
    trailing,
    displayLots,
    stp,
    ocoLegId,
    listId,
    executed: 0,
    quote: 0n,
    held: 0n,
    state: 'NEW',
    bookStatus: 'waiting',
    priority: seq,
    visibleLots: 0,
    trailingExtreme: 0,
    routingAttempts: 0,
    reason: null,
    createdAt: now,
    updatedAt: now,
  };
}

/**
 * How a fill-or-kill or immediate order reaches what it needs: one source for FOK, and no promise that coins at the
 * venue cannot keep.
 */
function wayOf(draft: Draft, market: TradingMarket, order: OpenOrder, { now }: Context): NewOrder['via'] {
  if (modeOf(market, now) !== 'mirrored') return 'inside';
  const side = sideOf(order.side);
  const within = market.book.lotsWithin(side, order.protectionPrice, draft.state.owner(order.userId));
  const outside = oppositeSide(market, order.side).reduce(
    (sum, [price, lots]) =>
      (side === BUY ? price <= order.protectionPrice : price >= order.protectionPrice) ? sum + lots : sum,
    0,
  );
  const conditional = order.stop > 0 || order.trailing > 0;
  if (order.tif === 'FOK')
    return within >= order.lots || outside < order.lots
      ? 'inside'
      : fundedOr(draft, market, order, order.lots, 'outside');
  if (conditional || order.tif === 'GTC') return fundedOr(draft, market, order, leavesLots(order), 'merge', true);
  return within >= order.lots && order.lots > 0
    ? 'merge'
    : fundedOr(draft, market, order, order.lots - within, 'merge');
}

/** Refuses FUNDS_IN_TRANSIT when our coins at the venue do not reach; what may rest goes inside instead. */
function fundedOr(
  draft: Draft,
  { scales }: TradingMarket,
  order: OpenOrder,
  lots: number,
  way: NewOrder['via'],
  mayRest = false,
): NewOrder['via'] {
  const asset = heldAssetOf(order.side, scales);
  const needed =
    order.side === 'SELL'
      ? scales.quantity(lots)
      : order.quoteBudget > 0
        ? scales.quote0(quoteTicksLeft(order, scales))
        : scales.notional(order.protectionPrice, lots);
  const free = availableToHedge(draft.state, asset);
  if (free >= needed) return way;
  if (mayRest) return 'inside';
  draft.events.push({ name: 'venue.demand', asset, amount: formatAmount(needed) });
  throw new DomainError('FUNDS_IN_TRANSIT', { asset, needed: formatAmount(needed), available: formatAmount(free) });
}

const asNew = (draft: Draft, order: OpenOrder, via: NewOrder['via']): NewOrder => ({
  id: order.seq,
  owner: draft.state.owner(order.userId),
  side: sideOf(order.side),
  type: order.type,
  tif: order.tif,
  price: order.protectionPrice,
  lots: order.quoteBudget > 0 ? 0 : order.lots,
  quoteBudget: order.quoteBudget,
  stop: order.stop,
  trailing: order.trailing,
  displayLots: order.displayLots,
  stp: order.stp,
  via,
});

/** Sets aside what an order may need. Refused INSUFFICIENT_FUNDS; nothing has changed then. */
function setAside(draft: Draft, market: TradingMarket, order: OpenOrder, reference: string, extra = 0n): void {
  const asset = heldAssetOf(order.side, market.scales);
  const amount = holdOf(order, market.scales) > extra ? holdOf(order, market.scales) : extra;
  const has = draft.state.books.balance(available(order.userId), asset);
  if (has < amount)
    throw new DomainError('INSUFFICIENT_FUNDS', {
      asset,
      missing: formatAmount(amount - has),
    });
  draft.post(reference, 'order.hold', transfers.hold(order.userId, asset, amount));
  order.held = amount;
}

function enter(
  draft: Draft,
  market: TradingMarket,
  orders: readonly OpenOrder[],
  place: () => PlaceRefusal | undefined,
): void {
  for (const order of orders) market.orders.set(order.seq, order);
  const refusal = place();
  if (refusal) {
    for (const order of orders) market.orders.delete(order.seq);
    throw REFUSED[refusal]();
  }
  draft.irrevocable = true;
  for (const order of orders) {
    market.routing.userOrders++;
    // Those that ended at once have been counted out already.
    draft.state.openCount(order.userId, market.listing.symbol, 1);
  }
}

/** What the sender has open here, and `more` that comes or goes in the same step. */
function openOnes(draft: Draft, market: TradingMarket, userId: string, more = 0): OpenOnes {
  const waiting = (): number => [...market.triggers].filter((seq) => market.orders.get(seq)?.userId === userId).length;
  return { orders: draft.state.openCount(userId, market.listing.symbol, 0) + more, waiting };
}

/** Everything a book's move leads to: what can be had outside goes on, then all is written. */
function finish(work: Settlement): void {
  sendHedgeOrders(work);
  work.finish();
}

/** The order as it stands when the command has ended. */
function answerOf(draft: Draft, order: OpenOrder, market: TradingMarket): CommandAnswer {
  const changed = draft.events.findLast((event) => event.name === 'order.changed' && event.order.id === order.id);
  return { ...(changed?.name === 'order.changed' ? changed.order : orderRow(order, market.scales)) };
}

export function placeOrder(draft: Draft, command: CommandOf<'order.place'>, reference: string, context: Context): void {
  const market = marketOf(draft, command.symbol, context);
  refuseIn(market, ['CANCEL_ONLY', 'HALT']);
  const checked = checkTerms(command, market, openOnes(draft, market, command.userId), context.now);
  const order = put(draft, market, command, checked, reference, context);
  draft.answer = answerOf(draft, order, market);
  draft.short = { orderId: order.id };
}

function put(
  draft: Draft,
  market: TradingMarket,
  command: CommandOf<'order.place'> | CommandOf<'order.replace'>,
  checked: Checked,
  reference: string,
  context: Context,
): OpenOrder {
  const work = new Settlement(market, draft, context, reference);
  const order = newOrder(draft, named(draft, command, reference, context.now), checked, context.now);
  const via = wayOf(draft, market, order, context);
  setAside(draft, market, order, reference);
  work.touch(order, 'new');
  enter(draft, market, [order], () => market.book.place(asNew(draft, order, via)));
  finish(work);
  return order;
}

export function placeOco(draft: Draft, command: CommandOf<'order.oco'>, reference: string, context: Context): void {
  const market = marketOf(draft, command.symbol, context);
  const work = new Settlement(market, draft, context, reference);
  refuseIn(market, ['CANCEL_ONLY', 'HALT']);
  const { symbol, side, quantity, selfTradePreventionMode } = command;
  const both = { symbol, side, quantity, selfTradePreventionMode };
  const open = openOnes(draft, market, command.userId, 1);
  const limitTerms = checkTerms({ ...both, type: 'LIMIT_MAKER', price: command.price }, market, open, context.now);
  const stopTerms = checkTerms(
    command.stopLimitPrice === undefined
      ? { ...both, type: 'STOP_LOSS', stopPrice: command.stopPrice }
      : {
          ...both,
          type: 'STOP_LOSS_LIMIT',
          stopPrice: command.stopPrice,
          price: command.stopLimitPrice,
          timeInForce: 'GTC',
        },
    market,
    open,
    context.now,
  );
  const { userId } = command;
  const listId = idFrom('ol', reference);
  const [limitId, stopId] = ['limit', 'stop'].map((leg) =>
    draft.state.nextOrderId(userId, `${reference}#${leg}`, context.now),
  ) as [string, string];
  // Names that no sender can give: theirs have no dot.
  const limit = newOrder(
    draft,
    { id: limitId, userId, clientOrderId: `${listId}.limit`, listId, ocoLegId: stopId },
    limitTerms,
    context.now,
  );
  const stop = newOrder(
    draft,
    { id: stopId, userId, clientOrderId: `${listId}.stop`, listId, ocoLegId: limitId },
    stopTerms,
    context.now,
  );
  setAside(draft, market, limit, reference, holdOf(stop, market.scales));
  for (const order of [limit, stop]) work.touch(order, 'new');
  enter(draft, market, [limit, stop], () =>
    market.book.placeOco(asNew(draft, limit, 'merge'), asNew(draft, stop, 'merge')),
  );
  finish(work);
  draft.answer = { listId, limitId: limit.id, stopId: stop.id };
}

/** Takes it out, or marks it where it is in flight. */
function takeOut(work: Settlement, order: OpenOrder): void {
  const { market } = work;
  const inFlight = order.bookStatus === 'inFlight' || order.bookStatus === 'locked';
  const waits = market.waiting[sideOf(order.side)].some(({ seq }) => seq === order.seq);
  work.touch(order, 'cancel');
  if (inFlight) {
    move(order, 'askCancel');
    if (!waits) return;
    market.waiting[sideOf(order.side)] = market.waiting[sideOf(order.side)].filter(({ seq }) => seq !== order.seq);
    work.draft.irrevocable = true;
    market.book.returned(order.seq, 0, 0, false);
    if (market.orders.has(order.seq)) market.book.cancel(order.seq);
    return;
  }
  work.draft.irrevocable = true;
  if (!market.book.cancel(order.seq)) throw new Error(`order ${order.id} is not in its book`);
}

export function cancelOrder(
  draft: Draft,
  command: CommandOf<'order.cancel'>,
  reference: string,
  context: Context,
): void {
  const { market, order } = mine(draft, command.userId, command.orderId, context);
  refuseIn(market, ['HALT']);
  const work = new Settlement(market, draft, context, reference);
  takeOut(work, order);
  finish(work);
  draft.answer = answerOf(draft, order, market);
  draft.short = { orderId: order.id };
}

export function cancelOrders(
  draft: Draft,
  command: CommandOf<'order.cancelAll'>,
  reference: string,
  context: Context,
): void {
  const market = marketOf(draft, command.symbol, context);
  refuseIn(market, ['HALT']);
  const work = new Settlement(market, draft, context, reference);
  const own = [...market.orders.values()].filter(({ userId }) => userId === command.userId);
  for (const order of own) if (market.orders.has(order.seq)) takeOut(work, order);
  const pending = own.filter(({ state }) => state === 'PENDING_CANCEL').length;
  finish(work);
  draft.answer = { canceled: own.length - pending, pending };
}

export function amendOrder(draft: Draft, command: CommandOf<'order.amend'>, reference: string, context: Context): void {
  const { market, order } = mine(draft, command.userId, command.orderId, context);
  if (order.bookStatus === 'inFlight' || order.bookStatus === 'locked')
    throw new DomainError('IN_FLIGHT', { orderId: order.id });
  const lots = wholeLots(command.quantity, market);
  const ocoLeg = market.orders.byId(order.ocoLegId);
  if (lots >= order.lots || lots <= order.executed) throw new DomainError('FILTER_FAILURE', { reason: 'NOT_LOWER' });
  const work = new Settlement(market, draft, context, reference);
  if (!market.book.amend(order.seq, lots - order.executed)) throw new DomainError('ORDER_STATE', { orderId: order.id });
  draft.irrevocable = true;
  for (const leg of ocoLeg ? [order, ocoLeg] : [order]) {
    leg.lots = lots;
    move(leg, 'amend');
    work.touch(leg, 'amend');
  }
  finish(work);
  draft.answer = answerOf(draft, order, market);
  draft.short = { orderId: order.id };
}

/** The old order goes and the new one comes in one step. Whatever can be refused is refused before anything moves. */
export function replaceOrder(
  draft: Draft,
  command: CommandOf<'order.replace'>,
  reference: string,
  context: Context,
): void {
  const { order } = mine(draft, command.userId, command.orderId, context);
  const market = marketOf(draft, command.symbol, context);
  if (market.orders.get(order.seq) !== order) throw new DomainError('BAD_ORDER', { field: 'symbol' });
  if (order.bookStatus === 'inFlight' || order.bookStatus === 'locked')
    throw new DomainError('IN_FLIGHT', { orderId: order.id });
  refuseIn(market, ['POST_ONLY', 'CANCEL_ONLY', 'HALT']);
  const checked = checkTerms(command, market, openOnes(draft, market, command.userId, -1), context.now);
  const probe = newOrder(draft, named(draft, command, reference, context.now), checked, context.now);
  precheck(draft, market, order, probe, context);
  const work = new Settlement(market, draft, context, `${reference}#cancel`);
  takeOut(work, order);
  work.finish();
  // As it was judged before: without the old order there may be no price left to judge it by.
  const placed = put(draft, market, command, checked, reference, context);
  draft.answer = { ...answerOf(draft, placed, market), canceledId: order.id };
  draft.short = { orderId: placed.id, canceledId: order.id };
}

function precheck(draft: Draft, market: TradingMarket, old: OpenOrder, next: OpenOrder, context: Context): void {
  const { scales } = market;
  const asset = heldAssetOf(next.side, scales);
  const freed = heldAssetOf(old.side, scales) === asset ? old.held : 0n;
  const missing = holdOf(next, scales) - draft.state.books.balance(available(next.userId), asset) - freed;
  if (missing > 0n) throw new DomainError('INSUFFICIENT_FUNDS', { asset, missing: formatAmount(missing) });
  if (next.type === 'LIMIT_MAKER') {
    const opposite = next.side === 'BUY' ? SELL : BUY;
    const prices = [
      market.book.best(opposite),
      modeOf(market, context.now) === 'mirrored' ? (oppositeSide(market, next.side)[0]?.[0] ?? 0) : 0,
    ].filter((price) => price > 0);
    if (prices.some((price) => (next.side === 'BUY' ? next.price >= price : next.price <= price)))
      throw REFUSED.POST_ONLY_REJECTED();
  }
  if (next.stop > 0 && next.trailing === 0 && market.book.wouldTrigger(sideOf(next.side), next.type, next.stop))
    throw REFUSED.WOULD_TRIGGER();
  wayOf(draft, market, next, context);
}

/**
 * Looks after a market: the venue's trades trigger stops, what is reached goes on. Writes nothing where nothing
 * happened.
 */
export function tickMarket(draft: Draft, command: CommandOf<'market.tick'>, reference: string, context: Context): void {
  const market = marketOf(draft, command.symbol, context);
  const work = new Settlement(market, draft, context, reference);
  const prices = market.lastPrices.splice(0);
  draft.irrevocable = true;
  if (market.book.state === 'TRADING') {
    for (const price of prices) {
      market.last = price;
      market.book.last(price);
    }
    sendHedgeOrders(work);
  }
  work.finish();
}

export function setMarket(draft: Draft, command: CommandOf<'market.set'>, reference: string, context: Context): void {
  const market = marketOf(draft, command.symbol, context);
  const { symbol, state, internalOnly, adminId } = command;
  if (adminId === null && state !== 'HALT') throw new DomainError('FORBIDDEN');
  market.listing = { ...market.listing, state, internalOnly };
  refresh(market, context.now);
  draft.rows.push(updateRow(MarketEntity, { symbol }, { state, internalOnly }));
  if (adminId !== null)
    draft.rows.push(adminAudit(reference, adminId, command.kind, symbol, { state, internalOnly }, context.now));
  draft.answer = { symbol, state, internalOnly };
}

export function settleHedgeOrderOf(
  draft: Draft,
  command: CommandOf<'venue.report'>,
  reference: string,
  context: Context,
  intent: OpenIntent,
): void {
  const market = marketOf(draft, intent.symbol, context);
  const work = new Settlement(market, draft, context, reference);
  draft.irrevocable = true;
  draft.forget(draft.state.intents, intent.id);
  settleHedgeOrder(work, intent, command);
  finish(work);
}
