import fc from 'fast-check';
import { createBudget, ordersOf } from './budget';

const MINUTE = 60_000;
const weight = (count: number, limit = 6000) => ({
  rateLimitType: 'REQUEST_WEIGHT',
  interval: 'MINUTE',
  intervalNum: 1,
  limit,
  count,
});
const orders = (count: number, limit = 100) => ({
  rateLimitType: 'ORDERS',
  interval: 'SECOND',
  intervalNum: 10,
  limit,
  count,
});
let now = 1_763_700_000_000;
const budget = () => createBudget({ now: () => now });

test('limits are those of exchangeInfo; until it was read, those of long', () => {
  const one = budget();
  expect([ordersOf(one), one.most('REQUEST_WEIGHT', MINUTE)]).toEqual([100, 6000]);
  one.limits([
    { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 50 },
    { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 1200 },
  ]);
  expect([ordersOf(one), one.most('REQUEST_WEIGHT', MINUTE)]).toEqual([50, 1200]);
  one.heard([weight(600)]);
  expect(one.share()).toBe(50);
});

test('what is used of the weight is what the latest answer of either door says, and nothing in the next minute', () => {
  const one = budget();
  one.heard([weight(3000)]);
  one.heard([weight(2990)]);
  expect(one.share()).toBe(50);
  one.heard([orders(3), weight(5700)]);
  expect(one.share()).toBe(95);
  now += MINUTE;
  expect(one.share()).toBe(0);
});

test('orders: none while the venue counts as many as it takes; those that are filled are counted back', () => {
  const one = budget();
  one.heard([orders(100)]);
  expect(one.mayOrder()).toBe(false);
  one.heard([orders(99)]);
  expect(one.mayOrder()).toBe(true);
  one.heard([{ rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: 200_000, count: 200_000 }]);
  expect(one.mayOrder()).toBe(false);
  now += 86_400_000;
  expect(one.mayOrder()).toBe(true);
  one.ordersRefused(now + 500);
  expect(one.mayOrder()).toBe(false);
  now += 500;
  expect(one.mayOrder()).toBe(true);
});

test('requests are counted by ourselves', () => {
  const one = budget();
  one.limits([{ rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 10 }]);
  for (let n = 0; n < 5; n++) one.sent();
  expect(one.share()).toBe(50);
  now += 5 * MINUTE;
  expect(one.share()).toBe(0);
});

test('whatever a lying peer says, the limits stay numbers above nothing', () => {
  const odd = fc.record({
    rateLimitType: fc.constantFrom('REQUEST_WEIGHT', 'ORDERS', 'x'),
    interval: fc.constantFrom('MINUTE', 'SECOND', 'eon'),
    intervalNum: fc.oneof(fc.integer(), fc.constant(Number.NaN)),
    limit: fc.anything(),
    count: fc.anything(),
  });
  fc.assert(
    fc.property(fc.array(odd as never, { maxLength: 8 }), (lies) => {
      const one = budget();
      const rows = lies as never;
      one.limits(rows);
      one.heard(rows);
      expect(one.share()).toBeGreaterThanOrEqual(0);
      expect(ordersOf(one)).toBeGreaterThan(0);
      expect(typeof one.mayOrder()).toBe('boolean');
    }),
  );
});
