import { emptyState } from './state';

/** Swaps that may go of so many asked for at this moment. */
const swaps = (state: ReturnType<typeof emptyState>, now: number, userId: string, many: number): number => {
  let went = 0;
  for (let at = 0; at < many; at++) {
    if (!state.swapMayGo(now, userId)) continue;
    state.swapSent(userId);
    went++;
  }
  return went;
};

test('one who swaps and swaps leaves orders for hedge orders, and swaps for others', () => {
  const state = emptyState();
  state.orderLimit(100);
  expect(swaps(state, 0, 'thief', 1000)).toBeLessThan(60);
  expect(state.pace(0, 'ETHUSDT').left).toBeGreaterThan(20);
  expect(swaps(state, 0, 'other', 3)).toBe(3);
  // In the next window of ten seconds it begins anew.
  expect(swaps(state, 10_000, 'thief', 1000)).toBeGreaterThan(15);
});

test('whoever swaps, at most what the venue takes is sent; of those who did little some always', () => {
  const state = emptyState();
  state.orderLimit(100);
  const thieves = Array.from({ length: 60 }, (_, at) => swaps(state, 0, `thief ${at}`, 20)).reduce(
    (sum, one) => sum + one,
    0,
  );
  expect(thieves).toBeLessThanOrEqual(100);
  for (let at = 0; at < 200 && state.pace(10_000, 'ETHUSDT').left > 0; at++) state.orderSent('ETHUSDT');
  // Bundles have used what they may: a tenth is kept for swaps.
  expect(
    Array.from({ length: 20 }, (_, at) => swaps(state, 10_000, `user ${at}`, 1)).reduce((sum, one) => sum + one, 0),
  ).toBeGreaterThanOrEqual(10);
});
