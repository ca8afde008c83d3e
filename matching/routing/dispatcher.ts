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
export function startMirror(deps: MirrorDeps): { stop(): void } {
  const dispatcher = new Dispatcher(deps);
  deps.venue.onHint((orderId) => dispatcher.wake(orderId));
  deps.engine.onEffect('venue.send', (payload, recovered) => dispatcher.dispatch(String(payload.intentId), recovered));
  return { stop: () => dispatcher.stop() };
}

/** The final outcome of an order, as it is reported to the engine. */
interface Final {
  readonly outcome: 'done' | 'refused';
  readonly venueOrderId: string | null;
  readonly reason: string | null;
  readonly trades: readonly VenueTrade[];
  readonly again?: boolean | undefined;
}
const refused = (reason: string, again?: boolean): Final => ({
  outcome: 'refused',
  venueOrderId: null,
  reason,
  trades: [],
  again,
});

class Dispatcher {
  private stopped = false;
  /** Orders that are asked for, and what asks for one at once. */
  private readonly hinted = new Map<string, () => void>();
  /** When the orders that are open now were decided. */
  private readonly created = new Map<string, number>();
  /**
   * Of each market, the last order with a final outcome; one that was decided later has a greater number, unless the
   * venue began anew.
   */
  private readonly last = new Map<string, { number: bigint; at: number }>();

  constructor(private readonly deps: MirrorDeps) {}

  stop(): void {
    this.stopped = true;
    for (const wake of this.hinted.values()) wake();
  }

  /** The venue hints that something about this order has changed: it is asked for at once. */
  wake(orderId: string): void {
    this.hinted.get(orderId)?.();
  }

  /** Sends one order, or asks for it where an earlier life may have sent it, until its final outcome is reported. */
  async dispatch(intentId: string, recovered: boolean): Promise<void> {
    const intent = await this.deps.intents.find(intentId);
    if (!intent || intent.state === 'DONE' || intent.state === 'REJECTED') return;
    const { id, symbol, side, timestamp, recvWindow } = intent;
    const [quantity, limitPrice] = [same(intent.quantity), same(intent.limitPrice)];
    this.created.set(id, intent.createdAt);
    try {
      await this.carryOut({ id, symbol, side, quantity, limitPrice, timestamp, recvWindow }, recovered);
    } finally {
      this.hinted.delete(id);
      this.created.delete(id);
    }
  }

  private async carryOut(order: VenueOrder, recovered: boolean): Promise<void> {
    const { engine, venue, logger } = this.deps;
    const { id } = order;
    // An earlier life may have sent it: ask, never send.
    if (recovered) {
      logger.info({ intent: id }, 'an order of an earlier life is asked for');
      return await this.resolve(order);
    }
    // Decided before the venue was stopped, and not sent yet: it never is.
    if (engine.venue().state !== 'OPEN') return await this.report(id, refused('VENUE_STOPPED'));
    const answer = await venue.place(order);
    if (answer.outcome === 'done' && !(await this.collide(id, answer.trades)))
      return await this.report(id, { ...answer, reason: answer.ended ?? null });
    if (answer.outcome === 'refused') {
      // At once, so that the next attempt waits for the venue rather than meet the same refusal.
      if (answer.again && !venue.ready()) engine.venueAway(true);
      logger.info({ intent: id, reason: answer.reason, again: answer.again ?? false }, 'the venue refused an order');
      return await this.report(id, refused(answer.reason, answer.again));
    }
    const reason = answer.outcome === 'unknown' ? answer.reason : 'ids';
    logger.warn({ event: 'venue.outcome_unknown', intent: id, reason }, 'the outcome of an order is unknown: asking');
    await this.resolve(order);
  }

  /** Asks until the venue gives a final outcome. */
  private async resolve(order: VenueOrder): Promise<void> {
    const { intents, venue, clock, logger } = this.deps;
    await intents.markUnknown(order.id, clock.now());
    const conclusive = order.timestamp + order.recvWindow + VENUE_ENGINE_MS + MARGIN_MS;
    let pause = 0;
    while (!this.stopped) {
      const askedAt = venue.now();
      try {
        const found = await venue.find(order);
        if (found.found === 'final' && !(await this.collide(order.id, found.trades))) {
          const { venueOrderId, trades, ended = null } = found;
          return await this.report(order.id, { outcome: 'done', venueOrderId, reason: ended, trades });
        }
        if (found.found === 'absent' && askedAt > conclusive)
          return await this.report(order.id, refused('never arrived at the venue'));
        logger.debug({ intent: order.id, found: found.found }, 'the venue has no final outcome yet');
      } catch (error) {
        if (error instanceof DomainError) throw error;
        const reason = error instanceof Error ? error.message : 'refused';
        logger.warn({ event: 'venue.not_askable', intent: order.id, error: reason }, 'the venue cannot be asked yet');
      }
      // Ever more slowly: many that are asked for at once after a kill must not use up the venue's limits.
      pause = pause + ASK_AGAIN_MS > ASK_SLOWEST_MS ? ASK_SLOWEST_MS : pause + ASK_AGAIN_MS;
      await this.pauseOrHint(order.id, pause);
    }
    throw new Error('stopped');
  }

  private pauseOrHint(orderId: string, pauseMs: number): Promise<void> {
    return new Promise<void>((again) => {
      const timer = setTimeout(again, pauseMs);
      this.hinted.set(orderId, () => {
        clearTimeout(timer);
        again();
      });
    });
  }

  private async report(intentId: string, { outcome, venueOrderId, reason, trades, again }: Final): Promise<void> {
    const symbol = trades[0]?.symbol;
    if (symbol !== undefined && venueOrderId !== null)
      await this.checkOrder(symbol, this.created.get(intentId) ?? 0, venueOrderId);
    const exact = trades.map((trade) => ({
      ...trade,
      price: same(trade.price),
      quantity: same(trade.quantity),
      quoteQuantity: same(trade.quoteQuantity),
      commission: same(trade.commission),
    }));
    try {
      await this.deps.engine.submit({
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
  }

  /** Stops routing where the venue's order ids go backwards: it has begun anew. */
  private async checkOrder(symbol: string, createdAt: number, venueOrderId: string): Promise<void> {
    const { engine, clock } = this.deps;
    const [number, before] = [BigInt(venueOrderId), this.last.get(symbol)];
    if (before && createdAt > before.at && number <= before.number && engine.venue().at <= before.at)
      await stopRouting(
        engine,
        `the venue's ids went backwards: order ${symbol} ${number} came after ${before.number}`,
      );
    if (!before || number > before.number || createdAt > before.at) this.last.set(symbol, { number, at: clock.now() });
  }

  /**
   * Trades with the ids of others that are settled: the venue has begun anew. They wait for the epoch in which they
   * are new.
   */
  private async collide(intentId: string, trades: readonly VenueTrade[]): Promise<boolean> {
    const { engine, memory } = this.deps;
    const { epoch } = engine.venue();
    const [first] = trades;
    if (!first) return false;
    const ids = trades.map(({ tradeId }) => tradeId);
    const [twice] = await memory.settledFor(epoch, first.symbol, ids, intentId);
    if (twice !== undefined)
      await stopRouting(engine, `the venue's ids went backwards: trade ${first.symbol} ${twice} came twice`);
    return twice !== undefined;
  }
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
