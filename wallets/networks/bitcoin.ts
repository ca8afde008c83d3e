import type { Network } from '../../domain/registry';
import { accountOf } from '../chains/bitcoin/addresses';
import { createBitcoinNode } from '../chains/bitcoin/node';
import type { BitcoinNode } from '../chains/bitcoin/node';
import { WrongChain } from '../chains/chain';
import { createConsolidation } from '../utxo/consolidation';
import { HouseAddresses } from '../utxo/own-addresses';
import { feeRate, UtxoSet } from '../utxo/utxo-set';
import { UtxoTransactions } from '../utxo/transactions';
import { createCoinCold } from '../cold/utxo';
import { coldKeys } from '../chains/cold-places';
import type { ColdPlace } from '../chains/cold-places';
import { WrongKey } from '../deposits/addresses';
import { createScanner } from '../deposits/scanner';
import type { OwnUtxos } from '../deposits/scanner';
import type { TreasuryChain } from '../treasury/sender';
import { FallenOut } from '../treasury/fallen-out';
import { createVenueMoney } from '../treasury/venue';
import { createBatches } from '../withdrawals/batches';
import { nodesOf, ownAddresses, policiesOf, readKey } from './opening';
import { createRounds } from './rounds';
import type { NetworkConfig, NetworkDeps, OpenNetwork } from './settings';

/** Throws when node and signer are not what the settings say. */
export async function openBitcoin(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  const {
    depositStore,
    chainStore,
    utxoStore,
    batchStore,
    treasuryStore: store,
    engine,
    signer,
    events,
    clock,
    ids,
    logger,
    venueCapital,
  } = deps;
  const rails = deps.registry.rails.filter((rail) => rail.network === network.id);
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
  const { depositXpub, hotAddress, fingerprint = '' } = await signer.identity(network.id);
  const account = readKey(network, "the signer's extended key", () => accountOf(depositXpub, parameters));
  const own = await ownAddresses(deps, network, settings, (index) => account.own(0, index).address);
  const hotAndChange = new HouseAddresses(network.id, account, own, utxoStore);
  if (hotAndChange.hot !== hotAddress)
    throw new WrongKey(`${network.id}: the signer's hot address is not of its own key`);
  const shared = { network, rails, hotAddress, chainStore, engine, events, clock, ids, logger, store };
  const cold =
    settings.cold &&
    createCoinCold({
      ...shared,
      node,
      parameters,
      coldStore: deps.coldStore,
      keys: readKey(network, 'the setting of cold storage', () =>
        coldKeys(network.id, settings.cold as ColdPlace, parameters),
      ),
      rate: () => feeRate(node),
    });
  const house = cold ? together(hotAndChange, cold) : hotAndChange;
  const fallenOut = new FallenOut({ ...shared, chain: node });
  const scanner = createScanner({
    ...shared,
    assets: deps.registry.assets,
    reorganised: (height) => fallenOut.above(height),
    chain: node,
    agreement,
    store: depositStore,
    own,
    house,
    ...(settings.scanFrom !== undefined && { scanFrom: settings.scanFrom }),
  });
  await scanner.anchor();
  const coinDeps = {
    ...shared,
    node,
    parameters,
    account,
    utxoStore,
    batchStore,
    signer,
    fingerprint: Buffer.from(fingerprint, 'hex'),
    scanned: () => scanner.height() ?? 0,
    replaceAfter: settings.replaceAfter ?? 6,
  };
  const utxoSet = new UtxoSet(coinDeps);
  const transactions = new UtxoTransactions(coinDeps, utxoSet);
  const chain = treasuryChain(node, utxoSet);
  const venueMoney = createVenueMoney({
    ...shared,
    chain,
    transactions,
    venueCapital,
    policyOf: policiesOf(network, settings),
    cold,
  });
  const payouts = createBatches({
    ...shared,
    own,
    batchStore,
    utxoSet,
    transactions,
    venueMoney,
    batchEveryMs: settings.batchEveryMs ?? 0,
  });
  const consolidation = createConsolidation(
    coinDeps,
    utxoSet,
    transactions,
    settings.consolidation ?? { at: 0, above: 0 },
  );
  const between = [{ name: 'consolidation', run: () => consolidation.round() }];
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
      { scanner, transactions, fallenOut, between, payouts, venueMoney, cold },
    ),
  };
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
