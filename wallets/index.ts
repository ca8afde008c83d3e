import type { DataSource } from 'typeorm';
import { createChainStore } from '../db/stores/chain';
import { createDepositStore } from '../db/stores/deposits';
import { createTreasuryStore } from '../db/stores/treasury';
import type { Clock, Ids } from '../domain/clock-and-ids';
import { DomainError } from '../domain/contract/errors';
import type { AddressCheck, DepositAddresses, Engine, EventBus, Logger, Signer, VenueCapital } from '../domain/contract/ports';
import { parseAmount } from '../domain/money/amount';
import type { Network, Rail, Registry } from '../domain/registry';
import { createEvmChain } from './chains/evm';
import { OwnAddresses } from './deposits/addresses';
import { NetworkHalted, createScanner } from './deposits/scanner';
import { addressFrom } from './keys/addresses';
import { createSweeps } from './sweeps';
import { Transactions } from './treasury/transactions';
import { createVenueMoney } from './treasury/venue';
import { createAddressCheck } from './withdrawals/address-check';
import { createPayouts } from './withdrawals/payouts';

export interface WalletsDeps {
  readonly dataSource: DataSource;
  readonly engine: Engine;
  readonly signer: Signer;
  readonly venueCapital: VenueCapital;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly registry: Registry;
  readonly logger: Logger;
}

export interface NetworkConfig {
  readonly rpcUrl: string;
  /** Does the node trace? Without it coins sent by contracts are not seen. */
  readonly traces: boolean;
  readonly pollMs: number;
  /** Kept in the hot wallet of each asset, as decimal strings; what is above goes on to the venue. */
  readonly hotFloor: Readonly<Record<string, string>>;
  /** Of the gas asset, kept besides for our own transactions. */
  readonly gasReserve: string;
}

export interface WalletsConfig {
  readonly networks: Readonly<Record<string, NetworkConfig>>;
}

export interface Wallets {
  readonly depositAddresses: DepositAddresses;
  readonly addressCheck: AddressCheck;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Coins come in and go out. Loops over rows: what one round leaves undone, the next takes up, after a kill as well. */
export function createWallets(deps: WalletsDeps, config: WalletsConfig): Wallets {
  const running = new Map<string, Awaited<ReturnType<typeof openNetwork>>>();
  const checked = new Map<string, { chain: Awaited<ReturnType<typeof openNetwork>>['chain']; hotAddress: string; rails: readonly Rail[] }>();
  return {
    depositAddresses: {
      addressFor: async (userId, network) => {
        const found = running.get(network);
        if (!found) throw new DomainError('UNKNOWN_NETWORK', { network });
        return found.own.addressFor(userId);
      },
    },
    addressCheck: createAddressCheck(deps.registry, checked),
    start: async () => {
      for (const network of deps.registry.networks) {
        const settings = config.networks[network.id];
        if (!settings) throw new Error(`no settings for the network ${network.id}`);
        const opened = await openNetwork(deps, network, settings);
        running.set(network.id, opened);
        checked.set(network.id, opened);
        opened.begin();
      }
    },
    stop: async () => {
      await Promise.all([...running.values()].map((network) => network.end()));
    },
  };
}

/** Everything of one network, with its loop. Throws when node and signer are not what the settings say. */
async function openNetwork(deps: WalletsDeps, network: Network, settings: NetworkConfig) {
  const { dataSource, engine, signer, events, clock, ids, logger, venueCapital } = deps;
  const rails = deps.registry.rails.filter((rail) => rail.network === network.id);
  const chain = createEvmChain(network, rails, settings);
  await chain.check();
  const { depositXpub, hotAddress } = await signer.identity(network.id);
  const depositStore = createDepositStore(dataSource);
  const chainStore = createChainStore(dataSource);
  const store = createTreasuryStore(dataSource);
  const own = await OwnAddresses.load(network.id, addressFrom(depositXpub), depositStore, clock);
  const shared = { chain, chainStore, network, rails, hotAddress, engine, events, clock, ids, logger, store };
  const transactions = new Transactions({ ...shared, store: chainStore, signer });
  const floor = (asset: string): bigint => parseAmount(settings.hotFloor[asset] ?? '0') + (asset === network.gasAsset ? parseAmount(settings.gasReserve) : 0n);
  const venueMoney = createVenueMoney({ ...shared, transactions, venueCapital, floor });
  const scanner = createScanner({ ...shared, store: depositStore, own });
  const sweeps = createSweeps({ ...shared, transactions });
  const payouts = createPayouts({ ...shared, own, transactions, venueMoney });
  const loop = createLoop(network.id, settings.pollMs, logger, events, [
    ['scan', async () => void (await scanner.round())],
    ['transactions', async () => transactions.round(await chain.head())],
    ['sweeps', () => sweeps.round()],
    ['withdrawals', () => payouts.round()],
    ['venue', () => venueMoney.round()],
  ]);
  const hurry = events.on('venue.demand', () => loop.now());
  return {
    chain,
    own,
    hotAddress,
    rails,
    begin: loop.begin,
    end: async () => {
      hurry();
      await loop.end();
      chain.close();
    },
  };
}

type Step = readonly [name: string, run: () => Promise<void>];

/** Runs the steps one after the other, again and again. A step that fails is logged and tried again; the others go on. */
function createLoop(name: string, pollMs: number, logger: Logger, events: EventBus, steps: readonly Step[]): { begin(): void; end(): Promise<void>; now(): void } {
  let stopped = false;
  let halted = false;
  let wake: () => void = () => undefined;
  let finished: Promise<void> = Promise.resolve();
  const round = async (): Promise<void> => {
    for (const [step, run] of steps) {
      if (stopped || halted) return;
      try {
        await run();
      } catch (error) {
        logger.warn({ network: name, step, error: error instanceof Error ? error.message : String(error) }, 'a step of the wallets failed and will be tried again');
        if (!(error instanceof NetworkHalted)) continue;
        halted = true;
        events.publish({ name: 'alert', code: 'NETWORK_HALTED', message: error.message });
      }
    }
  };
  const run = async (): Promise<void> => {
    while (!stopped) {
      await round();
      if (stopped) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  return {
    begin: () => {
      finished = run();
    },
    end: async () => {
      stopped = true;
      wake();
      await finished;
    },
    now: () => wake(),
  };
}
