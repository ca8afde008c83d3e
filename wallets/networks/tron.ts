import type { Network } from '../../domain/registry';
import { WrongChain } from '../chains/chain';
import { createTronChain } from '../chains/tron';
import { addressFrom as tronAddressFrom } from '../chains/tron/addresses';
import { createAccountCold } from '../cold/accounts';
import { coldList } from '../cold/places';
import { createScanner } from '../deposits/scanner';
import { createSweeps } from '../sweeps';
import { Transactions } from '../treasury/transactions';
import { FallenOut } from '../treasury/fallen-out';
import { createVenueMoney } from '../treasury/venue';
import { createTronGuard } from '../tron/guard';
import { Renewals } from '../tron/renewals';
import { tronSigning } from '../tron/signing';
import { createPayouts } from '../withdrawals/payouts';
import { nodesOf, ownAddresses, policiesOf, readKey } from './opening';
import { createRounds } from './rounds';
import type { NetworkConfig, NetworkDeps, OpenNetwork } from './settings';

/** Heights there are of solid blocks, which nodes reach one after the other. */
const TRON_LAG = 20;

/** Throws when node and signer are not what the settings say. */
export async function openTron(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
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
  const fallenOut = new FallenOut({ ...shared });
  const scanner = createScanner({ ...shared, assets: deps.registry.assets, reorganised: (height) => fallenOut.above(height), agreement, store: depositStore, own, mayCredit: guard.mayCredit, ...(settings.scanFrom !== undefined && { scanFrom: settings.scanFrom }) });
  await scanner.anchor();
  const signing = tronSigning({ chain, signer, rails, hotAddress, depositAddress });
  const transactionsDeps = { ...shared, signer: signing, indexOf: (address: string) => own.ownerOf(address)?.index, replaceAfter: 0 };
  const transactions = new Transactions(transactionsDeps, (intentOf) => new Renewals({ ...transactionsDeps, chain }, intentOf));
  const cold = place && createAccountCold({ ...shared, coldStore: deps.coldStore, addresses: readKey(network, 'the setting of cold storage', () => coldList(network, place, chain.address)) });
  const venueMoney = createVenueMoney({ ...shared, transactions, venueCapital, policyOf: policiesOf(network, settings), cold });
  const sweeps = createSweeps({ ...shared, transactions, scanned: () => scanner.height() ?? 0, maySweep: guard.maySweep, policyOf: policiesOf(network, settings) });
  const payouts = createPayouts({ ...shared, own, transactions, venueMoney });
  const steps = { scanner, transactions, fallenOut, between: [{ name: 'sweeps', run: () => sweeps.round() }], payouts, venueMoney, cold };
  return { network, chain, own, isHouse: (address) => address === hotAddress || cold?.isOurs(address) === true, rails, cold, ...createRounds(deps, network, settings, { chain, states: nodes.states }, steps) };
}
