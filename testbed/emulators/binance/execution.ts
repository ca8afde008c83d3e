import { ChangeSet, isOpen, leftOf, lockOf } from './account';
import { UNIT, must, show, times } from './decimal';
import { ApiError, INSUFFICIENT } from './errors';
import { commissionOf } from './fees';
import type { SymbolInfo } from './filters';
import type { Floor } from './floor';
import type { Market } from './market';
import { ruleOf } from './symbols';
import type { Fill, Order, PreventedMatch } from './types';

export interface Match {
  readonly price: bigint;
  readonly quantity: bigint;
}

/** What a new order will do: trades, orders of our own that it would have met, and an end that is not the usual one. */
interface Plan {
  matches: Match[];
  met: readonly Met[];
  end?: 'EXPIRED' | 'EXPIRED_IN_MATCH' | 'REJECTED';
  /** Why it expires, where that is not the usual reason. */
  reason?: string;
}

/** An order of our own that was met, and what of either order ends by it (undefined where it goes on). */
interface Met {
  readonly own: Order;
  readonly maker?: bigint;
  readonly taker?: bigint;
}

/** One account is one group. */
const TRADE_GROUP = 1;

export interface Entered {
  readonly order: Order;
  readonly fills: readonly Fill[];
  /** On the disk. */
  readonly durable: Promise<void>;
}

export const isStop = ({ type }: Pick<Order, 'type'>): boolean => type.startsWith('STOP') || type.startsWith('TAKE');
/** Takes what there is at any price. */
export const isAtMarket = ({ type }: Pick<Order, 'type'>): boolean =>
  type === 'MARKET' || type === 'STOP_LOSS' || type === 'TAKE_PROFIT';

/**
 * An order comes to the book: trades with what is there, then rests or ends. `before`: it was known already (a stop
 * that is triggered, the second half of a list); then too little money ends it instead of refusing it.
 */
export function enter(floor: Floor, draft: Order, before?: Order): Entered {
  const { info, market } = floor.of(draft.symbol);
  const now = Date.now();
  if (draft.isWorking === false) return rest(floor, info, { ...draft, updateTime: now }, before);
  let plan = planOf(floor, draft, market, info);
  if (!affords(floor, draft, plan.matches, info, before)) {
    if (!before) throw INSUFFICIENT();
    plan = { matches: [], met: [], end: 'EXPIRED' };
  }
  if (draft.type === 'LIMIT_MAKER' && plan.matches.length + plan.met.length > 0) {
    if (!before) throw new ApiError(400, -2010, 'Order would immediately match and take.');
    plan = { matches: [], met: [], end: 'EXPIRED' };
  }
  const known = before ?? draft;
  const placed = { ...draft, orderId: known.orderId || draft.orderId || floor.account.nextOrderId(), updateTime: now };
  const prevented = plan.met.map((met) => preventedMatch(floor, placed, met, now));
  const steps = prevented.flatMap((prevention, n) =>
    plan.met[n]?.maker === undefined
      ? []
      : [endOrder(floor, (plan.met[n] as Met).own, 'EXPIRED_IN_MATCH', { prevention })],
  );
  const ending = prevented.find(({ takerPreventedQuantity }) => takerPreventedQuantity !== undefined);
  const order: Order = {
    ...placed,
    ...(prevented.length > 0 && { preventedMatches: prevented }),
    ...(ending && { prevention: ending }),
  };
  const side = order.side === 'BUY' ? 'a' : 'b';
  const changes = new ChangeSet();
  const fills = plan.matches.map((match) =>
    fillOf(floor, order, info, match, false, market.take(side, match.price, match.quantity), now, changes),
  );
  const after = outcome(order, plan);
  steps.push(floor.settle(before, after, fills, changes, { kind: before ? 'triggered' : 'placed' }));
  market.announce(
    side,
    plan.matches.map(({ price }) => price),
  );
  return { order: after, fills, durable: all(steps) };
}

const all = (steps: readonly Promise<void>[]): Promise<void> => Promise.all(steps).then(() => undefined);

/** A stop or a second half waits without working. */
function rest(floor: Floor, info: SymbolInfo, draft: Order, before: Order | undefined): Entered {
  const order = { ...draft, orderId: draft.orderId || floor.account.nextOrderId() };
  const { asset, amount } = lockOf(order, info);
  const has = floor.account.balance(asset).free + (before ? lockOf(before, info).amount : 0n);
  const isShort = has < amount;
  if (isShort && !before) throw INSUFFICIENT();
  const after: Order = isShort ? { ...order, status: 'EXPIRED' } : order;
  return {
    order: after,
    fills: [],
    durable: floor.settle(before, after, [], new ChangeSet(), { kind: before ? 'triggered' : 'placed' }),
  };
}

function outcome(order: Order, { matches, end, reason }: Plan): Order {
  const executed = must(order.executedQty) + sum(matches.map((match) => match.quantity));
  const quote = must(order.cummulativeQuoteQty) + sum(matches.map((match) => times(match.price, match.quantity)));
  const wanted = must(order.origQty) > 0n ? must(order.origQty) : executed;
  const left = wanted - executed;
  const rests = left > 0n && order.timeInForce === 'GTC' && !isAtMarket(order);
  const usual =
    left === 0n && executed > 0n ? 'FILLED' : rests ? (executed > 0n ? 'PARTIALLY_FILLED' : 'NEW') : 'EXPIRED';
  return {
    ...order,
    origQty: show(wanted),
    executedQty: show(executed),
    cummulativeQuoteQty: show(quote),
    status: end ?? usual,
    ...(reason !== undefined && { expiryReason: reason }),
  };
}

function preventedMatch(
  floor: Floor,
  taker: Order,
  { own, maker, taker: ofTaker }: Met,
  transactTime: number,
): PreventedMatch {
  return {
    symbol: taker.symbol,
    preventedMatchId: floor.account.nextPreventedId(),
    takerOrderId: taker.orderId,
    makerSymbol: own.symbol,
    makerOrderId: own.orderId,
    tradeGroupId: TRADE_GROUP,
    selfTradePreventionMode: modeOf(taker),
    price: own.price,
    ...(maker !== undefined && { makerPreventedQuantity: show(maker) }),
    ...(ofTaker !== undefined && { takerPreventedQuantity: show(ofTaker) }),
    transactTime,
  };
}

const modeOf = (order: Order): string => order.selfTradePreventionMode ?? 'EXPIRE_MAKER';

/** Which prices an order may take: within the symbol's range of the reference price, as it is when the order comes. */
function rangeOf({ executionRules }: Floor, { symbol, side }: Order, market: Market): (price: bigint) => boolean {
  const rule = executionRules.get(symbol)?.find(({ ruleType }) => ruleType === 'PRICE_RANGE');
  if (!rule) return () => true;
  const [up, down] =
    side === 'BUY' ? [rule.bidMultiplierUp, rule.bidMultiplierDown] : [rule.askMultiplierUp, rule.askMultiplierDown];
  const reference = market.average();
  return (price) => price * UNIT <= reference * must(up) && price * UNIT >= reference * must(down);
}

/** What the book gives at once, best first, less what the faults take away. */
function planOf(floor: Floor, order: Order, market: Market, info: SymbolInfo): Plan {
  const { faults } = floor;
  const lot = ruleOf(info, 'LOT_SIZE', 'stepSize');
  const call = `match ${order.symbol}`;
  if (faults.fires('order-rejected', call)) return { matches: [], met: [], end: 'REJECTED' };
  const plan = walk(floor, order, market, lot);
  const [first] = plan.matches;
  if (order.timeInForce === 'FOK' && sum(plan.matches.map(({ quantity }) => quantity)) < must(order.origQty))
    return { matches: [], met: [], end: 'EXPIRED' };
  if (!first) return plan;
  const part = half(first, lot);
  const isLess = part.quantity < must(order.origQty) || must(order.origQty) === 0n;
  if (isLess && faults.fires('expired-in-match', call)) return { ...plan, matches: [part], end: 'EXPIRED_IN_MATCH' };
  if (isAtMarket(order) && isLess && faults.fires('thin-book', call))
    return { ...plan, matches: [part], end: 'EXPIRED' };
  if (order.timeInForce === 'IOC' && isLess && faults.fires('partial-fill', call))
    return { ...plan, matches: [part], end: 'EXPIRED' };
  return plan;
}

function walk(floor: Floor, order: Order, market: Market, lot: bigint): Plan {
  const isBuy = order.side === 'BUY';
  const [price, byQuote] = [must(order.price), must(order.origQty) === 0n];
  const reaches = (at: bigint): boolean => isAtMarket(order) || (isBuy ? at <= price : at >= price);
  const own = ownOpposite(floor, order).filter((other) => reaches(must(other.price)));
  const mode = modeOf(order);
  const isWithin = rangeOf(floor, order, market);
  const met: Met[] = [];
  const plan: Plan = { matches: [], met };
  let left = leftOf(order);
  let money = must(order.quoteOrderQty);
  /** Our own orders that come before this level are met, and no trade comes of it. */
  const prevent = (at: bigint | undefined): boolean => {
    while (own[0] && (at === undefined || (isBuy ? must(own[0].price) <= at : must(own[0].price) >= at))) {
      met.push({
        own: own[0],
        ...(mode !== 'EXPIRE_TAKER' && { maker: leftOf(own[0]) }),
        ...(mode !== 'EXPIRE_MAKER' && { taker: byQuote ? 0n : left }),
      });
      own.shift();
      if (mode !== 'EXPIRE_MAKER') plan.end = 'EXPIRED_IN_MATCH';
      if (plan.end) return true;
    }
    return false;
  };
  for (const [at, there] of market.walk(isBuy ? 'a' : 'b')) {
    if (!reaches(at) || prevent(at)) break;
    if (!isWithin(at)) return Object.assign(plan, { end: 'EXPIRED', reason: 'EXECUTION_RULE_PRICE_RANGE_EXCEEDED' });
    let take = there < left || byQuote ? there : left;
    if (byQuote) {
      // By quote amount: whole lots of what is left to spend.
      const affordableLots = (money * UNIT) / at;
      take = affordableLots < take ? affordableLots - (affordableLots % lot) : take;
      money -= times(take, at);
    }
    if (take === 0n) break;
    plan.matches.push({ price: at, quantity: take });
    left -= take;
    if (!byQuote && left === 0n) return plan;
  }
  if (!byQuote && left > 0n && !plan.end) prevent(undefined);
  return plan;
}

/** Our own resting orders of the other side, in the order in which they would be met. */
function ownOpposite(floor: Floor, { symbol, side }: Order): Order[] {
  const found = floor.account.openOrders(symbol).filter((other) => other.side !== side && other.isWorking !== false);
  return found.sort((one, two) => {
    const [a, b] = [must(one.price), must(two.price)];
    return a === b ? one.orderId - two.orderId : a < b === (side === 'BUY') ? -1 : 1;
  });
}

function affords(
  floor: Floor,
  order: Order,
  matches: readonly Match[],
  info: SymbolInfo,
  before: Order | undefined,
): boolean {
  if (order.isLockless) return true;
  const held = before ? lockOf(before, info).amount : 0n;
  const free = (asset: string): bigint => floor.account.balance(asset).free + held;
  if (order.side === 'SELL')
    return (
      free(info.baseAsset) >= (must(order.origQty) > 0n ? leftOf(order) : sum(matches.map(({ quantity }) => quantity)))
    );
  const cost = sum(matches.map((match) => times(match.price, match.quantity)));
  return free(info.quoteAsset) >= (isAtMarket(order) ? cost : times(must(order.price), leftOf(order)));
}

/**
 * Books one trade of ours: what is given, what is received, and the commission. What was locked is not touched here.
 */
export function fillOf(
  floor: Floor,
  order: Order,
  info: SymbolInfo,
  match: Match,
  isMaker: boolean,
  id: number,
  time: number,
  changes: ChangeSet,
): Fill {
  const isBuyer = order.side === 'BUY';
  const quote = times(match.price, match.quantity);
  const [give, given, get, received] = isBuyer
    ? [info.quoteAsset, quote, info.baseAsset, match.quantity]
    : [info.baseAsset, match.quantity, info.quoteAsset, quote];
  changes.free(give, -given);
  const commission = commissionOf(floor, isMaker, get, received, changes);
  changes.free(get, received).free(commission.asset, -commission.amount);
  return {
    symbol: info.symbol,
    id,
    orderId: order.orderId,
    price: show(match.price),
    qty: show(match.quantity),
    quoteQty: show(quote),
    commission: show(commission.amount),
    commissionAsset: commission.asset,
    time,
    isBuyer,
    isMaker,
  };
}

/** An open order ends without a trade; its money is free again. */
export function endOrder(
  floor: Floor,
  order: Order,
  status: 'CANCELED' | 'EXPIRED' | 'EXPIRED_IN_MATCH',
  more: { reason?: string; cancelId?: string; prevention?: PreventedMatch } = {},
): Promise<void> {
  const known = floor.account.orders.get(order.orderId) ?? order;
  if (!isOpen(known)) return Promise.resolve();
  const after: Order = {
    ...known,
    status,
    updateTime: Date.now(),
    ...(more.reason && { expiryReason: more.reason }),
    ...(more.prevention && { prevention: more.prevention }),
  };
  return floor.settle(known, after, [], new ChangeSet(), {
    kind: 'ended',
    ...(more.cancelId && { cancelId: more.cancelId }),
  });
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

/** Half of a match, in whole lots (at least one). */
export function half({ price, quantity }: Match, lot: bigint): Match {
  const part = quantity / 2n - ((quantity / 2n) % lot);
  return { price, quantity: part > 0n ? part : quantity };
}
