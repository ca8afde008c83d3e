/** Cold storage on a network of coins: a multisignature whose keys are elsewhere. PSBTs go out and come back signed. */
import type { UtxoRow } from '../../db/entities/utxos';
import type { ColdTransferRow } from '../../db/entities/cold';
import { COLD_BRANCH } from '../../db/stores/cold';
import { DomainError } from '../../domain/contract/errors';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import { coldCostReference, coldPlanReference } from '../../domain/references';
import type { BitcoinNetwork } from '../chains/bitcoin/addresses';
import { scriptOf } from '../chains/bitcoin/addresses';
import { buildColdPsbt, gatherSignatures, planCold } from '../chains/bitcoin/cold-psbt';
import type { ColdPlan } from '../chains/bitcoin/cold-psbt';
import { MULTISIG_ADDRESSES } from '../chains/bitcoin/multisig';
import type { Multisig } from '../chains/bitcoin/multisig';
import type { BitcoinNode } from '../chains/bitcoin/node';
import { PsbtRefused } from '../chains/bitcoin/psbt';
import { TransferRefused } from '../chains/chain';
import type { BlockHeader, ChainTransfer } from '../chains/chain';
import { newCoin } from '../utxo/own-addresses';
import { satoshiOf, unitsOf } from '../utxo/utxo-set';
import { releaseCost, reserveCost } from '../treasury/costs';
import { actionOf, coldPlace, newTransfer, notNow } from './storage';
import type { ColdDeps, NetworkCold } from './storage';

/** Addresses are watched so far beyond the newest one that was used. */
const AHEAD = 20;

export interface CoinColdDeps extends ColdDeps {
  readonly node: BitcoinNode;
  readonly parameters: BitcoinNetwork;
  readonly keys: Multisig;
  readonly hotAddress: string;
  /** Satoshi a thousand virtual bytes, now. */
  readonly rate: () => Promise<bigint>;
}

export interface CoinCold extends NetworkCold {
  /** Called after the chain's head was read. */
  refresh(): Promise<void>;
  coinsIn(header: BlockHeader, transfers: readonly ChainTransfer[]): UtxoRow[];
}

export function createCoinCold(deps: CoinColdDeps): CoinCold {
  const { network, keys, coldStore } = deps;
  const children = new Map<string, number>();
  const upTo = (index: number): void => {
    for (let next = children.size; next <= index && next < MULTISIG_ADDRESSES; next++)
      children.set(keys.at(next).address, next);
  };
  upTo(AHEAD);
  return {
    held: { kind: 'multisig', required: keys.required, total: keys.total },
    isOurs: (address) => children.has(address),
    refresh: async () => upTo((await coldStore.issued(network.id)) + AHEAD),
    coinsIn: (header, transfers) =>
      transfers.flatMap((transfer) => {
        const child = children.get(transfer.to);
        return child === undefined ? [] : [newCoin(network.id, header, transfer, COLD_BRANCH, child)];
      }),
    receiving: async () => keys.at(await nextIndex(deps)).address,
    plan: async (wish) => {
      const row = await newTransfer(deps, wish);
      const plan = await planned(deps, row);
      const psbt = await exported(deps, plan);
      const fee = unitsOf(plan.fee);
      if (!(await reserveCost(deps.engine, coldCostReference(row.id), row.asset, fee, 'from cold storage')))
        throw new DomainError('NEEDS_OPERATOR_FUNDS', { asset: row.asset, needed: formatAmount(fee) });
      const full = { ...row, fee: formatAmount(fee), psbt };
      await coldStore.add(full, actionOf(deps, 'cold.plan', wish.adminId, full, { why: wish.why }), plan.inputs);
      return full;
    },
    gather: (row, psbt, adminId) => gather(deps, row, psbt, adminId),
    announce: async (row) => {
      throw notNow(row);
    },
    cancel: async (row, adminId) => {
      const now = deps.clock.now();
      if (
        !(await coldStore.advance(
          { id: row.id },
          'cancel',
          { updatedAt: now },
          actionOf(deps, 'cold.cancel', adminId, row),
        ))
      )
        throw notNow(row);
      await releaseCost(deps.engine, coldCostReference(row.id), row.asset, coldPlace(network), 'from cold storage');
    },
    round: async (head) => {
      for (const row of await coldStore.open(network.id)) if (row.state === 'SENDING') await follow(deps, row, head);
    },
  };
}

const nextIndex = async ({ coldStore, network }: CoinColdDeps): Promise<number> =>
  (await coldStore.issued(network.id)) % MULTISIG_ADDRESSES;

async function planned(deps: CoinColdDeps, { asset, amount, network }: ColdTransferRow): Promise<ColdPlan> {
  const coins = (await deps.coldStore.coins(network)).map(({ txid, index, amount: value, child }) => ({
    txid,
    index,
    value: satoshiOf(parseAmount(value)),
    child,
  }));
  const script = scriptOf(deps.hotAddress, deps.parameters) ?? new Uint8Array();
  try {
    return planCold(coins, { script, value: satoshiOf(parseAmount(amount)) }, await deps.rate(), deps.keys);
  } catch (error) {
    if (error instanceof TransferRefused) throw new DomainError('INSUFFICIENT_FUNDS', { asset, reason: error.message });
    throw error;
  }
}

async function exported(deps: CoinColdDeps, plan: ColdPlan): Promise<string> {
  const { node, keys, parameters } = deps;
  const raw = new Map<string, string>();
  for (const { txid } of plan.inputs) raw.set(txid, await node.transaction(txid));
  return buildColdPsbt(plan, keys, parameters, await nextIndex(deps), (txid) => raw.get(txid) ?? '');
}

async function gather(deps: CoinColdDeps, row: ColdTransferRow, psbt: string, adminId: string): Promise<void> {
  if (row.state !== 'WAITING_SIGNATURES' || row.psbt === null) throw notNow(row);
  const gathered = gathering(deps, row.psbt, psbt);
  const { signatures, signed } = gathered;
  // The signed bytes are stored before anybody else sees them; only they are ever sent.
  const set = { psbt: gathered.psbt, signatures, updatedAt: deps.clock.now(), ...signed };
  const which = { id: row.id, state: 'WAITING_SIGNATURES' as const };
  const action = actionOf(deps, 'cold.sign', adminId, row, { signatures, txid: signed?.txid ?? null });
  const done = signed
    ? await deps.coldStore.advance(which, 'announce', set, action)
    : await deps.coldStore.note(which, set, action);
  if (!done) throw notNow(row);
}

function gathering(
  { keys, parameters }: CoinColdDeps,
  ours: string,
  theirs: string,
): ReturnType<typeof gatherSignatures> {
  try {
    return gatherSignatures(ours, theirs, keys, parameters);
  } catch (error) {
    if (error instanceof PsbtRefused) throw new DomainError('BAD_PSBT', { reason: error.message });
    throw error;
  }
}

async function follow(
  { node, network, coldStore, engine, clock }: CoinColdDeps,
  row: ColdTransferRow,
  head: number,
): Promise<void> {
  const { id, txid, rawTransaction, asset, amount, fee } = row;
  if (txid === null || rawTransaction === null) return;
  const place = await node.confirmedIn(txid);
  if (!place) {
    const sent = await node.broadcast(rawTransaction);
    const reason = sent.taken ? null : sent.reason;
    if (reason !== row.reason) await coldStore.note({ id, state: 'SENDING' }, { reason, updatedAt: clock.now() });
    return;
  }
  if (head - place.height + 1 < network.confirmations) return;
  const from = coldPlace(network);
  const cost = { reservation: coldCostReference(id), asset, actual: formatAmount(parseAmount(fee)), from };
  await engine.submit({
    kind: 'custody.move',
    reference: coldPlanReference(id),
    asset,
    amount: formatAmount(parseAmount(amount)),
    from,
    to: `hot/${network.id}`,
    cost,
  });
  await coldStore.advance({ id }, 'finish', { reason: null, updatedAt: clock.now() });
}
