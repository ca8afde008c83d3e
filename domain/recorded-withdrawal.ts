/** A withdrawal as the engine's own record has it, and what of its row differs from that. Pure. */
import type { Confirmation } from './contract/api/passkeys';
import { parseSigned } from './money/amount';

/** Amounts as decimal strings. */
export interface RecordedWithdrawal {
  readonly id: string;
  readonly userId: string;
  readonly asset: string;
  readonly network: string;
  readonly address: string;
  readonly memo: string | null;
  readonly amount: string;
  readonly fee: string;
  /** Payouts that failed before. */
  readonly attempt: number;
  readonly stage: 'REQUESTED' | 'APPROVED';
  readonly decidedBy: string | null;
  readonly createdAt: number;
  /** What its owner signed with a passkey; left out where they had none. */
  readonly confirmation?: Confirmation;
  /** False where the record itself is not what was written: nothing is paid by it. */
  readonly intact: boolean;
}

/** Of a payment: what it pays, and to whom. */
export type RecordedPayment = Pick<RecordedWithdrawal, 'asset' | 'network' | 'address' | 'memo' | 'amount'>;

type Row = {
  readonly [Name in keyof Omit<RecordedWithdrawal, 'stage' | 'intact' | 'confirmation'>]: RecordedWithdrawal[Name];
} & { readonly state: string };

const NEVER_CHANGE = ['userId', 'asset', 'network', 'address', 'memo', 'createdAt'] as const;
const AMOUNTS = ['amount', 'fee'] as const;

/** Columns of the row that are written once and are not what was asked for. */
export const changedForGood = (record: RecordedWithdrawal, row: Row): string[] => [
  ...NEVER_CHANGE.filter((name) => record[name] !== row[name]),
  ...AMOUNTS.filter((name) => parseSigned(record[name]) !== parseSigned(row[name])),
];

/**
 * All columns that are not what the record says; those that the engine moves on may differ for the moment of a commit.
 */
export const changedColumns = (record: RecordedWithdrawal, row: Row): string[] => [
  ...changedForGood(record, row),
  ...(record.attempt === row.attempt ? [] : ['attempt']),
  ...(record.decidedBy === row.decidedBy ? [] : ['decidedBy']),
  ...(record.stage === row.state ? [] : ['state']),
];

/** What of a payment differs from what is recorded, by name. */
export const changedPayment = (record: RecordedPayment, seen: RecordedPayment): string[] => [
  ...(['asset', 'network', 'address', 'memo'] as const).filter((name) => record[name] !== seen[name]),
  ...(parseSigned(record.amount) === parseSigned(seen.amount) ? [] : ['amount']),
];
