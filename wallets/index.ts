/** Coins come in and go out. Begin at `createWallets`, then networks/: one file a kind of network. */
import type { DataSource } from 'typeorm';
import { createBatchStore } from '../db/stores/batches';
import { createChainStore } from '../db/stores/chain';
import { createUtxoStore } from '../db/stores/utxos';
import { createColdStore } from '../db/stores/cold';
import { createDepositStore } from '../db/stores/deposits';
import { createStakeStore } from '../db/stores/stakes';
import { createTreasuryStore } from '../db/stores/treasury';
import { DomainError } from '../domain/contract/errors';
import type {
  AddressCheck,
  ColdStorage,
  DepositAddresses,
  NetworkState,
  NetworkStates,
} from '../domain/contract/ports';
import type { Network } from '../domain/registry';
import { createColdStorage } from './cold';
import { openNetwork } from './networks';
import { hasTreasury } from './treasury/venue-deps';
import { isFatal, isWrongSetup } from './networks/settings';
import type { NetworkConfig, NetworkDeps, OpenNetwork } from './networks/settings';
import { createAddressCheck } from './withdrawals/address-check';

export type { AssetPolicy, NetworkConfig } from './networks/settings';

export interface WalletsDeps extends Omit<
  NetworkDeps,
  'depositStore' | 'chainStore' | 'utxoStore' | 'batchStore' | 'coldStore' | 'stakeStore' | 'treasuryStore'
> {
  readonly dataSource: DataSource;
}

export interface WalletsConfig {
  readonly networks: Readonly<Record<string, NetworkConfig>>;
}

export interface Wallets {
  readonly depositAddresses: DepositAddresses;
  readonly addressCheck: AddressCheck;
  readonly coldStorage: ColdStorage;
  readonly states: NetworkStates;
  /**
   * Opens every network. Rejects when a node or a key is another than the settings and tables say. A node or signer
   * that does not answer is waited for in the background; its network is closed meanwhile.
   */
  start(): Promise<void>;
  stop(): Promise<void>;
  status(): NetworkState[];
}

/** Pause between tries to open a network whose node or signer is away. */
const OPEN_AGAIN_MS = 2000;

/** Coins come in and go out. Loops over rows: what one round leaves undone, the next takes up, after a kill as well. */
export function createWallets(deps: WalletsDeps, config: WalletsConfig): Wallets {
  const { dataSource, events, logger, registry } = deps;
  const networkDeps: NetworkDeps = {
    ...deps,
    depositStore: createDepositStore(dataSource),
    chainStore: createChainStore(dataSource),
    utxoStore: createUtxoStore(dataSource),
    batchStore: createBatchStore(dataSource),
    coldStore: createColdStore(dataSource),
    stakeStore: createStakeStore(dataSource),
    treasuryStore: createTreasuryStore(dataSource),
  };
  const open = new Map<string, OpenNetwork>();
  const closed = new Map<string, NetworkState>();
  const waits = new Set<() => void>();
  const opening: Promise<void>[] = [];
  let stopped = false;

  /** True when it is open or will not be opened. */
  const tryToOpen = async (network: Network, settings: NetworkConfig, starting = false): Promise<boolean> => {
    try {
      const opened = await openNetwork(networkDeps, network, settings);
      closed.delete(network.id);
      open.set(network.id, opened);
      if (stopped) await opened.end();
      else opened.begin();
      return true;
    } catch (error) {
      if (starting && isWrongSetup(error)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      const halted = isFatal(error);
      closed.set(network.id, {
        network: network.id,
        state: halted ? 'halted' : 'opening',
        scanned: null,
        rounds: 0,
        faults: { open: message },
        nodes: [],
      });
      if (halted) events.publish({ name: 'alert', code: 'NETWORK_HALTED', message, details: { network: network.id } });
      else
        logger.warn(
          { event: 'wallets.network_not_opened', network: network.id, error: message },
          'a network could not be opened and will be tried again',
        );
      return halted;
    }
  };
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        waits.delete(end);
        resolve();
      };
      const timer = setTimeout(end, OPEN_AGAIN_MS);
      waits.add(end);
    });
  const keepTrying = async (network: Network, settings: NetworkConfig): Promise<void> => {
    do await pause();
    while (!stopped && !(await tryToOpen(network, settings)));
  };

  const status = (): NetworkState[] => [...[...open.values()].map((network) => network.status()), ...closed.values()];
  return {
    states: { networks: async () => status(), venueTreasury: async () => hasTreasury(deps.venueCapital) },
    depositAddresses: {
      addressFor: async (userId, network) => {
        const found = open.get(network);
        if (!found) throw new DomainError(closed.has(network) ? 'ASSET_PAUSED' : 'UNKNOWN_NETWORK', { network });
        // An address that nobody watches is not given out.
        if (found.status().state === 'halted') throw new DomainError('ASSET_PAUSED', { network });
        return found.own.addressFor(userId);
      },
    },
    addressCheck: createAddressCheck(registry, open, (network) => closed.has(network)),
    coldStorage: createColdStorage(
      networkDeps,
      () => [...open.values()],
      (network) => closed.has(network),
    ),
    start: async () => {
      for (const network of registry.networks) {
        const settings = config.networks[network.id];
        if (!settings) throw new Error(`no settings for the network ${network.id}`);
        if (!(await tryToOpen(network, settings, true))) opening.push(keepTrying(network, settings));
      }
    },
    stop: async () => {
      stopped = true;
      for (const end of waits) end();
      await Promise.all(opening);
      await Promise.all([...open.values()].map((network) => network.end()));
    },
    status,
  };
}
