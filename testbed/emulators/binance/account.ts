import { must, show, times } from './decimal';
import type { Changes, Deposit, Fill, JournalRecord, Order, OrderList, Settings, Withdrawal } from './types';

/** The one account of the emulator: a fold over its journal. */
export class Account {
  readonly balances = new Map<string, { free: bigint; locked: bigint }>();
  readonly orders = new Map<number, Order>();
  readonly fills: Fill[] = [];
  readonly deposits = new Map<string, Deposit>();
  readonly withdrawals = new Map<string, Withdrawal>();
  readonly lists = new Map<number, OrderList>();
  settings: Settings = { bnbBurn: false, maker: '0.00100000', taker: '0.00100000' };
  private lastOrderId = 10_000;
  private lastListId = 0;
  private lastPreventedId = 0;
  private wasReset = false;
  private readonly open = new Map<number, Order>();
  /** The newest order of each client id: the venue lets an id be used again once its order is closed. */
  private readonly newest = new Map<string, Order>();

  balance(asset: string): { free: bigint; locked: bigint } {
    return this.balances.get(asset) ?? { free: 0n, locked: 0n };
  }

  nextOrderId(): number {
    return ++this.lastOrderId;
  }

  nextPreventedId(): number {
    return ++this.lastPreventedId;
  }

  nextListId(): number {
    return ++this.lastListId;
  }

  apply(record: JournalRecord): void {
    if (record.k === 'reset') this.reset();
    if ('changes' in record) this.change(record.changes);
    if (record.k === 'order') {
      const { order } = record;
      this.orders.set(order.orderId, order);
      if (isOpen(order)) this.open.set(order.orderId, order);
      else this.open.delete(order.orderId);
      const named = `${order.symbol} ${order.clientOrderId}`;
      if ((this.newest.get(named)?.orderId ?? 0) <= order.orderId) this.newest.set(named, order);
      this.lastOrderId = Math.max(this.lastOrderId, order.orderId);
      for (const { preventedMatchId } of order.preventedMatches ?? [])
        this.lastPreventedId = Math.max(this.lastPreventedId, preventedMatchId);
    }
    if (record.k === 'order' || record.k === 'fills') this.fills.push(...record.fills);
    if (record.k === 'settings') this.settings = record.settings;
    if (record.k === 'list') {
      this.lists.set(record.list.orderListId, record.list);
      this.lastListId = Math.max(this.lastListId, record.list.orderListId);
    }
    if (record.k === 'deposit') this.deposits.set(record.deposit.id, record.deposit);
    if (record.k === 'withdrawal') this.withdrawals.set(record.withdrawal.id, record.withdrawal);
  }

  /**
   * As after the test network's reset: no orders, no trades, no money; ids begin anew. What was paid in and out stays
   * told.
   */
  private reset(): void {
    for (const kept of [this.orders, this.open, this.newest, this.lists, this.balances]) kept.clear();
    this.fills.length = 0;
    [this.lastOrderId, this.lastListId, this.lastPreventedId, this.wasReset] = [0, 0, 0, true];
  }

  private change(changes: Changes): void {
    for (const [asset, { free, locked }] of Object.entries(changes)) {
      const balance = this.balance(asset);
      this.balances.set(asset, balance);
      balance.free += signed(free);
      balance.locked += signed(locked);
      if (balance.free < 0n || balance.locked < 0n) throw new Error(`balance of ${asset} below zero`);
    }
  }

  openOrders(symbol?: string): Order[] {
    return [...this.open.values()].filter((order) => !symbol || order.symbol === symbol);
  }

  /** The fewest records that give this account again. */
  records(): JournalRecord[] {
    const none: Changes = {};
    return [
      ...(this.wasReset ? [{ k: 'reset' } as const] : []),
      { k: 'settings', settings: this.settings },
      ...[...this.lists.values()].map((list): JournalRecord => ({ k: 'list', list })),
      {
        k: 'balance',
        changes: Object.fromEntries(
          [...this.balances].map(([asset, { free, locked }]) => [
            asset,
            { free: show(free, 18), locked: show(locked, 18) },
          ]),
        ),
      },
      ...[...this.orders.values()].map((order): JournalRecord => ({ k: 'order', order, fills: [], changes: none })),
      { k: 'fills', fills: this.fills },
      ...[...this.deposits.values()].map((deposit): JournalRecord => ({ k: 'deposit', deposit, changes: none })),
      ...[...this.withdrawals.values()].map((withdrawal): JournalRecord => ({
        k: 'withdrawal',
        withdrawal,
        changes: none,
      })),
    ];
  }

  find(symbol: string, by: { orderId?: string; clientOrderId?: string }): Order | undefined {
    if (by.orderId) {
      const order = this.orders.get(Number(by.orderId));
      return order?.symbol === symbol && (!by.clientOrderId || order.clientOrderId === by.clientOrderId)
        ? order
        : undefined;
    }
    return this.newest.get(`${symbol} ${by.clientOrderId}`);
  }
}

export const isOpen = (order: Order): boolean =>
  order.status === 'NEW' || order.status === 'PARTIALLY_FILLED' || order.status === 'PENDING_NEW';

export const leftOf = (order: Order): bigint => must(order.origQty) - must(order.executedQty);

/** What an order of such a pair of assets keeps locked. */
export function lockOf(
  order: Order,
  pair: { readonly baseAsset: string; readonly quoteAsset: string },
): { asset: string; amount: bigint } {
  const asset = order.side === 'SELL' ? pair.baseAsset : pair.quoteAsset;
  if (!isOpen(order) || order.status === 'PENDING_NEW' || order.isLockless) return { asset, amount: 0n };
  const price = must(order.price) || must(order.stopPrice ?? '0');
  return { asset, amount: order.side === 'SELL' ? leftOf(order) : times(price, leftOf(order)) };
}

function signed(text: string | undefined): bigint {
  if (!text) return 0n;
  return text.startsWith('-') ? -must(text.slice(1)) : must(text);
}

/** Gathers changes of balances into the journal's form. */
export class ChangeSet {
  private readonly by = new Map<string, { free: bigint; locked: bigint }>();

  free(asset: string, amount: bigint): this {
    return this.add(asset, 'free', amount);
  }

  locked(asset: string, amount: bigint): this {
    return this.add(asset, 'locked', amount);
  }

  private add(asset: string, kind: 'free' | 'locked', amount: bigint): this {
    const entry = this.by.get(asset) ?? { free: 0n, locked: 0n };
    entry[kind] += amount;
    this.by.set(asset, entry);
    return this;
  }

  /** How much this changes what is free. */
  freed(asset: string): bigint {
    return this.by.get(asset)?.free ?? 0n;
  }

  get changes(): Changes {
    return Object.fromEntries(
      [...this.by].map(([asset, { free, locked }]) => [asset, { free: show(free, 18), locked: show(locked, 18) }]),
    );
  }

  get assets(): string[] {
    return [...this.by.keys()];
  }
}
