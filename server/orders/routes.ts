import { fillsOf, ordersOf } from '../../db/stores/orders';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { ServerDeps } from '../deps';
import { presentPage } from '../http/answers';
import { route } from '../http/route';
import type { Route } from '../http/route';
import { presentFill, presentOrder } from './present';
import type { OrderService } from './service';

/** Orders, trades and fees of the caller, and how the house routes. */
export function orderRoutes(
  { dataSource, figures }: Pick<ServerDeps, 'dataSource' | 'figures'>,
  service: OrderService,
): Route[] {
  return [
    route(ENDPOINTS.placeOrder, ({ user, body, key }) => service.place(user.id, body, key)),
    route(ENDPOINTS.placeOrders, async ({ user, body }) => ({ items: await service.placeAll(user.id, body.orders) })),
    route(ENDPOINTS.placeOco, ({ user, body, key }) => service.placeOco(user.id, body, key)),
    route(ENDPOINTS.orders, async ({ user, query }) =>
      presentPage(await ordersOf(dataSource, user.id, query), presentOrder),
    ),
    route(ENDPOINTS.orderByClientId, ({ user, params }) => service.findByClientId(user.id, params.clientOrderId)),
    route(ENDPOINTS.order, ({ user, params }) => service.find(user.id, params.id)),
    route(ENDPOINTS.cancelOrders, ({ user, query }) => service.cancelAll(user.id, query.symbol)),
    route(ENDPOINTS.cancelOrder, async ({ user, params, accepted }) => {
      const order = await service.cancel(user.id, params.id);
      if (order.status === 'PENDING_CANCEL') accepted();
      return order;
    }),
    route(ENDPOINTS.amendOrder, ({ user, params, body, key }) => service.amend(user.id, params.id, body.quantity, key)),
    route(ENDPOINTS.replaceOrder, ({ user, params, body, key }) => service.replace(user.id, params.id, body, key)),
    route(ENDPOINTS.fills, async ({ user, query }) =>
      presentPage(await fillsOf(dataSource, user.id, query), presentFill),
    ),
    route(ENDPOINTS.fees, async ({ user }) => ({ items: await figures.feesOf(user.id) })),
    route(ENDPOINTS.adminRouting, async () => ({ items: await figures.routing() })),
  ];
}
