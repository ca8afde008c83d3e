import { parseAmount } from './money/amount';
import { confirmationsFor, mostConfirmations } from './registry';

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
  for (const rail of [undefined, {}, { confirmationSteps: null }, { confirmationSteps: [] }]) expect(confirmationsFor(network, rail, parseAmount('1000000'))).toBe(3);
});

test('the most that anything waits for', () => {
  expect(mostConfirmations(network, [{ confirmationSteps: steps }, {}])).toBe(6);
  expect(mostConfirmations(network, [{ confirmationSteps: [{ from: '0', confirmations: 1 }] }])).toBe(3);
});
