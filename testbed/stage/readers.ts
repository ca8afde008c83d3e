/** Readers of one network for scenarios that have no venue and no whole exchange. */
import type { DataSource } from 'typeorm';
import { createChainStore } from '../../db/stores/chain';
import { createUtxoStore } from '../../db/stores/utxos';
import type { VenueCapital } from '../../domain/contract/ports';
import type { Network } from '../../domain/registry';
import type { PlaceResult } from '../../ledger/audit';
import { compare } from '../../solvency/audit';
import type { BitcoinNode } from '../../wallets/chains/bitcoin/node';
import { utxoCustody } from '../../wallets/custody/utxo';

const nothingThere: Pick<VenueCapital, 'withdrawal'> = { withdrawal: async () => null };

/** The places of a Bitcoin as the audit sees them now. */
export async function bitcoinPlaces(
  dataSource: DataSource,
  network: Network | undefined,
  node: BitcoinNode,
  capital: Pick<VenueCapital, 'withdrawal'> = nothingThere,
): Promise<PlaceResult[]> {
  if (!network) throw new Error('no network');
  const reader = utxoCustody({
    network,
    node,
    account: () => Promise.reject(new Error('not asked for')),
    utxoStore: createUtxoStore(dataSource),
    chainStore: createChainStore(dataSource),
    capital,
  });
  const { places } = await compare(dataSource, [reader]);
  return places.filter(({ place }) => place.endsWith(`/${network.id}`));
}
