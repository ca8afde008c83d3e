import { SwapEntity, VenueIntentEntity, VenueTradeEntity } from '../../../db/entities/swaps';
import type { SwapRow, VenueIntentRow } from '../../../db/entities/swaps';
import { insertRow, updateRow } from '../../../db/stores/rows';
import type { CommandOf, VenueTrade } from '../../../domain/contract/commands';
import { DomainError } from '../../../domain/contract/errors';
import type { SwapState } from '../../../domain/lifecycle/swap';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { floorToStep, ceilToStep, mulDivDown, mulDivUp, stepOf } from '../../../domain/money/rounding';
import { assetOf } from '../../../domain/registry';
import { available } from '../../../ledger/accounts';
import * as transfers from '../../../ledger/transfers';
import { RECV_WINDOW_MS } from '../../venues/venue';
import type { Context } from '../../engine/draft';
import { availableToHedge, mostSpent, openIntent, venueOf, venueTradeReference } from '../venue/state';
import type { OpenIntent } from '../venue/state';
import { openSwap } from './state';
import type { OfferedQuote, OpenSwap, SwapLeg, SwapsDraft as Draft } from './state';

export function acceptSwap(draft: Draft, command: CommandOf<'swap.accept'>, reference: string, { now }: Context): void {
  const offer = usableQuote(draft, command, now);
  const venue = venueOf(draft.state);
  if (venue.state !== 'OPEN') throw new DomainError('MARKET_CLOSED', { reason: venue.reason });
  const { quote, legs } = offer;
  const amount = parseAmount(quote.fromAmount);
  const has = draft.state.books.balance(available(quote.userId), quote.from);
  if (has < amount)
    throw new DomainError('INSUFFICIENT_FUNDS', { asset: quote.from, missing: formatAmount(amount - has) });
  const first = legs[0];
  if (!first) throw new Error(`quote ${quote.id} has no legs`);
  const [free, needed] = [
    availableToHedge(draft.state, first.from),
    mostSpent(first.side, first.quantity, first.limit),
  ];
  if (free < needed)
    throw new DomainError('FUNDS_IN_TRANSIT', {
      asset: first.from,
      needed: formatAmount(needed),
      available: formatAmount(free),
    });
  // Nothing is held and the quote stays good: the same may be asked again in a moment.
  if (!draft.state.pace.allowsSwap(now, quote.userId)) throw new DomainError('BUSY');
  draft.post(reference, command.kind, transfers.hold(quote.userId, quote.from, amount));
  draft.remember(draft.state.quotes, quote.id, { ...offer, used: true });
  const row = swapRow(command.swapId, offer, now);
  draft.rows.push(insertRow(SwapEntity, row));
  draft.remember(draft.state.swaps, row.id, openSwap(row));
  openLeg(draft, row.id, 0, first, first.quantity, now);
  draft.state.pace.countSwap(quote.userId);
  tell(draft, row, 'EXECUTING');
}

function usableQuote(draft: Draft, command: CommandOf<'swap.accept'>, now: number): OfferedQuote {
  const offer = draft.state.quotes.get(command.quoteId);
  if (!offer) throw new DomainError('QUOTE_EXPIRED');
  if (offer.quote.userId !== command.userId) throw new DomainError('NOT_FOUND');
  if (offer.used) throw new DomainError('QUOTE_USED');
  if (now > offer.quote.expiresAt) throw new DomainError('QUOTE_EXPIRED');
  return offer;
}

function swapRow(id: string, { quote, legs, feeVersion }: OfferedQuote, now: number): SwapRow {
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
    legs: legs.map((leg) => ({
      ...leg,
      quantity: formatAmount(leg.quantity),
      limit: formatAmount(leg.limit),
      fromAmount: formatAmount(leg.fromAmount),
      toAmount: formatAmount(leg.toAmount),
    })),
    leg: 0,
    betweenAsset: legs[1]?.from ?? null,
    betweenAmount: '0',
    createdAt: now,
    updatedAt: now,
  };
}

/** The order is written down, with the timestamp it will be signed with, before anybody may send it. */
function openLeg(draft: Draft, swapId: string, at: number, leg: SwapLeg, quantity: Units, now: number): void {
  // The venue's client id: used once, ever. Letters, digits, _ and - only (anything else breaks the venue's signature
  // over WebSocket).
  const intent: VenueIntentRow = {
    id: `${swapId}-${at}`.slice(0, 36),
    swapId,
    leg: at,
    symbol: leg.symbol,
    side: leg.side,
    quantity: formatAmount(quantity),
    limitPrice: formatAmount(leg.limit),
    timestamp: now + draft.state.venueAhead,
    recvWindow: RECV_WINDOW_MS,
    state: 'PENDING',
    venueOrderId: null,
    reason: null,
    members: [],
    seen: leg.seen,
    createdAt: now,
    updatedAt: now,
  };
  draft.rows.push(insertRow(VenueIntentEntity, intent));
  draft.remember(draft.state.intents, intent.id, openIntent(intent, leg.from));
  draft.effects.push({
    id: `send:${intent.id}`,
    kind: 'venue.send',
    payload: { intentId: intent.id },
    at: now,
    done: false,
  });
}

function tell(draft: Draft, { id, userId }: { id: string; userId: string }, state: SwapState): void {
  draft.events.push({ name: 'swap.changed', userId, swapId: id, state });
  draft.answer = { swapId: id, state };
}

/**
 * The final word on an order: each trade settled by an entry of its own. After the first of two legs what it paid goes
 * on as the second; after the last the swap is closed, and what was not given comes back, in the asset it is in.
 */
export function settleSwapIntent(
  draft: Draft,
  command: CommandOf<'venue.report'>,
  reference: string,
  context: Context,
  intent: OpenIntent,
): void {
  const swap = draft.state.swaps.get(intent.swapId ?? '');
  const leg = swap?.legs[intent.leg];
  if (!swap || !leg) throw new DomainError('NOT_FOUND', { intentId: command.intentId });
  const isLast = intent.leg === swap.legs.length - 1;
  const fill: Fill = { base: 0n, paid: 0n, got: 0n, commission: 0n };
  const trades = [...command.trades].sort((a, b) => a.tradeId - b.tradeId);
  for (const trade of trades) settleTrade(draft, context, { intent, swap, leg, isLast }, trade, fill);
  if (fill.base > intent.quantity)
    throw new Error(`order ${intent.id} filled ${formatAmount(fill.base)} of ${formatAmount(intent.quantity)}`);
  const rest = (intent.leg === 0 ? swap.fromAmount : swap.between) - fill.paid;
  const goesOn = !isLast && fill.got > 0n && takeNextLeg(draft, swap, intent.leg + 1, fill, context);
  if (rest > 0n) draft.post(reference, 'swap.giveBack', transfers.release(swap.userId, leg.from, rest));
  if (goesOn) return;
  if (!isLast && fill.got > 0n)
    draft.post(`${reference}:between`, 'swap.giveBack', transfers.release(swap.userId, leg.to, fill.got));
  endSwap(
    draft,
    swap,
    {
      fill,
      isLast,
      between: intent.leg > 0 ? rest : isLast ? 0n : fill.got,
      isComplete: isLast && fill.base === leg.quantity,
    },
    context,
  );
}

/** Sends on what the leg before paid, in whole lots; false where it does not reach one. */
function takeNextLeg(draft: Draft, swap: OpenSwap, at: number, fill: Fill, { now }: Context): boolean {
  const leg = swap.legs[at];
  const market = leg && draft.state.markets.get(leg.symbol);
  if (!leg || !market) return false;
  const spent = fill.got < leg.fromAmount ? fill.got : leg.fromAmount;
  const quantity = floorToStep(mulDivDown(leg.quantity, spent, leg.fromAmount), market.scales.lot);
  if (quantity === 0n) return false;
  draft.remember(draft.state.swaps, swap.id, { ...swap, filledFrom: fill.paid, between: fill.got });
  const set = { leg: at, filledFrom: formatAmount(fill.paid), betweenAmount: formatAmount(fill.got), updatedAt: now };
  draft.rows.push(updateRow(SwapEntity, { id: swap.id }, set));
  openLeg(draft, swap.id, at, leg, quantity, now);
  // What was begun is ended whatever the pace; it counts all the same.
  draft.state.pace.countSwap(swap.userId);
  tell(draft, swap, 'EXECUTING');
  return true;
}

function endSwap(
  draft: Draft,
  swap: OpenSwap,
  end: { fill: Fill; isLast: boolean; between: Units; isComplete: boolean },
  { now }: Context,
): void {
  const { fill, isLast, between, isComplete } = end;
  const filledFrom = isLast && swap.legs.length > 1 ? swap.filledFrom : fill.paid;
  const state = isComplete ? 'COMPLETED' : filledFrom === 0n ? 'RETURNED' : 'PARTIAL';
  const set = {
    state,
    filledFrom: formatAmount(filledFrom),
    filledTo: formatAmount(isLast ? fill.got : 0n),
    betweenAmount: formatAmount(between),
    commission: formatAmount(fill.commission),
    updatedAt: now,
  } as const;
  draft.forget(draft.state.swaps, swap.id);
  draft.rows.push(updateRow(SwapEntity, { id: swap.id }, set));
  tell(draft, swap, state);
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
function settleTrade(
  draft: Draft,
  { registry }: Context,
  { intent, swap, leg, isLast }: { intent: OpenIntent; swap: OpenSwap; leg: SwapLeg; isLast: boolean },
  trade: VenueTrade,
  fill: Fill,
): void {
  const { from, to } = leg;
  const venue = venueOf(draft.state);
  const base = parseAmount(trade.quantity);
  const quote = parseAmount(trade.quoteQuantity);
  const done = fill.base + base;
  const paid = ceilToStep(mulDivUp(leg.fromAmount, done, leg.quantity), stepOf(assetOf(registry, from).scale));
  const got = floorToStep(mulDivDown(leg.toAmount, done, leg.quantity), stepOf(assetOf(registry, to).scale));
  const commission = isLast ? mulDivDown(swap.commission, done, leg.quantity) : 0n;
  const selling = intent.side === 'SELL';
  draft.postFact(
    venueTradeReference(venue, trade),
    'swap.trade',
    transfers.swapTrade({
      venue: venue.venue,
      userId: swap.userId,
      into: isLast ? 'available' : 'held',
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
  const row = {
    venueEpoch: venue.epoch,
    symbol,
    tradeId,
    intentId: intent.id,
    price,
    quantity,
    quoteQuantity,
    commission: trade.commission,
    commissionAsset,
    at: time,
  };
  draft.rows.push(insertRow(VenueTradeEntity, row));
  Object.assign(fill, { base: done, paid, got, commission });
}
