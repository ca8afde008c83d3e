import type { EngineStore } from '../../db/stores/engine';
import { BatchRefused, Fenced } from '../../db/stores/engine';
import type { Clock } from '../../domain/clock-and-ids';
import type { Command, CommandAnswer } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import type { EventBus, Logger } from '../../domain/contract/ports';
import { parseSigned } from '../../domain/money/amount';
import type { Registry } from '../../domain/registry';
import { MemorySpoilt, apply } from './apply';
import { Batch, hashBody } from './batch';
import type { Pending } from './batch';
import type { Effects } from './effects';
import { MODULES, QUIET, emptyState } from './modules';
import type { EngineState } from './modules';
import { memoryFaults } from './memory-faults';
import { RecentAnswers } from './recent-answers';
import { createShortages } from './shortages';

/** Most commands in one transaction. */
const BATCH_MAX = 400;
/** So many join a batch that waits for the one before: each time costs a look-up. */
const TOP_UP = 32;
/** More waiting than this is refused at the door. */
const QUEUE_MAX = 20_000;
/** After a refused batch so many commands are committed one by one, to find the one that is poisoned. */
const CAREFUL_COMMANDS = 1000;
/** Answers kept in memory for repeats; older ones are looked up in the table. */
const ANSWERS_KEPT = 50_000;
const RESTART_PAUSE_MS = 200;

export interface WriterDeps {
  readonly store: EngineStore;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly events: EventBus;
  readonly effects: Effects;
  readonly logger: Logger;
  /** Called when another engine took over: the process must end. */
  readonly onFenced: () => void;
}

/**
 * The single writer of all balances. What happens to a command, in this order:
 *
 * 1. `submit` hashes its body and queues it. The same reference already on its way shares its answer; the same
 * reference
 *    with another body is refused. A full queue, or a writer that stops, refuses BUSY.
 * 2. `loop` takes up to BATCH_MAX commands; `applied` looks their references up (memory, then tables). One that is
 * known
 *    gets its stored answer and changes nothing.
 * 3. `applyOne` applies the others in memory, one by one: done, or refused with nothing changed. A bug in one
 * quarantines
 *    that one alone.
 * 4. `toppedUp`: while the batch before commits, what arrives joins this one.
 * 5. `commit` writes it in one transaction, whose first statement moves the fence row: an engine that was overtaken
 * writes
 *    nothing, and ends.
 * 6. After COMMIT: modules publish what readers beside the engine see, callers are answered, events are published,
 * effects
 *    run. Nobody hears anything before.
 * 7. When a commit fails, memory is ahead of the tables: this batch and the one that was applied meanwhile are dropped,
 *    their callers hear UNKNOWN_OUTCOME, and `restart` loads everything anew. A batch that the tables refuse makes the
 *    next commands go one by one, until the one that is poisoned is found.
 */
export class Writer {
  state: EngineState = emptyState();
  private queue: Pending[] = [];
  private readonly open = new Map<string, { bodyHash: string; promise: Promise<CommandAnswer> }>();
  private readonly answers = new RecentAnswers(ANSWERS_KEPT);
  private batchNumber = 0;
  private lastEntry = 0;
  private committing: Promise<void> = Promise.resolve();
  private failed: unknown;
  private careful = 0;
  private stopped = true;
  private wake: () => void = () => undefined;
  /** So many must wait in the queue before the loop is woken. */
  private wakeAt = 1;
  private isCommitting = false;
  private looping: Promise<void> = Promise.resolve();

  /** Tells the operator of refusals that only they can end. */
  private readonly shortage: (refusal: unknown) => void;

  constructor(private readonly deps: WriterDeps) {
    this.shortage = createShortages(deps);
  }

  async start(): Promise<void> {
    await this.load();
    this.stopped = false;
    this.looping = this.loop();
  }

  /** Ends after what was accepted so far is committed; later commands are refused BUSY. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.looping;
  }

  submit(command: Command): Promise<CommandAnswer> {
    const bodyHash = hashBody(command);
    const joined = this.open.get(command.reference);
    if (joined)
      return joined.bodyHash === bodyHash ? joined.promise : Promise.reject(new DomainError('IDEMPOTENCY_KEY_REUSED'));
    if (this.stopped || this.queue.length >= QUEUE_MAX) return Promise.reject(new DomainError('BUSY'));
    const promise = new Promise<CommandAnswer>((resolve, reject) =>
      this.queue.push({ command, bodyHash, resolve, reject }),
    );
    this.open.set(command.reference, { bodyHash, promise });
    const close = (): void => void this.open.delete(command.reference);
    promise.then(close, close);
    if (this.queue.length >= this.wakeAt) this.wake();
    return promise;
  }

  private async load(): Promise<void> {
    const before = this.state;
    const { registry, store } = this.deps;
    const tables = await store.takeOver(MODULES.map(({ load }) => load));
    this.state = emptyState({ registry, epoch: tables.epoch });
    for (const { account, asset, amount } of tables.balances)
      this.state.books.load(account, asset, parseSigned(amount));
    for (const fill of tables.parts) fill(this.state, registry);
    for (const module of MODULES) module.keep?.(this.state, before);
    const faults = memoryFaults(this.state);
    if (faults.length > 0)
      this.deps.logger.error({ event: 'engine.invariant_broken', faults }, 'the memory does not agree with the books');
    this.batchNumber = tables.batch;
    this.lastEntry = tables.entry;
    this.answers.clear();
    this.deps.effects.recover(tables.effects);
    this.deps.logger.info(
      { epoch: tables.epoch, batch: tables.batch, accounts: tables.balances.length },
      'engine has taken over',
    );
  }

  private async loop(): Promise<void> {
    while (!(this.stopped && this.queue.length === 0)) {
      if (this.failed === undefined && this.queue.length === 0)
        await new Promise<void>((resolve) => (this.wake = resolve));
      if (this.failed !== undefined) {
        await this.restart();
        continue;
      }
      // Commands that arrive in the same turn of the event loop belong in the same batch.
      await new Promise((resolve) => setImmediate(resolve));
      const intake = this.queue.splice(0, this.careful > 0 ? 1 : BATCH_MAX);
      if (intake.length === 0) continue;
      const alone = this.careful > 0;
      if (alone) this.careful--;
      let batch = await this.applied(intake);
      if (!alone) batch = await this.toppedUp(batch, intake);
      await this.committing;
      if (this.failed !== undefined) {
        for (const pending of intake) pending.reject(new DomainError('UNKNOWN_OUTCOME'));
        await this.restart();
        continue;
      }
      if (batch) this.committing = this.commit(batch, intake, this.endBatch(batch));
      // One by one, each must be known before the next is tried.
      if (this.careful > 0) await this.settled();
    }
    await this.settled();
  }

  /**
   * While the batch before commits, what arrives joins this one, so many at a time: fewer, fuller commits, and nobody
   * waits longer.
   */
  private async toppedUp(batch: Batch | undefined, intake: Pending[]): Promise<Batch | undefined> {
    while (batch && this.isCommitting && intake.length < BATCH_MAX) {
      if (this.queue.length < TOP_UP) {
        this.wakeAt = TOP_UP;
        await Promise.race([this.committing, new Promise<void>((resolve) => (this.wake = resolve))]);
        this.wakeAt = 1;
      }
      if (!this.isCommitting || this.queue.length < TOP_UP) continue;
      const more = this.queue.splice(0, BATCH_MAX - intake.length);
      intake.push(...more);
      batch = await this.applied(more, batch);
    }
    return batch;
  }

  private async settled(): Promise<void> {
    await this.committing;
    if (this.failed !== undefined) await this.restart();
  }

  /** Applies what came in, in memory. Undefined when even looking up the references failed. */
  private async applied(intake: Pending[], begun?: Batch): Promise<Batch | undefined> {
    const unknown = intake.map(({ command }) => command.reference).filter((reference) => !this.answers.get(reference));
    try {
      const known = await this.deps.store.findCommands(unknown);
      const aside = this.careful > 0 ? await this.deps.store.findQuarantined(unknown) : new Set<string>();
      const batch = begun ?? new Batch(this.batchNumber + 1, this.lastEntry + 1, this.deps.clock.now());
      if (!begun) for (const module of MODULES) module.beginBatch?.(this.state);
      for (const pending of intake) this.applyOne(batch, pending, known.get(pending.command.reference), aside);
      this.lastEntry = batch.lastEntry;
      if (batch.size > 0) this.batchNumber = batch.number;
      return batch;
    } catch (error) {
      await this.committing;
      this.failed ??= error;
      return undefined;
    }
  }

  private applyOne(
    batch: Batch,
    pending: Pending,
    stored: { bodyHash: string; answer: CommandAnswer } | undefined,
    aside: Set<string>,
  ): void {
    const { command, bodyHash } = pending;
    const before = this.answers.get(command.reference) ?? stored;
    if (before) {
      if (before.bodyHash === bodyHash) batch.repeated(pending, before.answer);
      else batch.refused(pending, new DomainError('IDEMPOTENCY_KEY_REUSED'));
      return;
    }
    if (aside.has(command.reference)) return batch.refused(pending, new DomainError('QUARANTINED'));
    try {
      const outcome = apply(this.state, command, { now: batch.at, registry: this.deps.registry });
      if ('refused' in outcome) {
        this.shortage(outcome.refused);
        return batch.refused(pending, outcome.refused);
      }
      if (QUIET.has(command.kind) && outcome.done.isEmpty) return batch.repeated(pending, outcome.done.answer);
      batch.done(pending, outcome.done);
      this.answers.keep(command.reference, { bodyHash, answer: outcome.done.kept });
    } catch (error) {
      // A bug in one command: it changed nothing, and it must not stop the exchange.
      batch.refused(pending, new DomainError('QUARANTINED'));
      this.setAside(pending, error);
      if (error instanceof MemorySpoilt) throw error;
    }
  }

  private endBatch({ at }: Batch): (() => void)[] {
    return MODULES.flatMap((module) => module.endBatch?.(this.state, at) ?? []);
  }

  /** Never rejects: a failure is left in `failed` for the loop, which alone may restart. */
  private async commit(batch: Batch, intake: Pending[], show: readonly (() => void)[]): Promise<void> {
    try {
      this.isCommitting = true;
      if (batch.size > 0) await this.deps.store.commit(batch.write(this.state));
      this.isCommitting = false;
    } catch (error) {
      this.isCommitting = false;
      if (error instanceof Fenced) this.deps.onFenced();
      if (error instanceof BatchRefused && intake.length === 1 && intake[0]) this.setAside(intake[0], error);
      this.failed = error;
      for (const pending of batch.members) pending.reject(new DomainError('UNKNOWN_OUTCOME'));
      this.wake();
      return;
    }
    for (const publish of [...show, ...batch.whenDurable]) publish();
    for (const tell of batch.after) tell();
    for (const event of batch.events) this.deps.events.publish(event);
    this.deps.effects.run(batch.effects);
  }

  private setAside({ command, reject }: Pending, error: unknown): void {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const details = { reference: command.reference, error: text };
    this.deps.logger.error({ event: 'engine.command_quarantined', ...details }, 'a command was set aside');
    this.deps.events.publish({
      name: 'alert',
      code: 'QUARANTINED',
      message: 'A command failed by itself and was set aside.',
      details,
    });
    const row = {
      reference: command.reference,
      command: { ...command },
      error: text.slice(0, 1000),
      at: this.deps.clock.now(),
    };
    this.deps.store
      .quarantine(row)
      .catch((cause: unknown) =>
        this.deps.logger.error(
          { event: 'engine.quarantine_not_written', ...details, cause: String(cause) },
          'the quarantine row was not written',
        ),
      );
    reject(new DomainError('QUARANTINED'));
  }

  /** Crash-only: drops the memory and starts again from the tables, until that works. */
  private async restart(): Promise<void> {
    const cause = this.failed;
    if (cause instanceof Fenced) {
      // Another engine writes now. Coming back would start a fight over the tables; the process ends instead.
      this.stopped = true;
      this.failed = undefined;
      for (const pending of this.queue.splice(0)) pending.reject(new DomainError('UNKNOWN_OUTCOME'));
      return;
    }
    if (cause instanceof BatchRefused || cause instanceof MemorySpoilt) this.careful = CAREFUL_COMMANDS;
    this.deps.logger.error(
      { event: 'engine.batch_lost', error: String(cause), careful: this.careful },
      'a batch was lost: the engine starts again from the tables',
    );
    for (;;) {
      try {
        await this.load();
        this.failed = undefined;
        this.committing = Promise.resolve();
        return;
      } catch (error) {
        if (this.stopped) {
          for (const pending of this.queue.splice(0)) pending.reject(new DomainError('UNKNOWN_OUTCOME'));
          this.failed = undefined;
          return;
        }
        this.deps.logger.warn({ event: 'engine.tables_unread', error: String(error) }, 'the tables cannot be read yet');
        await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS));
      }
    }
  }
}
