/**
 * What a part of the exchange is to the engine: its commands, its part of memory, its tables, and what must be true of
 * them.
 */
import type { z } from 'zod';
import type { Snapshot } from '../../db/stores/modules/table-reader';
import type { Clock } from '../../domain/clock-and-ids';
import type { CommandAnswer, CommandKind, Command, CommandOf, Sender } from '../../domain/contract/commands';
import type { EventBus, Logger } from '../../domain/contract/ports';
import type { Registry } from '../../domain/registry';
import type { EngineStore } from '../../db/stores/engine';
import type { AccountSum } from '../../ledger/audit';
import type { Context, CoreState, Draft } from './draft';

/**
 * Applies one command in memory. Throws DomainError to refuse it: then nothing has changed. Pure but for the draft: no
 * clock, no I/O.
 */
export type Apply<State extends CoreState, Kind extends CommandKind> = (
  draft: Draft<State>,
  command: CommandOf<Kind>,
  reference: string,
  context: Context,
) => void;

export interface Handler<State extends CoreState, Kind extends CommandKind> {
  readonly who: Sender;
  readonly schema: z.ZodType;
  readonly apply: Apply<State, Kind>;
}
export type Handlers<State extends CoreState> = { readonly [Kind in CommandKind]?: Handler<State, Kind> };

/** Joins the rules of a file of domain/commands with the functions that carry them out. */
export function handlers<State extends CoreState, Kind extends CommandKind>(
  rules: { readonly [K in Kind]: { readonly who: Sender; readonly schema: z.ZodType } },
  applies: { readonly [K in Kind]: Apply<State, K> },
): Handlers<State> {
  return Object.fromEntries(
    (Object.keys(rules) as Kind[]).map((kind) => [kind, { ...rules[kind], apply: applies[kind] }]),
  ) as Handlers<State>;
}

export interface MemorySetting {
  /** Left out in tests of modules that need no listing. */
  readonly registry?: Registry | undefined;
  /** The life of this engine; no two have the same. */
  readonly epoch: number;
}

/** What a module needs of the engine besides commands: for what it offers to others (`EngineControl`). */
export interface EngineHost<State> {
  /** The memory as it is now: it may be a batch ahead of the tables, and another object after a restart. */
  state(): State;
  submit(command: Command): Promise<CommandAnswer>;
  readonly store: EngineStore;
  readonly clock: Clock;
  readonly events: EventBus;
  readonly logger: Logger;
}

/** `State`: its own part of memory, and what it expects of others. */
export interface EngineModule<State extends CoreState, Part extends object = object> {
  readonly name: string;
  readonly commands: Handlers<State>;
  /** Its part of an empty memory. */
  readonly memory: (setting: MemorySetting) => Part;
  /**
   * Reads its tables; the function that is returned fills the memory, after those of the modules before it in the
   * list.
   */
  readonly load: (snapshot: Snapshot) => Promise<(state: State, registry: Registry) => void>;
  /** Keeps of the memory before a restart what is not in the tables and no less true than before. */
  readonly keep?: (state: State, before: State) => void;
  /** What its open business holds and has in suspense, by account; the books must say the same. */
  readonly holds: (state: State) => AccountSum[];
  /** What is wrong in its part of memory, in plain sentences. */
  readonly invariants: (state: State) => string[];
  /** Runs at the end of every command, in the same entry of the journal. */
  readonly afterCommand?: (draft: Draft<State>, reference: string) => void;
  /** A command of these kinds that changed nothing is not written down. */
  readonly quiet?: readonly CommandKind[];
  /** A batch is about to be applied. */
  readonly beginBatch?: (state: State) => void;
  /** The batch is applied. Returns what shows its outcome to others once it is durable. */
  readonly endBatch?: (state: State, at: number) => () => void;
}
