import { formatAmount, parseAmount } from '../../domain/money/amount';
import { stillMoving } from '../../solvency/audit';

type Rows = Parameters<typeof stillMoving>[0];
type Places = Parameters<typeof stillMoving>[1];

const transfer = (id: string, direction: 'pull-back' | 'to-venue', state: string) => ({
  id,
  direction,
  state,
  network: 'ethereum',
  asset: 'ETH',
  amount: '5',
  fee: direction === 'pull-back' ? '0.5' : '0',
  txid: '0xaa',
  createdAt: 1,
});
/** Where an arrival is seen already, though it is not booked. */
const places = (...arrived: string[]): Places => [
  {
    items: arrived.map((id) => ({ id, amount: parseAmount('4.5'), ageMs: 1 })),
  },
];

test.each([
  ['a pull-back that nobody has seen', [transfer('a', 'pull-back', 'IN_TRANSIT')], places(), '4.5'],
  [
    'a pull-back that lies in the hot wallet and is not deep yet',
    [transfer('a', 'pull-back', 'IN_TRANSIT')],
    places('pull-back a'),
    '0',
  ],
  ['coins that the venue has credited', [transfer('b', 'to-venue', 'IN_TRANSIT')], places('to venue b'), '0'],
  ['coins that are only asked for', [transfer('a', 'pull-back', 'REQUESTED')], places(), '0'],
  [
    'one seen, one not',
    [transfer('a', 'pull-back', 'IN_TRANSIT'), transfer('b', 'to-venue', 'IN_TRANSIT')],
    places('pull-back a'),
    '5',
  ],
])('a proof counts no coin twice: %s', (_what, transfers, seen, amount) => {
  expect(formatAmount(stillMoving({ transfers } as unknown as Rows, seen, 'ETH'))).toBe(amount);
  expect(stillMoving({ transfers } as unknown as Rows, seen, 'USDT')).toBe(0n);
});
