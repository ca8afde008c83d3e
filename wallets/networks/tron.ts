import type { Network, Rail } from '../../domain/registry';
import { WrongChain } from '../chains/chain';
import type { Nodes } from '../chains/nodes';
import { createTronChain } from '../chains/tron';
import type { TronChain } from '../chains/tron';
import { addressFrom as tronAddressFrom } from '../chains/tron/addresses';
import type { NetworkCold } from '../cold/storage';
import type { OwnAddresses } from '../deposits/addresses';
import type { Agreement } from '../deposits/agreement';
import type { Scanner } from '../deposits/scanner';
import type { Step } from '../loop';
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
import { accountCold, nodesOf, openScanner, ownAddresses, policiesOf, railsOf, readKey, sharedOf } from './opening';
import type { Shared } from './opening';
import { createRounds } from './rounds';
import type { NetworkConfig, NetworkDeps, OpenNetwork } from './settings';

/** Heights there are of solid blocks, which nodes reach one after the other. */
const TRON_LAG = 20;

/** Throws when node and signer are not what the settings say. */
export async function openTron(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  const rails = railsOf(deps, network);
  const { nodes, agreement } = connect(deps, network, rails, settings);
  const { chain } = nodes;
  await nodes.open();
  const { depositXpub, hotAddress } = await deps.signer.identity(network.id);
  const depositAddress = readKey(network, "the signer's extended key", () => tronAddressFrom(depositXpub));
  const own = await ownAddresses(deps, network, settings, depositAddress);
  const shared = { ...sharedOf(deps, network, rails, hotAddress), chain, own };
  const guard = createTronGuard({ ...shared, depositStore: deps.depositStore });
  const watch = createTronWatch({ ...shared, guard });
  const fallenOut = new FallenOut({ ...shared, chain: { broadcast: watch.broadcast } });
  const scanner = await openScanner(deps, shared, settings, fallenOut, {
    chain,
    own,
    agreement,
    mayCredit: guard.mayCredit,
  });
  const transactions = transactionsOf(deps, shared, { nodes, agreement, watch, depositAddress });
  const cold = accountCold(deps, shared, settings, chain);
  const parts: Parts = { ...shared, transactions, guard, watch, cold, scanner };
  const { payouts, venueMoney } = payingParts(deps, settings, parts);
  const between = sweepingSteps(deps, settings, parts);
  return {
    network,
    chain,
    own,
    isOwnAddress: (address) => address === hotAddress || cold?.isOurs(address) === true,
    rails,
    cold,
    ...createRounds(
      deps,
      network,
      settings,
      { chain, states: nodes.states },
      { scanner, transactions, fallenOut, between, payouts, venueMoney, cold },
    ),
  };
}

type TronShared = Shared & { readonly chain: TronChain; readonly own: OwnAddresses };
type Parts = TronShared & {
  readonly transactions: Transactions;
  readonly guard: ReturnType<typeof createTronGuard>;
  readonly watch: TronWatch;
  readonly cold: NetworkCold | undefined;
  readonly scanner: Scanner;
};

function connect(
  deps: NetworkDeps,
  network: Network,
  rails: readonly Rail[],
  settings: NetworkConfig,
): { nodes: Nodes<TronChain>; agreement: Agreement } {
  const { tron, goodForMs, headers, maxLag = TRON_LAG } = settings;
  if (!tron) throw new WrongChain(`${network.id}: the settings do not say which TRON it is`);
  return nodesOf(deps, network, rails, { ...settings, maxLag }, (rpcUrl) =>
    createTronChain(network, rails, {
      rpcUrl,
      ...(headers && { headers }),
      tron,
      ...(goodForMs !== undefined && { goodForMs }),
    }),
  );
}

/** Signed while the hot wallet is ours alone; what ends without being mined is made anew. */
function transactionsOf(
  { signer }: NetworkDeps,
  shared: TronShared,
  parts: {
    readonly nodes: Nodes<TronChain>;
    readonly agreement: Agreement;
    readonly watch: TronWatch;
    readonly depositAddress: (index: number) => string;
  },
): Transactions {
  const { chain, network, rails, hotAddress, own } = shared;
  const { nodes, agreement, watch, depositAddress } = parts;
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
  return new Transactions(transactionsDeps, (intentOf) => new Renewals(transactionsDeps, intentOf));
}

/**
 * Payouts and transfers to the venue: they burn only what the stake does not give, and what others that are under way
 * leave of it.
 */
function payingParts({ venueCapital }: NetworkDeps, settings: NetworkConfig, parts: Parts) {
  const { chain, chainStore, network, hotAddress, watch } = parts;
  const promised = async (): Promise<bigint> =>
    promisedBy(await chainStore.open(network.id), hotAddress, network.gasAsset);
  const paying = {
    ...parts,
    chain: {
      ...chain,
      gas: async (transfer: Parameters<typeof chain.gas>[0]) => chain.ownGas(transfer, await promised()),
    },
  };
  const venueMoney = createVenueMoney({ ...paying, venueCapital, policyOf: policiesOf(network, settings) });
  const payouts = createPayouts({ ...paying, venueMoney });
  return { payouts: whileOurs(watch, payouts), venueMoney: whileOurs(watch, venueMoney) };
}

/** What is done about deposit addresses and the stake, in the order in which it is done. */
function sweepingSteps({ stakeStore }: NetworkDeps, settings: NetworkConfig, parts: Parts): Step[] {
  const { chain, network, hotAddress, guard, scanner, watch } = parts;
  const lending = createLending({ ...parts, stakeStore });
  const stakes = createStakes({ ...parts, stakeStore });
  const sweeping = {
    balance: chain.balance,
    gas: (transfer: Parameters<typeof chain.gas>[0]) =>
      transfer.from === hotAddress ? chain.gas(transfer) : chain.ownGas(transfer),
  };
  const sweeps = createSweeps({
    ...parts,
    chain: sweeping,
    scanned: () => scanner.height() ?? 0,
    maySweep: async (address) => !watch.isTaken() && guard.maySweep(address),
    ...(settings.lendEnergy !== false && { lends: lending.serves }),
    policyOf: policiesOf(network, settings),
  });
  return [
    { name: 'watch', run: () => watch.round() },
    ...Object.entries({ lending, stakes }).map(([name, step]) => ({ name, run: () => whileOurs(watch, step).round() })),
    { name: 'sweeps', run: () => sweeps.round() },
  ];
}

/** Nothing is planned from the hot wallet or to it while somebody else can sign for it. */
const whileOurs = (watch: TronWatch, step: { round(): Promise<void> }): { round(): Promise<void> } => ({
  round: async () => {
    if (!watch.isTaken()) await step.round();
  },
});
