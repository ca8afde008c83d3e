/** Coins of ours on a Bitcoin beside the books: every output that we know of, asked for one by one. */
import type { DataSource } from 'typeorm';
import type { CoinRow } from '../db/entities/coins';
import type { InFlightRows } from '../db/stores/audit';
import { createChainStore } from '../db/stores/chain';
import { createCoinStore } from '../db/stores/coins';
import type { Signer, VenueCapital } from '../domain/contract/ports';
import { fromChainUnits, parseAmount } from '../domain/money/amount';
import type { Units } from '../domain/money/amount';
import type { Network, Registry } from '../domain/registry';
import type { OutsidePlace } from '../ledger/audit';
import { COLD_BRANCH } from '../db/stores/cold';
import type { Multisig } from '../wallets/chains/bitcoin/multisig';
import { coldKeys } from '../wallets/chains/cold-places';
import type { ColdPlace } from '../wallets/chains/cold-places';
import { coldPlace } from '../wallets/cold/storage';
import { accountOf } from '../wallets/chains/bitcoin/addresses';
import type { Account } from '../wallets/chains/bitcoin/addresses';
import { createBitcoinNode } from '../wallets/chains/bitcoin/node';
import type { BitcoinNode } from '../wallets/chains/bitcoin/node';
import { anyNode } from '../deploy/config/any-node';
import type { BitcoinSettings } from '../deploy/config/networks';

export interface BitcoinOutside {
  readonly network: Network;
  readonly node: BitcoinNode;
  /** Undefined while the signer does not tell it. */
  readonly account?: Account | undefined;
  /** The keys of cold storage, where there is one. */
  readonly cold?: Multisig | undefined;
}

/** Bitcoin, where it is listed and the settings name a node. For reading alone. */
export async function bitcoinOutside(
  settings: BitcoinSettings | undefined,
  registry: Registry,
  signer: Signer,
  cold?: ColdPlace,
): Promise<BitcoinOutside | undefined> {
  const network = registry.networks.find(({ kind }) => kind === 'bitcoin');
  if (!network || !settings) return undefined;
  const { rpcUrls, headers, bitcoin } = settings;
  const account = await signer.identity(network.id).then(
    ({ depositXpub }) => accountOf(depositXpub, bitcoin),
    () => undefined,
  );
  return {
    network,
    node: anyNode(network, rpcUrls, (rpcUrl) =>
      createBitcoinNode({ rpcUrl, headers, network: bitcoin, asset: network.gasAsset }),
    ),
    account,
    ...(cold && { cold: coldKeys(network.id, cold, bitcoin) }),
  };
}

/** The house's own addresses at which coins lie now: hot, change, and cold storage. Throws while the signer does not tell its account. */
export async function houseAddresses(
  dataSource: DataSource,
  { network, account, cold }: BitcoinOutside,
): Promise<{ network: string; address: string }[]> {
  if (!account) throw new Error(`cannot be read now: our addresses on ${network.id}`);
  const coins = await createCoinStore(dataSource).unspent(network.id);
  const children = (branch: number): number[] => [...new Set(ofBranch(coins, branch).map(({ child }) => child))];
  const own = children(1).map((child) => account.own(1, child).address);
  const kept = cold ? children(COLD_BRANCH).map((child) => cold.at(child).address) : [];
  return [...own, ...kept].map((address) => ({ network: network.id, address }));
}

type Item = OutsidePlace['items'][number] & { readonly place: string };

const total = (rows: readonly CoinRow[]): Units => rows.reduce((sum, { amount }) => sum + parseAmount(amount), 0n);
const ofBranch = (rows: readonly CoinRow[], branch: number): CoinRow[] => rows.filter((row) => row.branch === branch);
const orUnreadable = <T>(read: Promise<T>): Promise<T | undefined> => read.catch(() => undefined);

/**
 * The places of a Bitcoin. A chain of coins cannot be asked for the balance of an address; what is compared is each of our coins,
 * so one that we never saw is missed here, and one that somebody took is found.
 */
export async function readBitcoin(
  dataSource: DataSource,
  { network, node }: BitcoinOutside,
  capital: VenueCapital,
  booked: (place: string) => Units,
  rows: InFlightRows,
): Promise<OutsidePlace[]> {
  const coins = await createCoinStore(dataSource).unspent(network.id);
  const there = await orUnreadable(unspentOf(node, coins));
  const items = there && (await orUnreadable(itemsOf(dataSource, { network, node }, capital, rows)));
  return (
    [
      [`hot/${network.id}`, 1],
      [`deposit/${network.id}`, 0],
      [coldPlace(network), COLD_BRANCH],
    ] as const
  ).map(([place, branch]) => ({
    place,
    asset: network.gasAsset,
    booked: booked(place),
    actual: items && total(ofBranch(there ?? [], branch)),
    items: (items ?? []).filter((item) => item.place === place),
  }));
}

async function unspentOf(node: BitcoinNode, coins: readonly CoinRow[]): Promise<CoinRow[]> {
  const found: CoinRow[] = [];
  for (const coin of coins) if (await node.holds(coin.txid, coin.index)) found.push(coin);
  return found;
}

/** Everything on the chain that the books do not hold yet. */
async function itemsOf(
  dataSource: DataSource,
  { network, node }: BitcoinOutside,
  capital: VenueCapital,
  rows: InFlightRows,
): Promise<Item[]> {
  const [chainStore, coinStore, now] = [createChainStore(dataSource), createCoinStore(dataSource), Date.now()];
  const [hot, deposit] = [`hot/${network.id}`, `deposit/${network.id}`];
  const items: Item[] = [];
  const add = (id: string, place: string, amount: Units, createdAt: number): void =>
    void items.push({ id, place, amount, ageMs: now - createdAt });
  const head = await node.head();
  for (const row of rows.deposits) {
    if (row.network === network.id && row.blockHeight <= head)
      add(`deposit ${row.id} ${row.state}`, deposit, parseAmount(row.amount), row.createdAt);
  }
  for (const open of await chainStore.open(network.id)) {
    for (const { txid, maxFeePerGas } of open.state === 'PLANNED'
      ? []
      : [open, ...(await chainStore.replaced(open.id))]) {
      if (!(await node.confirmedIn(txid))) continue;
      const inputs = await coinStore.inputsOf(open.id);
      const gone = parseAmount(open.amount) + fromChainUnits(BigInt(maxFeePerGas), 8);
      const fromDeposits = total(ofBranch(inputs, 0));
      add(`${open.purpose} ${open.id}`, deposit, -fromDeposits, open.createdAt);
      add(`${open.purpose} ${open.id}`, hot, fromDeposits - gone, open.createdAt);
      if (open.purpose === 'cold')
        add(`${open.purpose} ${open.id}`, coldPlace(network), parseAmount(open.amount), open.createdAt);
    }
  }
  for (const { id, amount, fee, txid, createdAt } of rows.cold.filter((row) => row.network === network.id)) {
    if (!(await node.confirmedIn(txid))) continue;
    add(`from cold ${id}`, coldPlace(network), -parseAmount(amount) - parseAmount(fee), createdAt);
    add(`from cold ${id}`, hot, parseAmount(amount), createdAt);
  }
  for (const transfer of rows.transfers.filter(
    (row) => row.network === network.id && row.direction === 'pull-back' && row.state !== 'RESERVED',
  )) {
    const known = await capital.withdrawal(transfer.id);
    if (known?.txid && (await node.confirmedIn(known.txid)))
      add(`pull-back ${transfer.id}`, hot, parseAmount(known.amount) - parseAmount(known.fee), transfer.createdAt);
  }
  return items;
}
