import fc from 'fast-check';
import { moveOf } from './bands';

const none = { reserve: 0n, floor: 0n, ceiling: 0n };
const band = { reserve: 10n, floor: 100n, ceiling: 300n };
const holding = (free: bigint, over = {}) => ({ free, wanted: 0n, coming: 0n, ...over });

test.each([
  ['no policy: everything goes on', none, holding(7n), { kind: 'send', amount: 7n }],
  ['no policy: what withdrawals wait for stays', none, holding(7n, { wanted: 7n }), undefined],
  ['between floor and ceiling nothing moves', band, holding(310n), undefined],
  ['above the ceiling: down to the middle', band, holding(311n), { kind: 'send', amount: 101n }],
  ['at the floor nothing moves', band, holding(110n), undefined],
  ['below the floor: up to the middle', band, holding(109n), { kind: 'bring', amount: 101n }],
  [
    'a withdrawal that waits is no reason to fetch: it does so itself',
    band,
    holding(210n, { wanted: 150n }),
    undefined,
  ],
  ['what is on its way counts', band, holding(109n, { coming: 101n }), undefined],
  ['half of the gas reserve is left', { ...none, reserve: 10n }, holding(5n), undefined],
  ['less than half is left: filled again', { ...none, reserve: 10n }, holding(4n), { kind: 'bring', amount: 6n }],
])('%s', (_what, policy, held, expected) => {
  expect(moveOf(policy, held)).toEqual(expected);
});

test('property: after the move nothing has to move, and it never takes what withdrawals wait for or what is kept for gas', () => {
  const amount = fc.bigInt({ min: 0n, max: 10n ** 30n });
  fc.assert(
    fc.property(amount, amount, amount, amount, amount, amount, (reserve, floor, width, free, wanted, coming) => {
      const policy = { reserve, floor, ceiling: floor + width };
      const move = moveOf(policy, { free, wanted, coming });
      if (!move) return;
      expect(move.amount).toBeGreaterThan(0n);
      const after =
        move.kind === 'send'
          ? { free: free - move.amount, wanted, coming: 0n }
          : { free, wanted, coming: coming + move.amount };
      if (move.kind === 'send') expect(after.free).toBeGreaterThanOrEqual(reserve + wanted);
      else expect(moveOf(policy, after)).toBeUndefined();
      expect(moveOf(policy, after)?.kind).not.toBe(move.kind);
    }),
  );
});
