import { FillEntity, OrderEntity, RoutingEntity } from '../../../db/entities/orders';
import type { FillRow } from '../../../db/entities/orders';
import { insertRow, upsertRow } from '../../../db/stores/rows';
import type { OrderCause } from '../../../domain/contract/events';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { ceilToStep, feeUp, floorToStep } from '../../../domain/money/rounding';
import * as transfers from '../../../ledger/transfers';
import type { Context } from '../../engine/draft';
import type { BookSink, ClosedReason } from '../../book/types';
import type { Rate } from './fees';
import { rateOf } from './fees';
import { routingRow, sideOf } from './market';
import type { TradingMarket } from './market';
import { heldAssetOf, holdOf, leavesLots, move, orderRow } from './order';
import type { OpenOrder } from './order';
import type { OrdersDraft } from './state';

/**
 * What one side of a trade pays and gets, rounded over its whole order: a buyer's payments up, a seller's receipts
 * down.
 */
interface Share {
  readonly order: OpenOrder;
  readonly pays: Units;
  readonly gets: Units;
  readonly fee: Units;
  readonly feeAsset: string;
  readonly rate: Rate;
}

const EXTREMES_EVERY_MS = 5000;

const CLOSED_EVENT = { CANCELED: 'cancel', EXPIRED: 'expire', OCO: 'expire', EXPIRED_IN_MATCH: 'prevent' } as const;

/**
 * What happens in a book becomes entries, rows and events of one command. While it is open the book's sink is this;
 * `finish` gives back what is held too much and writes every order that changed, once.
 */
export class Settlement implements BookSink {
  private readonly touched = new Map<OpenOrder, OrderCause>();
  private readonly fills = new Map<OpenOrder, FillRow[]>();
  private readonly inside = new Set<OpenOrder>();

  constructor(
    readonly market: TradingMarket,
    readonly draft: OrdersDraft,
    readonly context: Context,
    private readonly reference: string,
  ) {
    market.sink = this;
    market.moved = true;
  }

  order(seq: number): OpenOrder {
    const order = this.market.orders.get(seq);
    if (!order) throw new Error(`order ${seq} is not open in ${this.market.listing.symbol}`);
    return order;
  }

  /** The order has changed: it is written and published when the command ends. */
  touch(order: OpenOrder, cause?: OrderCause): void {
    this.touched.set(order, cause ?? this.touched.get(order) ?? 'status');
  }

  trade(takerSeq: number, makerSeq: number, price: number, lots: number): void {
    const { market, draft } = this;
    const [taker, maker] = [this.order(takerSeq), this.order(makerSeq)];
    const [buyer, seller] = taker.side === 'BUY' ? [taker, maker] : [maker, taker];
    const { scales } = market;
    const buys = this.share(buyer, price, lots, buyer === maker);
    const sells = this.share(seller, price, lots, seller === maker);
    const tradeId = ++market.tradeId;
    draft.postFact(
      `trade:${scales.symbol}:${tradeId}`,
      'order.trade',
      transfers.orderTrade({
        buyer: buyer.userId,
        seller: seller.userId,
        base: { asset: scales.base, quantity: scales.quantity(lots), fee: buys.fee },
        quote: { asset: scales.quote, paid: buys.pays, received: sells.gets, fee: sells.fee },
      }),
    );
    for (const share of [buys, sells]) this.book(share, tradeId, share.order === maker, price, lots, null);
    this.inside.add(taker).add(maker);
    market.last = price;
    draft.events.push({
      name: 'market.traded',
      symbol: scales.symbol,
      trade: {
        id: String(tradeId),
        price: formatAmount(scales.price(price)),
        quantity: formatAmount(scales.quantity(lots)),
        side: taker.side,
        at: this.context.now,
      },
    });
  }

  /** What `lots` at `price` mean for one order; its own figures move on. */
  share(order: OpenOrder, price: number, lots: number, maker: boolean, atLeast = 0n): Share {
    const { scales } = this.market;
    const { quoteStep, baseStep } = scales;
    const after = order.quote + scales.notional(price, lots);
    const rate = rateOf(this.draft.state, this.context.registry, order.userId, scales.symbol, maker);
    const selling = order.side === 'SELL';
    const pays = selling ? scales.quantity(lots) : ceilToStep(after, quoteStep) - ceilToStep(order.quote, quoteStep);
    const gets = selling ? floorToStep(after, quoteStep) - floorToStep(order.quote, quoteStep) : scales.quantity(lots);
    const used = rate.rate > atLeast ? rate.rate : atLeast;
    const due = feeUp(gets, used, selling ? quoteStep : baseStep);
    order.quote = after;
    order.executed += lots;
    order.held -= pays;
    return {
      order,
      pays,
      gets,
      fee: due < gets ? due : gets,
      feeAsset: selling ? scales.quote : scales.base,
      rate: { ...rate, rate: used },
    };
  }

  /** The fill's row and event; the order's state moves on. */
  book(
    { order, fee, feeAsset, rate }: Share,
    tradeId: number,
    maker: boolean,
    price: number,
    lots: number,
    venueTradeId: number | null,
  ): void {
    const { scales } = this.market;
    const [at, base, exact] = [this.context.now, scales.quantity(lots), scales.notional(price, lots)];
    const row: FillRow = {
      symbol: scales.symbol,
      tradeId,
      maker,
      userId: order.userId,
      orderId: order.id,
      side: order.side,
      price: formatAmount(scales.price(price)),
      quantity: formatAmount(base),
      quoteQuantity: formatAmount(exact),
      fee: formatAmount(fee),
      feeAsset,
      rate: formatAmount(rate.rate),
      feeVersion: rate.version,
      venueTradeId,
      at,
    };
    this.draft.rows.push(insertRow(FillEntity, row));
    const before = this.fills.get(order);
    if (before) before.push(row);
    else this.fills.set(order, [row]);
    move(order, order.quoteBudget === 0 && leavesLots(order) === 0 ? 'fillRest' : 'fill');
    this.touch(order, 'trade');
  }

  prevented(seq: number, other: number, lots: number): void {
    const order = this.order(seq);
    // A quote budget loses what the lots would have cost: the price of the order that rested.
    if (order.quoteBudget > 0) order.quoteBudget -= this.order(other).price * lots;
    else order.lots -= lots;
    // The legs of an OCO are for the same lots.
    const ocoLeg = this.market.orders.byId(order.ocoLegId);
    if (ocoLeg) ocoLeg.lots -= lots;
    this.touch(order, 'prevent');
  }

  rested(seq: number): void {
    this.stand(seq, 'resting');
  }

  refreshed(seq: number, visibleLots: number): void {
    this.stand(seq, 'resting');
    this.order(seq).visibleLots = visibleLots;
  }

  waiting(seq: number): void {
    this.market.triggers.add(seq);
    this.stand(seq, 'waiting');
  }

  triggered(seq: number): void {
    this.market.triggers.delete(seq);
    this.stand(seq, 'inFlight');
  }

  outside(seq: number, _lots: number, _points: number, limit: number): void {
    const order = this.order(seq);
    this.stand(seq, 'inFlight');
    this.market.waiting[sideOf(order.side)].push({ seq, limit: limit === 0 ? order.protectionPrice : limit });
  }

  closed(seq: number, why: ClosedReason): void {
    const order = this.order(seq);
    order.bookStatus = null;
    // A quote budget that is spent, or has less left than one lot costs, has done what it could.
    const spent = order.quoteBudget > 0 && order.executed > 0;
    if (why === 'FILLED' || (why === 'EXPIRED' && spent)) {
      if (order.state !== 'FILLED') move(order, 'fillRest');
    } else {
      const event = order.state === 'PENDING_CANCEL' ? 'cancel' : CLOSED_EVENT[why];
      move(order, event);
      this.touch(order, event);
      if (order.reason === null && why !== 'CANCELED') order.reason = why;
    }
    this.touch(order);
    this.market.orders.delete(seq);
    this.market.triggers.delete(seq);
    this.draft.state.openCount(order.userId, this.market.listing.symbol, -1);
  }

  private stand(seq: number, bookStatus: OpenOrder['bookStatus']): void {
    const order = this.order(seq);
    if (bookStatus === 'resting') order.priority = ++this.draft.state.counters.priority;
    order.bookStatus = bookStatus;
    this.touch(order);
  }

  /** Ends the command's work on this book. */
  finish(): void {
    const { market, draft, context } = this;
    market.sink = undefined;
    this.noteTrailingExtremes();
    const extra = new Map<string, { userId: string; asset: string; amount: Units }>();
    for (const [order, cause] of this.withOcoLegs()) {
      const wanted = this.wanted(order);
      // Of an iceberg, what is left of the part that shows: a restart must find it so.
      if (order.displayLots > 0 && order.bookStatus !== null)
        order.visibleLots = market.book.find(order.seq)?.visibleLots ?? 0;
      const asset = heldAssetOf(order.side, market.scales);
      const at = `${order.userId}|${asset}`;
      const before = extra.get(at)?.amount ?? 0n;
      extra.set(at, { userId: order.userId, asset, amount: before + order.held - wanted });
      order.held = wanted;
      order.updatedAt = context.now;
      const row = orderRow(order, market.scales);
      draft.rows.push(upsertRow(OrderEntity, row));
      const fills = this.fills.get(order) ?? [];
      draft.events.push({ name: 'order.changed', userId: order.userId, order: row, cause, fills });
    }
    let line = 0;
    for (const { userId, asset, amount } of extra.values()) {
      if (amount !== 0n)
        draft.postFact(
          `${this.reference}#release${market.listing.symbol}${line++}`,
          'order.release',
          transfers.release(userId, asset, amount),
        );
    }
    market.routing.matchedInside += [...this.inside].filter(
      (order) => order.routingAttempts === 0 && order.createdAt === context.now,
    ).length;
    if (this.touched.size > 0) draft.rows.push(upsertRow(RoutingEntity, routingRow(market)));
  }

  /**
   * How far trailing orders have come is written down now and then: a restart takes them back by seconds, not to their
   * start.
   */
  private noteTrailingExtremes(): void {
    const { market, context } = this;
    if (market.triggers.size === 0 || context.now - market.trailingExtremesAt < EXTREMES_EVERY_MS) return;
    market.trailingExtremesAt = context.now;
    for (const seq of market.triggers) {
      const order = this.order(seq);
      const trailingExtreme = order.trailing > 0 ? (market.book.find(seq)?.trailingExtreme ?? 0) : 0;
      if (trailingExtreme === order.trailingExtreme) continue;
      order.trailingExtreme = trailingExtreme;
      this.touch(order);
    }
  }

  private withOcoLegs(): Map<OpenOrder, OrderCause> {
    for (const order of [...this.touched.keys()]) {
      const ocoLeg = this.market.orders.byId(order.ocoLegId);
      if (ocoLeg) this.touch(ocoLeg);
    }
    return this.touched;
  }

  /** One hold for both legs of an OCO, the larger, kept by the leg that was placed first. */
  private wanted(order: OpenOrder): Units {
    const own = holdOf(order, this.market.scales);
    const ocoLeg = order.bookStatus === null ? undefined : this.market.orders.byId(order.ocoLegId);
    if (!ocoLeg || ocoLeg.bookStatus === null) return own;
    if (order.seq > ocoLeg.seq) return 0n;
    const other = holdOf(ocoLeg, this.market.scales);
    return own > other ? own : other;
  }
}

/** The venue's share of a trade as a rate of what was received, with the house's margin on top. */
export function venueRate(received: Units, commission: Units, margin: string): Units {
  return received === 0n ? 0n : (commission * 10n ** 18n + received - 1n) / received + parseAmount(margin);
}
