import { isOpen } from './account';
import { must } from './decimal';
import { endOrder, enter, isStop } from './execution';
import type { Floor } from './floor';
import type { Order, OrderList } from './types';

/** The event of a list's state. */
export function tellList(floor: Floor, list: OrderList): void {
  const orders = list.orders.map(({ symbol, orderId, clientOrderId }) => ({ s: symbol, i: orderId, c: clientOrderId }));
  const {
    orderListId: g,
    contingencyType: c,
    listStatusType: l,
    listOrderStatus: L,
    listClientOrderId: C,
    transactionTime: T,
    symbol: s,
  } = list;
  floor.emit('report', { e: 'listStatus', E: Date.now(), s, g, c, l, L, r: 'NONE', C, T, O: orders });
}

function legsOf(floor: Floor, order: Order): Order[] {
  const list = order.orderListId === undefined ? undefined : floor.account.lists.get(order.orderListId);
  return (list?.orders ?? []).flatMap(({ orderId }) => floor.account.orders.get(orderId) ?? []);
}

/** The other leg of a pair of which one can be executed, while it is open. */
export const pairOf = (floor: Floor, order: Order): Order[] =>
  legsOf(floor, order).filter((leg) => leg.isPaired && leg.orderId !== order.orderId && isOpen(leg));

const isOther = (leg: Order, order: Order): boolean =>
  leg.orderId !== order.orderId && leg.role !== 'first' && isOpen(leg);

/** The other leg of a pair ends, since this one is about to trade or to work. */
export function endOthers(floor: Floor, order: Order): Promise<void> {
  if (order.role === 'first') return Promise.resolve();
  const others = legsOf(floor, order).filter((leg) => isOther(leg, order));
  return Promise.all(others.map((leg) => endOrder(floor, leg, 'EXPIRED', { reason: 'OCO_TRIGGER' }))).then(
    () => undefined,
  );
}

/** An order has moved: what hangs on it moves too. */
export async function progress(floor: Floor, order: Order): Promise<void> {
  const legs = legsOf(floor, order);
  if (legs.length === 0) return;
  const steps: Promise<void>[] = [];
  const end = order.status === 'CANCELED' ? 'CANCELED' : 'EXPIRED';
  if (order.role === 'first') {
    for (const leg of legs.filter(({ status }) => status === 'PENDING_NEW')) {
      if (order.status === 'FILLED') steps.push(activate(floor, leg.orderId));
      else if (!isOpen(order)) steps.push(endOrder(floor, leg, end, { reason: 'OTO_PHASE_ONE_EXPIRED' }));
    }
  } else if (!isOpen(order) || must(order.executedQty) > 0n) {
    for (const leg of legs.filter((other) => isOther(other, order)))
      steps.push(endOrder(floor, leg, end, { reason: 'OCO_TRIGGER' }));
    const first = legs.find(({ role }) => role === 'first');
    if (first && isOpen(first)) steps.push(endOrder(floor, first, 'CANCELED'));
  }
  finish(floor, order, steps);
  await Promise.all(steps);
}

/** The second half of a list begins. */
function activate(floor: Floor, orderId: number): Promise<void> {
  const pending = floor.account.orders.get(orderId);
  if (pending?.status !== 'PENDING_NEW') return Promise.resolve();
  const { order, durable } = enter(
    floor,
    { ...pending, status: 'NEW', isWorking: !isStop(pending), workingTime: Date.now() },
    pending,
  );
  const further = progress(floor, order);
  return durable.then(() => further);
}

function finish(floor: Floor, order: Order, steps: Promise<void>[]): void {
  const list = floor.account.lists.get(order.orderListId ?? -1);
  if (!list || list.listOrderStatus === 'ALL_DONE' || legsOf(floor, order).some(isOpen)) return;
  const done: OrderList = {
    ...list,
    listStatusType: 'ALL_DONE',
    listOrderStatus: 'ALL_DONE',
    transactionTime: Date.now(),
  };
  steps.push(floor.record({ k: 'list', list: done }).then(() => tellList(floor, done)));
}
