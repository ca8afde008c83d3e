/** Cold storage of all networks, as the rest of the house asks for it. */
import type { ColdTransferRow } from '../../db/entities/cold';
import type { ColdStore } from '../../db/stores/cold';
import type { TreasuryStore } from '../../db/stores/treasury';
import type { Clock } from '../../domain/clock-and-ids';
import type { ColdView } from '../../domain/contract/api/cold';
import { DomainError } from '../../domain/contract/errors';
import type { ColdStorage, Engine } from '../../domain/contract/ports';
import { formatAmount, parseAmount, parseSigned } from '../../domain/money/amount';
import type { Network, Rail } from '../../domain/registry';
import { coldPlace } from './storage';
import type { NetworkCold } from './storage';

interface Deps {
  readonly coldStore: ColdStore;
  readonly treasuryStore: TreasuryStore;
  readonly engine: Engine;
  readonly clock: Clock;
}

export interface ColdNetwork {
  readonly network: Network;
  readonly rails: readonly Rail[];
  readonly cold?: NetworkCold | undefined;
}

/** What the venue did not give within this is fetched from cold storage, by advice. */
const ADVISED_AFTER_MS = 60_000;
const SHOWN = 50;

/** `networks`: those that are open now. `closed`: is it listed, and not open? */
export function createColdStorage(
  deps: Deps,
  networks: () => readonly ColdNetwork[],
  closed: (network: string) => boolean,
): ColdStorage {
  const { coldStore } = deps;
  const coldOf = (network: string): NetworkCold => {
    const cold = networks().find((one) => one.network.id === network)?.cold;
    if (!cold) throw new DomainError(closed(network) ? 'ASSET_PAUSED' : 'UNKNOWN_NETWORK', { network });
    return cold;
  };
  const withRow = async (
    id: string,
    work: (cold: NetworkCold, row: ColdTransferRow) => Promise<void>,
  ): Promise<void> => {
    const row = await coldStore.find(id);
    if (!row) throw new DomainError('NOT_FOUND');
    await work(coldOf(row.network), row);
  };
  return {
    view: async () => ({
      places: (await Promise.all(networks().map((one) => placeOf(deps, one)))).flat(),
      transfers: (await coldStore.newest(SHOWN)).map(shown),
    }),
    plan: async (wish) => ({ id: (await coldOf(wish.network).plan(wish)).id }),
    gather: (id, psbt, adminId) => withRow(id, (cold, row) => cold.gather(row, psbt, adminId)),
    announce: (id, txid, adminId) => withRow(id, (cold, row) => cold.announce(row, txid, adminId)),
    cancel: (id, adminId) => withRow(id, (cold, row) => cold.cancel(row, adminId)),
  };
}

async function placeOf(
  { engine, treasuryStore, clock }: Deps,
  { network, rails, cold }: ColdNetwork,
): Promise<ColdView['places']> {
  if (!cold) return [];
  const custody = await engine.custody();
  const late = (await treasuryStore.openTransfers(network.id)).filter(
    ({ direction, state, createdAt }) =>
      direction === 'pull-back' && state === 'RESERVED' && createdAt < clock.now() - ADVISED_AFTER_MS,
  );
  const assets = rails.map(({ asset }) => {
    const booked = parseSigned(
      custody.find((row) => row.place === coldPlace(network) && row.asset === asset)?.amount ?? '0',
    );
    const missing = late
      .filter((transfer) => transfer.asset === asset)
      .reduce((sum, { amount, fee }) => sum + parseAmount(amount) - parseAmount(fee), 0n);
    const advised = missing < booked ? missing : booked;
    return { asset, booked: formatAmount(booked), advised: advised > 0n ? formatAmount(advised) : null };
  });
  const held =
    cold.held.kind === 'addresses' ? { kind: cold.held.kind, addresses: [...cold.held.addresses] } : cold.held;
  return [{ network: network.id, held, receiving: await cold.receiving(), assets }];
}

const shown = (row: ColdTransferRow): ColdView['transfers'][number] => {
  const { id, network, asset, amount, fee, state, why, psbt, signatures, txid, reason, createdAt, updatedAt } = row;
  return {
    id,
    network,
    asset,
    amount: formatAmount(parseAmount(amount)),
    fee: formatAmount(parseAmount(fee)),
    state,
    why,
    psbt: state === 'WAITING_SIGNATURES' ? psbt : null,
    signatures,
    txid,
    reason,
    createdAt,
    updatedAt,
  };
};
