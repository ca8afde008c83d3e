import type { OutboxRow } from '../../db/entities/ledger';
import type { EngineStore } from '../../db/stores/engine';
import type { Logger } from '../../domain/contract/ports';

/** Does one effect. `recovered`: an earlier life of this process may have done it already, whole or in part. */
export type EffectHandler = (payload: Record<string, unknown>, recovered: boolean) => Promise<void>;

const RETRY_MS = 1000;

/**
 * Runs the effects of committed batches, each until its handler succeeds once; the outbox row is deleted after that.
 */
export class Effects {
  private readonly handlers = new Map<string, EffectHandler>();
  private waiting: { row: OutboxRow; recovered: boolean }[] = [];
  private readonly known = new Set<string>();
  private stopped = false;

  constructor(
    private readonly store: EngineStore,
    private readonly logger: Logger,
  ) {}

  on(kind: string, handler: EffectHandler): void {
    this.handlers.set(kind, handler);
    const ready = this.waiting.filter(({ row }) => row.kind === kind);
    this.waiting = this.waiting.filter(({ row }) => row.kind !== kind);
    for (const { row, recovered } of ready) this.start(row, recovered);
  }

  run(rows: readonly OutboxRow[]): void {
    for (const row of rows) this.take(row, false);
  }

  /** Effects found in the table at a start; those this process is still busy with are not begun twice. */
  recover(rows: readonly OutboxRow[]): void {
    for (const row of rows) this.take(row, true);
  }

  stop(): void {
    this.stopped = true;
  }

  private take(row: OutboxRow, recovered: boolean): void {
    if (this.known.has(row.id)) return;
    this.known.add(row.id);
    if (this.handlers.has(row.kind)) this.start(row, recovered);
    else this.waiting.push({ row, recovered });
  }

  private start(row: OutboxRow, recovered: boolean): void {
    const handler = this.handlers.get(row.kind);
    if (!handler) return;
    const again = (error: unknown): void => {
      if (this.stopped) return;
      this.logger.warn(
        { event: 'engine.effect_failed', effect: row.id, error: String(error) },
        'an effect failed and will be tried again',
      );
      // From the second try on it counts as recovered: the first may have had its effect.
      setTimeout(() => this.start(row, true), RETRY_MS).unref();
    };
    handler(row.payload, recovered)
      .then(() => this.store.effectsDone([row.id]))
      .then(() => this.known.delete(row.id))
      .catch(again);
  }
}
