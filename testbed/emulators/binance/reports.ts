import { must, show } from './decimal';
import * as present from './present';
import type { Fill, Order } from './types';

/**
 * Why an order is told of: what was placed, what a resting one met, a stop that now works, an end, a smaller quantity.
 */
export interface How {
  readonly kind: 'placed' | 'met' | 'triggered' | 'ended' | 'amended';
  /** The client's own name of a cancel. */
  readonly cancelId?: string;
}

type Report = Record<string, unknown>;

/**
 * The executionReports of one step: NEW where it is new, a TRADE for each fill, and the end if it is one; with running
 * totals.
 */
export function reportsOf(order: Order, fills: readonly Fill[], { kind, cancelId }: How): Report[] {
  const { executedQty, cummulativeQuoteQty, status } = order;
  const total = (name: 'qty' | 'quoteQty'): bigint => fills.reduce((sum, fill) => sum + must(fill[name]), 0n);
  let [executed, quote] = [must(executedQty) - total('qty'), must(cummulativeQuoteQty) - total('quoteQty')];
  const now = { executed: executedQty, quote: cummulativeQuoteQty };
  if (kind === 'amended') return [present.executionReport(order, 'REPLACED', undefined, { status, ...now, cancelId })];
  const isNew = (kind === 'placed' || kind === 'triggered') && status !== 'REJECTED';
  const first = status === 'PENDING_NEW' ? 'PENDING_NEW' : 'NEW';
  const placed = isNew
    ? [
        present.executionReport(order, 'NEW', undefined, {
          status: first,
          executed: show(executed),
          quote: show(quote),
        }),
      ]
    : [];
  const trades = fills.map((fill) => {
    executed += must(fill.qty);
    quote += must(fill.quoteQty);
    const so = executed === must(order.origQty) ? 'FILLED' : 'PARTIALLY_FILLED';
    return present.executionReport(order, 'TRADE', fill, { status: so, executed: show(executed), quote: show(quote) });
  });
  const end = ENDS[status];
  return [
    ...placed,
    ...trades,
    ...(end ? [present.executionReport(order, end, undefined, { status, ...now, cancelId })] : []),
  ];
}

const ENDS: Readonly<Record<string, present.Execution>> = {
  CANCELED: 'CANCELED',
  EXPIRED: 'EXPIRED',
  REJECTED: 'REJECTED',
  EXPIRED_IN_MATCH: 'TRADE_PREVENTION',
};
