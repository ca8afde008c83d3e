import fc from 'fast-check';
import { INCREMENT, bumped, dustOf, feeFor, outpointOf, planPayments, vsizeOf } from './coins';
import type { Coin, Payment, Plan } from './coins';

const script = (bytes: number, first = 0x00): Uint8Array => Uint8Array.from({ length: bytes }, (_, at) => (at === 0 ? first : 7));
const coin = (value: bigint, n: number): Coin => ({ txid: n.toString(16).padStart(64, '0'), index: n % 3, value, branch: 0, child: n });
const total = (rows: readonly { value: bigint }[]): bigint => rows.reduce((sum, { value }) => sum + value, 0n);

const scripts = fc.constantFrom(script(22), script(34), script(34, 0x51), script(25, 0x76), script(23, 0xa9));
const payment: fc.Arbitrary<Payment> = fc.record({ script: scripts, value: fc.bigInt({ min: 600n, max: 5_000_000n }) });
const coins = fc.array(fc.bigInt({ min: 1n, max: 3_000_000n }), { maxLength: 25 }).map((values) => values.map(coin));
const rates = fc.bigInt({ min: 1000n, max: 300_000n });

/** What must hold of every plan, whatever it was made of. */
function sound(plan: Plan, payments: readonly Payment[], rate: bigint): void {
  expect(plan.payments).toEqual(payments);
  expect(new Set(plan.inputs.map(outpointOf)).size).toBe(plan.inputs.length);
  expect(total(plan.inputs)).toBe(total(plan.payments) + plan.change + plan.fee);
  expect(plan.fee).toBeGreaterThanOrEqual(feeFor(plan.vsize, rate));
  expect(plan.change === 0n || plan.change >= dustOf(script(22))).toBe(true);
}

test('every plan adds up to the satoshi, pays its rate, and leaves no dust; without one the coins do not suffice', () => {
  fc.assert(
    fc.property(coins, fc.array(payment, { minLength: 1, maxLength: 5 }), rates, (have, payments, rate) => {
      let plan: Plan | undefined;
      try {
        plan = planPayments(have, payments, rate);
      } catch {
        const worth = have.filter(({ value }) => value > feeFor(68n, rate));
        expect(total(worth)).toBeLessThan(total(payments) + feeFor(vsizeOf(worth.length, payments.map((each) => BigInt(each.script.length))), rate));
        return;
      }
      sound(plan, payments, rate);
      // Never thrown to the miners: more than a change output, its dust and its spending.
      expect(plan.fee - feeFor(plan.vsize, rate)).toBeLessThanOrEqual(feeFor(31n, rate) + feeFor(68n, rate) + dustOf(script(22)) + BigInt(plan.inputs.length) + 2n);
      expect(planPayments(have.toReversed(), payments, rate)).toEqual(plan);
    }),
  );
});

test('a replacement keeps payments and inputs, pays a higher rate and the whole increment', () => {
  fc.assert(
    fc.property(coins, fc.array(payment, { minLength: 1, maxLength: 3 }), rates, rates, (have, payments, rate, next) => {
      let plan: Plan;
      let better: Plan;
      try {
        plan = planPayments(have, payments, rate);
        better = bumped(plan, have, next);
      } catch {
        return;
      }
      sound(better, payments, next);
      expect(better.inputs.slice(0, plan.inputs.length)).toEqual(plan.inputs);
      expect(better.fee).toBeGreaterThanOrEqual(plan.fee + feeFor(better.vsize, INCREMENT));
      expect(better.fee * plan.vsize).toBeGreaterThan(plan.fee * better.vsize);
    }),
  );
});

test('coins that fit without change are taken; else the largest', () => {
  const pay = [{ script: script(22), value: 100_000n }];
  const fee = feeFor(vsizeOf(2, [22n]), 5000n);
  const plan = planPayments([coin(900_000n, 1), coin(60_000n, 2), coin(40_000n + fee, 3)], pay, 5000n);
  expect(plan).toMatchObject({ change: 0n, fee });
  expect(plan.inputs.map(({ child }) => child)).toEqual([2, 3]);
  expect(planPayments([coin(900_000n, 1), coin(60_000n, 2)], pay, 5000n)).toMatchObject({ inputs: [{ child: 1 }], change: 900_000n - 100_000n - feeFor(vsizeOf(1, [22n, 22n]), 5000n) });
});

test('a coin that costs more than it is worth is not spent; a payment that is dust is refused', () => {
  const pay = [{ script: script(22), value: 1000n }];
  expect(planPayments([coin(300n, 1), coin(50_000n, 2)], pay, 5000n).inputs.map(({ child }) => child)).toEqual([2]);
  expect(() => planPayments([coin(50_000n, 1)], [{ script: script(22), value: 293n }], 5000n)).toThrow('too small');
  expect(() => planPayments([coin(50_000n, 1)], [], 5000n)).toThrow('too small');
});

test('dust as Bitcoin Core reckons it', () => {
  expect([script(22), script(34), script(34, 0x51), script(23, 0xa9), script(25, 0x76)].map(dustOf)).toEqual([294n, 330n, 330n, 540n, 546n]);
});

test('sizes of one, ten and a hundred coins into one', () => {
  expect([1, 10, 100].map((inputs) => vsizeOf(inputs, [22n]))).toEqual([110n, 722n, 6842n]);
});
