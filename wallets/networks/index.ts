/** A network opened whole: its nodes, scanner, transactions, sweeps, payouts and their loop. */
import type { Network } from '../../domain/registry';
import { openBitcoin } from './bitcoin';
import { openEvm } from './evm';
import { WrongSettings } from './settings';
import type { NetworkConfig, NetworkDeps, OpenNetwork } from './settings';
import { openTron } from './tron';

/** Everything of one network. Throws when node and signer are not what the settings say. */
export async function openNetwork(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  // What would be sent without its memo is somebody else's at the receiver's: no kind of network here can carry one.
  if (network.memo !== 'none')
    throw new WrongSettings(
      `${network.id}: the listing says that receivers are told apart by memos, and no transaction of this kind carries one`,
    );
  if (network.kind === 'tron') return openTron(deps, network, settings);
  return network.kind === 'bitcoin' ? openBitcoin(deps, network, settings) : openEvm(deps, network, settings);
}
