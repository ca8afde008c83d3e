import type { Network, Rail } from '../../domain/registry';
import { createEvmChain } from '../chains/evm';
import type { EvmChain } from '../chains/evm';
import type { Nodes } from '../chains/nodes';
import type { OwnAddresses } from '../deposits/addresses';
import type { Agreement } from '../deposits/agreement';
import { createBalanceWatch } from '../deposits/balances';
import { createHolding } from '../deposits/holding';
import type { Scanner } from '../deposits/scanner';
import { addressFrom } from '../keys/addresses';
import { createSweeps } from '../sweeps';
import { Transactions } from '../treasury/transactions';
import { FallenOut } from '../treasury/fallen-out';
import { createVenueMoney } from '../treasury/venue';
import { createPayouts } from '../withdrawals/payouts';
import { accountCold, nodesOf, openScanner, ownAddresses, policiesOf, railsOf, readKey, sharedOf } from './opening';
import type { Shared } from './opening';
import { createRounds } from './rounds';
import type { NetworkConfig, NetworkDeps, OpenNetwork } from './settings';

/** Throws when node and signer are not what the settings say. */
export async function openEvm(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
  const rails = railsOf(deps, network);
  const { nodes, agreement } = nodesOf(deps, network, rails, settings, (rpcUrl) =>
    createEvmChain(network, rails, {
      rpcUrl,
      ...(settings.headers && { headers: settings.headers }),
      traces: settings.traces,
    }),
  );
  try {
    return await opened(deps, settings, network, rails, nodes, agreement);
  } catch (error) {
    nodes.chain.close();
    throw error;
  }
}

async function opened(
  deps: NetworkDeps,
  settings: NetworkConfig,
  network: Network,
  rails: readonly Rail[],
  nodes: Nodes<EvmChain>,
  agreement: Agreement,
): Promise<OpenNetwork> {
  const { chain, states } = nodes;
  await nodes.open();
  const { depositXpub, hotAddress } = await deps.signer.identity(network.id);
  const derive = readKey(network, "the signer's extended key", () => addressFrom(depositXpub));
  const own = await ownAddresses(deps, network, settings, derive);
  const shared = { ...sharedOf(deps, network, rails, hotAddress), chain, own };
  const fallenOut = new FallenOut(shared);
  const balances = createBalanceWatch({
    network: network.id,
    asset: network.gasAsset,
    chain,
    store: deps.depositStore,
    addresses: () => own.all(),
  });
  const scanner = await openScanner(deps, shared, settings, fallenOut, {
    chain,
    own,
    agreement,
    mayCredit: createHolding({ store: deps.depositStore, events: deps.events }),
    ...(!settings.traces && { balances }),
  });
  const outgoing = outgoingParts(deps, settings, shared, agreement, scanner);
  const { cold } = outgoing;
  return {
    network,
    chain,
    own,
    isOwnAddress: (address) => address === hotAddress || cold?.isOurs(address) === true,
    rails,
    cold,
    ...createRounds(deps, network, settings, { chain, states }, { scanner, fallenOut, ...outgoing }),
  };
}

/** Everything that sends: sweeps, payouts, what goes to the venue and comes from cold storage. */
function outgoingParts(
  deps: NetworkDeps,
  settings: NetworkConfig,
  shared: Shared & { readonly chain: EvmChain; readonly own: OwnAddresses },
  agreement: Agreement,
  scanner: Scanner,
) {
  const { network, own } = shared;
  const transactions = new Transactions({
    ...shared,
    signer: deps.signer,
    indexOf: (address) => own.ownerOf(address)?.index,
    replaceAfter: settings.replaceAfter ?? 20,
    failureObjection: agreement.failureObjection,
  });
  const cold = accountCold(deps, shared, settings, shared.chain);
  const policyOf = policiesOf(network, settings);
  const venueMoney = createVenueMoney({ ...shared, transactions, venueCapital: deps.venueCapital, policyOf, cold });
  const sweeps = createSweeps({ ...shared, transactions, scanned: () => scanner.height() ?? 0, policyOf });
  const payouts = createPayouts({ ...shared, transactions, venueMoney });
  return { transactions, cold, venueMoney, payouts, between: [{ name: 'sweeps', run: () => sweeps.round() }] };
}
