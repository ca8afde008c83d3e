import type { SwapRow, VenueIntentRow, VenueTradeRow } from '../../db/entities/swaps';
import { presentSwapDetail } from './present';

const at = { createdAt: 1, updatedAt: 1 };
const swap = (over: Partial<SwapRow>): SwapRow => ({
  id: 's1',
  userId: 'u1',
  quoteId: 'q1',
  fromAsset: 'BTC',
  toAsset: 'ETH',
  fromAmount: '1',
  toAmount: '20',
  filledFrom: '1',
  filledTo: '19.9',
  commission: '0.04',
  feeVersion: 1,
  state: 'COMPLETED',
  legs: [
    {
      symbol: 'BTCUSDT',
      side: 'SELL',
      quantity: '1',
      limit: '1',
      from: 'BTC',
      to: 'USDT',
      fromAmount: '1',
      toAmount: '60000',
      seen: {},
    },
    {
      symbol: 'ETHUSDT',
      side: 'BUY',
      quantity: '20',
      limit: '1',
      from: 'USDT',
      to: 'ETH',
      fromAmount: '60000',
      toAmount: '20',
      seen: {},
    },
  ],
  leg: 1,
  betweenAsset: 'USDT',
  betweenAmount: '30',
  ...at,
  ...over,
});
const order = (
  leg: number,
  side: 'BUY' | 'SELL',
  ...trades: [quantity: string, quoteQuantity: string][]
): { intent: VenueIntentRow; trades: VenueTradeRow[] } => ({
  intent: {
    id: `i${leg}`,
    swapId: 's1',
    leg,
    symbol: 'X',
    side,
    quantity: '1',
    limitPrice: '1',
    timestamp: 1,
    recvWindow: 1,
    state: 'DONE',
    venueOrderId: null,
    reason: null,
    members: [],
    seen: {},
    ...at,
  },
  trades: trades.map(([quantity, quoteQuantity], n) => ({
    venueEpoch: 1,
    symbol: 'X',
    tradeId: n,
    intentId: `i${leg}`,
    price: '1',
    quantity,
    quoteQuantity,
    commission: '0',
    commissionAsset: 'BNB',
    at: 1,
  })),
});

test.each<[string, Partial<SwapRow>, ReturnType<typeof order>[], object[]]>([
  [
    'two legs: each asset adds up',
    {},
    [order(0, 'SELL', ['0.4', '24010'], ['0.6', '36020']), order(1, 'BUY', ['19.95', '59990'])],
    [
      { asset: 'USDT', amount: '10' },
      { asset: 'ETH', amount: '0.01' },
    ],
  ],
  [
    'what the venue gave less: the exchange pays',
    {},
    [order(0, 'SELL', ['1', '60000']), order(1, 'BUY', ['19.93', '59970'])],
    [{ asset: 'ETH', amount: '-0.01' }],
  ],
  [
    'ended after the first leg',
    { state: 'PARTIAL', filledTo: '0', commission: '0', betweenAmount: '60000' },
    [order(0, 'SELL', ['1', '60005'])],
    [{ asset: 'USDT', amount: '5' }],
  ],
  [
    'nothing filled',
    { state: 'RETURNED', filledFrom: '0', filledTo: '0', commission: '0', betweenAmount: '0' },
    [order(0, 'SELL')],
    [],
  ],
  ['not ended', { state: 'EXECUTING' }, [order(0, 'SELL', ['1', '60005'])], []],
])('%s', (_what, row, orders, spread) => {
  expect(presentSwapDetail(swap(row), orders).spread).toEqual(spread);
});
