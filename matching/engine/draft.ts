import type { OutboxRow } from '../../db/entities/ledger';
import type { RowChange } from '../../db/stores/rows';
import type { CommandAnswer } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import type { DomainEvent } from '../../domain/contract/events';
import type { Registry } from '../../domain/registry';
import { formatAmount } from '../../domain/money/amount';
import { userOf } from '../../ledger/accounts';
import { check } from '../../ledger/post';
import type { Books, Entry, Posting } from '../../ledger/post';

/** What every command may see: the books. Modules add their own parts. */
export interface CoreState {
  readonly books: Books;
}

/** What surrounds a command: the batch's time and the listing. */
export interface Context {
  readonly now: number;
  readonly registry: Registry;
}

/**
 * What one command changes, gathered while it is applied. Postings reach the books at once, so that a later entry of
 * the same command sees them; `undo` takes everything back when the command is refused half way.
 */
export class Draft<State extends CoreState = CoreState> {
  readonly entries: Entry[] = [];
  readonly rows: RowChange[] = [];
  readonly effects: OutboxRow[] = [];
  readonly events: DomainEvent[] = [];
  answer: CommandAnswer = {};
  /** To be done once this is durable, before anybody is answered. */
  readonly whenDurable: (() => void)[] = [];
  /** What is stored for the same reference asked again, where that is less than the answer. */
  short: CommandAnswer | undefined;
  /**
   * A book was moved: what happens from now on cannot be undone in memory, and a fault means starting again from the
   * tables.
   */
  irrevocable = false;
  private readonly undoing: (() => void)[] = [];

  constructor(readonly state: State) {}

  /** Posts an entry; throws DomainError when the ledger refuses it. */
  post(reference: string, reason: string, postings: readonly Posting[]): void {
    const refusal = check(this.state.books, postings);
    if (refusal?.code === 'INSUFFICIENT_FUNDS') {
      throw new DomainError('INSUFFICIENT_FUNDS', { asset: refusal.asset, missing: formatAmount(refusal.missing) });
    }
    if (refusal?.code === 'NEEDS_OPERATOR_FUNDS') {
      throw new DomainError('NEEDS_OPERATOR_FUNDS', { asset: refusal.asset, missing: formatAmount(refusal.missing) });
    }
    if (refusal) throw new Error(`${reason} ${reference}: ${refusal.code} ${refusal.asset}`);
    this.enter({ reference, reason, postings });
  }

  /**
   * Posts what has already happened outside (a trade at the venue, gas that was burnt). It cannot be refused for lack
   * of operator's funds: it is booked, and an alert asks the operator to cover it.
   */
  postFact(reference: string, reason: string, postings: readonly Posting[]): void {
    const refusal = check(this.state.books, postings);
    if (refusal && refusal.code !== 'NEEDS_OPERATOR_FUNDS')
      throw new Error(`${reason} ${reference}: ${refusal.code} ${refusal.asset}`);
    if (refusal) {
      const details = { reference, asset: refusal.asset, missing: formatAmount(refusal.missing) };
      this.events.push({
        name: 'alert',
        code: 'NEEDS_OPERATOR_FUNDS',
        message: 'A cost was paid that the operator has not covered yet.',
        details,
      });
    }
    this.enter({ reference, reason, postings });
  }

  private enter(entry: Entry): void {
    this.entries.push(entry);
    for (const posting of entry.postings) {
      this.state.books.add(posting);
      const userId = userOf(posting.account);
      if (
        userId &&
        !this.events.some(
          (event) => event.name === 'balance.changed' && event.userId === userId && event.asset === posting.asset,
        )
      ) {
        this.events.push({ name: 'balance.changed', userId, asset: posting.asset });
      }
    }
  }

  /** Changes something of the memory besides the books, with the way back. */
  remember<K, V>(map: Map<K, V>, key: K, value: V): void {
    const before = map.get(key);
    const had = map.has(key);
    map.set(key, value);
    this.undoing.push(() => (had ? map.set(key, before as V) : map.delete(key)));
  }

  forget<K, V>(map: Map<K, V>, key: K): void {
    const before = map.get(key);
    if (!map.delete(key)) return;
    this.undoing.push(() => map.set(key, before as V));
  }

  get kept(): CommandAnswer {
    return this.short ?? this.answer;
  }

  /** Nothing was changed that would have to be written. */
  get isEmpty(): boolean {
    return this.entries.length === 0 && this.rows.length === 0 && this.effects.length === 0;
  }

  undo(): void {
    for (const step of this.undoing.reverse()) step();
    this.undoing.length = 0;
    for (const { postings } of this.entries)
      for (const { account, asset, amount } of postings) this.state.books.add({ account, asset, amount: -amount });
    this.entries.length = 0;
  }
}
