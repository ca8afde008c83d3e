import fc from 'fast-check';
import { ONE } from './amount';
import { ceilToStep, feeUp, floorToStep, mulDivDown, mulDivUp, notionalDown, notionalUp, stepOf } from './rounding';

const seed = Number(process.env.SEED ?? 20251121);
console.info(`rounding: seed ${seed}`);
const property = <T extends [unknown, ...unknown[]]>(...args: Parameters<typeof fc.property<T>>): void => {
  fc.assert(fc.property<T>(...args), { seed, numRuns: 2000 });
};
const units = fc.bigInt({ min: 0n, max: 10n ** 30n });
const above = fc.bigInt({ min: 1n, max: 10n ** 30n });
const scale = fc.integer({ min: 0, max: 18 });

test('down and up stand on both sides of the exact quotient, at most one unit apart', () => {
  property(units, units, above, (a, b, c) => {
    const [down, up] = [mulDivDown(a, b, c), mulDivUp(a, b, c)];
    expect(down * c <= a * b && a * b <= up * c).toBe(true);
    expect(up - down).toBe((a * b) % c === 0n ? 0n : 1n);
  });
});

test('a step is reached from below and from above, and a multiple of it stays', () => {
  property(units, scale, (amount, decimals) => {
    const step = stepOf(decimals);
    const [low, high] = [floorToStep(amount, step), ceilToStep(amount, step)];
    expect([low % step, high % step]).toEqual([0n, 0n]);
    expect(low <= amount && amount <= high && high - low <= step).toBe(true);
    expect([floorToStep(low, step), ceilToStep(high, step)]).toEqual([low, high]);
  });
});

test('a fee is never below its rate, a multiple of the scale, and never 0 where the rate is above 0', () => {
  property(above, fc.bigInt({ min: 1n, max: ONE }), scale, (amount, rate, decimals) => {
    const fee = feeUp(amount, rate, stepOf(decimals));
    expect(fee > 0n && fee * ONE >= amount * rate && fee % stepOf(decimals) === 0n).toBe(true);
  });
  expect(feeUp(10n ** 18n, 0n, 1n)).toBe(0n);
});

test('cut in two, a trade never pays a seller more nor costs a buyer less', () => {
  property(units, units, above, (first, second, price) => {
    expect(notionalDown(first, price) + notionalDown(second, price) <= notionalDown(first + second, price)).toBe(true);
    expect(notionalUp(first, price) + notionalUp(second, price) >= notionalUp(first + second, price)).toBe(true);
    expect(
      feeUp(first, price % ONE, 1n) + feeUp(second, price % ONE, 1n) >= feeUp(first + second, price % ONE, 1n),
    ).toBe(true);
  });
});
