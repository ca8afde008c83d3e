import { EntitySchema } from 'typeorm';
import { big, flag, int, json, money, nullable, primary, text } from './columns';

/** The fence: one row, id 1. Whoever holds the newest epoch writes; each batch moves `batch` by one. */
export interface EngineRow {
  id: number;
  epoch: number;
  batch: number;
  /** Last journal entry. */
  entry: number;
}
export const EngineEntity = new EntitySchema<EngineRow>({
  name: 'engine',
  columns: { id: primary(int()), epoch: big(), batch: big(), entry: big() },
});

/** A command that was carried out: its body's hash and its answer, for whoever sends the reference again. */
export interface CommandRow {
  reference: string;
  kind: string;
  bodyHash: string;
  answer: Record<string, string | number | boolean | null>;
  batch: number;
  at: number;
}
export const CommandEntity = new EntitySchema<CommandRow>({
  name: 'commands',
  columns: {
    reference: primary(text()),
    kind: text('kind', 40),
    bodyHash: text('body_hash', 64),
    answer: json(),
    batch: big(),
    at: big(),
  },
});

/** A command that fails by itself and was set aside with an alert. */
export interface QuarantineRow {
  reference: string;
  command: Record<string, unknown>;
  error: string;
  at: number;
}
export const QuarantineEntity = new EntitySchema<QuarantineRow>({
  name: 'quarantine',
  columns: { reference: primary(text()), command: json(), error: text('error', 1000), at: big() },
});

export interface EntryRow {
  id: number;
  reference: string;
  reason: string;
  batch: number;
  at: number;
}
export const EntryEntity = new EntitySchema<EntryRow>({
  name: 'journal_entries',
  columns: { id: primary(big()), reference: text(), reason: text('reason', 40), batch: big(), at: big() },
});

export interface PostingRow {
  entryId: number;
  line: number;
  account: string;
  asset: string;
  amount: string;
}
export const PostingEntity = new EntitySchema<PostingRow>({
  name: 'postings',
  columns: {
    entryId: primary(big('entry_id')),
    line: primary(int()),
    account: text('account', 100),
    asset: text('asset', 20),
    amount: money(),
  },
});

export interface BalanceRow {
  account: string;
  asset: string;
  amount: string;
}
export const BalanceEntity = new EntitySchema<BalanceRow>({
  name: 'balances',
  columns: { account: primary(text('account', 100)), asset: primary(text('asset', 20)), amount: money() },
});

/** Something to do after a commit (send an order, a mail). Done at least once; each handler is idempotent. */
export interface OutboxRow {
  id: string;
  kind: string;
  payload: Record<string, unknown>;
  at: number;
  done: boolean;
}
export const OutboxEntity = new EntitySchema<OutboxRow>({
  name: 'outbox',
  columns: { id: primary(text('id', 64)), kind: text('kind', 40), payload: json(), at: big(), done: flag() },
});

/** A cost reserved from the operator's position; open until settled. */
export interface CostRow {
  reference: string;
  asset: string;
  amount: string;
  purpose: string;
  settled: boolean;
  actual: string | null;
  at: number;
}
export const CostEntity = new EntitySchema<CostRow>({
  name: 'costs',
  columns: {
    reference: primary(text()),
    asset: text('asset', 20),
    amount: money(),
    purpose: text('purpose', 100),
    settled: flag(),
    actual: nullable(money()),
    at: big(),
  },
});
