import { EntitySchema } from 'typeorm';
import type { IntentState, SwapState } from '../../domain/lifecycle/swap';
import { big, id, int, json, money, nullable, primary, text } from './columns';

/** One order of a swap at the venue; the amounts are those of a complete fill. */
export interface SwapLegRow {
  symbol: string;
  side: 'BUY' | 'SELL';
  quantity: string;
  limit: string;
  from: string;
  to: string;
  fromAmount: string;
  toAmount: string;
  /** What the decision saw: { bid, ask, ageMs }. */
  seen: Record<string, string | number>;
}

export interface SwapRow {
  id: string;
  userId: string;
  quoteId: string;
  fromAsset: string;
  toAsset: string;
  /** Held when accepted. */
  fromAmount: string;
  /** Paid if every leg fills. */
  toAmount: string;
  filledFrom: string;
  filledTo: string;
  /** Our commission on what filled, in `toAsset`; the spread is what the venue gave beyond it. */
  commission: string;
  feeVersion: number;
  state: SwapState;
  legs: SwapLegRow[];
  /** Which of the legs is at the venue, or was last: 0 or 1. */
  leg: number;
  /** The asset between two legs; null where one market does. */
  betweenAsset: string | null;
  /** Held of it while the second leg is at the venue; at the end what the user got of it. */
  betweenAmount: string;
  createdAt: number;
  updatedAt: number;
}
export const SwapEntity = new EntitySchema<SwapRow>({
  name: 'swaps',
  columns: {
    id: id(),
    userId: text('user_id', 64),
    quoteId: text('quote_id', 64),
    fromAsset: text('from_asset', 20),
    toAsset: text('to_asset', 20),
    fromAmount: money('from_amount'),
    toAmount: money('to_amount'),
    filledFrom: money('filled_from'),
    filledTo: money('filled_to'),
    commission: money(),
    feeVersion: int('fee_version'),
    state: text('state', 20),
    legs: json(),
    leg: int(),
    betweenAsset: nullable(text('between_asset', 20)),
    betweenAmount: money('between_amount'),
    createdAt: big('created_at'),
    updatedAt: big('updated_at'),
  },
});

/** An order meant for the venue, committed before it is sent. The id is the venue's client id, used once, ever. */
export interface VenueIntentRow {
  id: string;
  /** A leg of a swap, or a bundle of users' orders. */
  swapId: string | null;
  leg: number;
  symbol: string;
  side: 'BUY' | 'SELL';
  quantity: string;
  limitPrice: string;
  /** Signed into the request, so that a late one is refused by the venue itself. */
  timestamp: number;
  recvWindow: number;
  state: IntentState;
  venueOrderId: string | null;
  reason: string | null;
  /** Orders of the bundle in the order of its allotment, with the lots each has in it; empty for a swap. */
  members: { orderId: string; lots: number }[];
  /** Best prices and their age when it was decided. */
  seen: Record<string, string | number>;
  createdAt: number;
  updatedAt: number;
}
export const VenueIntentEntity = new EntitySchema<VenueIntentRow>({
  name: 'venue_intents',
  columns: {
    id: id(),
    swapId: nullable(text('swap_id', 64)),
    leg: int(),
    symbol: text('symbol', 40),
    side: text('side', 4),
    quantity: money(),
    limitPrice: money('limit_price'),
    timestamp: big('sent_timestamp'),
    recvWindow: int('recv_window'),
    state: text('state', 20),
    venueOrderId: nullable(text('venue_order_id', 40)),
    reason: nullable(text('reason', 500)),
    members: json(),
    seen: json(),
    createdAt: big('created_at'),
    updatedAt: big('updated_at'),
  },
});

/** A trade of ours at the venue; the key makes sure that each is settled once. */
export interface VenueTradeRow {
  venueEpoch: number;
  symbol: string;
  tradeId: number;
  intentId: string;
  price: string;
  quantity: string;
  quoteQuantity: string;
  commission: string;
  commissionAsset: string;
  at: number;
}
export const VenueTradeEntity = new EntitySchema<VenueTradeRow>({
  name: 'venue_trades',
  columns: {
    venueEpoch: primary(int('venue_epoch')),
    symbol: primary(text('symbol', 40)),
    tradeId: primary(big('trade_id')),
    intentId: text('intent_id', 64),
    price: money(),
    quantity: money(),
    quoteQuantity: money('quote_quantity'),
    commission: money(),
    commissionAsset: text('commission_asset', 20),
    at: big(),
  },
});

/** Coins at the venue set aside for a pull-back that has not left yet. */
export interface VenueReserveRow {
  transferId: string;
  asset: string;
  amount: string;
}
export const VenueReserveEntity = new EntitySchema<VenueReserveRow>({
  name: 'venue_reserves',
  columns: { transferId: primary(text('transfer_id', 64)), asset: text('asset', 20), amount: money() },
});
