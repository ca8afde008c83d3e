import { EntitySchema } from 'typeorm';
import type { StakeState } from '../../domain/lifecycle/transfers';
import { big, id, money, nullable, text } from './columns';

/**
 * A wish of an operator: TRX of the hot wallet becomes stake, or stake becomes TRX again, which takes fourteen days.
 */
export interface StakeRow {
  id: string;
  network: string;
  kind: 'stake' | 'unstake';
  resource: 'ENERGY' | 'BANDWIDTH';
  asset: string;
  amount: string;
  /** UNSTAKING: mined, and had at `readyAt`. */
  state: StakeState;
  why: string;
  adminId: string;
  txid: string | null;
  readyAt: number | null;
  /** What it waits for, or why it failed. */
  reason: string | null;
  createdAt: number;
  updatedAt: number;
}
export const StakeEntity = new EntitySchema<StakeRow>({
  name: 'stakes',
  columns: {
    id: id(),
    network: text('network', 64),
    kind: text('kind', 20),
    resource: text('resource', 20),
    asset: text('asset', 20),
    amount: money(),
    state: text('state', 30),
    why: text('why', 500),
    adminId: text('admin_id', 64),
    txid: nullable(text('txid', 100)),
    readyAt: nullable(big('ready_at')),
    reason: nullable(text('reason', 500)),
    createdAt: big('created_at'),
    updatedAt: big('updated_at'),
  },
});
