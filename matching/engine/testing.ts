/** Random lives of the engine, and a naive model of what they should do to each balance. For tests alone. */
import fc from 'fast-check';
import { firstListing } from '../../db/seed';
import type { Command, CostPaid, CustodyPlace, VenueTrade } from '../../domain/contract/commands';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Registry } from '../../domain/registry';
import type { OfferedQuote } from '../modules/swaps/state';

const listing = firstListing({
  ethereum: { chainId: 1, usdt: '0x0000000000000000000000000000000000000001', confirmations: 3 },
});
/** With a deposit fee, so that it is exercised too. */
export const registry: Registry = {
  ...listing,
  rails: listing.rails.map((rail) => ({ ...rail, depositFee: rail.asset === 'ETH' ? '0.0005' : '0' })),
};

export const USERS = ['u1', 'u2', 'u3'] as const;
const KINDS = [
  'operator.contribute',
  'deposit.credit',
  'deposit.credit',
  'deposit.reverse',
  'cost.reserve',
  'cost.settle',
  'custody.move',
  'venue.reserve',
  'venue.release',
  'withdrawal.request',
  'withdrawal.request',
  'withdrawal.approve',
  'withdrawal.approve',
  'withdrawal.refuse',
  'withdrawal.cancel',
  'withdrawal.confirm',
  'withdrawal.fail',
  'withdrawal.settleInternal',
  'asset.pause',
  'quote',
  'swap.accept',
  'swap.accept',
  'venue.report',
] as const;
const PLACES: readonly CustodyPlace[] = ['binance', 'hot/ethereum', 'deposit/ethereum', 'transit'];

/** What every life begins with, so that most of it happens to people who have something. */
export const PRELUDE: readonly Wish[] = (['ETH', 'USDT'] as const).flatMap((asset) => {
  const first = { asset, amount: 5n * 10n ** 20n, small: 0n, other: 0 };
  // Little at the venue, so that coins are in transit now and then.
  const gifts = [0, 1].map((pick) => ({
    ...first,
    kind: 'operator.contribute' as const,
    user: 'u1',
    pick,
    amount: first.amount / 25n,
  }));
  return [...gifts, ...USERS.map((user) => ({ ...first, kind: 'deposit.credit' as const, user, pick: 0 }))];
});

/** A wish; what it becomes depends on what is open when its turn comes. */
export interface Wish {
  readonly kind: (typeof KINDS)[number];
  readonly user: string;
  readonly asset: 'ETH' | 'USDT';
  readonly amount: bigint;
  readonly small: bigint;
  readonly pick: number;
  readonly other: number;
}

const cents = (least: number, most: number): fc.Arbitrary<bigint> =>
  fc.integer({ min: least, max: most }).map((n) => BigInt(n) * 10n ** 16n);
export const wish: fc.Arbitrary<Wish> = fc.record({
  kind: fc.constantFrom(...KINDS),
  user: fc.constantFrom(...USERS),
  asset: fc.constantFrom('ETH' as const, 'USDT' as const),
  // Mostly plain, sometimes finer than a ledger scale.
  amount: fc.oneof(
    { weight: 6, arbitrary: cents(1, 5000) },
    { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 10n ** 20n }) },
  ),
  small: fc.oneof(cents(0, 5), fc.bigInt({ min: 0n, max: 10n ** 15n })),
  pick: fc.nat(20),
  other: fc.nat(20),
});

interface UserBalance {
  free: bigint;
  held: bigint;
  owed: bigint;
}
interface Paper {
  user: string;
  asset: string;
  amount: bigint;
  fee: bigint;
  pulled: bigint;
  approved: boolean;
}
interface Deal {
  quote: string;
  user: string;
  from: string;
  to: string;
  gives: bigint;
  gets: bigint;
  side: 'BUY' | 'SELL';
  quantity: bigint;
  limit: bigint;
}

const FINEST: Record<string, bigint> = { ETH: 10n ** 10n, USDT: 10n ** 12n };
const LEAST: Record<string, bigint> = { ETH: 10n ** 16n, USDT: 10n ** 19n };
const WITHDRAWAL_FEE: Record<string, bigint> = { ETH: 3n * 10n ** 15n, USDT: 6n * 10n ** 18n };
const down = (amount: bigint, step: bigint): bigint => (amount / step) * step;
const up = (amount: bigint, step: bigint): bigint => -((-amount / step) * step) + (amount % step === 0n ? 0n : step);
/** One of the open ones; now and then none. */
const chosen = <T>(items: readonly T[], pick: number): T | undefined =>
  pick % 5 === 4 ? undefined : items[pick % Math.max(1, items.length)];

/** Purses, drawers and lists of papers: no accounts, no postings. Each act answers the refusal it expects. */
export class Model {
  readonly balances = new Map<string, UserBalance>();
  readonly position = new Map<string, bigint>();
  readonly atVenue = new Map<string, bigint>();
  readonly costs = new Map<string, { asset: string; amount: bigint }>();
  readonly papers = new Map<string, Paper>();
  readonly aside = new Map<string, { asset: string; amount: bigint }>();
  readonly quotes = new Map<string, Deal & { used: boolean }>();
  readonly deals = new Map<string, Deal>();
  readonly deposits = new Map<string, { user: string; asset: string; amount: bigint }>();
  readonly paused = new Set<string>();

  balance(user: string, asset: string): UserBalance {
    const at = `${user} ${asset}`;
    const balance = this.balances.get(at) ?? { free: 0n, held: 0n, owed: 0n };
    this.balances.set(at, balance);
    return balance;
  }

  private own(asset: string, change: bigint): void {
    this.position.set(asset, (this.position.get(asset) ?? 0n) + change);
  }

  private venue(asset: string, change: bigint): void {
    this.atVenue.set(asset, (this.atVenue.get(asset) ?? 0n) + change);
  }

  private spare(asset: string): bigint {
    let rest = this.atVenue.get(asset) ?? 0n;
    for (const deal of this.deals.values()) if (deal.from === asset) rest -= spends(deal);
    for (const put of this.aside.values()) if (put.asset === asset) rest -= put.amount;
    return rest < 0n ? 0n : rest;
  }

  private pay(cost: { reservation: string; asset: string; actual: string } | undefined): string | undefined {
    if (!cost) return undefined;
    const open = this.costs.get(cost.reservation);
    if (!open || open.asset !== cost.asset) return 'NOT_FOUND';
    this.costs.delete(cost.reservation);
    this.own(cost.asset, open.amount - parseAmount(cost.actual));
    return undefined;
  }

  private gas(gas: { asset: string; amount: string; reservation: string | null }): string | undefined {
    if (gas.reservation !== null)
      return this.pay({ reservation: gas.reservation, asset: gas.asset, actual: gas.amount });
    this.own(gas.asset, -parseAmount(gas.amount));
    return undefined;
  }

  private paper(id: string, approved: boolean): Paper | undefined {
    const paper = this.papers.get(id);
    return paper?.approved === approved ? paper : undefined;
  }

  private giveBack(id: string, { user, asset, amount, fee, pulled }: Paper): string | undefined {
    if (pulled > 0n && (this.position.get(asset) ?? 0n) < pulled) return 'NEEDS_OPERATOR_FUNDS';
    this.own(asset, -pulled);
    const balance = this.balance(user, asset);
    balance.held -= amount + fee;
    balance.free += amount + fee;
    this.papers.delete(id);
    return undefined;
  }

  /**
   * What a command should do. Answers the code of the refusal it should meet, if any. Whoever owes pays with whatever
   * comes in.
   */
  act(command: Command): string | undefined {
    const refusal = this.carryOut(command);
    for (const balance of refusal === undefined ? this.balances.values() : []) {
      const pays = balance.owed < balance.free ? balance.owed : balance.free;
      balance.free -= pays;
      balance.owed -= pays;
    }
    return refusal;
  }

  private carryOut(command: Command): string | undefined {
    switch (command.kind) {
      case 'operator.contribute':
        if (command.custody === 'binance') this.venue(command.asset, parseAmount(command.amount));
        this.own(command.asset, parseAmount(command.amount));
        return undefined;
      case 'deposit.credit':
      case 'deposit.reverse':
        return this.deposit(command);
      case 'cost.reserve': {
        const amount = parseAmount(command.amount);
        if ((this.position.get(command.asset) ?? 0n) < amount) return 'NEEDS_OPERATOR_FUNDS';
        this.own(command.asset, -amount);
        this.costs.set(command.reference, { asset: command.asset, amount });
        return undefined;
      }
      case 'cost.settle':
        return this.pay(command.paid);
      case 'custody.move': {
        const refusal = this.pay(command.cost);
        if (refusal) return refusal;
        if (command.from === 'binance') this.venue(command.asset, -parseAmount(command.amount));
        if (command.to === 'binance') this.venue(command.asset, parseAmount(command.amount));
        return undefined;
      }
      case 'venue.reserve':
        if (this.spare(command.asset) < parseAmount(command.amount)) return 'FUNDS_IN_TRANSIT';
        this.aside.set(command.transferId, { asset: command.asset, amount: parseAmount(command.amount) });
        return undefined;
      case 'venue.release':
        return this.release(command);
      case 'swap.accept':
        return this.accept(command);
      case 'venue.report':
        return this.report(command.intentId, command.trades);
      case 'asset.pause':
        return void (command.why === null ? this.paused.delete(command.asset) : this.paused.add(command.asset));
      case 'order.place':
      case 'order.oco':
      case 'order.cancel':
      case 'order.cancelAll':
      case 'order.amend':
      case 'order.replace':
      case 'market.tick':
      case 'market.set':
      case 'operator.grant':
      case 'venue.stop':
      case 'venue.open':
      case 'venue.reconciled':
        // Orders have a model of their own: see matching/modules/orders.
        throw new Error(`not modelled here: ${command.kind}`);
      default:
        return this.withdraw(command);
    }
  }

  private deposit(command: Extract<Command, { kind: 'deposit.credit' | 'deposit.reverse' }>): undefined {
    const { userId, asset } = command;
    const whole = down(parseAmount(command.amount), FINEST[asset] ?? 1n);
    const rate = asset === 'ETH' ? 5n * 10n ** 14n : 0n;
    const fee = rate < whole ? rate : whole;
    const balance = this.balance(userId, asset);
    if (command.kind === 'deposit.reverse') {
      if (balance.free < whole - fee) this.paused.add(asset);
      this.own(asset, -fee);
      const taken = balance.free < whole - fee ? balance.free : whole - fee;
      balance.free -= taken;
      balance.owed += whole - fee - taken;
      return void this.deposits.delete(command.depositId);
    }
    this.own(asset, fee);
    balance.free += whole - fee;
    this.deposits.set(command.depositId, { user: userId, asset, amount: parseAmount(command.amount) });
  }

  private release(command: Extract<Command, { kind: 'venue.release' }>): string | undefined {
    const put = this.aside.get(command.transferId);
    if (!put) return 'NOT_FOUND';
    this.aside.delete(command.transferId);
    if (!command.moved) return undefined;
    this.venue(put.asset, -parseAmount(command.amount));
    const served = command.withdrawalId === null ? undefined : this.papers.get(command.withdrawalId);
    if (served) served.pulled += parseAmount(command.fee);
    else this.own(put.asset, -parseAmount(command.fee));
    return undefined;
  }

  private withdraw(command: Extract<Command, { kind: `withdrawal.${string}` }>): string | undefined {
    if (command.kind === 'withdrawal.request') return this.request(command);
    const id = command.withdrawalId;
    const early = ['withdrawal.approve', 'withdrawal.refuse', 'withdrawal.cancel'].includes(command.kind);
    const paper = this.paper(id, !early);
    if (!paper) return 'WITHDRAWAL_STATE';
    const balance = this.balance(paper.user, paper.asset);
    if (command.kind === 'withdrawal.cancel')
      return command.userId === paper.user ? this.giveBack(id, paper) : 'NOT_FOUND';
    if (command.kind === 'withdrawal.approve' || command.kind === 'withdrawal.refuse') {
      if (command.adminId === paper.user) return 'SELF_APPROVAL';
      if (command.kind === 'withdrawal.refuse') return this.giveBack(id, paper);
      if (this.paused.has(paper.asset)) return 'ASSET_PAUSED';
      paper.approved = true;
      return undefined;
    }
    if (command.kind === 'withdrawal.settleInternal') {
      if (paper.pulled > 0n && (this.position.get(paper.asset) ?? 0n) < paper.pulled) return 'NEEDS_OPERATOR_FUNDS';
      this.own(paper.asset, -paper.pulled);
      balance.held -= paper.amount + paper.fee;
      balance.free += paper.fee;
      this.balance(command.toUserId, paper.asset).free += paper.amount;
      return void this.papers.delete(id);
    }
    const refusal = this.gas(command.gas);
    if (refusal) return refusal;
    if (command.kind === 'withdrawal.fail') {
      paper.approved = false;
      return undefined;
    }
    this.own(paper.asset, paper.fee - paper.pulled);
    balance.held -= paper.amount + paper.fee;
    return void this.papers.delete(id);
  }

  private request(command: Extract<Command, { kind: 'withdrawal.request' }>): string | undefined {
    const { asset, userId } = command;
    const [amount, fee] = [parseAmount(command.amount), parseAmount(command.fee)];
    if (amount % (FINEST[asset] ?? 1n) !== 0n) return 'BAD_AMOUNT';
    if (amount < (LEAST[asset] ?? 0n)) return 'AMOUNT_TOO_SMALL';
    if (this.paused.has(asset)) return 'ASSET_PAUSED';
    if (['ETH', 'USDT'].some((code) => this.balance(userId, code).owed > 0n)) return 'NEGATIVE_BALANCE';
    const balance = this.balance(userId, asset);
    if (balance.free < amount + fee) return 'INSUFFICIENT_FUNDS';
    balance.free -= amount + fee;
    balance.held += amount + fee;
    this.papers.set(command.withdrawalId, { user: userId, asset, amount, fee, pulled: 0n, approved: false });
    return undefined;
  }

  private accept(command: Extract<Command, { kind: 'swap.accept' }>): string | undefined {
    const quote = this.quotes.get(command.quoteId);
    if (!quote) return 'QUOTE_EXPIRED';
    if (quote.user !== command.userId) return 'NOT_FOUND';
    if (quote.used) return 'QUOTE_USED';
    const balance = this.balance(quote.user, quote.from);
    if (balance.free < quote.gives) return 'INSUFFICIENT_FUNDS';
    if (this.spare(quote.from) < spends(quote)) return 'FUNDS_IN_TRANSIT';
    balance.free -= quote.gives;
    balance.held += quote.gives;
    quote.used = true;
    const { used: _, ...deal } = quote;
    this.deals.set(`${command.swapId}-0`, deal);
    return undefined;
  }

  private report(intent: string, trades: readonly VenueTrade[]): string | undefined {
    const deal = this.deals.get(intent);
    if (!deal) return 'NOT_FOUND';
    this.deals.delete(intent);
    const sum = (field: 'quantity' | 'quoteQuantity'): bigint =>
      trades.reduce((total, trade) => total + parseAmount(trade[field]), 0n);
    const [base, quote] = [sum('quantity'), sum('quoteQuantity')];
    const pays = up((deal.gives * base + deal.quantity - 1n) / deal.quantity, FINEST[deal.from] ?? 1n);
    const gets = down((deal.gets * base) / deal.quantity, FINEST[deal.to] ?? 1n);
    const [leaves, comes] = deal.side === 'SELL' ? [base, quote] : [quote, base];
    this.balance(deal.user, deal.from).held -= deal.gives;
    this.balance(deal.user, deal.from).free += deal.gives - pays;
    this.balance(deal.user, deal.to).free += gets;
    this.own(deal.from, pays - leaves);
    this.own(deal.to, comes - gets);
    this.venue(deal.from, -leaves);
    this.venue(deal.to, comes);
    for (const { commission, commissionAsset } of trades) {
      this.own(commissionAsset, -parseAmount(commission));
      this.venue(commissionAsset, -parseAmount(commission));
    }
    return undefined;
  }
}

const spends = ({ side, quantity, limit }: Deal): bigint =>
  side === 'SELL' ? quantity : up(quantity * limit, 10n ** 18n) / 10n ** 18n;

/** The command a wish becomes, or the quote it offers; undefined where it has no object (a reversal of nothing). */
export function commandOf(model: Model, given: Wish, n: number): Command | OfferedQuote | undefined {
  const { kind, user, asset, pick, other } = given;
  const amount = formatAmount(given.amount);
  const reference = `${kind}:${n}`;
  const cost = (): CostPaid => {
    const [reservation, open] = chosen([...model.costs], other) ?? ['cost.reserve:unknown', { asset }];
    return { reservation, asset: open.asset, actual: formatAmount(given.small), from: 'hot/ethereum' };
  };
  const gas = {
    asset: other % 3 === 0 ? 'ETH' : cost().asset,
    amount: formatAmount(given.small),
    reservation: other % 3 === 0 ? null : cost().reservation,
  };
  const withdrawalId = chosen([...model.papers.keys()], pick) ?? 'unknown';
  const adminId = other % 7 === 0 ? user : 'admin';
  switch (kind) {
    case 'operator.contribute':
      return { kind, reference, asset, amount, custody: PLACES[pick % 2] ?? 'binance' };
    case 'deposit.credit':
      return { kind, reference, depositId: `d${n}`, userId: user, network: 'ethereum', asset, amount };
    case 'deposit.reverse': {
      const found = [...model.deposits][pick % Math.max(1, model.deposits.size)];
      // Seldom: a world where most deposits vanish tells little about the rest.
      return found && other % 4 === 0
        ? {
            kind,
            reference,
            depositId: found[0],
            userId: found[1].user,
            network: 'ethereum',
            asset: found[1].asset,
            amount: formatAmount(found[1].amount),
          }
        : undefined;
    }
    case 'cost.reserve':
      return { kind, reference, asset, amount: formatAmount(given.small + 1n), purpose: 'test' };
    case 'cost.settle':
      return { kind, reference, paid: cost(), purpose: 'test' };
    case 'custody.move': {
      const [from, to] = [PLACES[pick % 4] ?? 'transit', PLACES[(pick + 1 + (other % 3)) % 4] ?? 'binance'];
      return { kind, reference, asset, amount, from, to, ...(other % 2 === 0 && { cost: cost() }) };
    }
    case 'venue.reserve':
      return { kind, reference, transferId: `t${n}`, asset, amount };
    case 'venue.release': {
      const [transferId, put] = chosen([...model.aside], pick) ?? ['unknown', { amount: 10n ** 18n, asset }];
      const fee = given.small < put.amount ? given.small : 0n;
      const serves = [...model.papers].find(([, paper]) => paper.asset === put.asset && other % 2 === 0)?.[0] ?? null;
      return {
        kind,
        reference,
        transferId,
        moved: other % 5 !== 0,
        amount: formatAmount(put.amount),
        fee: formatAmount(fee),
        withdrawalId: serves,
      };
    }
    case 'withdrawal.request':
      return {
        kind,
        reference,
        withdrawalId: `w${n}`,
        userId: user,
        asset,
        network: 'ethereum',
        address: '0xaa',
        amount,
        fee: formatAmount(WITHDRAWAL_FEE[asset] ?? 0n),
      };
    case 'withdrawal.approve': {
      const paper = model.papers.get(withdrawalId);
      return {
        kind,
        reference,
        withdrawalId,
        adminId,
        seen: {
          network: 'ethereum',
          asset: paper?.asset ?? asset,
          address: '0xaa',
          amount: formatAmount(paper?.amount ?? given.amount),
        },
      };
    }
    case 'withdrawal.refuse':
      return { kind, reference, withdrawalId, adminId, reason: 'test' };
    case 'withdrawal.cancel':
      return {
        kind,
        reference,
        withdrawalId,
        userId: other % 4 === 0 ? user : (model.papers.get(withdrawalId)?.user ?? user),
      };
    case 'withdrawal.confirm':
    case 'withdrawal.fail':
      return { kind, reference, withdrawalId, txid: `0x${n}`, gas };
    case 'withdrawal.settleInternal':
      return { kind, reference, withdrawalId, toUserId: user };
    case 'asset.pause':
      return { kind, reference, asset, why: other % 3 === 0 ? 'a look at it' : null, adminId: 'admin' };
    case 'quote':
      return offered(given, n);
    case 'swap.accept': {
      const [quoteId, quote] = chosen(
        [...model.quotes].reverse().filter(([, { used }]) => !used || other % 5 === 0),
        pick % 4,
      ) ?? ['unknown', { user }];
      return { kind, reference, swapId: `s${n}`, userId: other % 8 === 0 ? user : quote.user, quoteId };
    }
    case 'venue.report':
      return reported(model, given, n);
  }
}

/** About 3000 USDT for one ETH, with something for the house in it. */
function offered({ user, amount, pick }: Wish, n: number): OfferedQuote {
  const side = pick % 2 === 0 ? ('SELL' as const) : ('BUY' as const);
  const quantity = down(amount / 100n, 10n ** 14n) + 10n ** 14n;
  const limit = (side === 'SELL' ? 2990n : 3010n) * 10n ** 18n;
  const worth = (quantity * limit) / 10n ** 18n;
  const [gives, gets] =
    side === 'SELL'
      ? [quantity, down((worth * 997n) / 1000n, FINEST.USDT ?? 1n)]
      : [up(worth, FINEST.USDT ?? 1n), down((quantity * 997n) / 1000n, FINEST.ETH ?? 1n)];
  const [from, to] = side === 'SELL' ? ['ETH', 'USDT'] : ['USDT', 'ETH'];
  return {
    quote: {
      id: `q${n}`,
      userId: user,
      from,
      to,
      fromAmount: formatAmount(gives),
      toAmount: formatAmount(gets),
      rate: '0',
      commission: formatAmount(down(gets / 500n, 10n ** 12n)),
      between: null,
      expiresAt: 2e12,
    },
    legs: [{ symbol: 'ETHUSDT', side, quantity, limit, from, to, fromAmount: gives, toAmount: gets, seen: {} }],
    feeVersion: 1,
  };
}

/** The model's view of a quote. */
export function dealOf({ quote, legs }: OfferedQuote): Deal & { used: boolean } {
  const [leg] = legs;
  if (!leg) throw new Error('a quote without a leg');
  const { side, quantity, limit } = leg;
  return {
    quote: quote.id,
    user: quote.userId,
    from: quote.from,
    to: quote.to,
    gives: parseAmount(quote.fromAmount),
    gets: parseAmount(quote.toAmount),
    side,
    quantity,
    limit,
    used: false,
  };
}

/** Nothing filled, a part, or all, in up to three trades at the limit or better. */
function reported(model: Model, { pick, other }: Wish, n: number): Command {
  const [intentId, deal] = chosen([...model.deals], pick) ?? ['unknown', undefined];
  const parts = other % 4;
  const trades: VenueTrade[] = [];
  if (deal) {
    const slice = down(deal.quantity / BigInt(Math.max(1, parts) + (pick % 3 === 1 ? 1 : 0)), 10n ** 14n);
    for (let part = 0; part < parts && slice > 0n; part++) {
      const quantity = part === 0 && pick % 3 === 0 ? deal.quantity - slice * BigInt(parts - 1) : slice;
      const price =
        deal.side === 'SELL' ? deal.limit + BigInt(part) * 10n ** 18n : deal.limit - BigInt(part) * 10n ** 18n;
      const worth = (quantity * price) / 10n ** 18n;
      const commission = formatAmount((deal.side === 'SELL' ? worth : quantity) / 1000n);
      trades.push({
        symbol: 'ETHUSDT',
        tradeId: n * 10 + part,
        price: formatAmount(price),
        quantity: formatAmount(quantity),
        quoteQuantity: formatAmount(worth),
        commission,
        commissionAsset: deal.to,
        time: 1,
      });
    }
  }
  return {
    kind: 'venue.report',
    reference: `venue.report:${n}`,
    intentId,
    outcome: trades.length > 0 ? 'done' : 'refused',
    venueOrderId: null,
    reason: null,
    trades,
  };
}
