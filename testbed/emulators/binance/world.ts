import { randomBytes } from 'node:crypto';
import { ChangeSet, isOpen } from './account';
import { UNIT, must, show } from './decimal';
import { endOrder } from './execution';
import type { Exchange } from './exchange';
import type { FaultName } from './fault-table';
import type { SymbolInfo } from './filters';
import { progress } from './progress';
import { ruleOf } from './symbols';
import type { Withdrawal } from './types';

const BEAT_MS = 250;
const STATES = [
  ['symbol-halt', 'HALT'],
  ['symbol-break', 'BREAK'],
  ['symbol-cancel-only', 'CANCEL_ONLY'],
] as const;
/** A trade by hand is worth so many times the least that the symbol allows. */
const BY_HAND = 4n;
/** Of what is free, a withdrawal by hand takes the hundredth part. */
const PART = 100n;
/** Of the best price: how deep a book is swept, in thousandths. */
const SWEPT = 5n;

/** What the venue, and others who have the account's keys, do on their own. */
export class World {
  private readonly timer: NodeJS.Timeout;
  /** What is to be undone, and when. */
  private readonly ending = new Map<NodeJS.Timeout, () => void>();

  constructor(private readonly exchange: Exchange) {
    this.timer = setInterval(() => this.beat(), BEAT_MS);
  }

  close(): void {
    clearInterval(this.timer);
    for (const timer of this.ending.keys()) clearTimeout(timer);
  }

  /** Faults of the world have their chance. */
  beat(): void {
    const { exchange } = this;
    const { faults } = exchange;
    const trading = (): SymbolInfo[] => [...exchange.symbols.values()].filter(({ status }) => status === 'TRADING');
    const nameOf = ({ symbol }: { symbol: string }): string => symbol;
    for (const [fault, status] of STATES) {
      const info = faults.pick(fault, trading, nameOf);
      if (info)
        this.forAWhile(
          fault,
          () => (info.status = status),
          () => (info.status = 'TRADING'),
        );
    }
    const changed = faults.pick('filter-change', trading, nameOf);
    if (changed) this.changeFilters(changed);
    if (faults.fires('monthly-reset')) void exchange.reset().catch(() => undefined);
    this.changeFees();
    const traded = faults.pick(
      'foreign-trade',
      () => trading().filter((info) => this.handTrade(info) !== undefined),
      nameOf,
    );
    if (traded) void exchange.place(this.handTrade(traded) ?? {}).catch(() => undefined);
    const rich = (): string[] =>
      [...exchange.account.balances].filter(([, { free }]) => free >= UNIT / 1000n).map(([asset]) => asset);
    const taken = faults.pick('foreign-withdrawal', rich, String);
    if (taken) void this.withdraw(taken).catch(() => undefined);
    const ended = faults.pick('exchange-cancels', () => exchange.account.openOrders(), nameOf);
    if (ended) {
      void endOrder(exchange, ended, 'EXPIRED', { reason: 'EXCHANGE_CANCELED' }).catch(() => undefined);
      const now = exchange.account.orders.get(ended.orderId);
      if (now && !isOpen(now)) void progress(exchange, now).catch(() => undefined);
    }
    const swept = faults.pick('book-swept', trading, nameOf);
    if (swept) this.sweep(swept);
  }

  private forAWhile(fault: FaultName, begin: () => void, end: () => void): void {
    begin();
    const timer = setTimeout(() => {
      this.ending.delete(timer);
      end();
    }, this.exchange.faults.lasts(fault));
    this.ending.set(timer, end);
  }

  private changeFilters(info: SymbolInfo): void {
    const { filters } = info;
    const tenfold: Readonly<Record<string, readonly string[]>> = {
      LOT_SIZE: ['minQty', 'stepSize'],
      PRICE_FILTER: ['minPrice', 'tickSize'],
    };
    const larger = filters.map((filter) => {
      const names = tenfold[String(filter.filterType)] ?? [];
      return { ...filter, ...Object.fromEntries(names.map((name) => [name, show(must(String(filter[name])) * 10n)])) };
    });
    this.forAWhile(
      'filter-change',
      () => (info.filters = larger),
      () => (info.filters = filters),
    );
  }

  private changeFees(): void {
    const { faults, account } = this.exchange;
    const set = (settings: Parameters<Exchange['set']>[0]): void =>
      void this.exchange.set(settings).catch(() => undefined);
    const { bnbBurn, maker, taker } = account.settings;
    if (faults.fires('commission-bnb'))
      this.forAWhile(
        'commission-bnb',
        () => set({ bnbBurn: !bnbBurn }),
        () => set({ bnbBurn }),
      );
    const more = (rate: string): string => show((must(rate) * 3n) / 2n);
    if (faults.fires('fee-tier'))
      this.forAWhile(
        'fee-tier',
        () => set({ maker: more(maker), taker: more(taker) }),
        () => set({ maker, taker }),
      );
  }

  /** What the account can pay for, bought or sold at the market. */
  private handTrade(info: SymbolInfo): Record<string, string> | undefined {
    const { account } = this.exchange;
    const worth = ruleOf(info, 'NOTIONAL', 'minNotional') * BY_HAND;
    const [bid] = this.exchange.of(info.symbol).market.best('b') ?? [0n];
    const order = { symbol: info.symbol, type: 'MARKET', newClientOrderId: `web_${randomBytes(8).toString('hex')}` };
    if (account.balance(info.quoteAsset).free >= worth) return { ...order, side: 'BUY', quoteOrderQty: show(worth) };
    const lot = ruleOf(info, 'LOT_SIZE', 'stepSize');
    const quantity = bid > 0n ? ((worth * UNIT) / bid / lot + 1n) * lot : 0n;
    return quantity > 0n && account.balance(info.baseAsset).free >= quantity
      ? { ...order, side: 'SELL', quantity: show(quantity) }
      : undefined;
  }

  private async withdraw(coin: string): Promise<void> {
    const amount = must(show(this.exchange.account.balance(coin).free / PART));
    const now = Date.now();
    const withdrawal: Withdrawal = {
      id: randomBytes(16).toString('hex'),
      withdrawOrderId: '',
      coin,
      network: 'ETH',
      address: `0x${randomBytes(20).toString('hex')}`,
      amount: show(amount),
      transactionFee: show(0n),
      applyTime: now,
      completeTime: now,
      status: 6,
      txId: `0x${randomBytes(32).toString('hex')}`,
      raw: '',
    };
    const changes = new ChangeSet().free(coin, -amount);
    await this.exchange.record({ k: 'withdrawal', withdrawal, changes: changes.changes });
    this.exchange.emit('position', changes.assets);
    this.exchange.emit('balance', coin, show(-amount));
  }

  private sweep({ symbol }: SymbolInfo): void {
    const { market } = this.exchange.of(symbol);
    const side = this.exchange.faults.random('book-swept') < 0.5 ? 'b' : 'a';
    const best = market.best(side)?.[0] ?? 0n;
    const reach = (best * SWEPT) / 1000n;
    const gone = market
      .levels(side)
      .filter(([price]) => (side === 'b' ? price >= best - reach : price <= best + reach));
    // What is deepest stays: a book is never empty.
    if (gone.length === market.levels(side).length) gone.pop();
    for (const [price, quantity] of gone) market.meet(side, price, quantity);
    market.announce(
      side,
      gone.map(([price]) => price),
    );
  }
}
