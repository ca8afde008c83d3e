import type { Network } from '../../domain/registry';
import { WrongChain } from '../chains/chain';
import { createTronChain } from '../chains/tron';
import { addressFrom as tronAddressFrom } from '../chains/tron/addresses';
import { createAccountCold } from '../cold/accounts';
import { coldList } from '../chains/cold-places';
import { createScanner } from '../deposits/scanner';
import { createSweeps } from '../sweeps';
import { Transactions } from '../treasury/transactions';
import { FallenOut } from '../treasury/fallen-out';
import { createVenueMoney } from '../treasury/venue';
import { createTronGuard } from '../tron/guard';
import { createLending, promisedBy } from '../tron/lending';
import { Renewals, knownToAny } from '../tron/renewals';
import { tronSigning } from '../tron/signing';
import { createStakes } from '../tron/stakes';
import { createTronWatch } from '../tron/watch';
import type { TronWatch } from '../tron/watch';
import { createPayouts } from '../withdrawals/payouts';
import { nodesOf, ownAddresses, policiesOf, readKey } from './opening';
import { createRounds } from './rounds';
import type { NetworkConfig, NetworkDeps, OpenNetwork } from './settings';

/** Heights there are of solid blocks, which nodes reach one after the other. */
const TRON_LAG = 20;

/** Throws when node and signer are not what the settings say. */
export async function openTron(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  const {
    depositStore,
    chainStore,
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
  const { tron, goodForMs, cold: place } = settings;
  if (!tron) throw new WrongChain(`${network.id}: the settings do not say which TRON it is`);
  const { nodes, agreement } = nodesOf(
    deps,
    network,
    rails,
    { ...settings, maxLag: settings.maxLag ?? TRON_LAG },
    (rpcUrl) =>
      createTronChain(network, rails, {
        rpcUrl,
        ...(settings.headers && { headers: settings.headers }),
        tron,
        ...(goodForMs !== undefined && { goodForMs }),
      }),
  );
  const { chain } = nodes;
  await nodes.open();
  const { depositXpub, hotAddress } = await signer.identity(network.id);
  const depositAddress = readKey(network, "the signer's extended key", () => tronAddressFrom(depositXpub));
  const own = await ownAddresses(deps, network, settings, depositAddress);
  const guard = createTronGuard({ chain, network, own, depositStore, chainStore, events, clock, logger });
  const shared = { chain, chainStore, network, rails, hotAddress, engine, events, clock, ids, logger, store };
  const watch = createTronWatch({ ...shared, own, guard });
  const fallenOut = new FallenOut({ ...shared, chain: { broadcast: watch.broadcast } });
  const scanner = createScanner({
    ...shared,
    assets: deps.registry.assets,
    reorganised: (height) => fallenOut.above(height),
    agreement,
    store: depositStore,
    own,
    mayCredit: guard.mayCredit,
    ...(settings.scanFrom !== undefined && { scanFrom: settings.scanFrom }),
  });
  await scanner.anchor();
  const signing = tronSigning({ chain, signer, rails, hotAddress, depositAddress });
  const signed: typeof signing = { sign: async (intent) => watch.mustBeOurs().then(() => signing.sign(intent)) };
  const transactionsDeps = {
    ...shared,
    chain: { ...chain, broadcast: watch.broadcast, knows: knownToAny(network.id, nodes) },
    signer: signed,
    indexOf: (address: string) => own.ownerOf(address)?.index,
    replaceAfter: 0,
    failureObjection: agreement.failureObjection,
  };
  const transactions = new Transactions(transactionsDeps, (intentOf) => new Renewals(transactionsDeps, intentOf));
  const cold =
    place &&
    createAccountCold({
      ...shared,
      coldStore: deps.coldStore,
      addresses: readKey(network, 'the setting of cold storage', () => coldList(network, place, chain.address)),
    });
  // A payout burns only what the stake does not give, and what others that are under way leave of it.
  const promised = async (): Promise<bigint> =>
    promisedBy(await chainStore.open(network.id), hotAddress, network.gasAsset);
  const paying = {
    ...shared,
    chain: {
      ...chain,
      gas: async (transfer: Parameters<typeof chain.gas>[0]) => chain.ownGas(transfer, await promised()),
    },
    transactions,
  };
  const venueMoney = createVenueMoney({ ...paying, venueCapital, policyOf: policiesOf(network, settings), cold });
  const lending = createLending({ ...shared, stakeStore: deps.stakeStore, transactions });
  const stakes = createStakes({ ...shared, stakeStore: deps.stakeStore, transactions });
  const sweeping = {
    balance: chain.balance,
    gas: (transfer: Parameters<typeof chain.gas>[0]) =>
      transfer.from === hotAddress ? chain.gas(transfer) : chain.ownGas(transfer),
  };
  const sweeps = createSweeps({
    ...shared,
    chain: sweeping,
    transactions,
    scanned: () => scanner.height() ?? 0,
    maySweep: async (address) => !watch.isTaken() && guard.maySweep(address),
    ...(settings.lendEnergy !== false && { lends: lending.serves }),
    policyOf: policiesOf(network, settings),
  });
  const payouts = createPayouts({ ...paying, own, venueMoney });
  const between = [
    { name: 'watch', run: () => watch.round() },
    ...Object.entries({ lending, stakes }).map(([name, step]) => ({ name, run: () => whileOurs(watch, step).round() })),
    { name: 'sweeps', run: () => sweeps.round() },
  ];
  const steps = {
    scanner,
    transactions,
    fallenOut,
    between,
    payouts: whileOurs(watch, payouts),
    venueMoney: whileOurs(watch, venueMoney),
    cold,
  };
  return {
    network,
    chain,
    own,
    isOwnAddress: (address) => address === hotAddress || cold?.isOurs(address) === true,
    rails,
    cold,
    ...createRounds(deps, network, settings, { chain, states: nodes.states }, steps),
  };
}

/** Nothing is planned from the hot wallet or to it while somebody else can sign for it. */
const whileOurs = (watch: TronWatch, step: { round(): Promise<void> }): { round(): Promise<void> } => ({
  round: async () => {
    if (!watch.isTaken()) await step.round();
  },
});
