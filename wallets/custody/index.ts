/**
 * Readers of what lies on each network: for the audit, the reconciliation and the proof. One line a kind of network.
 */
import type { DataSource } from 'typeorm';
import { createChainStore } from '../../db/stores/chain';
import { createUtxoStore } from '../../db/stores/utxos';
import type { CustodyReader } from '../../domain/contract/custody';
import type { Signer, VenueCapital } from '../../domain/contract/ports';
import type { Network, Registry } from '../../domain/registry';
import { anyNode } from '../chains/any-node';
import { accountOf } from '../chains/bitcoin/addresses';
import { createBitcoinNode } from '../chains/bitcoin/node';
import type { Chain } from '../chains/chain';
import { coldKeys, coldList } from '../chains/cold-places';
import { createEvmChain } from '../chains/evm';
import { createTronChain } from '../chains/tron';
import type { NetworkConfig } from '../networks/settings';
import { accountCustody } from './account-based';
import { utxoCustody } from './utxo';

export interface CustodyDeps {
  readonly dataSource: DataSource;
  readonly registry: Registry;
  readonly signer: Signer;
  readonly capital: Pick<VenueCapital, 'withdrawal'>;
}

type Open = (deps: CustodyDeps, network: Network, settings: NetworkConfig) => CustodyReader;

const NO_NODE: NetworkConfig = { rpcUrls: [], traces: false, pollMs: 1000, gasReserve: '0' };

const READERS: Readonly<Record<Network['kind'], Open>> = {
  evm: (deps, network, { rpcUrls, headers = {}, cold }) => {
    const rails = deps.registry.rails.filter((rail) => rail.network === network.id);
    const open = (rpcUrl: string): Chain => createEvmChain(network, rails, { rpcUrl, headers, traces: false });
    return ofAccounts(deps, network, anyNode(network, rpcUrls, open), cold);
  },
  tron: (deps, network, { rpcUrls, headers = {}, tron = 'main', cold }) => {
    const rails = deps.registry.rails.filter((rail) => rail.network === network.id);
    const open = (rpcUrl: string): Chain => createTronChain(network, rails, { rpcUrl, headers, tron });
    return ofAccounts(deps, network, anyNode(network, rpcUrls, open), cold);
  },
  bitcoin: ({ dataSource, signer, capital }, network, { rpcUrls, headers = {}, bitcoin = 'mainnet', cold }) =>
    utxoCustody({
      network,
      node: anyNode(network, rpcUrls, (rpcUrl) =>
        createBitcoinNode({ rpcUrl, headers, network: bitcoin, asset: network.gasAsset }),
      ),
      account: async () => accountOf((await signer.identity(network.id)).depositXpub, bitcoin),
      ...(cold && { cold: coldKeys(network.id, cold, bitcoin) }),
      utxoStore: createUtxoStore(dataSource),
      chainStore: createChainStore(dataSource),
      capital,
    }),
};

function ofAccounts(
  { registry, signer, capital }: CustodyDeps,
  network: Network,
  chain: Chain,
  cold: NetworkConfig['cold'],
): CustodyReader {
  return accountCustody({
    network,
    rails: registry.rails.filter((rail) => rail.network === network.id),
    chain,
    hotAddress: async () => (await signer.identity(network.id)).hotAddress,
    cold: cold ? coldList(network, cold, chain.address) : [],
    capital,
  });
}

/** A reader for each listed network; one that the settings name no node for is unreadable, and said so. */
export function openCustody(deps: CustodyDeps, networks: Readonly<Record<string, NetworkConfig>>): CustodyReader[] {
  return deps.registry.networks.map((network) => READERS[network.kind](deps, network, networks[network.id] ?? NO_NODE));
}
