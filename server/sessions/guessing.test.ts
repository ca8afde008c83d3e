/** Somebody who tries passwords, on many accounts or from many addresses. */
import { hashPassword, passwordFits } from '../accounts/passwords';
import { addressOf } from '../http/limits';
import { testWorld } from '../testing';
import type { TestWorld } from '../testing';

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld({ limits: { login: 2 } });
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

test('one address cannot try account after account', async () => {
  const codes: string[] = [];
  for (let account = 0; account < 25; account++) codes.push((await world.visitor().logIn(`a${account}@example.org`, 'a guess of mine')).body.error.code);
  expect(codes.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 'BAD_CREDENTIALS'));
  expect(codes.slice(20)).toEqual(Array.from({ length: 5 }, () => 'TOO_MANY_REQUESTS'));
});

test('a crowd at the door waits in line or is told to come again, and nobody is let in by a wrong password', async () => {
  const stored = await hashPassword('the right one');
  const tries = await Promise.allSettled(Array.from({ length: 80 }, (_, at) => passwordFits(stored, at % 2 === 0 ? 'the right one' : 'a wrong one')));
  const answered = tries.flatMap((one, at) => (one.status === 'fulfilled' ? [one.value === (at % 2 === 0)] : []));
  const refused = tries.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code?: string }).code] : []));
  expect(answered.length).toBeGreaterThan(0);
  expect(answered.every(Boolean)).toBe(true);
  expect(new Set(refused)).toEqual(new Set(['BUSY']));
  expect(await passwordFits(stored, 'the right one')).toBe(true);
  expect(await passwordFits(null, 'the right one')).toBe(false);
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:aaaa::1', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:bbbb:cccc:dddd:eeee', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8:1::9', '2001:db8:1:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('the caller at %s counts as %s', (ip, caller) => {
  expect(addressOf({ ip })).toBe(caller);
});
