import { ChangeSet, isOpen, leftOf } from './account';
import { must, show, times } from './decimal';
import { enter, fillOf, isStop } from './execution';
import type { Floor } from './floor';
import type { Market, PublicTrade } from './market';
import { endOthers, progress } from './progress';
import type { Order } from './types';

/** Follows a market for the orders of ours that wait in it. */
export function watch(floor: Floor, market: Market): void {
  /** The lowest and highest trade since the stops were last looked at. */
  let range: { low: bigint; high: bigint } | undefined;
  market.on('trade', ({ price }: PublicTrade) => {
    range = {
      low: range && range.low < price ? range.low : price,
      high: range && range.high > price ? range.high : price,
    };
  });
  market.on('book', () => {
    if (floor.symbols.get(market.symbol)?.status !== 'TRADING') return;
    const seen = range;
    range = undefined;
    const open = floor.account.openOrders(market.symbol).filter(({ status }) => status !== 'PENDING_NEW');
    if (open.length === 0) return;
    if (seen) for (const order of open) if (order.isWorking === false && isReached(order, seen)) trigger(floor, order);
    meet(
      floor,
      market,
      open.filter(({ isWorking }) => isWorking !== false),
    );
  });
}

/** Nobody waits for it; where the journal cannot be written the process ends anyway. */
const quietly = (step: Promise<unknown>): void => void step.catch(() => undefined);

/** Above the market a stop buys and a profit is taken by selling; below it the other way round. */
export const isAbove = ({ type, side }: Pick<Order, 'type' | 'side'>): boolean =>
  type.startsWith('STOP') === (side === 'BUY');

function isReached(order: Order, { low, high }: { low: bigint; high: bigint }): boolean {
  const stop = must(order.stopPrice ?? '0');
  return isStop(order) && (isAbove(order) ? high >= stop : low <= stop);
}

function trigger(floor: Floor, order: Order): void {
  quietly(endOthers(floor, order));
  const now = floor.account.orders.get(order.orderId);
  if (!now || !isOpen(now) || now.isWorking !== false) return;
  const entered = enter(floor, { ...now, isWorking: true, isLockless: false, workingTime: Date.now() }, now);
  quietly(entered.durable);
  quietly(progress(floor, entered.order));
}

/** Resting orders that the book has come to are filled at their own price, as far as the book goes. */
function meet(floor: Floor, market: Market, open: readonly Order[]): void {
  const changed: Record<'a' | 'b', bigint[]> = { a: [], b: [] };
  const best = [...open].sort((one, two) =>
    one.price === two.price
      ? one.orderId - two.orderId
      : must(one.price) < must(two.price) === (one.side === 'BUY')
        ? 1
        : -1,
  );
  for (const { orderId } of best) {
    const order = floor.account.orders.get(orderId);
    if (!order || !isOpen(order)) continue;
    const side = order.side === 'BUY' ? 'a' : 'b';
    const { quantity, prices } = market.meet(side, must(order.price), leftOf(order));
    if (quantity === 0n) continue;
    quietly(fillResting(floor, order, quantity));
    changed[side].push(...prices);
  }
  for (const side of ['a', 'b'] as const) market.announce(side, changed[side]);
}

/** A resting order trades so much at its own price. Answers what it then is, when that is durable. */
export async function fillResting(floor: Floor, order: Order, quantity: bigint): Promise<Order> {
  const { info, market } = floor.of(order.symbol);
  const others = endOthers(floor, order);
  const price = must(order.price);
  const now = Date.now();
  const changes = new ChangeSet();
  const fill = fillOf(
    floor,
    order,
    info,
    { price, quantity },
    true,
    market.trade(price, quantity, order.side === 'BUY'),
    now,
    changes,
  );
  const executed = must(order.executedQty) + quantity;
  const after: Order = {
    ...order,
    executedQty: show(executed),
    cummulativeQuoteQty: show(must(order.cummulativeQuoteQty) + times(price, quantity)),
    status: executed === must(order.origQty) ? 'FILLED' : 'PARTIALLY_FILLED',
    updateTime: now,
    isLockless: false,
  };
  const settled = floor.settle(order, after, [fill], changes, { kind: 'met' });
  if (must(order.executedQty) === 0n) floor.emit('first-fill');
  await Promise.all([others, settled, progress(floor, after)]);
  return after;
}
