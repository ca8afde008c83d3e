import type { AdminAuditRow } from '../../db/entities/accounts';
import type { ColdTransferRow } from '../../db/entities/cold';
import type { ColdStore } from '../../db/stores/cold';
import type { TreasuryStore } from '../../db/stores/treasury';
import type { Clock, Ids } from '../../domain/clock-and-ids';
import { DomainError } from '../../domain/contract/errors';
import type { ColdPlan, Engine, EventBus } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Network, Rail } from '../../domain/registry';

export interface ColdDeps {
  readonly network: Network;
  readonly rails: readonly Rail[];
  readonly coldStore: ColdStore;
  readonly store: TreasuryStore;
  readonly engine: Engine;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Cold storage of one network. */
export interface NetworkCold {
  /** How it is held, for people: a list of addresses, or so many signatures of so many keys. */
  readonly held:
    | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
    | { readonly kind: 'multisig'; readonly required: number; readonly total: number };
  isOurs(address: string): boolean;
  /** Where the next coins go. */
  receiving(): Promise<string>;
  plan(wish: ColdPlan): Promise<ColdTransferRow>;
  /** What came back from a holder of keys. */
  gather(row: ColdTransferRow, psbt: string, adminId: string): Promise<void>;
  /** The transaction that a holder of keys has sent by other means. */
  announce(row: ColdTransferRow, txid: string, adminId: string): Promise<void>;
  cancel(row: ColdTransferRow, adminId: string): Promise<void>;
  /** Takes what is signed or announced further. */
  round(head: number): Promise<void>;
}

export const coldPlace = (network: Network): `cold/${string}` => `cold/${network.id}`;

/** Checks a wish against what lies there, and writes it down as a row. */
export async function newTransfer(
  { network, rails, engine, ids, clock }: ColdDeps,
  { asset, amount, why, adminId }: ColdPlan,
): Promise<ColdTransferRow> {
  if (!rails.some((rail) => rail.asset === asset))
    throw new DomainError('UNKNOWN_ASSET', { asset, network: network.id });
  const wanted = parseAmount(amount);
  if (wanted <= 0n) throw new DomainError('BAD_AMOUNT', { amount });
  if (wanted > (await bookedCold(engine, network, asset)))
    throw new DomainError('INSUFFICIENT_FUNDS', { place: coldPlace(network), asset });
  const now = clock.now();
  const id = `cs${ids.next()}`;
  return {
    id,
    network: network.id,
    asset,
    amount: formatAmount(wanted),
    fee: '0',
    state: 'WAITING_SIGNATURES',
    why,
    adminId,
    psbt: null,
    signatures: 0,
    rawTransaction: null,
    txid: null,
    reason: null,
    createdAt: now,
    updatedAt: now,
  };
}

export async function bookedCold(engine: Engine, network: Network, asset: string): Promise<Units> {
  const row = (await engine.custody()).find(
    (candidate) => candidate.place === coldPlace(network) && candidate.asset === asset,
  );
  return row && !row.amount.startsWith('-') ? parseAmount(row.amount) : 0n;
}

export const actionOf = (
  { ids, clock }: ColdDeps,
  action: string,
  adminId: string,
  row: ColdTransferRow,
  details: Record<string, unknown> = {},
): AdminAuditRow => ({
  id: ids.next(),
  adminId,
  action,
  subject: row.id,
  details: { network: row.network, asset: row.asset, amount: row.amount, ...details },
  at: clock.now(),
});

export const notNow = (row: ColdTransferRow): DomainError =>
  new DomainError('COLD_TRANSFER_STATE', { id: row.id, state: row.state });
