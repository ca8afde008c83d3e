import type { ChainStore } from '../db/stores/chain';
import type { DepositStore } from '../db/stores/deposits';
import type { TreasuryStore } from '../db/stores/treasury';
import type { Clock, Ids } from '../domain/clock-and-ids';
import type { Engine, EventBus, Logger, Signer, VenueCapital } from '../domain/contract/ports';
import { parseAmount } from '../domain/money/amount';
import type { Network, Rail, Registry } from '../domain/registry';
import { WrongChain } from './chains/chain';
import type { Chain } from './chains/chain';
import { createEvmChain } from './chains/evm';
import { OwnAddresses, WrongKey } from './deposits/addresses';
import { NetworkHalted, createScanner } from './deposits/scanner';
import { addressFrom } from './keys/addresses';
import { createLoop } from './loop';
import { createSweeps } from './sweeps';
import { Transactions } from './treasury/transactions';
import { createVenueMoney } from './treasury/venue';
import { createPayouts } from './withdrawals/payouts';

export interface NetworkDeps {
  readonly depositStore: DepositStore;
  readonly chainStore: ChainStore;
  readonly treasuryStore: TreasuryStore;
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
  /** First block to scan on a network that was never scanned; a little below its head otherwise. */
  readonly scanFrom?: number;
  /** The address with child number 0, written down by the operator: another key than that is refused at the start. */
  readonly firstAddress?: string;
  /** Blocks after which a transaction that is not mined is replaced by one with higher fees; 20 otherwise. */
  readonly replaceAfter?: number;
}

export interface NetworkStatus {
  readonly network: string;
  readonly state: 'open' | 'opening' | 'halted';
  /** Newest block that was scanned. */
  readonly scanned: number | null;
  /** What keeps failing now, by step. */
  readonly faults: Readonly<Record<string, string>>;
}

/** One network with its loop. */
export interface OpenNetwork {
  readonly chain: Chain;
  readonly own: OwnAddresses;
  readonly hotAddress: string;
  readonly rails: readonly Rail[];
  begin(): void;
  end(): Promise<void>;
  status(): NetworkStatus;
}

/** How often the node is asked again which chain it is on. */
const CHECK_EVERY_MS = 60_000;

/** The node's head. Asks it which chain it is on, too: at first, once in a while, and after it did not answer. */
function createNodeCheck(chain: Chain, clock: Clock): () => Promise<number> {
  let checkedAt: number | undefined;
  return async () => {
    try {
      if (checkedAt === undefined || clock.now() - checkedAt > CHECK_EVERY_MS) {
        await chain.check();
        checkedAt = clock.now();
      }
      return await chain.head();
    } catch (error) {
      checkedAt = undefined;
      throw error;
    }
  };
}

/** Faults that no repetition cures: a person must look. */
export const isFatal = (error: unknown): boolean => error instanceof NetworkHalted || isWrongSetup(error);

/** The settings name a node or a key that is not ours: the exchange refuses to start with them. */
export const isWrongSetup = (error: unknown): boolean => error instanceof WrongChain || error instanceof WrongKey;

/** Everything of one network. Throws when node and signer are not what the settings say. */
export async function openNetwork(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  const { depositStore, chainStore, treasuryStore: store, engine, signer, events, clock, ids, logger, venueCapital } = deps;
  const rails = deps.registry.rails.filter((rail) => rail.network === network.id);
  const chain = createEvmChain(network, rails, settings);
  try {
    await chain.check();
    const { depositXpub, hotAddress } = await signer.identity(network.id);
    const derive = addressFrom(depositXpub);
    if (settings.firstAddress && derive(0) !== settings.firstAddress) throw new WrongKey(`${network.id}: the signer's first address is ${derive(0)}, not ${settings.firstAddress}`);
    const own = await OwnAddresses.load(network.id, derive, depositStore, clock);
    const shared = { chain, chainStore, network, rails, hotAddress, engine, events, clock, ids, logger, store };
    const scanner = createScanner({ ...shared, store: depositStore, own, ...(settings.scanFrom !== undefined && { scanFrom: settings.scanFrom }) });
    await scanner.anchor();
    const transactions = new Transactions({ ...shared, signer, indexOf: (address) => own.ownerOf(address)?.index, replaceAfter: settings.replaceAfter ?? 20 });
    const floor = (asset: string): bigint => parseAmount(settings.hotFloor[asset] ?? '0') + (asset === network.gasAsset ? parseAmount(settings.gasReserve) : 0n);
    const venueMoney = createVenueMoney({ ...shared, transactions, venueCapital, floor });
    const sweeps = createSweeps({ ...shared, transactions });
    const payouts = createPayouts({ ...shared, own, transactions, venueMoney });
    const nodeHead = createNodeCheck(chain, clock);
    let head = 0;
    const loop = createLoop(network.id, settings.pollMs, { logger, events }, [
      { name: 'node', first: true, run: async () => void (head = await nodeHead()) },
      { name: 'scan', run: () => scanner.round() },
      { name: 'transactions', run: () => transactions.round(head) },
      { name: 'sweeps', run: () => sweeps.round() },
      { name: 'withdrawals', run: () => payouts.round() },
      { name: 'venue', run: () => venueMoney.round() },
    ], isFatal);
    const stopHurry = events.on('venue.demand', () => loop.now());
    return {
      chain,
      own,
      hotAddress,
      rails,
      begin: loop.begin,
      status: () => ({ network: network.id, state: loop.halted() ? 'halted' : 'open', scanned: scanner.height() ?? null, faults: loop.faults() }),
      end: async () => {
        stopHurry();
        await loop.end();
        chain.close();
      },
    };
  } catch (error) {
    chain.close();
    throw error;
  }
}
