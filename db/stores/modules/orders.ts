import { IsNull, Not } from 'typeorm';
import { OrderEntity, RoutingEntity } from '../../entities/orders';
import { MarketEntity } from '../../entities/registry';
import type { ModuleFacts, Snapshot } from './table-reader';

/**
 * Open orders, the numbers of the last order and of each market's last trade, and what admins chose for the markets.
 */
export async function readOrders(snapshot: Snapshot) {
  const rows = async <Row>(sql: string): Promise<Row[]> => (await snapshot.query(sql)) as Row[];
  const [last] = await rows<Record<'seq' | 'priority', string | null>>(
    'SELECT MAX(seq) AS seq, MAX(priority) AS priority FROM orders',
  );
  const trades = await rows<{ symbol: string; last: string }>(
    'SELECT symbol, MAX(trade_id) AS last FROM fills GROUP BY symbol',
  );
  return {
    markets: await snapshot.find(MarketEntity),
    orders: await snapshot.findBy(OrderEntity, { bookStatus: Not(IsNull()) }),
    routing: await snapshot.find(RoutingEntity),
    lastTrades: new Map(trades.map(({ symbol, last: id }) => [symbol, Number(id)])),
    lastOrder: { seq: Number(last?.seq ?? 0), priority: Number(last?.priority ?? 0) },
  };
}
export type OrderTables = Awaited<ReturnType<typeof readOrders>>;

export const ORDER_FACTS: ModuleFacts = {
  holds: [
    `SELECT CONCAT('user/', user_id, '/held') AS account, held_asset AS asset, SUM(held) AS amount FROM orders
     WHERE book_status IS NOT NULL GROUP BY user_id, held_asset`,
  ],
  earned: [
    `SELECT 'revenue/trading-fee' AS account, fee_asset AS asset, SUM(fee) AS amount FROM fills GROUP BY fee_asset`,
  ],
  venueTradeReasons: ['order.venueTrade'],
};
