/** A user's own orders and trades, gathered from lists and from the feed. The later word about an order counts. */
import type { FillView, OrderView } from '../../domain/contract/api/orders';

const OPEN: readonly OrderView['status'][] = ['NEW', 'PARTIALLY_FILLED', 'PENDING_CANCEL'];
const MOST_ENDED = 100;
const MOST_FILLS = 100;

export const isOpen = ({ status }: Pick<OrderView, 'status'>): boolean => OPEN.includes(status);
const fillKey = ({ symbol, tradeId, orderId }: FillView): string => `${symbol} ${tradeId} ${orderId}`;

export interface Mine {
  order(order: OrderView): void;
  fill(fill: FillView): void;
  /** A list is being fetched: what the feed says from now on is said again on top of it. */
  asking(): void;
  fetched(orders: readonly OrderView[], fills: readonly FillView[]): void;
  /** Newest first, all of them. */
  lists(): { open: OrderView[]; ended: OrderView[]; fills: FillView[] };
}

export function createMine(): Mine {
  let orders = new Map<string, OrderView>();
  let fills = new Map<string, FillView>();
  let heard: { orders: OrderView[]; fills: FillView[] } = { orders: [], fills: [] };
  const take = (order: OrderView): void => {
    const known = orders.get(order.id);
    // An order that has ended never opens again, whatever came late.
    if (!known || (known.updatedAt <= order.updatedAt && (isOpen(known) || !isOpen(order))))
      orders.set(order.id, order);
  };
  return {
    order: (order) => {
      heard.orders.push(order);
      take(order);
    },
    fill: (fill) => {
      heard.fills.push(fill);
      fills.set(fillKey(fill), fill);
    },
    asking: () => {
      heard = { orders: [], fills: [] };
    },
    fetched: (allOrders, allFills) => {
      orders = new Map(allOrders.map((order) => [order.id, order]));
      heard.orders.forEach(take);
      fills = new Map([...allFills, ...heard.fills].map((fill) => [fillKey(fill), fill]));
      heard = { orders: [], fills: [] };
    },
    lists: () => {
      const newest = [...orders.values()].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
      const ended = newest.filter((order) => !isOpen(order)).slice(0, MOST_ENDED);
      const kept = [...fills.values()].sort((a, b) => b.at - a.at || b.tradeId - a.tradeId).slice(0, MOST_FILLS);
      const open = newest.filter(isOpen);
      orders = new Map([...open, ...ended].map((order) => [order.id, order]));
      fills = new Map(kept.map((fill) => [fillKey(fill), fill]));
      heard = { orders: heard.orders.slice(-1000), fills: heard.fills.slice(-1000) };
      return { open, ended, fills: kept };
    },
  };
}
