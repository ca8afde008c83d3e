import type { UtxoRow } from '../../db/entities/utxos';
import type { UtxoStore } from '../../db/stores/utxos';
import { formatAmount } from '../../domain/money/amount';
import type { Account } from '../chains/bitcoin/addresses';
import type { BlockHeader, ChainTransfer } from '../chains/chain';
import type { OwnAddresses } from '../deposits/addresses';

/** Watched beyond the newest change address that was planned. */
const AHEAD = 20;

/** Change of the transaction with this number; 0 is the hot address. */
export const changeIndexOf = (nonce: number): number => nonce + 1;

/** An output of ours as it stands in a block. */
export const newCoin = (
  network: string,
  { height }: BlockHeader,
  { txid, position, amount }: ChainTransfer,
  branch: number,
  child: number,
): UtxoRow => ({
  network,
  txid,
  index: Number(position.slice('out:'.length)),
  branch,
  child,
  amount: formatAmount(amount),
  height,
  spentBy: null,
});

/** The house's own addresses on a network of coins: the hot one, and one for the change of each transaction. */
export class HouseAddresses {
  private readonly byAddress = new Map<string, number>();

  constructor(
    private readonly network: string,
    private readonly account: Account,
    private readonly own: OwnAddresses,
    private readonly store: UtxoStore,
  ) {
    this.upTo(AHEAD);
  }

  get hot(): string {
    return this.account.own(1, 0).address;
  }

  private upTo(index: number): void {
    for (let next = this.byAddress.size; next <= index; next++)
      this.byAddress.set(this.account.own(1, next).address, next);
  }

  /** Called after the chain's head was read: whatever is in its blocks was planned before. */
  async refresh(): Promise<void> {
    this.upTo(changeIndexOf(await this.store.planned(this.network, this.hot)) + AHEAD);
  }

  isOurs(address: string): boolean {
    return this.byAddress.has(address);
  }

  /** What of a block's transfers are coins of ours, deposits included. */
  coinsIn(header: BlockHeader, transfers: readonly ChainTransfer[]): UtxoRow[] {
    return transfers.flatMap((transfer) => {
      const house = this.byAddress.get(transfer.to);
      const child = house ?? this.own.ownerOf(transfer.to)?.index;
      return child === undefined ? [] : [newCoin(this.network, header, transfer, house === undefined ? 0 : 1, child)];
    });
  }
}
