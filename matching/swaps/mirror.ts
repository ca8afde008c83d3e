import type { SwapIntents } from '../../db/stores/swaps';
import type { Clock } from '../../domain/clock-and-ids';
import type { VenueTrade } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import type { Logger } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { EngineHouse } from '../engine';
import type { Venue, VenueOrder } from '../venues/venue';

/** The venue's engine gives up after 10 s; this much more before "no such order" is believed. */
const VENUE_ENGINE_MS = 10_000;
const MARGIN_MS = 2_500;
const ASK_AGAIN_MS = 1000;

export interface MirrorDeps {
  readonly engine: EngineHouse;
  readonly venue: Venue;
  readonly intents: SwapIntents;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Sends committed intents to the venue, each once, and reports what became of them. What is not known is asked for:
 * absence counts only after timestamp + recvWindow + the venue's own time-out + a margin.
 */
export function startMirror({ engine, venue, intents, clock, logger }: MirrorDeps): { stop(): void } {
  let stopped = false;
  const hinted = new Map<string, () => void>();
  venue.onHint((orderId) => hinted.get(orderId)?.());

  const report = async (intentId: string, outcome: 'done' | 'refused', venueOrderId: string | null, reason: string | null, trades: VenueTrade[]): Promise<void> => {
    const exact = trades.map((trade) => ({ ...trade, price: same(trade.price), quantity: same(trade.quantity), quoteQuantity: same(trade.quoteQuantity), commission: same(trade.commission) }));
    try {
      await engine.submit({ kind: 'venue.report', reference: `intent:${intentId}:final`, intentId, outcome, venueOrderId, reason: reason?.slice(0, 500) ?? null, trades: exact });
    } catch (error) {
      // Settled in an earlier life, from the other of the venue's two answers.
      if (error instanceof DomainError && error.code === 'REFERENCE_REUSED') return;
      throw error;
    }
  };

  /** Asks until the venue gives a final word. */
  const resolve = async (order: VenueOrder): Promise<void> => {
    await intents.markUnknown(order.id, clock.now());
    const conclusive = order.timestamp + order.recvWindow + VENUE_ENGINE_MS + MARGIN_MS;
    while (!stopped) {
      const askedAt = clock.now();
      try {
        const found = await venue.find(order);
        if (found.found === 'final') return await report(order.id, 'done', found.venueOrderId, null, found.trades);
        if (found.found === 'absent' && askedAt > conclusive) return await report(order.id, 'refused', null, 'never arrived at the venue', []);
      } catch (error) {
        if (error instanceof DomainError) throw error;
        logger.warn({ intent: order.id, error: error instanceof Error ? error.message : 'refused' }, 'the venue cannot be asked yet');
      }
      await new Promise<void>((again) => {
        const timer = setTimeout(again, ASK_AGAIN_MS);
        hinted.set(order.id, () => {
          clearTimeout(timer);
          again();
        });
      });
    }
    throw new Error('stopped');
  };

  engine.onEffect('venue.send', async (payload, recovered) => {
    const intentId = String(payload.intentId);
    const intent = await intents.find(intentId);
    if (!intent || intent.state === 'DONE' || intent.state === 'REFUSED') return;
    const { id, symbol, side, timestamp, recvWindow } = intent;
    const order: VenueOrder = { id, symbol, side, quantity: same(intent.quantity), limitPrice: same(intent.limitPrice), timestamp, recvWindow };
    try {
      // An earlier life may have sent it: ask, never send.
      if (recovered) return await resolve(order);
      const answer = await venue.place(order);
      if (answer.outcome === 'done') return await report(id, 'done', answer.venueOrderId, null, answer.trades);
      if (answer.outcome === 'refused') return await report(id, 'refused', null, answer.reason, []);
      logger.warn({ intent: id, reason: answer.reason }, 'the outcome of an order is unknown: asking');
      await resolve(order);
    } finally {
      hinted.delete(id);
    }
  });

  return {
    stop: () => {
      stopped = true;
      for (const wake of hinted.values()) wake();
    },
  };
}

/** The shortest spelling of the same number. */
const same = (text: string): string => formatAmount(parseAmount(text));
