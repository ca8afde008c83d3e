import { formatAmount, parseAmount } from './money/amount';
import { confirmationsFor, depositParts, memoFault, mostConfirmations } from './registry';

const network = { confirmations: 3 };
const steps = [
  { from: '0', confirmations: 1 },
  { from: '0.5', confirmations: 3 },
  { from: '10', confirmations: 6 },
];

test.each([
  ['0', 1],
  ['0.499999999999999999', 1],
  ['0.5', 3],
  ['9.99999999', 3],
  ['10', 6],
  ['1000000', 6],
])('a deposit of %s waits for %d confirmations', (amount, needed) => {
  expect(confirmationsFor(network, { confirmationSteps: steps }, parseAmount(amount))).toBe(needed);
});

test("without steps it is the network's number", () => {
  for (const rail of [undefined, {}, { confirmationSteps: null }, { confirmationSteps: [] }])
    expect(confirmationsFor(network, rail, parseAmount('1000000'))).toBe(3);
});

test('the most that anything waits for', () => {
  expect(mostConfirmations(network, [{ confirmationSteps: steps }, {}])).toBe(6);
  expect(mostConfirmations(network, [{ confirmationSteps: [{ from: '0', confirmations: 1 }] }])).toBe(3);
});

test.each([
  // flat, share, amount: what the user gets, what is taken.
  ['0', '0', '1.123456789', '1.12345678', '0'],
  ['0.001', '0', '1', '0.999', '0.001'],
  ['0', '0.001', '1', '0.999', '0.001'],
  ['0.001', '0.001', '2', '1.997', '0.003'],
  // A share is rounded up to the ledger scale, as all that users pay.
  ['0', '0.001', '0.00000001', '0', '0.00000001'],
  ['0', '0.001', '0.12345678', '0.12333332', '0.00012346'],
  // A flat one that is finer than the scale, too: what is credited is a whole number of steps.
  ['0.000000001', '0', '1', '0.99999999', '0.00000001'],
  // Never more than there is.
  ['5', '0', '1.5', '0', '1.5'],
  ['5', '0.5', '0.000000001', '0', '0'],
])('a commission of %s and a share of %s on %s', (depositFee, depositFeeRate, amount, credited, fee) => {
  const parts = depositParts({ depositFee, depositFeeRate }, { scale: 8 }, parseAmount(amount));
  expect([formatAmount(parts.credited), formatAmount(parts.fee)]).toEqual([credited, fee]);
});

test.each([
  ['none', undefined, undefined],
  ['none', '1234', 'MEMO_NOT_SUPPORTED'],
  ['optional', undefined, undefined],
  ['optional', '1234', undefined],
  ['required', undefined, 'MEMO_REQUIRED'],
  ['required', '1234', undefined],
] as const)('a network whose memos are %s, and the memo %s: %s', (memo, given, fault) => {
  expect(memoFault({ memo }, given)).toBe(fault);
});
