/** Places of a Bitcoin. Its addresses have no balances: each of our outputs is asked for, one by one. */
import type { UtxoRow } from '../../db/entities/utxos';
import type { ChainStore } from '../../db/stores/chain';
import type { UtxoStore } from '../../db/stores/utxos';
import { COLD_BRANCH } from '../../db/stores/cold';
import type { CustodyBalance, CustodyItem, CustodyReader, OpenMovements } from '../../domain/contract/custody';
import type { VenueCapital } from '../../domain/contract/ports';
import { fromChainUnits, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Network } from '../../domain/registry';
import type { Account } from '../chains/bitcoin/addresses';
import type { Multisig } from '../chains/bitcoin/multisig';
import type { BitcoinNode } from '../chains/bitcoin/node';
import { coldPlace } from '../cold/storage';
import { orUnreadable } from './reading';

export interface UtxoCustody {
  readonly network: Network;
  readonly node: BitcoinNode;
  /** Rejects while the signer does not tell it. */
  readonly account: () => Promise<Account>;
  /** The keys of cold storage, where there is one. */
  readonly cold?: Multisig | undefined;
  readonly utxoStore: UtxoStore;
  readonly chainStore: ChainStore;
  /** What was taken back from the venue is known there by our id. */
  readonly capital: Pick<VenueCapital, 'withdrawal'>;
}

const total = (rows: readonly UtxoRow[]): Units => rows.reduce((sum, { amount }) => sum + parseAmount(amount), 0n);
const ofBranch = (rows: readonly UtxoRow[], branch: number): UtxoRow[] => rows.filter((row) => row.branch === branch);

/** An output that we never saw is missed here, and one that somebody took is found. */
export function utxoCustody(custody: UtxoCustody): CustodyReader {
  const { network, cold, utxoStore } = custody;
  return {
    read: (movements) => readPlaces(custody, movements),
    ownAddresses: async () => {
      const account = await custody.account();
      const coins = await utxoStore.unspent(network.id);
      const children = (branch: number): number[] => [...new Set(ofBranch(coins, branch).map(({ child }) => child))];
      const hot = children(1).map((child) => account.own(1, child).address);
      const kept = cold ? children(COLD_BRANCH).map((child) => cold.at(child).address) : [];
      return [...hot, ...kept].map((address) => ({ network: network.id, address }));
    },
    close: () => undefined,
  };
}

async function readPlaces(custody: UtxoCustody, movements: OpenMovements): Promise<CustodyBalance[]> {
  const { network, node, utxoStore } = custody;
  const coins = await utxoStore.unspent(network.id);
  const there = await orUnreadable(unspentOf(node, coins));
  const items = there && (await orUnreadable(itemsOf(custody, movements)));
  const places = [
    [`hot/${network.id}`, 1],
    [`deposit/${network.id}`, 0],
    [coldPlace(network), COLD_BRANCH],
  ] as const;
  return places.map(([place, branch]) => ({
    place,
    asset: network.gasAsset,
    actual: items && total(ofBranch(there ?? [], branch)),
    items: (items ?? []).filter((item) => item.place === place),
  }));
}

async function unspentOf(node: BitcoinNode, coins: readonly UtxoRow[]): Promise<UtxoRow[]> {
  const found: UtxoRow[] = [];
  for (const coin of coins) if (await node.holds(coin.txid, coin.index)) found.push(coin);
  return found;
}

/** Everything on the chain that the books do not hold yet. */
async function itemsOf(
  { network, node, utxoStore, chainStore, capital }: UtxoCustody,
  rows: OpenMovements,
): Promise<CustodyItem[]> {
  const now = Date.now();
  const [hot, deposit] = [`hot/${network.id}`, `deposit/${network.id}`];
  const items: CustodyItem[] = [];
  const add = (id: string, place: string, amount: Units, createdAt: number): void =>
    void items.push({ id, place, asset: network.gasAsset, amount, ageMs: now - createdAt });
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
      const inputs = await utxoStore.inputsOf(open.id);
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
