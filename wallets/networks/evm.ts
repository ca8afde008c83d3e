import type { Network } from '../../domain/registry';
import { createEvmChain } from '../chains/evm';
import { createAccountCold } from '../cold/accounts';
import { coldList } from '../chains/cold-places';
import type { ColdPlace } from '../chains/cold-places';
import { createBalanceWatch } from '../deposits/balances';
import { createHolding } from '../deposits/holding';
import { createScanner } from '../deposits/scanner';
import { addressFrom } from '../keys/addresses';
import { createSweeps } from '../sweeps';
import { Transactions } from '../treasury/transactions';
import { FallenOut } from '../treasury/fallen-out';
import { createVenueMoney } from '../treasury/venue';
import { createPayouts } from '../withdrawals/payouts';
import { nodesOf, ownAddresses, policiesOf, readKey } from './opening';
import { createRounds } from './rounds';
import type { NetworkConfig, NetworkDeps, OpenNetwork } from './settings';

/** Throws when node and signer are not what the settings say. */
export async function openEvm(deps: NetworkDeps, network: Network, settings: NetworkConfig): Promise<OpenNetwork> {
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
  const { nodes, agreement } = nodesOf(deps, network, rails, settings, (rpcUrl) =>
    createEvmChain(network, rails, {
      rpcUrl,
      ...(settings.headers && { headers: settings.headers }),
      traces: settings.traces,
    }),
  );
  const { chain } = nodes;
  try {
    await nodes.open();
    const { depositXpub, hotAddress } = await signer.identity(network.id);
    const own = await ownAddresses(
      deps,
      network,
      settings,
      readKey(network, "the signer's extended key", () => addressFrom(depositXpub)),
    );
    const shared = { chain, chainStore, network, rails, hotAddress, engine, events, clock, ids, logger, store };
    const balances = createBalanceWatch({
      network: network.id,
      asset: network.gasAsset,
      chain,
      store: depositStore,
      addresses: () => own.all(),
    });
    const fallenOut = new FallenOut({ ...shared });
    const scanner = createScanner({
      ...shared,
      assets: deps.registry.assets,
      reorganised: (height) => fallenOut.above(height),
      mayCredit: createHolding({ store: depositStore, events }),
      agreement,
      ...(!settings.traces && { balances }),
      store: depositStore,
      own,
      ...(settings.scanFrom !== undefined && { scanFrom: settings.scanFrom }),
    });
    await scanner.anchor();
    const transactions = new Transactions({
      ...shared,
      signer,
      indexOf: (address) => own.ownerOf(address)?.index,
      replaceAfter: settings.replaceAfter ?? 20,
      failureObjection: agreement.failureObjection,
    });
    const cold =
      settings.cold &&
      createAccountCold({
        ...shared,
        coldStore: deps.coldStore,
        addresses: readKey(network, 'the setting of cold storage', () =>
          coldList(network, settings.cold as ColdPlace, chain.address),
        ),
      });
    const venueMoney = createVenueMoney({
      ...shared,
      transactions,
      venueCapital,
      policyOf: policiesOf(network, settings),
      cold,
    });
    const sweeps = createSweeps({
      ...shared,
      transactions,
      scanned: () => scanner.height() ?? 0,
      policyOf: policiesOf(network, settings),
    });
    const payouts = createPayouts({ ...shared, own, transactions, venueMoney });
    const steps = {
      scanner,
      transactions,
      fallenOut,
      between: [{ name: 'sweeps', run: () => sweeps.round() }],
      payouts,
      venueMoney,
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
  } catch (error) {
    chain.close();
    throw error;
  }
}
