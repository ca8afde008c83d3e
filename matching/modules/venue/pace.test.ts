import { OrderPace } from './pace';

/** Swaps that may go of so many asked for at this moment. */
const swaps = (pace: OrderPace, now: number, userId: string, many: number): number => {
  let went = 0;
  for (let at = 0; at < many; at++) {
    if (!pace.allowsSwap(now, userId)) continue;
    pace.countSwap(userId);
    went++;
  }
  return went;
};

test('one who swaps and swaps leaves orders for hedge orders, and swaps for others', () => {
  const pace = new OrderPace();
  pace.setLimit(100);
  expect(swaps(pace, 0, 'thief', 1000)).toBeLessThan(60);
  expect(pace.allowance(0, 'ETHUSDT').left).toBeGreaterThan(20);
  expect(swaps(pace, 0, 'other', 3)).toBe(3);
  // In the next window of ten seconds it begins anew.
  expect(swaps(pace, 10_000, 'thief', 1000)).toBeGreaterThan(15);
});

test('whoever swaps, at most what the venue takes is sent; of those who did little some always', () => {
  const pace = new OrderPace();
  pace.setLimit(100);
  const thieves = Array.from({ length: 60 }, (_, at) => swaps(pace, 0, `thief ${at}`, 20)).reduce(
    (sum, one) => sum + one,
    0,
  );
  expect(thieves).toBeLessThanOrEqual(100);
  for (let at = 0; at < 200 && pace.allowance(10_000, 'ETHUSDT').left > 0; at++) pace.countOrder('ETHUSDT');
  // Bundles have used what they may: a tenth is kept for swaps.
  expect(
    Array.from({ length: 20 }, (_, at) => swaps(pace, 10_000, `user ${at}`, 1)).reduce((sum, one) => sum + one, 0),
  ).toBeGreaterThanOrEqual(10);
});
