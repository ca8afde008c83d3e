import { SwapEntity, VenueIntentEntity, VenueTradeEntity } from '../../../db/entities/swaps';
import type { SwapRow, VenueIntentRow } from '../../../db/entities/swaps';
import { insertRow, updateRow } from '../../../db/stores/rows';
import type { CommandBody, VenueTrade } from '../../../domain/contract/commands';
import { DomainError } from '../../../domain/contract/errors';
import type { SwapState } from '../../../domain/lifecycle/swap';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { floorToStep, ceilToStep, mulDivDown, mulDivUp, stepOf } from '../../../domain/money/rounding';
import { assetOf } from '../../../domain/registry';
import { available } from '../../../ledger/accounts';
import * as transfers from '../../../ledger/transfers';
import { RECV_WINDOW_MS, VENUE_EPOCH } from '../../venues/venue';
import type { Context, Draft } from '../draft';
import { openIntent, openSwap, sendable } from '../state';
import { settleBundleOf } from './orders';
import type { OfferedQuote, OpenIntent, OpenSwap } from '../state';

type Body<K extends CommandBody['kind']> = Extract<CommandBody, { kind: K }>;

export function acceptSwap(draft: Draft, command: Body<'swap.accept'>, reference: string, { now }: Context): void {
  const offer = usableQuote(draft, command, now);
  const { quote, legs } = offer;
  const amount = parseAmount(quote.fromAmount);
  const has = draft.state.books.balance(available(quote.userId), quote.from);
  if (has < amount) throw new DomainError('INSUFFICIENT_FUNDS', { asset: quote.from, missing: formatAmount(amount - has) });
  const first = legs[0];
  if (!first) throw new Error(`quote ${quote.id} has no legs`);
  const free = sendable(draft.state, first.spends);
  if (free < first.spendsMost) {
    throw new DomainError('FUNDS_IN_TRANSIT', { asset: first.spends, needed: formatAmount(first.spendsMost), available: formatAmount(free) });
  }
  draft.post(reference, command.kind, transfers.hold(quote.userId, quote.from, amount));
  draft.remember(draft.state.quotes, quote.id, { ...offer, used: true });
  const row = swapRow(command.swapId, offer, now);
  draft.rows.push(insertRow(SwapEntity, row));
  draft.remember(draft.state.swaps, row.id, openSwap(row));
  openLeg(draft, row, offer, 0, now);
  tell(draft, row, 'EXECUTING');
}

function usableQuote(draft: Draft, command: Body<'swap.accept'>, now: number): OfferedQuote {
  const offer = draft.state.quotes.get(command.quoteId);
  if (!offer) throw new DomainError('QUOTE_EXPIRED');
  if (offer.quote.userId !== command.userId) throw new DomainError('NOT_FOUND');
  if (offer.used) throw new DomainError('QUOTE_USED');
  if (now > offer.quote.expiresAt) throw new DomainError('QUOTE_EXPIRED');
  return offer;
}

function swapRow(id: string, { quote, legs, feeVersion, seen }: OfferedQuote, now: number): SwapRow {
  return {
    id,
    userId: quote.userId,
    quoteId: quote.id,
    fromAsset: quote.from,
    toAsset: quote.to,
    fromAmount: quote.fromAmount,
    toAmount: quote.toAmount,
    filledFrom: '0',
    filledTo: '0',
    commission: quote.commission,
    feeVersion,
    state: 'EXECUTING',
    legs: legs.map(({ symbol, side }) => ({ symbol, side })),
    seen,
    createdAt: now,
    updatedAt: now,
  };
}

/** The order is written down, with the timestamp it will be signed with, before anybody may send it. */
function openLeg(draft: Draft, swap: SwapRow, { legs }: OfferedQuote, at: number, now: number): void {
  const leg = legs[at];
  if (!leg) throw new Error(`swap ${swap.id} has no leg ${at}`);
  // The venue's client id: used once, ever. Letters, digits, _ and - only (anything else breaks the venue's signature over WebSocket).
  const intent: VenueIntentRow = {
    id: `${swap.id}-${at}`.slice(0, 36),
    swapId: swap.id,
    leg: at,
    symbol: leg.symbol,
    side: leg.side,
    quantity: formatAmount(leg.quantity),
    limitPrice: formatAmount(leg.limit),
    timestamp: now,
    recvWindow: RECV_WINDOW_MS,
    state: 'PENDING',
    venueOrderId: null,
    reason: null,
    members: [],
    seen: {},
    createdAt: now,
    updatedAt: now,
  };
  draft.rows.push(insertRow(VenueIntentEntity, intent));
  draft.remember(draft.state.intents, intent.id, openIntent(intent, swap));
  draft.effects.push({ id: `send:${intent.id}`, kind: 'venue.send', payload: { intentId: intent.id }, at: now, done: false });
}

function tell(draft: Draft, { id, userId }: { id: string; userId: string }, state: SwapState): void {
  draft.events.push({ name: 'swap.changed', userId, swapId: id, state });
  draft.answer = { swapId: id, state };
}

/** The final word on an order: each trade settled by an entry of its own, then the swap is closed. */
export function reportVenue(draft: Draft, command: Body<'venue.report'>, reference: string, context: Context): void {
  const intent = draft.state.intents.get(command.intentId);
  if (intent?.swapId === null) return reportBundle(draft, command, reference, context, intent);
  const swap = intent && draft.state.swaps.get(intent.swapId);
  if (!intent || !swap) throw new DomainError('NOT_FOUND', { intentId: command.intentId });
  const fill: Fill = { base: 0n, paid: 0n, got: 0n, commission: 0n };
  const trades = [...command.trades].sort((a, b) => a.tradeId - b.tradeId);
  for (const trade of trades) settleTrade(draft, context, intent, swap, trade, fill);
  if (fill.base > intent.quantity) throw new Error(`order ${intent.id} filled ${formatAmount(fill.base)} of ${formatAmount(intent.quantity)}`);
  const state = trades.length === 0 ? 'RETURNED' : fill.base === intent.quantity ? 'COMPLETED' : 'PARTIAL';
  const rest = swap.fromAmount - fill.paid;
  if (rest > 0n) draft.post(reference, 'swap.giveBack', transfers.release(swap.userId, swap.fromAsset, rest));
  closeIntent(draft, command, intent, context);
  draft.forget(draft.state.swaps, swap.id);
  draft.rows.push(
    updateRow(
      SwapEntity,
      { id: swap.id },
      { state, filledFrom: formatAmount(fill.paid), filledTo: formatAmount(fill.got), commission: formatAmount(fill.commission), updatedAt: context.now },
    ),
  );
  tell(draft, swap, state);
}

function reportBundle(draft: Draft, command: Body<'venue.report'>, reference: string, context: Context, intent: OpenIntent): void {
  settleBundleOf(draft, command, reference, context, intent);
  closeIntent(draft, command, intent, context);
  draft.answer = { intentId: intent.id };
}

/** What was settled so far: base quantity, what the user paid and got, our commission. */
interface Fill {
  base: Units;
  paid: Units;
  got: Units;
  commission: Units;
}

/**
 * Settles one trade. The user's shares are cumulative (what is due after this trade less what was booked before), so
 * that a complete fill pays the quote to the last unit whatever the sizes of its trades.
 */
function settleTrade(draft: Draft, { registry }: Context, intent: OpenIntent, swap: OpenSwap, trade: VenueTrade, fill: Fill): void {
  const { fromAsset: from, toAsset: to } = swap;
  const base = parseAmount(trade.quantity);
  const quote = parseAmount(trade.quoteQuantity);
  const done = fill.base + base;
  const paid = ceilToStep(mulDivUp(swap.fromAmount, done, intent.quantity), stepOf(assetOf(registry, from).scale));
  const got = floorToStep(mulDivDown(swap.toAmount, done, intent.quantity), stepOf(assetOf(registry, to).scale));
  const commission = mulDivDown(swap.commission, done, intent.quantity);
  const selling = intent.side === 'SELL';
  draft.postFact(
    `venue:binance:main:${VENUE_EPOCH}:${trade.symbol}:${trade.tradeId}`,
    'swap.trade',
    transfers.swapTrade({
      userId: swap.userId,
      from,
      to,
      userPays: paid - fill.paid,
      userGets: got - fill.got,
      venuePays: selling ? base : quote,
      venueGives: selling ? quote : base,
      commission: commission - fill.commission,
      venueFee: { asset: trade.commissionAsset, amount: parseAmount(trade.commission) },
    }),
  );
  const { symbol, tradeId, price, quantity, quoteQuantity, commissionAsset, time } = trade;
  const row = { venueEpoch: VENUE_EPOCH, symbol, tradeId, intentId: intent.id, price, quantity, quoteQuantity, commission: trade.commission, commissionAsset, at: time };
  draft.rows.push(insertRow(VenueTradeEntity, row));
  Object.assign(fill, { base: done, paid, got, commission });
}

function closeIntent(draft: Draft, command: Body<'venue.report'>, intent: OpenIntent, { now }: Context): void {
  draft.forget(draft.state.intents, intent.id);
  const set = { state: command.outcome === 'done' ? ('DONE' as const) : ('REFUSED' as const), venueOrderId: command.venueOrderId, reason: command.reason, updatedAt: now };
  draft.rows.push(updateRow(VenueIntentEntity, { id: intent.id }, set));
}
