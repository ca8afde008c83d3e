import { VenueIntentEntity, VenueTradeEntity } from '../../db/entities/swaps';
import type { VenueIntentRow } from '../../db/entities/swaps';
import { insertRow } from '../../db/stores/rows';
import type { CommandOf, VenueTrade } from '../../domain/contract/commands';
import { ONE, formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import * as transfers from '../../ledger/transfers';
import { BUY, SELL } from '../book/types';
import type { Side } from '../book/types';
import { RECV_WINDOW_MS } from '../venues/venue';
import { oppositeSide, modeOf } from '../modules/orders/market';
import type { TradingMarket } from '../modules/orders/market';
import { leavesLots, quoteTicksLeft } from '../modules/orders/order';
import type { OpenOrder } from '../modules/orders/order';
import { count } from '../modules/orders/scales';
import { venueRate } from '../modules/orders/settle';
import { availableToHedge, mostSpent, venueOf, venueTradeReference } from '../modules/venue/state';
import type { OpenIntent } from '../modules/venue/state';
import type { Settlement } from '../modules/orders/settle';

/** How often one order is handed over before it rests or expires. */
const MOST_ATTEMPTS = 4;
/** Of the orders that may be sent in ten seconds, so many per cent are kept for orders that come in. */
const KEPT_FOR_TAKERS = 40;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** A taker waits so long for a venue that is away. */
const AWAY_MS = 3000;
/** Most members of one hedge order. */
const MEMBERS = 200;

interface Member {
  readonly order: OpenOrder;
  readonly limit: number;
  readonly lots: number;
  readonly taker: boolean;
}

const sideName = (side: Side): 'BUY' | 'SELL' => (side === BUY ? 'BUY' : 'SELL');

/**
 * Sends on what can be had outside, one hedge order a side at a time. To be called at the end of everything that moved
 * the book.
 */
export function sendHedgeOrders(work: Settlement): void {
  if (modeOf(work.market, work.context.now) !== 'mirrored') return returnWaiting(work);
  if (work.draft.state.venueAway) return returnOld(work);
  for (const side of [BUY, SELL] as const) if (work.market.inFlight[side] === null) sendOne(work, side);
}

/** While the venue is away for a moment takers wait; who has waited for so long rests or expires. */
function returnOld(work: Settlement): void {
  const { market, context } = work;
  for (const side of [BUY, SELL] as const) {
    const old = market.waiting[side].filter(
      ({ seq }) => context.now - (market.orders.get(seq)?.updatedAt ?? 0) > AWAY_MS,
    );
    market.waiting[side] = market.waiting[side].filter((one) => !old.includes(one));
    for (const { seq } of old) {
      const order = market.orders.get(seq);
      if (order && order.tif !== 'GTC') order.reason = 'VENUE_AWAY';
      comeBack(work, seq, 0, 0, false);
    }
  }
}

/** Without a venue to go to, takers that wait come back: they rest or expire. */
function returnWaiting(work: Settlement): void {
  for (const side of [BUY, SELL] as const)
    for (const { seq } of work.market.waiting[side].splice(0)) comeBack(work, seq, 0, 0, false);
}

function comeBack(work: Settlement, seq: number, lots: number, quoteTicks: number, again: boolean): void {
  const order = work.market.orders.get(seq);
  if (!order) return;
  work.touch(order);
  const canceled = order.state === 'PENDING_CANCEL';
  if (order.bookStatus === 'locked') {
    order.bookStatus = 'resting';
    work.market.book.unlock(seq, lots);
  } else {
    work.market.book.returned(seq, lots, quoteTicks, again && !canceled);
  }
  // The cancellation that waited for it.
  if (canceled && work.market.orders.has(seq)) work.market.book.cancel(seq);
}

/** Builds and writes down one hedge order of this side, if there is one and the venue's limits allow it. */
function sendOne(work: Settlement, side: Side): void {
  const { market, draft, context } = work;
  const best = oppositeSide(market, sideName(side))[0]?.[0] ?? 0;
  if (best === 0) return;
  const takers = takersOf(work, side, best);
  const pace = draft.state.pace.allowance(context.now, market.listing.symbol);
  if (takers.length > 0 ? !pace.takers : pace.left * 100 < pace.limit * KEPT_FOR_TAKERS) return;
  const miss = market.missed[side];
  const resting = miss.best === best || context.now < miss.until ? [] : restingOf(work, side, best);
  const members = chosen(work, side, [...takers, ...resting]);
  if (members.length === 0) return;
  const limit = onSteps(market, side, (members.at(-1) as Member).limit);
  const spends = side === BUY ? market.scales.quote : market.scales.base;
  const wanted = members.reduce((sum, member) => sum + member.lots, 0);
  const lots = wholeSteps(
    market,
    affordableLots(work, side, spends, limit, smaller(wanted, visibleLots(market, side, limit))),
    limit,
  );
  if (tooSmall(market, lots, limit)) return giveUp(work, side, members);
  market.waiting[side] = market.waiting[side].filter(({ seq }) => !members.some(({ order }) => order.seq === seq));
  write(work, side, members, lots, limit, spends);
}

const smaller = (a: number, b: number): number => (a < b ? a : b);

/** Takers first by price, then by age. One whose limit the venue has left behind comes back. */
function takersOf(work: Settlement, side: Side, best: number): Member[] {
  const { market } = work;
  const reaches = (limit: number): boolean => (side === BUY ? limit >= best : limit <= best);
  const away = market.waiting[side].filter(({ limit }) => !reaches(limit));
  market.waiting[side] = market.waiting[side].filter(({ limit }) => reaches(limit));
  for (const { seq } of away) comeBack(work, seq, 0, 0, false);
  return market.waiting[side].flatMap(({ seq, limit }) => {
    const order = market.orders.get(seq);
    if (!order) return [];
    const left = order.quoteBudget > 0 ? quoteTicksLeft(order, market.scales) : 0;
    // A purchase must be paid at the worst price; a sale should not give more than it needs at the best.
    const price = side === BUY ? limit : best;
    const lots = order.quoteBudget > 0 ? (left - (left % price)) / price : leavesLots(order);
    return [{ order, limit, lots, taker: true }];
  });
}

/** Resting orders that the venue's price reaches. */
function restingOf({ market }: Settlement, side: Side, best: number): Member[] {
  const members: Member[] = [];
  market.book.reached(side, best, (seq, price, lots) => {
    const order = market.orders.get(seq);
    if (order) members.push({ order, limit: price, lots, taker: false });
    return members.length < MEMBERS;
  });
  return members;
}

/** By price then age, as long as the depth shown within the least aggressive limit has room for one more. */
function chosen({ market }: Settlement, side: Side, members: Member[]): Member[] {
  const sorted = members
    .filter(({ lots }) => lots > 0)
    .toSorted((a, b) => (side === BUY ? b.limit - a.limit : a.limit - b.limit) || a.order.seq - b.order.seq)
    .slice(0, MEMBERS);
  const taken: Member[] = [];
  let total = 0;
  for (const member of sorted) {
    if (taken.length > 0 && total >= visibleLots(market, side, member.limit)) break;
    taken.push(member);
    total += member.lots;
  }
  return taken;
}

/** Lots the venue shows within a limit. */
function visibleLots(market: TradingMarket, side: Side, limit: number): number {
  let lots = 0;
  for (const [price, quantity] of oppositeSide(market, sideName(side))) {
    if (side === BUY ? price > limit : price < limit) break;
    lots += quantity;
  }
  return lots;
}

function affordableLots(
  { market, draft }: Settlement,
  side: Side,
  spends: string,
  limit: number,
  lots: number,
): number {
  const free = availableToHedge(draft.state, spends);
  const each = side === BUY ? market.scales.notional(limit, 1) : market.scales.lot;
  const most = each === 0n ? 0n : free / each;
  return most < BigInt(lots) ? count(most) : lots;
}

/** A limit on the venue's tick, which may have grown beyond ours; no more aggressive than before. */
function onSteps({ outside }: TradingMarket, side: Side, limit: number): number {
  const over = outside?.steps ? limit % outside.steps.ticks : 0;
  return over === 0 ? limit : side === BUY ? limit - over : limit + (outside?.steps?.ticks ?? 1) - over;
}

/** What the venue takes of a quantity: whole lots of its own, no more than its most, nor worth more than its most. */
function wholeSteps({ outside, scales }: TradingMarket, lots: number, limit: number): number {
  if (!outside?.steps) return lots;
  const { most, mostNotional = 0n } = outside.steps;
  const each = scales.notional(limit, 1);
  const worth =
    mostNotional > 0n && each > 0n && each * BigInt(lots) > mostNotional ? count(mostNotional / each) : lots;
  const within = smaller(smaller(lots, worth), most);
  return within - (within % outside.steps.lots);
}

const tooSmall = ({ scales, listing, outside }: TradingMarket, lots: number, limit: number): boolean =>
  lots === 0 ||
  lots < (outside?.steps?.least ?? 1) ||
  scales.quantity(lots) < parseAmount(listing.minQuantity) ||
  scales.notional(limit, lots) < parseAmount(listing.minNotional) ||
  scales.notional(limit, lots) < (outside?.steps?.notional ?? 0n);

/** Too little for the venue: takers rest in our book (to be bundled with others) or expire; resting orders stay. */
function giveUp(work: Settlement, side: Side, members: readonly Member[]): void {
  for (const { order, taker } of members) {
    if (!taker) continue;
    work.market.waiting[side] = work.market.waiting[side].filter(({ seq }) => seq !== order.seq);
    if (order.tif !== 'GTC') order.reason = 'VENUE_MINIMUM';
    comeBack(work, order.seq, 0, 0, false);
  }
}

/** The intent is committed, with the timestamp it will be signed with, before anybody may send it. */
function write(
  work: Settlement,
  side: Side,
  members: readonly Member[],
  lots: number,
  limit: number,
  spends: string,
): void {
  const { market, draft, context } = work;
  const { scales } = market;
  const id = draft.state.nextIntent();
  const [quantity, limitPrice] = [scales.quantity(lots), scales.price(limit)];
  const best = (levels: readonly (readonly [number, number])[] | undefined): string =>
    formatAmount(scales.price(levels?.[0]?.[0] ?? 0));
  const intent: VenueIntentRow = {
    id,
    swapId: null,
    leg: 0,
    symbol: scales.symbol,
    side: sideName(side),
    quantity: formatAmount(quantity),
    limitPrice: formatAmount(limitPrice),
    timestamp: context.now + draft.state.venueAhead,
    recvWindow: RECV_WINDOW_MS,
    state: 'PENDING',
    venueOrderId: null,
    reason: null,
    members: members.map((member) => ({ orderId: member.order.id, lots: member.lots })),
    seen: {
      bid: best(market.outside?.bids),
      ask: best(market.outside?.asks),
      ageMs: context.now - (market.outside?.at ?? 0),
    },
    createdAt: context.now,
    updatedAt: context.now,
  };
  draft.rows.push(insertRow(VenueIntentEntity, intent));
  const open: OpenIntent = {
    id,
    swapId: null,
    leg: 0,
    symbol: scales.symbol,
    side: intent.side,
    quantity,
    spends,
    spendsMost: mostSpent(intent.side, quantity, limitPrice),
    members: intent.members,
    at: context.now,
    best: scales.price(oppositeSide(market, intent.side)[0]?.[0] ?? 0),
  };
  draft.remember(draft.state.intents, id, open);
  draft.effects.push({ id: `send:${id}`, kind: 'venue.send', payload: { intentId: id }, at: context.now, done: false });
  draft.state.pace.countOrder(scales.symbol);
  market.inFlight[side] = id;
  for (const { order, taker } of members) {
    if (!taker) {
      market.book.lock(order.seq);
      order.bookStatus = 'locked';
    }
    if (order.routingAttempts === 0) market.routing.sentOn++;
    order.routingAttempts++;
    work.touch(order);
  }
  market.routing.venueOrders++;
  const exposure = scales.notional(limit, lots);
  if (exposure > market.exposureMost) market.exposureMost = exposure;
}

/**
 * The final word on a hedge order: its trades are allotted to the members in order, one entry a trade, and everybody
 * comes back.
 */
export function settleHedgeOrder(work: Settlement, intent: OpenIntent, report: CommandOf<'venue.report'>): void {
  const { market } = work;
  const side = intent.side === 'BUY' ? BUY : SELL;
  const members = intent.members.flatMap(({ orderId, lots }) => {
    const order = market.orders.byId(orderId);
    return order ? [{ order, left: lots, filled: 0, open: quoteTicksLeft(order, market.scales) }] : [];
  });
  const trades = [...report.trades].sort((a, b) => a.tradeId - b.tradeId);
  const executed = trades.reduce((sum, trade) => sum + parseAmount(trade.quantity), 0n);
  if (executed > intent.quantity)
    throw new Error(`order ${intent.id} filled ${formatAmount(executed)} of ${formatAmount(intent.quantity)}`);
  for (const trade of trades) allot(work, intent, trade, members);
  market.slippage += trades.reduce((sum, trade) => sum + better(intent, trade), 0n);
  market.inFlight[side] = null;
  note(work, side, trades.length > 0 && report.reason !== 'PRICE_RANGE');
  for (const { order, filled, open } of members) {
    // What ended by the venue's range of prices would end by it again.
    const outOfRange = report.outcome === 'done' && report.reason === 'PRICE_RANGE';
    const again =
      !outOfRange &&
      order.routingAttempts < MOST_ATTEMPTS &&
      (filled > 0 || report.outcome === 'done' || report.again === true);
    if (order.tif !== 'GTC' && !again)
      order.reason = outOfRange ? 'VENUE_PRICE_RANGE' : report.outcome === 'refused' ? 'VENUE_REFUSED' : order.reason;
    comeBack(work, order.seq, filled, order.quoteBudget > 0 ? open - quoteTicksLeft(order, market.scales) : 0, again);
  }
}

/** What a trade was better (+) or worse (-) than the best price that was seen when it was decided, in quote. */
function better({ side, best }: OpenIntent, trade: VenueTrade): Units {
  const exact = (best * parseAmount(trade.quantity)) / ONE;
  return side === 'BUY' ? exact - parseAmount(trade.quoteQuantity) : parseAmount(trade.quoteQuantity) - exact;
}

/** One trade of the venue among the members whose turn it is. */
function allot(
  work: Settlement,
  intent: OpenIntent,
  trade: VenueTrade,
  members: { order: OpenOrder; left: number; filled: number }[],
): void {
  const { market, draft, context } = work;
  const { scales } = market;
  const venue = venueOf(draft.state);
  const price = count(parseAmount(trade.price) / scales.tick);
  let lots = count(parseAmount(trade.quantity) / scales.lot);
  if (scales.price(price) !== parseAmount(trade.price) || scales.quantity(lots) !== parseAmount(trade.quantity))
    throw new Error(`trade ${trade.symbol} ${trade.tradeId} is off our steps`);
  const selling = intent.side === 'SELL';
  const [base, quote] = [parseAmount(trade.quantity), parseAmount(trade.quoteQuantity)];
  const received = selling ? quote : base;
  const sameAsset = trade.commissionAsset === (selling ? scales.quote : scales.base);
  const least = sameAsset ? venueRate(received, parseAmount(trade.commission), context.registry.fees.venueMargin) : 0n;
  const shares: { userId: string; pays: Units; gets: Units; fee: Units }[] = [];
  for (const member of members) {
    const part = smaller(member.left, lots);
    if (part === 0) continue;
    const share = work.share(member.order, price, part, false, least);
    work.book(share, ++market.tradeId, false, price, part, trade.tradeId);
    shares.push({ userId: member.order.userId, pays: share.pays, gets: share.gets, fee: share.fee });
    member.left -= part;
    member.filled += part;
    lots -= part;
  }
  if (lots > 0) throw new Error(`trade ${trade.symbol} ${trade.tradeId} is more than its hedge order`);
  draft.postFact(
    venueTradeReference(venue, trade),
    'order.venueTrade',
    transfers.bundleTrade({
      venue: venue.venue,
      from: selling ? scales.base : scales.quote,
      to: selling ? scales.quote : scales.base,
      members: shares,
      venuePays: selling ? base : quote,
      venueGives: selling ? quote : base,
      venueFee: { asset: trade.commissionAsset, amount: parseAmount(trade.commission) },
    }),
  );
  const { symbol, tradeId, quantity, quoteQuantity, commission, commissionAsset, time } = trade;
  draft.rows.push(
    insertRow(VenueTradeEntity, {
      venueEpoch: venue.epoch,
      symbol,
      tradeId,
      intentId: intent.id,
      price: trade.price,
      quantity,
      quoteQuantity,
      commission,
      commissionAsset,
      at: time,
    }),
  );
}

/** After a miss resting orders wait until the venue's price has moved, longer each time. */
function note({ market, context }: Settlement, side: Side, hit: boolean): void {
  const miss = market.missed[side];
  if (hit) {
    Object.assign(miss, { best: 0, until: 0, pause: 0 });
    return;
  }
  const pause = miss.pause === 0 ? FIRST_PAUSE_MS : smaller(miss.pause * 2, LONGEST_PAUSE_MS);
  Object.assign(miss, { best: oppositeSide(market, sideName(side))[0]?.[0] ?? 0, until: context.now + pause, pause });
}
