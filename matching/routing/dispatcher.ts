import type { SwapIntents } from '../../db/stores/venue-intents';
import type { VenueMemory } from '../../db/stores/venue';
import type { Clock } from '../../domain/clock-and-ids';
import type { VenueTrade } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import type { Logger } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { EngineControl } from '../engine';
import type { Venue, VenueOrder } from '../venues/venue';

/** The venue's engine gives up after 10 s; this much more before "no such order" is believed. */
const VENUE_ENGINE_MS = 10_000;
const MARGIN_MS = 2_500;
const ASK_AGAIN_MS = 1000;
const ASK_SLOWEST_MS = 6000;

export interface MirrorDeps {
  readonly engine: EngineControl;
  readonly venue: Venue;
  readonly intents: SwapIntents;
  readonly memory: VenueMemory;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Sends committed intents to the venue, each once, and reports what became of them. What is not known is asked for:
 * absence counts only after timestamp + recvWindow + the venue's own time-out + a margin.
 */
export function startMirror({ engine, venue, intents, memory, clock, logger }: MirrorDeps): { stop(): void } {
  let stopped = false;
  const hinted = new Map<string, () => void>();
  /** When the orders that are open now were decided. */
  const created = new Map<string, number>();
  venue.onHint((orderId) => hinted.get(orderId)?.());

  /** Of each market, the last order with a final word; one that was decided later has a greater number, unless the venue began anew. */
  const last = new Map<string, { number: bigint; at: number }>();
  const goesBack = async (symbol: string, createdAt: number, venueOrderId: string): Promise<void> => {
    const [number, before] = [BigInt(venueOrderId), last.get(symbol)];
    if (before && createdAt > before.at && number <= before.number && engine.venue().at <= before.at)
      await stopRouting(
        engine,
        `the venue's ids went backwards: order ${symbol} ${number} came after ${before.number}`,
      );
    if (!before || number > before.number || createdAt > before.at) last.set(symbol, { number, at: clock.now() });
  };

  /** Trades that bear the ids of others which are settled: the venue has begun anew. They wait for the epoch in which they are new. */
  const collide = async (intentId: string, trades: readonly VenueTrade[]): Promise<boolean> => {
    const { epoch } = engine.venue();
    const [first] = trades;
    if (!first) return false;
    const twice = await memory.settledFor(
      epoch,
      first.symbol,
      trades.map(({ tradeId }) => tradeId),
      intentId,
    );
    if (twice.length > 0)
      await stopRouting(engine, `the venue's ids went backwards: trade ${first.symbol} ${twice[0]} came twice`);
    return twice.length > 0;
  };

  const report = async (
    intentId: string,
    outcome: 'done' | 'refused',
    venueOrderId: string | null,
    reason: string | null,
    trades: VenueTrade[],
    again = false,
  ): Promise<void> => {
    const symbol = trades[0]?.symbol;
    if (symbol !== undefined && venueOrderId !== null) await goesBack(symbol, created.get(intentId) ?? 0, venueOrderId);
    const exact = trades.map((trade) => ({
      ...trade,
      price: same(trade.price),
      quantity: same(trade.quantity),
      quoteQuantity: same(trade.quoteQuantity),
      commission: same(trade.commission),
    }));
    try {
      await engine.submit({
        kind: 'venue.report',
        reference: `intent:${intentId}:final`,
        intentId,
        outcome,
        venueOrderId,
        reason: reason?.slice(0, 500) ?? null,
        trades: exact,
        ...(again && { again }),
      });
    } catch (error) {
      // Settled in an earlier life, from the other of the venue's two answers.
      if (error instanceof DomainError && error.code === 'IDEMPOTENCY_KEY_REUSED') return;
      throw error;
    }
  };

  /** Asks until the venue gives a final word. */
  const resolve = async (order: VenueOrder): Promise<void> => {
    await intents.markUnknown(order.id, clock.now());
    const conclusive = order.timestamp + order.recvWindow + VENUE_ENGINE_MS + MARGIN_MS;
    let pause = 0;
    while (!stopped) {
      const askedAt = venue.now();
      try {
        const found = await venue.find(order);
        if (found.found === 'final' && !(await collide(order.id, found.trades)))
          return await report(order.id, 'done', found.venueOrderId, found.ended ?? null, found.trades);
        if (found.found === 'absent' && askedAt > conclusive)
          return await report(order.id, 'refused', null, 'never arrived at the venue', []);
        logger.debug({ intent: order.id, found: found.found }, 'the venue has no final word yet');
      } catch (error) {
        if (error instanceof DomainError) throw error;
        logger.warn(
          { event: 'venue.not_askable', intent: order.id, error: error instanceof Error ? error.message : 'refused' },
          'the venue cannot be asked yet',
        );
      }
      await new Promise<void>((again) => {
        // Ever more slowly: many that are asked for at once after a kill must not use up the venue's patience.
        pause = pause + ASK_AGAIN_MS > ASK_SLOWEST_MS ? ASK_SLOWEST_MS : pause + ASK_AGAIN_MS;
        const timer = setTimeout(again, pause);
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
    if (!intent || intent.state === 'DONE' || intent.state === 'REJECTED') return;
    const { id, symbol, side, timestamp, recvWindow } = intent;
    created.set(id, intent.createdAt);
    const order: VenueOrder = {
      id,
      symbol,
      side,
      quantity: same(intent.quantity),
      limitPrice: same(intent.limitPrice),
      timestamp,
      recvWindow,
    };
    try {
      // An earlier life may have sent it: ask, never send.
      if (recovered) {
        logger.info({ intent: id }, 'an order of an earlier life is asked for');
        return await resolve(order);
      }
      // Decided before the venue was stopped, and not sent yet: it never is.
      if (engine.venue().state !== 'OPEN') return await report(id, 'refused', null, 'VENUE_STOPPED', []);
      const answer = await venue.place(order);
      if (answer.outcome === 'done' && !(await collide(id, answer.trades)))
        return await report(id, 'done', answer.venueOrderId, answer.ended ?? null, answer.trades);
      if (answer.outcome === 'refused') {
        // At once, so that the next attempt waits for the venue rather than meet the same refusal.
        if (answer.again && !venue.ready()) engine.venueAway(true);
        logger.info({ intent: id, reason: answer.reason, again: answer.again ?? false }, 'the venue refused an order');
        return await report(id, 'refused', null, answer.reason, [], answer.again);
      }
      logger.warn(
        { event: 'venue.outcome_unknown', intent: id, reason: answer.outcome === 'unknown' ? answer.reason : 'ids' },
        'the outcome of an order is unknown: asking',
      );
      await resolve(order);
    } finally {
      hinted.delete(id);
      created.delete(id);
    }
  });

  return {
    stop: () => {
      stopped = true;
      for (const wake of hinted.values()) wake();
    },
  };
}

let stops = 0;
/** Nothing is sent any more until an operator opens the venue. */
export async function stopRouting(engine: EngineControl, reason: string): Promise<void> {
  const { epoch, state, at } = engine.venue();
  if (state !== 'STOPPED')
    await engine.submit({
      kind: 'venue.stop',
      reference: `venue-stop:${epoch}:${at}:${process.pid}:${++stops}`,
      reason,
    });
}

/** The shortest spelling of the same number. */
const same = (text: string): string => formatAmount(parseAmount(text));
