/** What the engine remembers of markets and of the orders in them. */
import { timedIdFrom } from '../../../db/references';
import type { OrderTables } from '../../../db/stores/modules/orders';
import type { Units } from '../../../domain/money/amount';
import type { CoreState, Draft } from '../../engine/draft';
import type { MemorySetting } from '../../engine/module';
import type { VenueState } from '../venue/state';
import { loadRouting, openMarket, restoreMarket, sideOf } from './market';
import type { TradingMarket } from './market';
import { PublishedBooks } from './published';

export interface OrdersState extends CoreState {
  readonly markets: Map<string, TradingMarket>;
  /** 30 days' volume by `user|symbol`, in the market's quote asset; read from the tables now and then. */
  volumes: ReadonlyMap<string, Units>;
  readonly counters: { seq: number; priority: number };
  /** Our own books as the last commit left them. */
  readonly publishedBooks: PublishedBooks;
  /** A number for each user, for the books. */
  owner(userId: string): number;
  /** Open orders of a user in a market, moved by `by`. */
  openCount(userId: string, symbol: string, by: number): number;
  /**
   * The id of a user's next order, from the reference of its command. It sorts by time and says nothing of how many
   * orders there are.
   */
  nextOrderId(userId: string, reference: string, now: number): string;
}

/** Orders that are reached at the venue go there. */
export type OrdersExpect = VenueState;
export type OrdersDraft = Draft<OrdersState & OrdersExpect>;

export function emptyMemory({ registry }: MemorySetting): Omit<OrdersState, 'books'> {
  const owners = new Map<string, number>();
  const open = new Map<string, number>();
  const thisMoment = { at: 0, orders: new Map<string, number>() };
  return {
    markets: new Map(registry?.markets.map((market) => [market.symbol, openMarket(market, registry)])),
    volumes: new Map(),
    counters: { seq: 0, priority: 0 },
    publishedBooks: new PublishedBooks(),
    owner: (userId) => {
      const known = owners.get(userId) ?? owners.size + 1;
      owners.set(userId, known);
      return known;
    },
    openCount: (userId, symbol, by) => {
      const at = `${userId}|${symbol}`;
      const after = (open.get(at) ?? 0) + by;
      if (after === 0) open.delete(at);
      else open.set(at, after);
      return after;
    },
    nextOrderId: (userId, reference, now) => {
      if (thisMoment.at !== now) Object.assign(thisMoment, { at: now, orders: new Map() });
      const rank = thisMoment.orders.get(userId) ?? 0;
      thisMoment.orders.set(userId, rank + 1);
      return timedIdFrom('o', now, rank, reference);
    },
  };
}

/** Fills the memory from the tables; the venue's module has put its intents there before. */
export function restoreOrders(state: OrdersState & OrdersExpect, tables: OrderTables): void {
  for (const { symbol, state: chosen, internalOnly } of tables.markets) {
    const market = state.markets.get(symbol);
    if (!market) continue;
    market.listing = { ...market.listing, state: chosen, internalOnly };
    market.book.state = chosen;
  }
  const flights = new Map<string, number>();
  for (const intent of state.intents.values()) {
    if (intent.swapId !== null) continue;
    const market = state.markets.get(intent.symbol);
    if (market) market.inFlight[sideOf(intent.side)] = intent.id;
    for (const { orderId, lots } of intent.members) flights.set(orderId, lots);
  }
  for (const market of state.markets.values()) {
    const { symbol, venue } = market.listing;
    market.stopped = venue !== null && state.venues.get(venue)?.state !== 'OPEN';
    const rows = tables.orders.filter((row) => row.symbol === symbol);
    restoreMarket(market, rows, flights, state.owner);
    for (const row of rows) state.openCount(row.userId, symbol, 1);
    market.tradeId = tables.lastTrades.get(symbol) ?? 0;
    const routing = tables.routing.find((row) => row.symbol === symbol);
    if (routing) loadRouting(market, routing);
  }
  Object.assign(state.counters, tables.lastOrder);
}
