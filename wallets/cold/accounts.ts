/**
 * Cold storage where money is accounts: a list of addresses. Who holds their keys sends by their own means and says
 * which transaction it was.
 */
import type { ColdTransferRow } from '../../db/entities/cold';
import { formatAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { DomainError } from '../../domain/contract/errors';
import type { Network } from '../../domain/registry';
import { coldArrivalReference, coldCostReference } from '../../domain/references';
import type { Chain, ChainReceipt } from '../chains/chain';
import { reserveCost } from '../treasury/costs';
import { actionOf, coldPlace, newTransfer, notNow } from './storage';
import type { ColdDeps, NetworkCold } from './storage';

export interface AccountColdDeps extends ColdDeps {
  readonly chain: Pick<Chain, 'header' | 'receipt' | 'transfers'>;
  /** In their one spelling; the first one receives. */
  readonly addresses: readonly string[];
  readonly hotAddress: string;
}

const TXID = /^(?:0x)?([0-9a-f]{64})$/;
const NOT_THERE = 'NOT_IN_THE_CHAIN';

/** As the chain spells it: with 0x on networks of Ethereum's kind, without on TRON. */
function txidIn({ kind }: Network, text: string): string {
  const [, digits] = TXID.exec(text.trim().toLowerCase()) ?? [];
  if (digits === undefined) throw new DomainError('BAD_REQUEST', { txid: text });
  return kind === 'tron' ? digits : `0x${digits}`;
}

export function createAccountCold(deps: AccountColdDeps): NetworkCold {
  const { addresses, coldStore, network, clock } = deps;
  const lower = new Set(addresses.map((address) => address.toLowerCase()));
  // Blocks spell addresses without the checksum.
  const isOurs = (address: string): boolean => lower.has(address.toLowerCase());
  return {
    held: { kind: 'addresses', addresses },
    isOurs,
    receiving: async () => addresses[0] ?? '',
    plan: async (wish) => {
      const row = await newTransfer(deps, wish);
      await coldStore.add(row, actionOf(deps, 'cold.plan', wish.adminId, row, { why: wish.why }), []);
      return row;
    },
    gather: async (row) => {
      throw notNow(row);
    },
    announce: async (row, text, adminId) => {
      const txid = txidIn(network, text);
      // One that the chain does not have was mistyped, or never sent: another one takes its place.
      const from = row.state === 'SENDING' && row.reason === NOT_THERE ? row.state : 'WAITING_SIGNATURES';
      if (await coldStore.txidKnown(network.id, txid)) throw new DomainError('IDEMPOTENCY_KEY_REUSED', { txid });
      if (
        !(await coldStore.advance(
          { id: row.id, state: from },
          'announce',
          { txid, reason: null, updatedAt: clock.now() },
          actionOf(deps, 'cold.announce', adminId, row, { txid }),
        ))
      )
        throw notNow(row);
    },
    cancel: async (row, adminId) => {
      if (
        !(await coldStore.advance(
          { id: row.id },
          'cancel',
          { updatedAt: clock.now() },
          actionOf(deps, 'cold.cancel', adminId, row),
        ))
      )
        throw notNow(row);
    },
    round: async (head) => {
      for (const row of await coldStore.open(network.id))
        if (row.state === 'SENDING') await follow(deps, row, head, isOurs);
    },
  };
}

async function follow(
  deps: AccountColdDeps,
  row: ColdTransferRow,
  head: number,
  isOurs: (address: string) => boolean,
): Promise<void> {
  const { chain, network, coldStore, clock } = deps;
  const receipt = await chain.receipt(row.txid ?? '');
  if (!receipt && row.reason === null)
    return void (await coldStore.note({ id: row.id, state: 'SENDING' }, { reason: NOT_THERE, updatedAt: clock.now() }));
  if (!receipt || head - receipt.height + 1 < network.confirmations) return;
  const arrived = receipt.succeeded ? await arrivedBy(deps, row, receipt, isOurs) : 0n;
  if (arrived === 0n) {
    const reason = receipt.succeeded
      ? 'it moved nothing of this asset from cold storage to the hot wallet'
      : 'it was mined and failed';
    // Its id may be announced for another transfer, of another asset perhaps.
    return void (await coldStore.advance({ id: row.id }, 'fail', {
      txid: null,
      reason: `${row.txid}: ${reason}`,
      updatedAt: clock.now(),
    }));
  }
  await book(deps, row, arrived, receipt, isOurs);
}

/** What the chain says it moved, whatever was wished. */
async function arrivedBy(
  { chain, hotAddress }: AccountColdDeps,
  { txid, asset }: ColdTransferRow,
  { height }: ChainReceipt,
  isOurs: (address: string) => boolean,
): Promise<Units> {
  const moved = await chain.transfers(
    await chain.header(height),
    (address) => address.toLowerCase() === hotAddress.toLowerCase(),
  );
  return moved
    .filter((transfer) => transfer.txid === txid && transfer.asset === asset && isOurs(transfer.from))
    .reduce((sum, { amount }) => sum + amount, 0n);
}

async function book(
  { engine, network, coldStore, clock }: AccountColdDeps,
  row: ColdTransferRow,
  arrived: Units,
  receipt: ChainReceipt,
  isOurs: (address: string) => boolean,
): Promise<void> {
  const { id, asset, txid } = row;
  const from = coldPlace(network);
  // A contract wallet's gas is paid by whoever sent it: it is our cost only where a cold address paid.
  const fee = receipt.sender !== undefined && isOurs(receipt.sender) ? receipt.fee : 0n;
  const reservation = coldCostReference(id);
  if (fee > 0n && !(await reserveCost(engine, reservation, network.gasAsset, fee, 'from cold storage'))) {
    return void (await coldStore.note(
      { id, state: 'SENDING' },
      { reason: 'NEEDS_OPERATOR_FUNDS', updatedAt: clock.now() },
    ));
  }
  const cost = fee > 0n ? { cost: { reservation, asset: network.gasAsset, actual: formatAmount(fee), from } } : {};
  // By the transaction: whatever was announced twice is booked once.
  await engine.submit({
    kind: 'custody.move',
    reference: coldArrivalReference(network.id, txid ?? '', asset),
    asset,
    amount: formatAmount(arrived),
    from,
    to: `hot/${network.id}`,
    ...cost,
  });
  await coldStore.advance({ id }, 'finish', {
    amount: formatAmount(arrived),
    fee: formatAmount(fee),
    reason: null,
    updatedAt: clock.now(),
  });
}
