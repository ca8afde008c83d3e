import { wentBack } from './monitor';

const order = (at: number, venueOrderId: string, symbol = 'ETHUSDT') => ({ at: at * 1000, venueOrderId, symbol });

test.each([
  ['nothing', [], undefined],
  ['numbers that rise', [order(0, '9'), order(20, '10'), order(40, '100')], undefined],
  ['two at about the same time, the other way round', [order(0, '11'), order(1, '10'), order(14, '12')], undefined],
  ['a lower number a good while later', [order(0, '1000'), order(20, '3')], '3'],
  ['told newest first', [order(20, '3'), order(0, '1000')], '3'],
  ['another market begins lower', [order(0, '1000'), order(20, '3', 'BTCUSDT')], undefined],
  ['after a pause in which nobody could ask', [order(0, '500'), order(300, '7'), order(301, '8')], '7'],
  [
    'numbers beyond the safe integers',
    [order(0, '9007199254740993'), order(20, '9007199254740992')],
    '9007199254740992',
  ],
])('%s', (_what, orders, found) => {
  expect(wentBack(orders)?.venueOrderId).toBe(found);
});
