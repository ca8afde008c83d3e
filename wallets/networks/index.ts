import type { Network } from '../../domain/registry';
import { openBitcoin } from './bitcoin';
import { openEvm } from './evm';
import type { NetworkConfig, NetworkDeps, OpenNetwork } from './settings';
import { openTron } from './tron';

/** Everything of one network. Throws when node and signer are not what the settings say. */
export function openNetwork(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  if (network.kind === 'tron') return openTron(deps, network, settings);
  return network.kind === 'bitcoin' ? openBitcoin(deps, network, settings) : openEvm(deps, network, settings);
}
