import type { ChainStore } from '../db/stores/chain';
import type { CoinStore } from '../db/stores/coins';
import type { DepositStore } from '../db/stores/deposits';
import type { TreasuryStore } from '../db/stores/treasury';
import type { Clock, Ids } from '../domain/clock-and-ids';
import type { Engine, EventBus, Logger, Signer, VenueCapital } from '../domain/contract/ports';
import { parseAmount } from '../domain/money/amount';
import type { Units } from '../domain/money/amount';
import type { Network, Rail, Registry } from '../domain/registry';
import { accountOf } from './chains/bitcoin/addresses';
import type { BitcoinNetwork } from './chains/bitcoin/addresses';
import { createBitcoinNode } from './chains/bitcoin/node';
import type { BitcoinNode } from './chains/bitcoin/node';
import { WrongChain } from './chains/chain';
import type { Chain } from './chains/chain';
import { createEvmChain } from './chains/evm';
import { createTronChain } from './chains/tron';
import type { TronNetwork } from './chains/tron';
import { addressFrom as tronAddressFrom } from './chains/tron/addresses';
import { HouseAddresses } from './coins/house-addresses';
import { Purse } from './coins/purse';
import { CoinTransactions } from './coins/transactions';
import { OwnAddresses, WrongKey } from './deposits/addresses';
import { NetworkHalted, createScanner } from './deposits/scanner';
import type { Scanner } from './deposits/scanner';
import { addressFrom } from './keys/addresses';
import { createLoop } from './loop';
import type { Step } from './loop';
import { createSweeps } from './sweeps';
import type { TreasuryChain } from './treasury/sender';
import { Transactions } from './treasury/transactions';
import { createVenueMoney } from './treasury/venue';
import { createTronGuard } from './tron/guard';
import { Renewals } from './tron/renewals';
import { tronSigning } from './tron/signing';
import { createPayouts } from './withdrawals/payouts';

export interface NetworkDeps {
  readonly depositStore: DepositStore;
  readonly chainStore: ChainStore;
  readonly coinStore: CoinStore;
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
  /** Which Bitcoin it is, of a network of that kind. */
  readonly bitcoin?: BitcoinNetwork;
  /** Which TRON it is, and for how long a transaction of ours is good, of a network of that kind. */
  readonly tron?: TronNetwork;
  readonly goodForMs?: number;
  readonly pollMs: number;
  /** Kept in the hot wallet of each asset, as decimal strings; what is above goes on to the venue. */
  readonly hotFloor: Readonly<Record<string, string>>;
  /** Of the gas asset, kept besides for our own transactions. */
  readonly gasReserve: string;
  /** First block to scan on a network that was never scanned; a little below its head otherwise. */
  readonly scanFrom?: number;
  /** The address with child number 0, written down by the operator: another key than that is refused at the start. */
  readonly firstAddress?: string;
  /** Blocks after which a transaction that is not mined is replaced by one with higher fees; 20 otherwise, 6 of Bitcoin. */
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
  readonly chain: Pick<Chain, 'address'>;
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
function createNodeCheck(chain: Pick<Chain, 'check' | 'head'>, clock: Clock): () => Promise<number> {
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
export function openNetwork(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  if (network.kind === 'tron') return openTron(deps, network, settings);
  return network.kind === 'bitcoin' ? openBitcoin(deps, network, settings) : openEvm(deps, network, settings);
}

async function openTron(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  const { depositStore, chainStore, treasuryStore: store, engine, signer, events, clock, ids, logger, venueCapital } = deps;
  const rails = deps.registry.rails.filter((rail) => rail.network === network.id);
  const { tron, rpcUrl, goodForMs } = settings;
  if (!tron) throw new WrongChain(`${network.id}: the settings do not say which TRON it is`);
  const chain = createTronChain(network, rails, { rpcUrl, tron, ...(goodForMs !== undefined && { goodForMs }) });
  await chain.check();
  const { depositXpub, hotAddress } = await signer.identity(network.id);
  const depositAddress = tronAddressFrom(depositXpub);
  const own = await ownAddresses(deps, network, settings, depositAddress);
  const guard = createTronGuard({ chain, network, own, depositStore, chainStore, events, clock, logger });
  const shared = { chain, chainStore, network, rails, hotAddress, engine, events, clock, ids, logger, store };
  const scanner = createScanner({ ...shared, store: depositStore, own, mayCredit: guard.mayCredit, ...(settings.scanFrom !== undefined && { scanFrom: settings.scanFrom }) });
  await scanner.anchor();
  const signing = tronSigning({ chain, signer, rails, hotAddress, depositAddress });
  const transactionsDeps = { ...shared, signer: signing, indexOf: (address: string) => own.ownerOf(address)?.index, replaceAfter: 0 };
  const transactions = new Transactions(transactionsDeps, (intentOf) => new Renewals({ ...transactionsDeps, chain }, intentOf));
  const venueMoney = createVenueMoney({ ...shared, transactions, venueCapital, floor: floorOf(network, settings) });
  const sweeps = createSweeps({ ...shared, transactions, maySweep: guard.maySweep });
  const payouts = createPayouts({ ...shared, own, transactions, venueMoney });
  const steps = { scanner, transactions, between: [{ name: 'sweeps', run: () => sweeps.round() }], payouts, venueMoney };
  return { chain, own, hotAddress, rails, ...createRounds(deps, network, settings, chain, steps) };
}

async function openEvm(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  const { depositStore, chainStore, treasuryStore: store, engine, signer, events, clock, ids, logger, venueCapital } = deps;
  const rails = deps.registry.rails.filter((rail) => rail.network === network.id);
  const chain = createEvmChain(network, rails, settings);
  try {
    await chain.check();
    const { depositXpub, hotAddress } = await signer.identity(network.id);
    const own = await ownAddresses(deps, network, settings, addressFrom(depositXpub));
    const shared = { chain, chainStore, network, rails, hotAddress, engine, events, clock, ids, logger, store };
    const scanner = createScanner({ ...shared, store: depositStore, own, ...(settings.scanFrom !== undefined && { scanFrom: settings.scanFrom }) });
    await scanner.anchor();
    const transactions = new Transactions({ ...shared, signer, indexOf: (address) => own.ownerOf(address)?.index, replaceAfter: settings.replaceAfter ?? 20 });
    const venueMoney = createVenueMoney({ ...shared, transactions, venueCapital, floor: floorOf(network, settings) });
    const sweeps = createSweeps({ ...shared, transactions });
    const payouts = createPayouts({ ...shared, own, transactions, venueMoney });
    const steps = { scanner, transactions, between: [{ name: 'sweeps', run: () => sweeps.round() }], payouts, venueMoney };
    return { chain, own, hotAddress, rails, ...createRounds(deps, network, settings, chain, steps) };
  } catch (error) {
    chain.close();
    throw error;
  }
}

async function openBitcoin(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  const { depositStore, chainStore, coinStore, treasuryStore: store, engine, signer, events, clock, ids, logger, venueCapital } = deps;
  const rails = deps.registry.rails.filter((rail) => rail.network === network.id);
  const parameters = settings.bitcoin;
  if (!parameters) throw new WrongChain(`${network.id}: the settings do not say which Bitcoin it is`);
  const node = createBitcoinNode({ rpcUrl: settings.rpcUrl, network: parameters, asset: network.gasAsset });
  await node.check();
  const { depositXpub, hotAddress, fingerprint = '' } = await signer.identity(network.id);
  const account = accountOf(depositXpub, parameters);
  const own = await ownAddresses(deps, network, settings, (index) => account.own(0, index).address);
  const house = new HouseAddresses(network.id, account, own, coinStore);
  if (house.hot !== hotAddress) throw new WrongKey(`${network.id}: the signer's hot address is not of its own key`);
  const shared = { network, rails, hotAddress, chainStore, engine, events, clock, ids, logger, store };
  const scanner = createScanner({ ...shared, chain: node, store: depositStore, own, house, ...(settings.scanFrom !== undefined && { scanFrom: settings.scanFrom }) });
  await scanner.anchor();
  const coinDeps = { ...shared, node, parameters, account, coinStore, signer, fingerprint: Buffer.from(fingerprint, 'hex'), scanned: () => scanner.height() ?? 0, replaceAfter: settings.replaceAfter ?? 6 };
  const purse = new Purse(coinDeps);
  const transactions = new CoinTransactions(coinDeps, purse);
  const chain = treasuryChain(node, purse);
  const venueMoney = createVenueMoney({ ...shared, chain, transactions, venueCapital, floor: floorOf(network, settings) });
  const payouts = createPayouts({ ...shared, chain, own, transactions, venueMoney });
  return { chain: node, own, hotAddress, rails, ...createRounds(deps, network, settings, { ...node, close: () => undefined }, { scanner, transactions, between: [], payouts, venueMoney }) };
}

/** A node and its coins, as far as the treasury asks. */
const treasuryChain = (node: BitcoinNode, purse: Purse): TreasuryChain => ({
  head: () => node.head(),
  receipt: async (txid) => {
    const place = await node.confirmedIn(txid);
    // What others paid for their transaction is not our cost.
    return place && { height: place.height, succeeded: true, fee: 0n };
  },
  gas: (transfer) => purse.quote(transfer),
  balance: () => purse.balance(),
});

/** Our addresses there. Throws WrongKey when the key at hand is not the one that they were made from. */
async function ownAddresses({ depositStore, clock }: NetworkDeps, network: Network, settings: NetworkConfig, derive: (index: number) => string): Promise<OwnAddresses> {
  if (settings.firstAddress && derive(0) !== settings.firstAddress) throw new WrongKey(`${network.id}: the signer's first address is ${derive(0)}, not ${settings.firstAddress}`);
  return OwnAddresses.load(network.id, derive, depositStore, clock);
}

const floorOf =
  (network: Network, { hotFloor, gasReserve }: NetworkConfig) =>
  (asset: string): Units =>
    parseAmount(hotFloor[asset] ?? '0') + (asset === network.gasAsset ? parseAmount(gasReserve) : 0n);

interface Rounds {
  readonly scanner: Scanner;
  readonly transactions: { round(head: number): Promise<void> };
  readonly between: readonly Step[];
  readonly payouts: { round(): Promise<void> };
  readonly venueMoney: { round(): Promise<void> };
}

/** The network's loop: everything in turn, again and again. */
function createRounds({ logger, events, clock }: NetworkDeps, network: Network, { pollMs }: NetworkConfig, chain: Pick<Chain, 'check' | 'head' | 'close'>, rounds: Rounds): Pick<OpenNetwork, 'begin' | 'end' | 'status'> {
  const { scanner, transactions, between, payouts, venueMoney } = rounds;
  const nodeHead = createNodeCheck(chain, clock);
  let head = 0;
  const steps: Step[] = [
    { name: 'node', first: true, run: async () => void (head = await nodeHead()) },
    { name: 'scan', run: () => scanner.round() },
    { name: 'transactions', run: () => transactions.round(head) },
    ...between,
    { name: 'withdrawals', run: () => payouts.round() },
    { name: 'venue', run: () => venueMoney.round() },
  ];
  const loop = createLoop(network.id, pollMs, { logger, events }, steps, isFatal);
  const stopHurry = events.on('venue.demand', () => loop.now());
  return {
    begin: loop.begin,
    status: () => ({ network: network.id, state: loop.halted() ? 'halted' : 'open', scanned: scanner.height() ?? null, faults: loop.faults() }),
    end: async () => {
      stopHurry();
      await loop.end();
      chain.close();
    },
  };
}
