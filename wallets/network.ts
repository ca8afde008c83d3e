import type { ChainStore } from '../db/stores/chain';
import type { CoinStore } from '../db/stores/coins';
import type { ColdStore } from '../db/stores/cold';
import type { DepositStore } from '../db/stores/deposits';
import type { TreasuryStore } from '../db/stores/treasury';
import type { Clock, Ids } from '../domain/clock-and-ids';
import type { Engine, EventBus, Logger, NetworkState, NodeState, Signer, VenueCapital } from '../domain/contract/ports';
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
import { createNodes, nodeName } from './chains/nodes';
import type { Nodes } from './chains/nodes';
import { HouseAddresses } from './coins/house-addresses';
import { Purse, feeRate } from './coins/purse';
import { CoinTransactions } from './coins/transactions';
import { OwnAddresses, WrongKey } from './deposits/addresses';
import { createBalanceWatch } from './deposits/balances';
import { createAgreement } from './deposits/agreement';
import type { Agreement } from './deposits/agreement';
import { NetworkHalted, createScanner } from './deposits/scanner';
import type { HouseCoins, Scanner } from './deposits/scanner';
import { addressFrom } from './keys/addresses';
import { createLoop, reasonOf } from './loop';
import type { Step } from './loop';
import { createSweeps } from './sweeps';
import { createAccountCold } from './cold/accounts';
import { createCoinCold } from './cold/coins';
import { coldKeys, coldList } from './cold/places';
import type { ColdPlace } from './cold/places';
import type { NetworkCold } from './cold/storage';
import type { PolicyOf } from './treasury/bands';
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
  readonly coldStore: ColdStore;
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
  /** JSON-RPC addresses, the preferred node first. */
  readonly rpcUrls: readonly string[];
  /** From these amounts on, decimal strings by asset, a deposit needs two nodes that see it. */
  readonly largeFrom?: Readonly<Record<string, string>>;
  /** A node so many blocks behind the best one is not asked; the network's confirmations otherwise. */
  readonly maxLag?: number;
  /** Do the nodes trace? Otherwise coins sent by contracts are found by the balances of our addresses. */
  readonly traces: boolean;
  /** Which Bitcoin it is, of a network of that kind. */
  readonly bitcoin?: BitcoinNetwork;
  /** Which TRON it is, and for how long a transaction of ours is good, of a network of that kind. */
  readonly tron?: TronNetwork;
  readonly goodForMs?: number;
  readonly pollMs: number;
  /** What the operator wants of each asset; without a word of it, all of it goes on to the venue at once. */
  readonly policies?: Readonly<Record<string, AssetPolicy>>;
  readonly cold?: ColdPlace | undefined;
  /** Of the gas asset, kept besides for our own transactions. */
  readonly gasReserve: string;
  /** First block to scan on a network that was never scanned; a little below its head otherwise. */
  readonly scanFrom?: number;
  /** The address with child number 0, written down by the operator: another key than that is refused at the start. */
  readonly firstAddress?: string;
  /** Blocks after which a transaction that is not mined is replaced by one with higher fees; 20 otherwise, 6 of Bitcoin. */
  readonly replaceAfter?: number;
}

/** Amounts are decimal strings. */
export interface AssetPolicy {
  /** Coins of one deposit address are swept when so many lie there, */
  readonly sweepFrom: string;
  /** and then all addresses at once, so often; 0: whenever there are. */
  readonly sweepEveryMs: number;
  /** The hot wallet, besides the reserve for gas: below the floor it is filled from the venue, above the ceiling it is emptied, */
  readonly floor: string;
  readonly ceiling: string;
  /** to here. */
  readonly above: 'venue' | 'cold';
}

/** One network with its loop. */
export interface OpenNetwork {
  readonly network: Network;
  readonly chain: Pick<Chain, 'address'>;
  readonly own: OwnAddresses;
  isHouse(address: string): boolean;
  readonly rails: readonly Rail[];
  readonly cold?: NetworkCold | undefined;
  begin(): void;
  end(): Promise<void>;
  status(): NetworkState;
}

/** The settings contradict each other. */
export class WrongSettings extends Error {
  override readonly name = 'WrongSettings';
}

/** All nodes are looked at every so many polls. */
const POLLS_A_SURVEY = 10;

/** Every node of the settings behind one. Throws WrongSettings where large deposits are to be seen by two and there is one. */
function nodesOf<C extends Parameters<typeof createNodes>[0][0]['chain']>({ clock, logger }: NetworkDeps, { id, confirmations }: Network, rails: readonly Rail[], settings: NetworkConfig, open: (rpcUrl: string) => C): { nodes: Nodes<C>; agreement: Agreement } {
  const { rpcUrls, largeFrom = {}, maxLag = confirmations, pollMs } = settings;
  const [first, ...others] = rpcUrls.map((rpcUrl) => ({ name: nodeName(rpcUrl), chain: open(rpcUrl) }));
  if (!first) throw new WrongSettings(`${id}: the settings name no node`);
  const large = rails.find(({ asset }) => asset in largeFrom);
  if (large && others.length === 0) throw new WrongSettings(`${id}: from ${largeFrom[large.asset]} ${large.asset} on two nodes must see a deposit, and the settings name one node`);
  const nodes = createNodes([first, ...others], { network: id, maxLag, surveyMs: pollMs * POLLS_A_SURVEY }, { clock, logger });
  const amount = (asset: string): Units | undefined => (largeFrom[asset] === undefined ? undefined : parseAmount(largeFrom[asset]));
  return { nodes, agreement: createAgreement(id, nodes, amount) };
}

/** Faults that no repetition cures: a person must look. */
export const isFatal = (error: unknown): boolean => error instanceof NetworkHalted || isWrongSetup(error);

/** The settings name a node or a key that is not ours: the exchange refuses to start with them. */
export const isWrongSetup = (error: unknown): boolean => error instanceof WrongChain || error instanceof WrongKey || error instanceof WrongSettings;

/** Everything of one network. Throws when node and signer are not what the settings say. */
export function openNetwork(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  if (network.kind === 'tron') return openTron(deps, network, settings);
  return network.kind === 'bitcoin' ? openBitcoin(deps, network, settings) : openEvm(deps, network, settings);
}

/** Heights there are of solid blocks, which nodes reach one after the other. */
const TRON_LAG = 20;

async function openTron(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  const { depositStore, chainStore, treasuryStore: store, engine, signer, events, clock, ids, logger, venueCapital } = deps;
  const rails = deps.registry.rails.filter((rail) => rail.network === network.id);
  const { tron, goodForMs, cold: place } = settings;
  if (!tron) throw new WrongChain(`${network.id}: the settings do not say which TRON it is`);
  const { nodes, agreement } = nodesOf(deps, network, rails, { ...settings, maxLag: settings.maxLag ?? TRON_LAG }, (rpcUrl) => createTronChain(network, rails, { rpcUrl, tron, ...(goodForMs !== undefined && { goodForMs }) }));
  const { chain } = nodes;
  await nodes.open();
  const { depositXpub, hotAddress } = await signer.identity(network.id);
  const depositAddress = readKey(network, "the signer's extended key", () => tronAddressFrom(depositXpub));
  const own = await ownAddresses(deps, network, settings, depositAddress);
  const guard = createTronGuard({ chain, network, own, depositStore, chainStore, events, clock, logger });
  const shared = { chain, chainStore, network, rails, hotAddress, engine, events, clock, ids, logger, store };
  const scanner = createScanner({ ...shared, agreement, store: depositStore, own, mayCredit: guard.mayCredit, ...(settings.scanFrom !== undefined && { scanFrom: settings.scanFrom }) });
  await scanner.anchor();
  const signing = tronSigning({ chain, signer, rails, hotAddress, depositAddress });
  const transactionsDeps = { ...shared, signer: signing, indexOf: (address: string) => own.ownerOf(address)?.index, replaceAfter: 0 };
  const transactions = new Transactions(transactionsDeps, (intentOf) => new Renewals({ ...transactionsDeps, chain }, intentOf));
  const cold = place && createAccountCold({ ...shared, coldStore: deps.coldStore, addresses: readKey(network, 'the setting of cold storage', () => coldList(network, place, chain.address)) });
  const venueMoney = createVenueMoney({ ...shared, transactions, venueCapital, policyOf: policiesOf(network, settings), cold });
  const sweeps = createSweeps({ ...shared, transactions, maySweep: guard.maySweep, policyOf: policiesOf(network, settings) });
  const payouts = createPayouts({ ...shared, own, transactions, venueMoney });
  const steps = { scanner, transactions, between: [{ name: 'sweeps', run: () => sweeps.round() }], payouts, venueMoney, cold };
  return { network, chain, own, isHouse: (address) => address === hotAddress || cold?.isOurs(address) === true, rails, cold, ...createRounds(deps, network, settings, { chain, states: nodes.states }, steps) };
}

async function openEvm(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  const { depositStore, chainStore, treasuryStore: store, engine, signer, events, clock, ids, logger, venueCapital } = deps;
  const rails = deps.registry.rails.filter((rail) => rail.network === network.id);
  const { nodes, agreement } = nodesOf(deps, network, rails, settings, (rpcUrl) => createEvmChain(network, rails, { rpcUrl, traces: settings.traces }));
  const { chain } = nodes;
  try {
    await nodes.open();
    const { depositXpub, hotAddress } = await signer.identity(network.id);
    const own = await ownAddresses(deps, network, settings, readKey(network, "the signer's extended key", () => addressFrom(depositXpub)));
    const shared = { chain, chainStore, network, rails, hotAddress, engine, events, clock, ids, logger, store };
    const balances = createBalanceWatch({ network: network.id, asset: network.gasAsset, chain, store: depositStore, addresses: () => own.all() });
    const scanner = createScanner({ ...shared, agreement, ...(!settings.traces && { balances }), store: depositStore, own, ...(settings.scanFrom !== undefined && { scanFrom: settings.scanFrom }) });
    await scanner.anchor();
    const transactions = new Transactions({ ...shared, signer, indexOf: (address) => own.ownerOf(address)?.index, replaceAfter: settings.replaceAfter ?? 20 });
    const cold = settings.cold && createAccountCold({ ...shared, coldStore: deps.coldStore, addresses: readKey(network, 'the setting of cold storage', () => coldList(network, settings.cold as ColdPlace, chain.address)) });
    const venueMoney = createVenueMoney({ ...shared, transactions, venueCapital, policyOf: policiesOf(network, settings), cold });
    const sweeps = createSweeps({ ...shared, transactions, policyOf: policiesOf(network, settings) });
    const payouts = createPayouts({ ...shared, own, transactions, venueMoney });
    const steps = { scanner, transactions, between: [{ name: 'sweeps', run: () => sweeps.round() }], payouts, venueMoney, cold };
    return { network, chain, own, isHouse: (address) => address === hotAddress || cold?.isOurs(address) === true, rails, cold, ...createRounds(deps, network, settings, { chain, states: nodes.states }, steps) };
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
  const { nodes, agreement } = nodesOf(deps, network, rails, settings, (rpcUrl) => createBitcoinNode({ rpcUrl, network: parameters, asset: network.gasAsset }));
  const node = nodes.chain;
  await nodes.open();
  const { depositXpub, hotAddress, fingerprint = '' } = await signer.identity(network.id);
  const account = readKey(network, "the signer's extended key", () => accountOf(depositXpub, parameters));
  const own = await ownAddresses(deps, network, settings, (index) => account.own(0, index).address);
  const hotAndChange = new HouseAddresses(network.id, account, own, coinStore);
  if (hotAndChange.hot !== hotAddress) throw new WrongKey(`${network.id}: the signer's hot address is not of its own key`);
  const shared = { network, rails, hotAddress, chainStore, engine, events, clock, ids, logger, store };
  const cold = settings.cold && createCoinCold({ ...shared, node, parameters, coldStore: deps.coldStore, keys: readKey(network, 'the setting of cold storage', () => coldKeys(network.id, settings.cold as ColdPlace, parameters)), rate: () => feeRate(node) });
  const house = cold ? together(hotAndChange, cold) : hotAndChange;
  const scanner = createScanner({ ...shared, chain: node, agreement, store: depositStore, own, house, ...(settings.scanFrom !== undefined && { scanFrom: settings.scanFrom }) });
  await scanner.anchor();
  const coinDeps = { ...shared, node, parameters, account, coinStore, signer, fingerprint: Buffer.from(fingerprint, 'hex'), scanned: () => scanner.height() ?? 0, replaceAfter: settings.replaceAfter ?? 6 };
  const purse = new Purse(coinDeps);
  const transactions = new CoinTransactions(coinDeps, purse);
  const chain = treasuryChain(node, purse);
  const venueMoney = createVenueMoney({ ...shared, chain, transactions, venueCapital, policyOf: policiesOf(network, settings), cold });
  const payouts = createPayouts({ ...shared, chain, own, transactions, venueMoney });
  return { network, chain: node, own, isHouse: (address) => house.isOurs(address), rails, cold, ...createRounds(deps, network, settings, { chain: { ...node, close: () => undefined }, states: nodes.states }, { scanner, transactions, between: [], payouts, venueMoney, cold }) };
}

/** Two kinds of addresses whose coins are ours, as one. */
const together = (one: HouseCoins, other: HouseCoins): HouseCoins => ({
  isOurs: (address) => one.isOurs(address) || other.isOurs(address),
  refresh: async () => void (await Promise.all([one.refresh(), other.refresh()])),
  coinsIn: (header, transfers) => [...one.coinsIn(header, transfers), ...other.coinsIn(header, transfers)],
});

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

/** A key that cannot be read is no fault that passes: its checksum does not fit, or it is of another kind. */
function readKey<T>({ id }: Network, whose: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new WrongKey(`${id}: ${whose} cannot be read: ${reasonOf(error)}`);
  }
}

/** Our addresses there. Throws WrongKey when the key at hand is not the one that they were made from. */
async function ownAddresses({ depositStore, clock }: NetworkDeps, network: Network, settings: NetworkConfig, derive: (index: number) => string): Promise<OwnAddresses> {
  if (settings.firstAddress && derive(0) !== settings.firstAddress) throw new WrongKey(`${network.id}: the signer's first address is ${derive(0)}, not ${settings.firstAddress}`);
  return OwnAddresses.load(network.id, derive, depositStore, clock);
}

const policiesOf =
  (network: Network, { policies = {}, gasReserve }: NetworkConfig): PolicyOf =>
  (asset) => {
    const { sweepFrom = '0', sweepEveryMs = 0, floor = '0', ceiling = '0', above = 'venue' } = policies[asset] ?? {};
    const reserve = asset === network.gasAsset ? parseAmount(gasReserve) : 0n;
    return { sweepFrom: parseAmount(sweepFrom), sweepEveryMs, above, band: { reserve, floor: parseAmount(floor), ceiling: parseAmount(ceiling) } };
  };

interface Rounds {
  readonly scanner: Scanner;
  readonly transactions: { round(head: number): Promise<void> };
  readonly between: readonly Step[];
  readonly payouts: { round(): Promise<void> };
  readonly venueMoney: { round(): Promise<void> };
  readonly cold: { round(head: number): Promise<void> } | undefined;
}

/** The network's loop: everything in turn, again and again. */
function createRounds({ logger, events }: NetworkDeps, network: Network, { pollMs }: NetworkConfig, { chain, states }: { chain: Pick<Chain, 'head' | 'close'>; states(): NodeState[] }, rounds: Rounds): Pick<OpenNetwork, 'begin' | 'end' | 'status'> {
  const { scanner, transactions, between, payouts, venueMoney, cold } = rounds;
  let head = 0;
  const steps: Step[] = [
    { name: 'node', first: true, run: async () => void (head = await chain.head()) },
    { name: 'scan', run: () => scanner.round() },
    { name: 'transactions', run: () => transactions.round(head) },
    ...between,
    { name: 'withdrawals', run: () => payouts.round() },
    { name: 'venue', run: () => venueMoney.round() },
    ...(cold ? [{ name: 'cold', run: () => cold.round(head) }] : []),
  ];
  const loop = createLoop(network.id, pollMs, { logger, events }, steps, isFatal);
  const stopHurry = events.on('venue.demand', () => loop.now());
  return {
    begin: loop.begin,
    status: () => ({ network: network.id, state: loop.halted() ? 'halted' : 'open', scanned: scanner.height() ?? null, faults: loop.faults(), nodes: states() }),
    end: async () => {
      stopHurry();
      await loop.end();
      chain.close();
    },
  };
}
