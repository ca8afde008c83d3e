/**
 * After the storm: is every order final or open for a named reason, was each trade settled once, is everything there?
 */
import type { DataSource } from 'typeorm';
import { readVenueState } from '../../../db/stores/venue';
import { parseAmount } from '../../../domain/money/amount';
import { sleep } from '../../services/process';
import type { HandTrade } from './hand';
import type { Floor } from './traders';

interface OpenOrder {
  id: string;
  symbol: string;
  side: 'BUY' | 'SELL';
  state: string;
  book_status: string;
  price: string;
  quantity: string;
  executed_qty: string;
  routing_attempts: number;
  trailing_delta: number;
  stop_price: string;
}

/** The reason for which an order is open, or undefined. */
function reasonOf(order: OpenOrder, { prices, markets }: Floor): string | undefined {
  if (order.state === 'PENDING_CANCEL' || order.book_status === 'inFlight' || order.book_status === 'locked')
    return undefined;
  if (order.book_status === 'waiting') return 'waits for its trigger';
  const price = prices.get(order.symbol);
  const market = markets.find(({ symbol }) => symbol === order.symbol);
  if (!price || !market) return undefined;
  const limit = Number(order.price);
  const reached = order.side === 'BUY' ? limit >= price.ask : limit <= price.bid;
  if (!reached) return 'rests at its price';
  const left = Number(order.quantity) - Number(order.executed_qty);
  if (left * limit < Number(market.minNotional) * 1.05) return 'too small for the venue';
  return undefined;
}

export interface Quiet {
  readonly ms: number;
  readonly open: Record<string, number>;
  readonly unnamed: string[];
  readonly intents: number;
  readonly swaps: number;
}

/** Waits until nothing is under way and every open order has a name for it, at most so long. */
export async function untilQuiet(database: DataSource, floor: Floor, mostMs: number): Promise<Quiet> {
  const began = Date.now();
  for (;;) {
    const rows = (await database.query(
      `SELECT id, symbol, side, state, book_status, price, quantity, executed_qty, routing_attempts, trailing_delta, stop_price FROM orders WHERE book_status IS NOT NULL`,
    )) as OpenOrder[];
    const count = async (sql: string): Promise<number> =>
      Number(((await database.query(sql)) as { n: string }[])[0]?.n);
    const intents = await count(`SELECT COUNT(*) AS n FROM venue_intents WHERE state IN ('PENDING', 'UNKNOWN')`);
    const swaps = await count(`SELECT COUNT(*) AS n FROM swaps WHERE state = 'EXECUTING'`);
    const { state } = await readVenueState(database);
    const open: Record<string, number> = {};
    const unnamed: string[] = [];
    for (const row of rows) {
      const reason = reasonOf(row, floor);
      if (reason) open[reason] = (open[reason] ?? 0) + 1;
      else
        unnamed.push(
          `${row.symbol} ${row.side} ${row.id}: ${row.state}, ${row.book_status}, at ${row.price}, rounds ${row.routing_attempts}`,
        );
    }
    const ms = Date.now() - began;
    if ((unnamed.length === 0 && intents === 0 && swaps === 0 && state === 'OPEN') || ms > mostMs)
      return { ms, open, unnamed, intents, swaps };
    await sleep(500);
  }
}

/**
 * Each trade of ours at the venue is settled once and to the unit; no other is. By id, for everything that the venue
 * still knows.
 */
export async function checkTrades(
  database: DataSource,
  symbol: string,
  { trades, clientIds }: { trades: readonly HandTrade[]; clientIds: ReadonlyMap<number, string> },
): Promise<string[]> {
  const rows = (await database.query(
    'SELECT t.trade_id AS id, t.intent_id AS intentId, t.quantity, t.quote_quantity AS quote, ' +
      't.commission, t.commission_asset AS asset FROM venue_trades t WHERE t.symbol = ?',
    [symbol],
  )) as { id: string; intentId: string; quantity: string; quote: string; commission: string; asset: string }[];
  const settled = new Map<string, (typeof rows)[number][]>();
  for (const row of rows)
    settled.set(`${row.intentId}|${row.id}`, [...(settled.get(`${row.intentId}|${row.id}`) ?? []), row]);
  const problems: string[] = [];
  const ids = [...clientIds.values()];
  const known = new Set(
    ids.length === 0
      ? []
      : ((await database.query('SELECT id FROM venue_intents WHERE id IN (?)', [ids])) as { id: string }[]).map(
          ({ id }) => id,
        ),
  );
  for (const trade of trades) {
    const clientId = clientIds.get(trade.orderId) ?? '';
    // By hand: the operator's explicit entry accounts for it.
    if (!known.has(clientId)) continue;
    const found = settled.get(`${clientId}|${trade.id}`) ?? [];
    const [row] = found;
    const same =
      row &&
      [
        [row.quantity, trade.qty],
        [row.quote, trade.quoteQty],
        [row.commission, trade.commission],
      ].every(([ours, theirs]) => parseAmount(ours ?? '') === parseAmount(theirs ?? '')) &&
      row.asset === trade.commissionAsset;
    if (found.length !== 1 || !same)
      problems.push(
        `trade ${symbol} ${trade.id} of order ${clientId} was settled ${found.length} times: ${JSON.stringify({ trade, row })}`,
      );
    settled.delete(`${clientId}|${trade.id}`);
  }
  const orders = new Set(clientIds.values());
  for (const [at, [row]] of settled)
    if (row && orders.has(row.intentId))
      problems.push(`a trade of ${symbol} was settled that the venue does not know: ${at}`);
  return problems.slice(0, 5);
}

/** Problems in words; none is good. `placed`: ids that were answered with 2xx. */
export async function checkTables(database: DataSource, placed: ReadonlySet<string>): Promise<string[]> {
  const problems: string[] = [];
  const ids = [...placed];
  const known = new Set<string>();
  for (let at = 0; at < ids.length; at += 1000) {
    const rows = (await database.query('SELECT id FROM orders WHERE id IN (?)', [ids.slice(at, at + 1000)])) as {
      id: string;
    }[];
    for (const { id } of rows) known.add(id);
  }
  const lost = ids.filter((id) => !known.has(id));
  if (lost.length > 0)
    problems.push(`${lost.length} orders were answered for and are not in the tables: ${lost.slice(0, 5).join(', ')}`);
  const say = async (what: string, sql: string): Promise<void> => {
    const rows = (await database.query(sql)) as Record<string, string>[];
    for (const row of rows.slice(0, 5)) problems.push(`${what}: ${JSON.stringify(row)}`);
  };
  // A share of a trade is a fill; the shares of a trade are the trade.
  await say(
    'the fills of a trade at the venue are not the trade',
    `SELECT t.venue_epoch, t.symbol, t.trade_id, t.quantity, SUM(f.quantity) AS fills FROM venue_trades t JOIN venue_intents i ON i.id = t.intent_id AND i.swap_id IS NULL
     LEFT JOIN fills f ON f.symbol = t.symbol AND f.venue_trade_id = t.trade_id AND f.at >= i.created_at AND ABS(f.at - i.updated_at) < 60000
     GROUP BY t.venue_epoch, t.symbol, t.trade_id, t.quantity HAVING fills IS NULL OR fills <> t.quantity`,
  );
  await say(
    'an order was filled beyond its quantity',
    'SELECT id, quantity, executed_qty FROM orders WHERE quantity > 0 AND executed_qty > quantity',
  );
  await say(
    'the fills of an order are not what it says',
    `SELECT o.id, o.executed_qty, COALESCE(SUM(f.quantity), 0) AS fills FROM orders o LEFT JOIN fills f ON f.order_id = o.id GROUP BY o.id, o.executed_qty HAVING fills <> o.executed_qty`,
  );
  await say('an ended order still holds money', 'SELECT id, held FROM orders WHERE book_status IS NULL AND held <> 0');
  await say('a command was set aside', 'SELECT reference, LEFT(error, 300) AS error FROM quarantine');
  return problems;
}
