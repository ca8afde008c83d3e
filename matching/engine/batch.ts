import { hash } from 'node:crypto';
import type { OutboxRow } from '../../db/entities/ledger';
import type { BatchWrite } from '../../db/stores/engine';
import type { RowChange } from '../../db/stores/rows';
import type { Command, CommandAnswer } from '../../domain/contract/commands';
import type { DomainError } from '../../domain/contract/errors';
import type { DomainEvent } from '../../domain/contract/events';
import type { Units } from '../../domain/money/amount';
import type { CoreState, Draft } from './draft';

/** A command on its way, with the caller who waits. */
export interface Pending {
  readonly command: Command;
  readonly bodyHash: string;
  readonly resolve: (answer: CommandAnswer) => void;
  readonly reject: (error: DomainError) => void;
}

/** Hash of a command's body: the same reference must always carry the same one. Key order does not matter. */
export function hashBody(command: Command): string {
  return hash('sha256', canonicalObject(command, 'reference'), 'hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  return canonicalObject(value, undefined);
}

function canonicalObject(value: object, leftOut: string | undefined): string {
  let text = '';
  for (const name of Object.keys(value).sort()) {
    const field = (value as Record<string, unknown>)[name];
    if (field === undefined || name === leftOut) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonical(field)}`;
  }
  return `{${text}}`;
}

/** What one transaction will hold, and who is told what once it is durable. */
export class Batch {
  private readonly commands: { pending: Pending; draft: Draft }[] = [];
  /** Callers who are told after the commit, whatever it holds: refusals may rest on what this batch did. */
  readonly after: (() => void)[] = [];
  readonly members: Pending[] = [];

  constructor(
    readonly number: number,
    private readonly firstEntry: number,
    readonly at: number,
  ) {}

  done(pending: Pending, draft: Draft): void {
    this.members.push(pending);
    this.commands.push({ pending, draft });
    this.after.push(() => pending.resolve(draft.answer));
  }

  refused(pending: Pending, error: DomainError): void {
    this.members.push(pending);
    this.after.push(() => pending.reject(error));
  }

  /** An answer that was given before. */
  repeated(pending: Pending, answer: CommandAnswer): void {
    this.members.push(pending);
    this.after.push(() => pending.resolve(answer));
  }

  get size(): number {
    return this.commands.length;
  }

  /** What the commands asked to be done once they are durable. */
  get whenDurable(): (() => void)[] {
    return this.commands.flatMap(({ draft }) => draft.whenDurable);
  }

  get events(): DomainEvent[] {
    return this.commands.flatMap(({ draft }) => draft.events);
  }

  get effects(): OutboxRow[] {
    return this.commands.flatMap(({ draft }) => draft.effects);
  }

  get lastEntry(): number {
    return this.firstEntry - 1 + this.commands.reduce((sum, { draft }) => sum + draft.entries.length, 0);
  }

  /** What the store writes. Balances are read from the books now, right after the last command of the batch. */
  write(state: CoreState): BatchWrite {
    const touched = new Map<string, { account: string; asset: string; amount: Units }>();
    let id = this.firstEntry;
    const entries = this.commands.flatMap(({ draft }) => draft.entries.map((entry) => ({ id: id++, entry })));
    for (const { entry } of entries) {
      for (const { account, asset } of entry.postings)
        touched.set(`${account}|${asset}`, { account, asset, amount: state.books.balance(account, asset) });
    }
    const rows: RowChange[] = this.commands.flatMap(({ draft }) => draft.rows);
    const commands = this.commands.map(({ pending, draft }) => ({
      reference: pending.command.reference,
      kind: pending.command.kind,
      bodyHash: pending.bodyHash,
      answer: draft.kept,
      batch: this.number,
      at: this.at,
    }));
    return {
      batch: this.number,
      at: this.at,
      commands,
      entries,
      lastEntry: this.lastEntry,
      balances: [...touched.values()],
      rows,
      effects: this.effects,
    };
  }
}
