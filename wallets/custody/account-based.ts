/**
 * Places of a network whose addresses have balances (Ethereum's kind, TRON): asked address by address at one height.
 */
import type {
  CustodyBalance,
  CustodyItem,
  CustodyReader,
  OpenMovements,
  OwnAddress,
} from '../../domain/contract/custody';
import type { VenueCapital } from '../../domain/contract/ports';
import { parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Network, Rail } from '../../domain/registry';
import type { Chain, ChainReceipt } from '../chains/chain';
import { coldPlace } from '../cold/storage';
import { orUnreadable } from './reading';

export interface AccountCustody {
  readonly network: Network;
  readonly rails: readonly Rail[];
  readonly chain: Chain;
  /** Rejects while the signer does not tell it. */
  readonly hotAddress: () => Promise<string>;
  readonly cold: readonly string[];
  /** What was taken back from the venue is known there by our id. */
  readonly capital: Pick<VenueCapital, 'withdrawal'>;
}

/** Coins of the hot wallet that are staked, or were and wait: ours, and no balance. */
const stakedPlace = (network: Network): string => `staked/${network.id}`;

export function accountCustody(custody: AccountCustody): CustodyReader {
  const { network, chain, cold } = custody;
  return {
    read: (movements) => readPlaces(custody, movements),
    ownAddresses: async (): Promise<OwnAddress[]> =>
      [await custody.hotAddress(), ...cold].map((address) => ({ network: network.id, address })),
    close: () => chain.close(),
  };
}

async function readPlaces(custody: AccountCustody, movements: OpenMovements): Promise<CustodyBalance[]> {
  const { network, rails, chain, cold } = custody;
  const hotAddress = await orUnreadable(custody.hotAddress());
  const head = await orUnreadable(chain.head());
  const items =
    head === undefined || hotAddress === undefined
      ? undefined
      : await orUnreadable(itemsUpTo(head, hotAddress, custody, movements));
  const itemsOf = (place: string, asset: string): CustodyItem[] =>
    (items ?? []).filter((item) => item.place === place && item.asset === asset);
  const deposits = movements.addresses.filter((row) => row.network === network.id).map((row) => row.address);
  const sum = async (asset: string, addresses: readonly string[]): Promise<Units> => {
    const amounts = await Promise.all(addresses.map((address) => chain.balance(address, asset, head)));
    return amounts.reduce((total, amount) => total + amount, 0n);
  };
  const places: CustodyBalance[] = [];
  for (const { asset } of rails) {
    for (const [place, addresses] of [
      [`hot/${network.id}`, hotAddress === undefined ? undefined : [hotAddress]],
      [`deposit/${network.id}`, deposits],
      ...(cold.length > 0 ? [[coldPlace(network), cold] as const] : []),
    ] as const) {
      const actual = items && addresses ? await orUnreadable(sum(asset, addresses)) : undefined;
      places.push({ place, asset, actual, items: itemsOf(place, asset) });
    }
  }
  const { staked } = chain;
  if (!staked) return places;
  const [place, asset] = [stakedPlace(network), network.gasAsset];
  const actual = items && hotAddress !== undefined ? await orUnreadable(staked(hotAddress)) : undefined;
  return [...places, { place, asset, actual, items: itemsOf(place, asset) }];
}

/** Everything on the chain up to `head` that the books do not hold yet. */
async function itemsUpTo(
  head: number,
  hotAddress: string,
  custody: AccountCustody,
  movements: OpenMovements,
): Promise<CustodyItem[]> {
  const { network } = custody;
  const now = Date.now();
  const items: CustodyItem[] = [];
  const add: Add = (id, place, asset, amount, createdAt) =>
    void items.push({ id, place, asset, amount, ageMs: now - createdAt });
  for (const deposit of movements.deposits) {
    if (deposit.network !== network.id || deposit.blockHeight > head) continue;
    const id = `deposit ${deposit.id} ${deposit.state}`;
    add(id, `deposit/${network.id}`, deposit.asset, parseAmount(deposit.amount), deposit.createdAt);
  }
  await addTransactions(add, head, hotAddress, custody, movements);
  await addFromCold(add, head, custody, movements);
  await addPullBacks(add, head, custody, movements);
  return items;
}

type Add = (id: string, place: string, asset: string, amount: Units, createdAt: number) => void;

async function addTransactions(
  add: Add,
  head: number,
  hotAddress: string,
  { network, chain, cold }: AccountCustody,
  movements: OpenMovements,
): Promise<void> {
  const placeOf = (address: string): string | undefined => {
    if (address === hotAddress) return `hot/${network.id}`;
    if (cold.includes(address)) return coldPlace(network);
    return movements.addresses.some((row) => row.network === network.id && row.address === address)
      ? `deposit/${network.id}`
      : undefined;
  };
  for (const row of movements.transactions.filter((one) => one.network === network.id && one.state !== 'PLANNED')) {
    const receipt = await firstReceipt(chain, [row.txid, ...(row.former?.split(',') ?? [])]);
    if (!receipt || receipt.height > head) continue;
    const from = placeOf(row.fromAddress);
    const to = row.purpose.startsWith('stake-') ? stakedPlace(network) : placeOf(row.toAddress);
    const id = `${row.purpose} ${row.id}`;
    if (from) add(`${id} gas`, from, network.gasAsset, -receipt.fee, row.createdAt);
    if (!receipt.succeeded) continue;
    if (from) add(id, from, row.asset, -parseAmount(row.amount), row.createdAt);
    if (to) add(id, to, row.asset, parseAmount(row.amount), row.createdAt);
    const released = receipt.released ?? 0n;
    if (released === 0n) continue;
    add(id, stakedPlace(network), network.gasAsset, -released, row.createdAt);
    add(id, `hot/${network.id}`, network.gasAsset, released, row.createdAt);
  }
}

async function addFromCold(
  add: Add,
  head: number,
  { network, chain, cold }: AccountCustody,
  movements: OpenMovements,
): Promise<void> {
  for (const { id, asset, amount, txid, createdAt } of movements.cold.filter((row) => row.network === network.id)) {
    const receipt = await chain.receipt(txid);
    if (!receipt || receipt.height > head) continue;
    if (receipt.sender !== undefined && cold.includes(receipt.sender)) {
      add(`from cold ${id} gas`, coldPlace(network), network.gasAsset, -receipt.fee, createdAt);
    }
    if (!receipt.succeeded) continue;
    add(`from cold ${id}`, coldPlace(network), asset, -parseAmount(amount), createdAt);
    add(`from cold ${id}`, `hot/${network.id}`, asset, parseAmount(amount), createdAt);
  }
}

async function addPullBacks(
  add: Add,
  head: number,
  { network, chain, capital }: AccountCustody,
  movements: OpenMovements,
): Promise<void> {
  const open = movements.transfers.filter(
    ({ network: id, direction, state }) => id === network.id && direction === 'pull-back' && state !== 'RESERVED',
  );
  for (const transfer of open) {
    const known = await capital.withdrawal(transfer.id);
    const receipt = known?.txid ? await chain.receipt(known.txid) : undefined;
    if (!known || !receipt?.succeeded || receipt.height > head) continue;
    const arrived = parseAmount(known.amount) - parseAmount(known.fee);
    add(`pull-back ${transfer.id}`, `hot/${network.id}`, transfer.asset, arrived, transfer.createdAt);
  }
}

async function firstReceipt(
  chain: Pick<Chain, 'receipt'>,
  txids: readonly string[],
): Promise<ChainReceipt | undefined> {
  for (const txid of txids) {
    const receipt = await chain.receipt(txid);
    if (receipt) return receipt;
  }
  return undefined;
}
