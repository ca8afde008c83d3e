import fc from 'fast-check';
import { id } from '../domain/contract/api/common';
import { fitted, idFrom, timedIdFrom } from './references';

const KEY = 'K'.repeat(64);

test('references that end alike make different ids, and each is an id to the API', () => {
  const references = [`pause:admin1:${KEY}`, `pause:admin2:${KEY}`, `market:admin1:${KEY}`, `order-cancel:o1:${KEY}`];
  const ids = references.map((reference) => idFrom('aud', reference));
  expect(new Set(ids).size).toBe(references.length);
  for (const one of ids) expect(id.safeParse(one).success).toBe(true);
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (reference) => id.safeParse(idFrom('aud', reference)).success));
});

test('what fits stays as it is; what does not is cut to the length, and stays different', () => {
  expect(fitted('short', 10)).toBe('short');
  fc.assert(
    fc.property(
      fc.string({ minLength: 191, maxLength: 300 }),
      fc.string({ minLength: 1, maxLength: 5 }),
      (tail, head) => {
        const [one, other] = [fitted(tail, 190), fitted(`${head}${tail}`, 190)];
        expect([one.length, other.length]).toEqual([190, 190]);
        expect(one).not.toBe(other);
      },
    ),
  );
});

test('ids behind the time are told apart over a million references, sort as they were made, and hide how many there are', () => {
  const from = 1_763_700_000_000;
  const ids = new Set<string>();
  // Twenty of one owner in each millisecond.
  for (let n = 0; n < 1_000_000; n++) ids.add(timedIdFrom('o', from + Math.floor(n / 20), n % 20, `order:u${n}:once`));
  expect(ids.size).toBe(1_000_000);
  expect([...ids].sort()).toEqual([...ids]);
  fc.assert(
    fc.property(
      fc.array(fc.string(), { maxLength: 20 }),
      fc.string(),
      fc.nat(4_000_000_000_000),
      fc.nat(2000),
      (others, reference, at, rank) => {
        const before = timedIdFrom('o', at, rank, reference);
        for (const other of others) timedIdFrom('o', at, 0, other);
        expect(timedIdFrom('o', at, rank, reference)).toBe(before);
        expect(id.safeParse(before).success).toBe(true);
        expect(before).toHaveLength(26);
      },
    ),
  );
});
