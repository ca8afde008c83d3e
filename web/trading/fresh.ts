/** May an order be placed by what is seen now? */
import type { TickerView } from '../../domain/contract/api/markets';

export type Closed = 'stale' | 'halt' | 'cancelOnly';

/**
 * Why no order should be placed now, or null: what is on the screen is old (the connection was lost, or the book is
 * being fetched), an operator has halted the market, or orders can only be cancelled.
 */
export function whyClosed(ticker: Pick<TickerView, 'state' | 'mode'> | undefined, isFresh: boolean): Closed | null {
  if (!isFresh) return 'stale';
  if (ticker?.state === 'HALT') return 'halt';
  return ticker?.state === 'CANCEL_ONLY' || ticker?.mode === 'cancel only' ? 'cancelOnly' : null;
}
