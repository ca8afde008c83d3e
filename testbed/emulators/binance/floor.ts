import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { Account, ChangeSet, lockOf } from './account';
import { show } from './decimal';
import { BAD_SYMBOL } from './errors';
import { Faults } from './faults';
import type { ExecutionRule, SymbolInfo } from './filters';
import { Journal } from './journal';
import type { Market } from './market';
import { reportsOf } from './reports';
import type { How } from './reports';
import { exchangeInfo, openMarkets } from './symbols';
import type { ExchangeInfo } from './symbols';
import type { Fill, JournalRecord, Order } from './types';

/** So wide that it binds nobody until it is made narrower. */
const WIDE_RANGE: ExecutionRule = {
  ruleType: 'PRICE_RANGE',
  bidMultiplierUp: '2.0000',
  bidMultiplierDown: '0.5000',
  askMultiplierUp: '2.0000',
  askMultiplierDown: '0.5000',
};

/** What everything that happens on the exchange happens to: markets, the account, the journal, and who is told. */
export class Floor extends EventEmitter {
  readonly account = new Account();
  readonly faults = new Faults();
  /** Those that are open. */
  readonly markets = new Map<string, Market>();
  readonly symbols = new Map<string, SymbolInfo>();
  readonly info: ExchangeInfo;
  /** What binds an order while it takes, by symbol. */
  readonly executionRules = new Map<string, readonly ExecutionRule[]>();
  /** The country whose travel rule binds the account's withdrawals; NIL for none. */
  travelRule = 'NIL';
  readonly journal: Journal<JournalRecord>;
  /** The open ones and the legs of their crosses. */
  protected readonly running: ReadonlyMap<string, Market>;
  private late: NodeJS.Timeout[] = [];

  /** `options.symbols`: the markets that are open (all); `options.seed`: of the walked ones. */
  constructor(dir: string, options: { readonly symbols?: readonly string[]; readonly seed?: number } = {}) {
    super();
    this.setMaxListeners(0);
    this.info = exchangeInfo(options.symbols);
    this.running = openMarkets(this.info, options.seed ?? 1, (symbol) => this.account.openOrders(symbol).length > 0);
    for (const info of this.info.symbols) {
      this.symbols.set(info.symbol, info);
      this.executionRules.set(info.symbol, [WIDE_RANGE]);
      this.markets.set(info.symbol, this.running.get(info.symbol) as Market);
    }
    this.journal = new Journal(join(dir, 'journal.jsonl'));
  }

  /** A symbol's rules and its market; refused where it is not open. */
  of(symbol: string): { info: SymbolInfo; market: Market } {
    const [info, market] = [this.symbols.get(symbol), this.markets.get(symbol)];
    if (!info || !market) throw BAD_SYMBOL();
    return { info, market };
  }

  /** Prices of one asset in another, from the last trades; undefined where no market tells. */
  rate(asset: string, inAsset: string): { price: bigint; isInverse: boolean } | undefined {
    const price = (symbol: string): bigint => this.running.get(symbol)?.lastPrice ?? 0n;
    if (price(asset + inAsset) > 0n) return { price: price(asset + inAsset), isInverse: false };
    return price(inAsset + asset) > 0n ? { price: price(inAsset + asset), isInverse: true } : undefined;
  }

  /** Applies at once and resolves when it is on the disk. */
  record(record: JournalRecord): Promise<void> {
    this.account.apply(record);
    return this.journal.append(record);
  }

  /** An order becomes what it now is, its locked money with it; told when it is durable. */
  async settle(
    before: Order | undefined,
    after: Order,
    fills: readonly Fill[],
    changes: ChangeSet,
    how: How,
  ): Promise<void> {
    const { info } = this.of(after.symbol);
    const [held, holds] = [before ? lockOf(before, info).amount : 0n, lockOf(after, info)];
    changes.locked(holds.asset, holds.amount - held).free(holds.asset, held - holds.amount);
    const assets = changes.assets;
    await this.record({ k: 'order', order: after, fills: [...fills], changes: changes.changes });
    this.tell(after, fills, how);
    this.emit('position', assets);
  }

  /** Tells the followers of the account, through the faults of reports. */
  private tell(order: Order, fills: readonly Fill[], how: How): void {
    const { faults } = this;
    let reports = reportsOf(order, fills, how);
    const call = `report ${order.symbol}`;
    if (faults.fires('report-lost', call)) return;
    if (faults.fires('report-doubled', call)) reports = reports.flatMap((report) => [report, report]);
    if (reports.length > 1 && faults.fires('report-reordered', call)) reports.reverse();
    if (reports.length > 1 && faults.fires('report-one-lost', call))
      reports.splice(Math.floor(faults.random('report-one-lost') * reports.length), 1);
    const send = (): void => reports.forEach((report) => this.emit('report', report));
    if (faults.fires('report-late', call)) this.late.push(setTimeout(send, faults.lasts('report-late')));
    else send();
  }

  /** Adds to or takes from what is free, outside of any order. */
  async adjust(amounts: Readonly<Record<string, bigint>>): Promise<void> {
    const changes = new ChangeSet();
    for (const [asset, amount] of Object.entries(amounts)) changes.free(asset, amount);
    await this.record({ k: 'balance', changes: changes.changes });
    this.emit('position', changes.assets);
    for (const [asset, amount] of Object.entries(amounts)) this.emit('balance', asset, show(amount));
  }

  protected endLate(): void {
    for (const timer of this.late.splice(0)) clearTimeout(timer);
  }
}
