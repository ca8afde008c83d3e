import { keySpaceOf } from '../../db/stores/child-numbers';
import { STORAGE_SCALE, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Network, Rail } from '../../domain/registry';
import type { Chain } from '../chains/chain';
import { coldList } from '../chains/cold-places';
import { createNodes, nodeName } from '../chains/nodes';
import type { Nodes } from '../chains/nodes';
import { createAccountCold } from '../cold/accounts';
import type { AccountColdDeps } from '../cold/accounts';
import type { NetworkCold } from '../cold/storage';
import { OwnAddresses, WrongKey } from '../deposits/addresses';
import { createAgreement } from '../deposits/agreement';
import type { Agreement } from '../deposits/agreement';
import { createScanner } from '../deposits/scanner';
import type { Scanner, ScannerDeps } from '../deposits/scanner';
import { reasonOf } from '../loop';
import type { PolicyOf } from '../treasury/bands';
import type { FallenOut } from '../treasury/fallen-out';
import { WrongSettings } from './settings';
import type { NetworkConfig, NetworkDeps } from './settings';

/** All nodes are looked at every so many polls. */
const POLLS_A_SURVEY = 10;

/**
 * Every node of the settings behind one. Throws WrongSettings where large deposits are to be seen by two and there is
 * one.
 */
export function nodesOf<C extends Parameters<typeof createNodes>[0][0]['chain']>(
  { clock, logger }: NetworkDeps,
  { id, confirmations }: Network,
  rails: readonly Rail[],
  settings: NetworkConfig,
  open: (rpcUrl: string) => C,
): { nodes: Nodes<C>; agreement: Agreement } {
  const { rpcUrls, largeFrom = {}, maxLag = confirmations, pollMs } = settings;
  // One transfer of such a token would stop the scanner for ever.
  const tooFine = rails.find(({ decimals }) => decimals > STORAGE_SCALE);
  if (tooFine)
    throw new WrongSettings(
      `${id}: ${tooFine.asset} has ${tooFine.decimals} decimals; amounts are kept with ${STORAGE_SCALE}`,
    );
  const [first, ...others] = rpcUrls.map((rpcUrl) => ({ name: nodeName(rpcUrl), chain: open(rpcUrl) }));
  if (!first) throw new WrongSettings(`${id}: the settings name no node`);
  const large = rails.find(({ asset }) => asset in largeFrom);
  if (large && others.length === 0)
    throw new WrongSettings(
      `${id}: from ${largeFrom[large.asset]} ${large.asset} on two nodes must see a deposit, and the settings name one node`,
    );
  const nodes = createNodes(
    [first, ...others],
    { network: id, maxLag, surveyMs: pollMs * POLLS_A_SURVEY },
    { clock, logger },
  );
  const amount = (asset: string): Units | undefined =>
    largeFrom[asset] === undefined ? undefined : parseAmount(largeFrom[asset]);
  return { nodes, agreement: createAgreement(id, nodes, amount) };
}

export const railsOf = ({ registry }: NetworkDeps, { id }: Network): Rail[] =>
  registry.rails.filter((rail) => rail.network === id);

/** What every part of a network is given. */
export type Shared = Pick<NetworkDeps, 'chainStore' | 'engine' | 'events' | 'clock' | 'ids' | 'logger'> & {
  readonly store: NetworkDeps['treasuryStore'];
  readonly network: Network;
  readonly rails: readonly Rail[];
  readonly hotAddress: string;
};

export const sharedOf = (
  { chainStore, treasuryStore: store, engine, events, clock, ids, logger }: NetworkDeps,
  network: Network,
  rails: readonly Rail[],
  hotAddress: string,
): Shared => ({ chainStore, store, engine, events, clock, ids, logger, network, rails, hotAddress });

type ScannerParts = Pick<ScannerDeps, 'chain' | 'own' | 'agreement'> &
  Partial<Pick<ScannerDeps, 'mayCredit' | 'balances' | 'house'>>;

/** The scanner of a network, on the blocks that were scanned before. */
export async function openScanner(
  { depositStore: store, registry }: NetworkDeps,
  shared: Shared,
  { scanFrom }: NetworkConfig,
  fallenOut: Pick<FallenOut, 'above'>,
  parts: ScannerParts,
): Promise<Scanner> {
  const scanner = createScanner({
    ...shared,
    assets: registry.assets,
    reorganised: (height) => fallenOut.above(height),
    store,
    ...(scanFrom !== undefined && { scanFrom }),
    ...parts,
  });
  await scanner.anchor();
  return scanner;
}

/** Cold storage of a network of accounts, where the settings name any. */
export function accountCold(
  { coldStore }: NetworkDeps,
  shared: Shared,
  { cold: place }: NetworkConfig,
  chain: AccountColdDeps['chain'] & Pick<Chain, 'address'>,
): NetworkCold | undefined {
  if (!place) return undefined;
  const addresses = readKey(shared.network, 'the setting of cold storage', () =>
    coldList(shared.network, place, chain.address),
  );
  return createAccountCold({ ...shared, chain, coldStore, addresses });
}

/** A key that cannot be read is no fault that passes: its checksum does not fit, or it is of another kind. */
export function readKey<T>({ id }: Network, whose: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new WrongKey(`${id}: ${whose} cannot be read: ${reasonOf(error)}`);
  }
}

/** Our addresses there. Throws WrongKey when the key at hand is not the one that they were made from. */
export async function ownAddresses(
  { depositStore, clock, registry }: NetworkDeps,
  network: Network,
  settings: NetworkConfig,
  derive: (index: number) => string,
): Promise<OwnAddresses> {
  if (settings.firstAddress && derive(0) !== settings.firstAddress)
    throw new WrongKey(`${network.id}: the signer's first address is ${derive(0)}, not ${settings.firstAddress}`);
  return OwnAddresses.load(keySpaceOf(network, registry.networks), derive, depositStore, clock);
}

export const policiesOf =
  (network: Network, { policies = {}, gasReserve }: NetworkConfig): PolicyOf =>
  (asset) => {
    const { sweepFrom = '0', sweepEveryMs = 0, floor = '0', ceiling = '0', above = 'venue' } = policies[asset] ?? {};
    const reserve = asset === network.gasAsset ? parseAmount(gasReserve) : 0n;
    return {
      sweepFrom: parseAmount(sweepFrom),
      sweepEveryMs,
      above,
      band: { reserve, floor: parseAmount(floor), ceiling: parseAmount(ceiling) },
    };
  };
