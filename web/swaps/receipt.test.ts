import fc from 'fast-check';
import { formatAmount, parseSigned } from '../../domain/money/amount';
import { receiptOf } from './receipt';

const trade = (quantity: string, quoteQuantity: string, commission: string, commissionAsset: string) => ({
  tradeId: 1,
  price: '1',
  quantity,
  quoteQuantity,
  commission,
  commissionAsset,
  at: 1,
});
const sale = {
  from: 'ETH',
  to: 'USDT',
  filledFrom: '0.5',
  filledTo: '1336.588906',
  commission: '2.678535',
  between: null,
  // What the exchange says: of it Binance's fee is paid.
  spread: [{ asset: 'USDT', amount: '2.532559' }],
};

test('a sale: what Binance paid, its fee, the commission and the margin in the price lead to what was received', () => {
  const lines = receiptOf({
    ...sale,
    venueOrders: [{ symbol: 'ETHUSDT', side: 'SELL', trades: [trade('0.5', '1341.8', '1.3418', 'USDT')] }],
  });
  expect(lines).toEqual([
    { what: 'traded', asset: 'ETH', amount: '-0.5' },
    { what: 'traded', asset: 'USDT', amount: '1341.8' },
    { what: 'venueFee', asset: 'USDT', amount: '-1.3418' },
    { what: 'commission', asset: 'USDT', amount: '-2.678535' },
    { what: 'spread', asset: 'USDT', amount: '-1.190759' },
  ]);
});

test('a purchase keeps its margin in what was given too; two steps over one asset', () => {
  const bought = {
    from: 'USDT',
    to: 'ETH',
    filledFrom: '100',
    filledTo: '0.0329',
    commission: '0.0001',
    between: null,
    spread: [
      { asset: 'USDT', amount: '0.7' },
      { asset: 'ETH', amount: '0.0001' },
    ],
  };
  expect(
    receiptOf({
      ...bought,
      venueOrders: [{ symbol: 'ETHUSDT', side: 'BUY', trades: [trade('0.0331', '99.3', '0.0000331', 'ETH')] }],
    }),
  ).toContainEqual({ what: 'spread', asset: 'USDT', amount: '-0.7' });
  const two = {
    from: 'BTC',
    to: 'ETH',
    filledFrom: '1',
    filledTo: '19',
    commission: '0.1',
    between: { asset: 'USDT', amount: '3' },
    spread: [
      { asset: 'ETH', amount: '0.1' },
      { asset: 'USDT', amount: '97' },
    ],
  };
  const lines = receiptOf({
    ...two,
    venueOrders: [
      { symbol: 'BTCUSDT', side: 'SELL', trades: [trade('1', '60000', '60', 'USDT')] },
      { symbol: 'ETHUSDT', side: 'BUY', trades: [trade('19.2', '59900', '0.0192', 'ETH')] },
    ],
  });
  expect(lines.filter(({ what }) => what === 'spread')).toEqual([
    { what: 'spread', asset: 'ETH', amount: '-0.0808' },
    { what: 'spread', asset: 'USDT', amount: '-37' },
  ]);
});

test('nothing traded, or a market that is none of its own: no lines', () => {
  expect(receiptOf({ ...sale, venueOrders: [] })).toEqual([]);
  expect(
    receiptOf({ ...sale, venueOrders: [{ symbol: 'XYZ', side: 'SELL', trades: [trade('1', '1', '0', 'USDT')] }] }),
  ).toEqual([]);
});

test('it adds up, whatever was traded: given + every line = received, in each asset', () => {
  const amount = fc.bigInt({ min: 1n, max: 10n ** 24n }).map(formatAmount);
  fc.assert(
    fc.property(
      amount,
      amount,
      amount,
      amount,
      amount,
      amount,
      fc.constantFrom('BUY' as const, 'SELL' as const),
      (given, got, commission, quantity, quote, fee, side) => {
        const [from, to] = side === 'SELL' ? ['ETH', 'USDT'] : ['USDT', 'ETH'];
        const [paid, came] = side === 'SELL' ? [quantity, quote] : [quote, quantity];
        const left = (...amounts: bigint[]): string => formatAmount(amounts.reduce((sum, one) => sum + one, 0n));
        const spread = [
          { asset: from, amount: left(parseSigned(given), -parseSigned(paid)) },
          { asset: to, amount: left(parseSigned(came), -parseSigned(got), -parseSigned(commission)) },
        ];
        const lines = receiptOf({
          spread,
          from,
          to,
          filledFrom: given,
          filledTo: got,
          commission,
          between: null,
          venueOrders: [{ symbol: 'ETHUSDT', side, trades: [trade(quantity, quote, fee, to)] }],
        });
        for (const asset of [from, to]) {
          const sum = lines
            .filter((line) => line.asset === asset)
            .reduce((total, line) => total + parseSigned(line.amount), asset === from ? parseSigned(given) : 0n);
          expect(formatAmount(sum)).toBe(asset === to ? got : '0');
        }
      },
    ),
  );
});
