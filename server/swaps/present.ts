import type { SwapRow, VenueIntentRow, VenueTradeRow } from '../../db/entities/swaps';
import { swapDetailView, swapView, venueOrderView, venueTradeView } from '../../domain/contract/api/swaps';
import type { SwapDetailView, SwapView } from '../../domain/contract/api/swaps';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { plain, view } from '../present';

export const presentSwap = (row: SwapRow): SwapView =>
  view(swapView, {
    ...row,
    from: row.fromAsset,
    to: row.toAsset,
    fromAmount: plain(row.fromAmount),
    toAmount: plain(row.toAmount),
    filledFrom: plain(row.filledFrom),
    filledTo: plain(row.filledTo),
    commission: plain(row.commission),
    // While the second leg is at the venue, what is held of it is not the user's yet.
    between:
      row.betweenAsset === null
        ? null
        : { asset: row.betweenAsset, amount: row.state === 'EXECUTING' ? '0' : plain(row.betweenAmount) },
  });

export const presentSwapDetail = (
  row: SwapRow,
  orders: { intent: VenueIntentRow; trades: VenueTradeRow[] }[],
): SwapDetailView =>
  view(swapDetailView, {
    ...presentSwap(row),
    spread: row.state === 'EXECUTING' ? [] : spreadOf(row, orders),
    venueOrders: orders.map(({ intent, trades }) =>
      view(venueOrderView, {
        ...intent,
        quantity: plain(intent.quantity),
        limitPrice: plain(intent.limitPrice),
        trades: trades.map((trade) =>
          view(venueTradeView, {
            ...trade,
            price: plain(trade.price),
            quantity: plain(trade.quantity),
            quoteQuantity: plain(trade.quoteQuantity),
            commission: plain(trade.commission),
          }),
        ),
      }),
    ),
  });

/**
 * By asset: what the venue gave less what was sent to it, less what the user got and the commission, and plus what the
 * user paid.
 */
function spreadOf(
  row: SwapRow,
  orders: readonly { intent: VenueIntentRow; trades: readonly VenueTradeRow[] }[],
): SwapDetailView['spread'] {
  const left = new Map<string, Units>();
  const add = (asset: string, amount: Units): void => void left.set(asset, (left.get(asset) ?? 0n) + amount);
  add(row.fromAsset, parseAmount(row.filledFrom));
  if (row.betweenAsset !== null) add(row.betweenAsset, -parseAmount(row.betweenAmount));
  add(row.toAsset, -parseAmount(row.filledTo) - parseAmount(row.commission));
  for (const { intent, trades } of orders) {
    const leg = row.legs[intent.leg];
    if (!leg) continue;
    for (const { quantity, quoteQuantity } of trades) {
      const [pays, gives] = intent.side === 'SELL' ? [quantity, quoteQuantity] : [quoteQuantity, quantity];
      add(leg.from, -parseAmount(pays));
      add(leg.to, parseAmount(gives));
    }
  }
  return [...left]
    .filter(([, amount]) => amount !== 0n)
    .map(([asset, amount]) => ({ asset, amount: formatAmount(amount) }));
}
