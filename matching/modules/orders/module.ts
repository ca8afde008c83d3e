/** Orders of users, our own books, and what admins decide about markets. */
import { readOrders } from '../../../db/stores/modules/orders';
import { ORDER_COMMANDS } from '../../../domain/commands/orders';
import { held } from '../../../ledger/accounts';
import { handlers } from '../../engine/module';
import type { EngineModule } from '../../engine/module';
import * as commands from './commands';
import { heldAssetOf } from './order';
import { emptyMemory, restoreOrders } from './state';
import type { OrdersExpect, OrdersState } from './state';

export { settleHedgeOrderOf } from './commands';

export const ORDERS: EngineModule<OrdersState & OrdersExpect> = {
  name: 'orders',
  commands: handlers(ORDER_COMMANDS, {
    'order.place': commands.placeOrder,
    'order.oco': commands.placeOco,
    'order.cancel': commands.cancelOrder,
    'order.cancelAll': commands.cancelOrders,
    'order.amend': commands.amendOrder,
    'order.replace': commands.replaceOrder,
    'market.tick': commands.tickMarket,
    'market.set': commands.setMarket,
  }),
  quiet: ['market.tick'],
  memory: emptyMemory,
  load: async (snapshot) => {
    const tables = await readOrders(snapshot);
    return (state) => restoreOrders(state, tables);
  },
  keep: (state, before) => {
    state.volumes = before.volumes;
    for (const market of state.markets.values()) market.outside = before.markets.get(market.listing.symbol)?.outside;
  },
  holds: ({ markets }) =>
    [...markets.values()].flatMap(({ orders, scales }) =>
      [...orders.values()].map(({ userId, side, held: amount }) => ({
        account: held(userId),
        asset: heldAssetOf(side, scales),
        amount,
      })),
    ),
  invariants: ({ markets, intents }) =>
    [...markets].flatMap(([symbol, { orders, triggers, waiting, inFlight }]) => [
      ...[...triggers, ...waiting.flat().map(({ seq }) => seq)]
        .filter((seq) => !orders.has(seq))
        .map((seq) => `order ${seq} of ${symbol} waits and is not open`),
      ...inFlight
        .filter((id) => id !== null && !intents.has(id))
        .map((id) => `hedge order ${id} of ${symbol} is in flight and not at the venue`),
    ]),
  beginBatch: ({ publishedBooks }) => publishedBooks.begin(),
  endBatch: ({ publishedBooks, markets }, at) => {
    const taken = publishedBooks.take(markets, at);
    return () => publishedBooks.show(taken);
  },
};
