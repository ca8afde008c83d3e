import type { SwapRow, VenueIntentRow, VenueTradeRow } from '../../db/entities/swaps';
import { swapDetailView, swapView, venueOrderView, venueTradeView } from '../../domain/contract/api/swaps';
import type { SwapDetailView, SwapView } from '../../domain/contract/api/swaps';
import { plain, view } from '../present';

export const presentSwap = (row: SwapRow): SwapView => view(swapView, {
  ...row,
  from: row.fromAsset,
  to: row.toAsset,
  fromAmount: plain(row.fromAmount),
  toAmount: plain(row.toAmount),
  filledFrom: plain(row.filledFrom),
  filledTo: plain(row.filledTo),
  commission: plain(row.commission),
  // While the second leg is at the venue, what is held of it is not the user's yet.
  between: row.betweenAsset === null ? null : { asset: row.betweenAsset, amount: row.state === 'EXECUTING' ? '0' : plain(row.betweenAmount) },
});

export const presentSwapDetail = (row: SwapRow, orders: { intent: VenueIntentRow; trades: VenueTradeRow[] }[]): SwapDetailView =>
  view(swapDetailView, {
    ...presentSwap(row),
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
