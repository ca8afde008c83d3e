/** The attacks of the short form, on a world of their own: each is held. The rest: npm run attack. */
import { ATTACKS, attack } from '.';

jest.setTimeout(300_000);

test('what an attacker tries first is held', async () => {
  const quick = ATTACKS.filter((one) => one.quick);
  const outcomes = await attack(
    quick,
    () => undefined,
    () => undefined,
  );
  expect(outcomes.filter(({ result }) => result !== 'held')).toEqual([]);
  expect(outcomes.length).toBeGreaterThan(30);
});

test('every attack has a name of its own, and there are at least 150', () => {
  const ids = ATTACKS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThanOrEqual(150);
});
