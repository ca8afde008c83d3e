import { must, show } from './decimal';
import * as present from './present';
import type { Deps } from './routes';
import type { Fill, Order } from './types';

/** Tells what happens to the account; answers how to stop. */
export function userEvents({ exchange }: Deps, tell: (event: unknown) => void): () => void {
  const onOrder = (order: Order, fills: readonly Fill[], cancelId?: string): void => {
    for (const report of reports(order, fills, cancelId)) tell(report);
  };
  const onPosition = (assets: readonly string[]): void => {
    const now = Date.now();
    const rows = assets.map((asset) => {
      const { free, locked } = exchange.account.balance(asset);
      return { a: asset, f: show(free), l: show(locked) };
    });
    tell({ e: 'outboundAccountPosition', E: now, u: now, B: rows });
  };
  const onBalance = (asset: string, amount: string): void => tell({ e: 'balanceUpdate', E: Date.now(), a: asset, d: amount, T: Date.now() });
  exchange.on('order', onOrder).on('position', onPosition).on('balance', onBalance);
  return () => void exchange.off('order', onOrder).off('position', onPosition).off('balance', onBalance);
}

/** NEW unless it rested already, a TRADE for each fill, and the end if it is one; with running totals. */
function reports(order: Order, fills: readonly Fill[], cancelId: string | undefined): Record<string, unknown>[] {
  const { executedQty, cummulativeQuoteQty } = order;
  if (order.status === 'CANCELED') return [present.executionReport(order, 'CANCELED', undefined, { status: 'CANCELED', executed: executedQty, quote: cummulativeQuoteQty, cancelId })];
  const total = (name: 'qty' | 'quoteQty'): bigint => fills.reduce((sum, fill) => sum + must(fill[name]), 0n);
  let [executed, quote] = [must(executedQty) - total('qty'), must(cummulativeQuoteQty) - total('quoteQty')];
  const rested = fills.some((fill) => fill.isMaker);
  const placed = rested ? [] : [present.executionReport(order, 'NEW', undefined, { status: 'NEW', executed: show(executed), quote: show(quote) })];
  const trades = fills.map((fill) => {
    executed += must(fill.qty);
    quote += must(fill.quoteQty);
    const status = show(executed) === order.origQty ? 'FILLED' : 'PARTIALLY_FILLED';
    return present.executionReport(order, 'TRADE', fill, { status, executed: show(executed), quote: show(quote) });
  });
  const ended = order.status === 'EXPIRED' ? [present.executionReport(order, 'EXPIRED', undefined, { status: 'EXPIRED', executed: executedQty, quote: cummulativeQuoteQty })] : [];
  return [...placed, ...trades, ...ended];
}
