import type { Network } from '../../domain/registry';
import { accountOf } from '../chains/bitcoin/addresses';
import type { Account, BitcoinNetwork } from '../chains/bitcoin/addresses';
import { createBitcoinNode } from '../chains/bitcoin/node';
import type { BitcoinNode } from '../chains/bitcoin/node';
import { WrongChain } from '../chains/chain';
import { createConsolidation } from '../utxo/consolidation';
import { HouseAddresses } from '../utxo/own-addresses';
import { feeRate, UtxoSet } from '../utxo/utxo-set';
import { UtxoTransactions } from '../utxo/transactions';
import { createCoinCold } from '../cold/utxo';
import { coldKeys } from '../chains/cold-places';
import { WrongKey } from '../deposits/addresses';
import type { OwnAddresses } from '../deposits/addresses';
import type { OwnUtxos, Scanner } from '../deposits/scanner';
import type { TreasuryChain } from '../treasury/sender';
import { FallenOut } from '../treasury/fallen-out';
import { createVenueMoney } from '../treasury/venue';
import { createBatches } from '../withdrawals/batches';
import { nodesOf, openScanner, ownAddresses, policiesOf, railsOf, readKey, sharedOf } from './opening';
import type { Shared } from './opening';
import { createRounds } from './rounds';
import type { NetworkConfig, NetworkDeps, OpenNetwork } from './settings';

/** Throws when node and signer are not what the settings say. */
export async function openBitcoin(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  const rails = railsOf(deps, network);
  const parameters = settings.bitcoin;
  if (!parameters) throw new WrongChain(`${network.id}: the settings do not say which Bitcoin it is`);
  const { nodes, agreement } = nodesOf(deps, network, rails, settings, (rpcUrl) =>
    createBitcoinNode({
      rpcUrl,
      ...(settings.headers && { headers: settings.headers }),
      network: parameters,
      asset: network.gasAsset,
    }),
  );
  const node = nodes.chain;
  await nodes.open();
  const keys = await keysOf(deps, network, settings, parameters);
  const { own, hotAddress } = keys;
  const shared = { ...sharedOf(deps, network, rails, hotAddress), node, parameters };
  const cold = coinCold(deps, shared, settings);
  const house = cold ? together(keys.hotAndChange, cold) : keys.hotAndChange;
  const fallenOut = new FallenOut({ ...shared, chain: node });
  const scanner = await openScanner(deps, shared, settings, fallenOut, { chain: node, own, agreement, house });
  const outgoing = outgoingParts(deps, settings, shared, keys, cold, scanner);
  return {
    network,
    chain: node,
    own,
    isOwnAddress: (address) => house.isOurs(address),
    rails,
    cold,
    ...createRounds(
      deps,
      network,
      settings,
      { chain: { ...node, close: () => undefined }, states: nodes.states },
      { scanner, fallenOut, cold, ...outgoing },
    ),
  };
}

interface Keys {
  readonly account: Account;
  /** Names the seed in a PSBT: four bytes. */
  readonly fingerprint: Uint8Array;
  readonly hotAddress: string;
  readonly own: OwnAddresses;
  readonly hotAndChange: HouseAddresses;
}

/** Our addresses by the signer's extended key. Throws WrongKey where its hot address is not of that key. */
async function keysOf(
  deps: NetworkDeps,
  network: Network,
  settings: NetworkConfig,
  parameters: BitcoinNetwork,
): Promise<Keys> {
  const { depositXpub, hotAddress, fingerprint = '' } = await deps.signer.identity(network.id);
  const account = readKey(network, "the signer's extended key", () => accountOf(depositXpub, parameters));
  const own = await ownAddresses(deps, network, settings, (index) => account.own(0, index).address);
  const hotAndChange = new HouseAddresses(network.id, account, own, deps.utxoStore);
  if (hotAndChange.hot !== hotAddress)
    throw new WrongKey(`${network.id}: the signer's hot address is not of its own key`);
  return { account, fingerprint: Buffer.from(fingerprint, 'hex'), hotAddress, own, hotAndChange };
}

type CoinShared = Shared & { readonly node: BitcoinNode; readonly parameters: BitcoinNetwork };

function coinCold({ coldStore }: NetworkDeps, shared: CoinShared, { cold: place }: NetworkConfig) {
  if (!place) return undefined;
  const { network, node, parameters } = shared;
  const keys = readKey(network, 'the setting of cold storage', () => coldKeys(network.id, place, parameters));
  return createCoinCold({ ...shared, coldStore, keys, rate: () => feeRate(node) });
}

/** Everything that sends: batches of withdrawals, what goes to the venue and comes from cold storage, consolidation. */
function outgoingParts(
  { utxoStore, batchStore, signer, venueCapital }: NetworkDeps,
  settings: NetworkConfig,
  shared: CoinShared,
  keys: Keys,
  cold: ReturnType<typeof coinCold>,
  scanner: Scanner,
) {
  const { account, fingerprint, own } = keys;
  const { replaceAfter = 6, batchEveryMs = 0, consolidation: policy = { at: 0, above: 0 } } = settings;
  const scanned = (): number => scanner.height() ?? 0;
  const coinDeps = { ...shared, account, utxoStore, batchStore, signer, fingerprint, scanned, replaceAfter };
  const utxoSet = new UtxoSet(coinDeps);
  const transactions = new UtxoTransactions(coinDeps, utxoSet);
  const chain = treasuryChain(shared.node, utxoSet);
  const policyOf = policiesOf(shared.network, settings);
  const venueMoney = createVenueMoney({ ...shared, chain, transactions, venueCapital, policyOf, cold });
  const payouts = createBatches({ ...shared, own, batchStore, utxoSet, transactions, venueMoney, batchEveryMs });
  const consolidation = createConsolidation(coinDeps, utxoSet, transactions, policy);
  const between = [{ name: 'consolidation', run: () => consolidation.round() }];
  return { transactions, venueMoney, payouts, between };
}

/** Two kinds of addresses whose coins are ours, as one. */
const together = (one: OwnUtxos, other: OwnUtxos): OwnUtxos => ({
  isOurs: (address) => one.isOurs(address) || other.isOurs(address),
  refresh: async () => void (await Promise.all([one.refresh(), other.refresh()])),
  coinsIn: (header, transfers) => [...one.coinsIn(header, transfers), ...other.coinsIn(header, transfers)],
});

/** A node and its coins, as far as the treasury asks. */
const treasuryChain = (node: BitcoinNode, utxoSet: UtxoSet): TreasuryChain => ({
  head: () => node.head(),
  receipt: async (txid) => {
    const place = await node.confirmedIn(txid);
    // What others paid for their transaction is not our cost.
    return place && { height: place.height, succeeded: true, fee: 0n };
  },
  gas: (transfer) => utxoSet.quote(transfer),
  balance: () => utxoSet.balance(),
});
