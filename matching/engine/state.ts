import { timedIdFrom } from '../../db/references';
import type { EngineTables } from '../../db/stores/engine';
import type { CostRow } from '../../db/entities/ledger';
import type { SwapRow, VenueIntentRow } from '../../db/entities/swaps';
import type { VenueStateRow } from '../../db/entities/venue';
import type { Quote } from '../../domain/contract/ports';
import { parseAmount, parseSigned } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { custody } from '../../ledger/accounts';
import { Books } from '../../ledger/post';
import type { Registry } from '../../domain/registry';
import { withdrawalsFrom } from '../modules/withdrawals/records';
import type { OpenWithdrawal } from '../modules/withdrawals/records';
import { loadRouting, openMarket, restoreMarket, sideOf } from '../modules/orders/market';
import type { TradingMarket } from '../modules/orders/market';
import { heldAssetOf } from '../modules/orders/order';

/** One order of a swap: what is sent to the venue if its quote is accepted. Amounts in Units, of a complete fill. */
export interface SwapLeg {
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly quantity: Units;
  /** Worst price; any complete fill within it covers the payout. */
  readonly limit: Units;
  readonly from: string;
  readonly to: string;
  readonly fromAmount: Units;
  readonly toAmount: Units;
  /** What the price decision saw. */
  readonly seen: Record<string, string | number>;
}

/** A quote as the engine keeps it until it expires. */
export interface OfferedQuote {
  readonly quote: Quote;
  /** One, or two over an asset between; the second spends at most what the first pays. */
  readonly legs: readonly SwapLeg[];
  readonly feeVersion: number;
}

/** What the engine must remember of a swap that is at the venue. */
export type OpenSwap = Pick<SwapRow, 'id' | 'userId' | 'fromAsset' | 'toAsset' | 'feeVersion'> & {
  fromAmount: Units;
  toAmount: Units;
  commission: Units;
  legs: readonly SwapLeg[];
  /** Of the asset given, what the first of two legs took; and what is held of the asset between them. */
  filledFrom: Units;
  between: Units;
};

export type OpenIntent = Pick<VenueIntentRow, 'id' | 'swapId' | 'leg' | 'symbol' | 'side' | 'members'> & {
  /** When it was decided (ms), and the best price it saw; 0 for a swap's. */
  at: number;
  best: Units;
  quantity: Units;
  spends: string;
  spendsMost: Units;
};

export interface EngineState {
  readonly books: Books;
  readonly swaps: Map<string, OpenSwap>;
  readonly intents: Map<string, OpenIntent>;
  readonly withdrawals: Map<string, OpenWithdrawal>;
  readonly costs: Map<string, { asset: string; amount: Units }>;
  /** Assets of which nothing is withdrawn for now, and why. */
  readonly paused: Map<string, string>;
  /** Coins at the venue set aside for pull-backs, by transfer. */
  readonly reserves: Map<string, { asset: string; amount: Units }>;
  /** Not durable: a restart forgets quotes, which then read as expired. */
  readonly quotes: Map<string, OfferedQuote & { used: boolean }>;
  /** By name; `venue` is the one there is. */
  readonly venues: Map<string, VenueStateRow>;
  readonly venue: VenueStateRow;
  /** The venue cannot take orders for a moment (no connection, a ban): what would go there waits a little. */
  venueAway: boolean;
  /** The venue's clock is ahead of ours by so many milliseconds: what it reads is stamped with its time. */
  venueAhead: number;
  /** Free balances as the venue last said. Not known reads as nothing. */
  venueFree: Map<string, Units>;
  readonly markets: Map<string, TradingMarket>;
  /** 30 days' volume by `user|symbol`, in the market's quote asset; read from the tables now and then. */
  volumes: ReadonlyMap<string, Units>;
  readonly counters: { seq: number; priority: number; intent: number; epoch: number };
  /** A number for each user, for the books. */
  owner(userId: string): number;
  /** Open orders of a user in a market, moved by `by`. */
  openCount(userId: string, symbol: string, by: number): number;
  nextIntent(): string;
  /** The id of a user's next order, from the reference of its command. It sorts by time and says nothing of how many orders there are. */
  nextOrderId(userId: string, reference: string, now: number): string;
  /** Orders that a market may still send to the venue in this window of ten seconds, and whether one with takers may go now. */
  pace(now: number, symbol: string): { left: number; limit: number; takers: boolean };
  orderSent(symbol: string): void;
  /** May a user's swap send an order now? Some in each window always, the others as takers' hedge orders do. */
  swapMayGo(now: number, userId: string): boolean;
  swapSent(userId: string): void;
  /** The orders that the venue takes in ten seconds. */
  orderLimit(most: number): void;
}

const FIRST_VENUE: VenueStateRow = { venue: 'binance', epoch: 1, state: 'OPEN', reason: null, adminId: null, at: 0 };

export function emptyState(registry?: Registry, epoch = 0): EngineState {
  const owners = new Map<string, number>();
  const open = new Map<string, number>();
  const window = { at: 0, sent: 0, swaps: 0, by: new Map<string, number>() };
  let venueOrders = VENUE_ORDERS;
  const counters = { seq: 0, priority: 0, intent: 0, epoch };
  const thisMoment = { at: 0, orders: new Map<string, number>() };
  const venues = new Map([[FIRST_VENUE.venue, FIRST_VENUE]]);
  return {
    books: new Books(),
    swaps: new Map(),
    intents: new Map(),
    withdrawals: new Map(),
    costs: new Map(),
    paused: new Map(),
    reserves: new Map(),
    quotes: new Map(),
    venues,
    get venue() {
      return venues.get(FIRST_VENUE.venue) ?? FIRST_VENUE;
    },
    venueAway: false,
    venueAhead: 0,
    venueFree: new Map(),
    markets: new Map(
      (registry?.markets ?? []).map((market) => [market.symbol, openMarket(market, registry as Registry)]),
    ),
    volumes: new Map(),
    counters,
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
    // The epoch moves with every take-over, so that no id comes twice.
    nextIntent: () => `b${counters.epoch.toString(36)}-${(++counters.intent).toString(36)}`,
    nextOrderId: (userId, reference, now) => {
      if (thisMoment.at !== now) Object.assign(thisMoment, { at: now, orders: new Map() });
      const rank = thisMoment.orders.get(userId) ?? 0;
      thisMoment.orders.set(userId, rank + 1);
      return timedIdFrom('o', now, rank, reference);
    },
    pace: (now, symbol) => {
      if (now - window.at >= WINDOW_MS)
        Object.assign(window, { at: now - (now % WINDOW_MS), sent: 0, swaps: 0, by: new Map() });
      // A market that sends and sends leaves the last of them to those that have sent little.
      const few = (window.by.get(symbol) ?? 0) < FEW;
      const most = (venueOrders * 9 - ((venueOrders * 9) % 10)) / 10;
      const kept = (most * 4 - ((most * 4) % 15)) / 15;
      const left = most - window.sent - (few ? 0 : kept);
      // The first half goes as it comes; the rest is spread over what remains of the window.
      return {
        left,
        limit: most,
        takers:
          left * 2 > most || (few && left > 0) || (left > 0 && (now - window.at) * most >= window.sent * WINDOW_MS),
      };
    },
    orderLimit: (most) => {
      venueOrders = most;
    },
    orderSent: (symbol) => {
      window.sent++;
      window.by.set(symbol, (window.by.get(symbol) ?? 0) + 1);
    },
    swapMayGo(now, userId) {
      const { takers } = this.pace(now, swapsOf(userId));
      return takers || (window.swaps * 10 < venueOrders && (window.by.get(swapsOf(userId)) ?? 0) < FEW);
    },
    swapSent(userId) {
      // The tenth that is kept for swaps is used last.
      if (window.sent * 10 < venueOrders * 9) return this.orderSent(swapsOf(userId));
      window.swaps++;
      window.by.set(swapsOf(userId), (window.by.get(swapsOf(userId)) ?? 0) + 1);
    },
  };
}

/**
 * The venue counts orders in fixed windows of ten seconds. Until its limit was read it is what it has long been; nine tenths
 * of it are for hedge orders and swaps together and the rest for swaps of users who have made few, and four fifteenths of those nine for markets, and
 * users with their swaps, that have sent fewer than a few.
 */
const WINDOW_MS = 10_000;
const VENUE_ORDERS = 100;
const FEW = 3;
const swapsOf = (userId: string): string => `swaps of ${userId}`;

/** Builds the memory from the tables; what is in memory only (quotes, venue balances) starts empty. */
export function stateFrom(tables: EngineTables, registry: Registry): EngineState {
  const state = emptyState(registry, tables.epoch);
  state.venues.set(tables.venue.venue, tables.venue);
  for (const { symbol, state: chosen, internalOnly } of tables.markets) {
    const market = state.markets.get(symbol);
    if (!market) continue;
    market.listing = { ...market.listing, state: chosen, internalOnly };
    market.book.state = chosen;
  }
  for (const market of state.markets.values())
    market.stopped = tables.venue.state !== 'OPEN' && market.listing.venue === tables.venue.venue;
  for (const row of tables.balances) state.books.load(row.account, row.asset, parseSigned(row.amount));
  for (const row of tables.swaps) state.swaps.set(row.id, openSwap(row));
  for (const row of tables.intents) {
    const swap = tables.swaps.find((candidate) => candidate.id === row.swapId);
    if (swap) state.intents.set(row.id, openIntent(row, swap.legs[row.leg]?.from ?? swap.fromAsset));
    else if (row.swapId === null) restoreBundle(state, row);
  }
  restoreMarkets(state, tables);
  for (const open of withdrawalsFrom(tables.withdrawalRecords, tables.withdrawals))
    state.withdrawals.set(open.id, open);
  for (const { asset, why } of tables.pauses) state.paused.set(asset, why);
  for (const row of tables.costs) state.costs.set(row.reference, openCost(row));
  for (const row of tables.reserves)
    state.reserves.set(row.transferId, { asset: row.asset, amount: parseAmount(row.amount) });
  return state;
}

function restoreBundle(state: EngineState, row: VenueIntentRow): void {
  const market = state.markets.get(row.symbol);
  if (!market) return;
  state.intents.set(row.id, openIntent(row, heldAssetOf(row.side, market.scales)));
  market.inFlight[sideOf(row.side)] = row.id;
}

function restoreMarkets(state: EngineState, tables: EngineTables): void {
  const flights = new Map(
    [...state.intents.values()].flatMap(({ members }) => members.map(({ orderId, lots }) => [orderId, lots] as const)),
  );
  for (const market of state.markets.values()) {
    const { symbol } = market.listing;
    const rows = tables.orders.filter((row) => row.symbol === symbol);
    restoreMarket(market, rows, flights, state.owner);
    for (const row of rows) state.openCount(row.userId, symbol, 1);
    market.tradeId = tables.lastTrades.get(symbol) ?? 0;
    const routing = tables.routing.find((row) => row.symbol === symbol);
    if (routing) loadRouting(market, routing);
  }
  Object.assign(state.counters, { seq: tables.lastOrder.seq, priority: tables.lastOrder.priority });
}

export const openCost = (row: CostRow): { asset: string; amount: Units } => ({
  asset: row.asset,
  amount: parseAmount(row.amount),
});

export function openSwap(row: SwapRow): OpenSwap {
  const { id, userId, fromAsset, toAsset, feeVersion } = row;
  return {
    id,
    userId,
    fromAsset,
    toAsset,
    feeVersion,
    fromAmount: parseAmount(row.fromAmount),
    toAmount: parseAmount(row.toAmount),
    // While a swap is open the column holds what a complete fill would earn; the final row holds what was earned.
    commission: parseAmount(row.commission),
    legs: row.legs.map((leg) => ({
      ...leg,
      quantity: parseAmount(leg.quantity),
      limit: parseAmount(leg.limit),
      fromAmount: parseAmount(leg.fromAmount),
      toAmount: parseAmount(leg.toAmount),
    })),
    filledFrom: parseAmount(row.filledFrom),
    between: parseAmount(row.betweenAmount),
  };
}

/** `spends`: the asset that the order gives at the venue. */
export function openIntent(row: VenueIntentRow, spends: string): OpenIntent {
  const { id, swapId, leg, symbol, side, members } = row;
  const quantity = parseAmount(row.quantity);
  const limit = parseAmount(row.limitPrice);
  return {
    id,
    swapId,
    leg,
    symbol,
    side,
    members,
    quantity,
    spends,
    spendsMost: mostSpent(side, quantity, limit),
    at: row.createdAt,
    best: parseAmount(String(row.seen?.[side === 'BUY' ? 'ask' : 'bid'] ?? '0')),
  };
}

/** The most an order can take from the venue account: the quantity sold, or quantity x limit, rounded up. */
export function mostSpent(side: 'BUY' | 'SELL', quantity: Units, limit: Units): Units {
  return side === 'SELL' ? quantity : (quantity * limit + 10n ** 18n - 1n) / 10n ** 18n;
}

/** Coins at the venue that nobody has a claim on: min(our books, free there) less open orders and pull-backs. */
export function availableToHedge(state: EngineState, asset: string): Units {
  if (state.venue.state !== 'OPEN') return 0n;
  const booked = -state.books.balance(custody('binance'), asset);
  const free = state.venueFree.get(asset) ?? 0n;
  let rest = booked < free ? booked : free;
  for (const intent of state.intents.values()) if (intent.spends === asset) rest -= intent.spendsMost;
  for (const reserve of state.reserves.values()) if (reserve.asset === asset) rest -= reserve.amount;
  return rest < 0n ? 0n : rest;
}
