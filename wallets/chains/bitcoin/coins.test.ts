import fc from 'fast-check';
import {
  INCREMENT,
  bumped,
  dustOf,
  feeFor,
  outpointOf,
  planChild,
  planGathering,
  planPayments,
  splitFee,
  vsizeOf,
} from './coins';
import type { Coin, Payment, Plan } from './coins';

const script = (bytes: number, first = 0x00): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, at) => (at === 0 ? first : 7));
const coin = (value: bigint, n: number): Coin => ({
  txid: n.toString(16).padStart(64, '0'),
  index: n % 3,
  value,
  branch: 0,
  child: n,
});
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
        expect(total(worth)).toBeLessThan(
          total(payments) +
            feeFor(
              vsizeOf(
                worth.length,
                payments.map((each) => BigInt(each.script.length)),
              ),
              rate,
            ),
        );
        return;
      }
      sound(plan, payments, rate);
      // Never thrown to the miners: more than a change output, its dust and its spending.
      expect(plan.fee - feeFor(plan.vsize, rate)).toBeLessThanOrEqual(
        feeFor(31n, rate) + feeFor(68n, rate) + dustOf(script(22)) + BigInt(plan.inputs.length) + 2n,
      );
      expect(planPayments(have.toReversed(), payments, rate)).toEqual(plan);
    }),
  );
});

test('a replacement keeps payments and inputs, pays a higher rate and the whole increment', () => {
  fc.assert(
    fc.property(
      coins,
      fc.array(payment, { minLength: 1, maxLength: 3 }),
      rates,
      rates,
      (have, payments, rate, next) => {
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
      },
    ),
  );
});

test('coins that fit without change are taken; else the largest', () => {
  const pay = [{ script: script(22), value: 100_000n }];
  const fee = feeFor(vsizeOf(2, [22n]), 5000n);
  const plan = planPayments([coin(900_000n, 1), coin(60_000n, 2), coin(40_000n + fee, 3)], pay, 5000n);
  expect(plan).toMatchObject({ change: 0n, fee });
  expect(plan.inputs.map(({ child }) => child)).toEqual([2, 3]);
  expect(planPayments([coin(900_000n, 1), coin(60_000n, 2)], pay, 5000n)).toMatchObject({
    inputs: [{ child: 1 }],
    change: 900_000n - 100_000n - feeFor(vsizeOf(1, [22n, 22n]), 5000n),
  });
});

test('a coin that costs more than it is worth is not spent; a payment that is dust is refused', () => {
  const pay = [{ script: script(22), value: 1000n }];
  expect(planPayments([coin(300n, 1), coin(50_000n, 2)], pay, 5000n).inputs.map(({ child }) => child)).toEqual([2]);
  expect(() => planPayments([coin(50_000n, 1)], [{ script: script(22), value: 293n }], 5000n)).toThrow('too small');
  expect(() => planPayments([coin(50_000n, 1)], [], 5000n)).toThrow('too small');
});

test('dust as Bitcoin Core reckons it', () => {
  expect([script(22), script(34), script(34, 0x51), script(23, 0xa9), script(25, 0x76)].map(dustOf)).toEqual([
    294n,
    330n,
    330n,
    540n,
    546n,
  ]);
});

test('sizes of one, ten and a hundred coins into one', () => {
  expect([1, 10, 100].map((inputs) => vsizeOf(inputs, [22n]))).toEqual([110n, 722n, 6842n]);
});

test('a fee is split by the sizes of the outputs, to the satoshi, and nobody but the first bears more than its part', () => {
  const scripts = fc.array(
    fc.constantFrom(22, 23, 25, 34).map((length) => script(length)),
    { minLength: 1, maxLength: 100 },
  );
  fc.assert(
    fc.property(scripts, fc.bigInt({ min: 0n, max: 10_000_000n }), (outputs, fee) => {
      const shares = splitFee(fee, outputs);
      expect(shares.reduce((total, share) => total + share, 0n)).toBe(fee);
      const size = (output: Uint8Array): bigint => 9n + BigInt(output.length);
      const whole = outputs.reduce((total, output) => total + size(output), 0n);
      for (const [at, output] of outputs.entries()) {
        const [share, part] = [(shares[at] ?? 0n) * whole, fee * size(output)];
        expect(share > part - whole && (at === 0 ? share < part + whole * BigInt(outputs.length) : share <= part)).toBe(
          true,
        );
      }
      expect(splitFee(fee, outputs)).toEqual(shares);
    }),
  );
});

test('a child lifts its parent and itself to the rate together, with no more coins than that takes, and all of it comes back', () => {
  const parents = fc
    .record({ vsize: fc.bigInt({ min: 110n, max: 5000n }), rate: fc.bigInt({ min: 1000n, max: 30_000n }) })
    .map(({ vsize, rate }) => ({ vsize, fee: feeFor(vsize, rate) }));
  fc.assert(
    fc.property(parents, fc.bigInt({ min: 294n, max: 50_000n }), coins, rates, (parent, change, more, rate) => {
      const own: Coin = { txid: 'ff'.repeat(32), index: 1, value: change, branch: 1, child: 7 };
      let plan: Plan | undefined;
      try {
        plan = planChild(parent, own, more, rate);
      } catch {
        const all = [own, ...more];
        const vsize = vsizeOf(all.length, [22n]);
        const fee = feeFor(parent.vsize + vsize, rate) - parent.fee;
        // Each coin more costs 68 bytes: one that is worth less only makes it worse.
        const worth = more.every(({ value }) => value > feeFor(68n, rate) + 1n);
        expect(
          !worth || total(all) - fee < dustOf(script(22)) || total(all) - feeFor(vsize, rate) < dustOf(script(22)),
        ).toBe(true);
        return;
      }
      expect([plan.inputs[0], plan.payments, plan.vsize]).toEqual([own, [], vsizeOf(plan.inputs.length, [22n])]);
      expect(total(plan.inputs)).toBe(plan.change + plan.fee);
      expect(plan.change).toBeGreaterThanOrEqual(dustOf(script(22)));
      expect(parent.fee + plan.fee).toBeGreaterThanOrEqual(feeFor(parent.vsize + plan.vsize, rate));
      expect(plan.fee).toBeGreaterThanOrEqual(feeFor(plan.vsize, rate));
      if (plan.inputs.length > 1)
        expect(() =>
          planChild(
            parent,
            own,
            more.filter((one) => plan?.inputs.slice(1, -1).includes(one)),
            rate,
          ),
        ).toThrow('do not suffice');
    }),
  );
});

test('coins that are gathered are all in one output, less the fee; what is not worth its fee is refused', () => {
  fc.assert(
    fc.property(coins, rates, (have, rate) => {
      const fee = feeFor(vsizeOf(have.length, [22n]), rate);
      if (total(have) - fee < dustOf(script(22))) expect(() => planGathering(have, rate)).toThrow('not worth');
      else
        expect(planGathering(have, rate)).toEqual({
          inputs: have,
          payments: [],
          change: total(have) - fee,
          fee,
          vsize: vsizeOf(have.length, [22n]),
        });
    }),
  );
});
