/** What the engine remembers of the venue: our account there, our orders there, and how many more it takes. */
import type { VenueIntentRow } from '../../../db/entities/swaps';
import type { VenueStateRow } from '../../../db/entities/venue';
import { parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { custody } from '../../../ledger/accounts';
import type { CoreState } from '../../engine/draft';
import type { OrderPace } from './pace';

/** An order of ours at the venue without a final outcome. */
export type OpenIntent = Pick<VenueIntentRow, 'id' | 'swapId' | 'leg' | 'symbol' | 'side' | 'members'> & {
  /** When it was decided (ms), and the best price it saw; 0 for a swap's. */
  at: number;
  best: Units;
  quantity: Units;
  spends: string;
  spendsMost: Units;
};

export interface VenueState extends CoreState {
  /** By id; there is one. */
  readonly venues: Map<string, VenueStateRow>;
  readonly intents: Map<string, OpenIntent>;
  /** Coins at the venue reserved for pull-backs, by transfer. */
  readonly reserves: Map<string, { asset: string; amount: Units }>;
  /** The venue cannot take orders for a moment (no connection, a ban): what would go there waits a little. */
  venueAway: boolean;
  /** The venue's clock is ahead of ours by so many milliseconds: what it reads is stamped with its time. */
  venueAhead: number;
  /** Free balances as the venue last said. Not known reads as nothing. */
  venueFree: Map<string, Units>;
  readonly pace: OrderPace;
  /** A new id for an order at the venue; the epoch is in it, so that no id comes twice. */
  nextIntent(): string;
}

/** The venue that the exchange is connected to. */
export function venueOf({ venues }: Pick<VenueState, 'venues'>): VenueStateRow {
  const [venue] = venues.values();
  if (!venue) throw new Error('no venue is known');
  return venue;
}

/** The reference of the entry of one trade at the venue: unique for ever. */
export function venueTradeReference(venue: VenueStateRow, trade: { symbol: string; tradeId: number }): string {
  return `venue:${venue.venue}:main:${venue.epoch}:${trade.symbol}:${trade.tradeId}`;
}

/** `spends`: the asset that the order gives at the venue. */
export function openIntent(row: VenueIntentRow, spends: string): OpenIntent {
  const { id, swapId, leg, symbol, side, members } = row;
  const quantity = parseAmount(row.quantity);
  return {
    id,
    swapId,
    leg,
    symbol,
    side,
    members,
    quantity,
    spends,
    spendsMost: mostSpent(side, quantity, parseAmount(row.limitPrice)),
    at: row.createdAt,
    best: parseAmount(String(row.seen?.[side === 'BUY' ? 'ask' : 'bid'] ?? '0')),
  };
}

/** The most an order can take from the venue account: the quantity sold, or quantity x limit, rounded up. */
export function mostSpent(side: 'BUY' | 'SELL', quantity: Units, limit: Units): Units {
  return side === 'SELL' ? quantity : (quantity * limit + 10n ** 18n - 1n) / 10n ** 18n;
}

/** Coins at the venue that nobody has a claim on: min(our books, free there) less open orders and pull-backs. */
export function availableToHedge(
  state: Pick<VenueState, 'books' | 'venues' | 'venueFree' | 'intents' | 'reserves'>,
  asset: string,
): Units {
  const venue = venueOf(state);
  if (venue.state !== 'OPEN') return 0n;
  const booked = -state.books.balance(custody(venue.venue), asset);
  const free = state.venueFree.get(asset) ?? 0n;
  let rest = booked < free ? booked : free;
  for (const intent of state.intents.values()) if (intent.spends === asset) rest -= intent.spendsMost;
  for (const reserve of state.reserves.values()) if (reserve.asset === asset) rest -= reserve.amount;
  return rest < 0n ? 0n : rest;
}
