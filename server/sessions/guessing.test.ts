/** Somebody who tries passwords, on many accounts or from many addresses. */
import { createHash } from 'node:crypto';
import type { ChallengeView, ProofOfWork } from '../../domain/contract/api/accounts';
import { hashPassword, passwordFits } from '../accounts/passwords';
import { addressOf } from '../http/limits';
import { PASSWORD, testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';
import { leadingZeroBits, solve } from './guesses';

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
  for (let account = 0; account < 25; account++)
    codes.push((await world.visitor().logIn(`a${account}@example.org`, 'a guess of mine')).body.error.code);
  expect(codes.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 'BAD_CREDENTIALS'));
  expect(codes.slice(20)).toEqual(Array.from({ length: 5 }, () => 'TOO_MANY_REQUESTS'));
});

test('a crowd at the door waits in line or is told to come again, and nobody is let in by a wrong password', async () => {
  const stored = await hashPassword('the right one');
  const tries = await Promise.allSettled(
    Array.from({ length: 80 }, (_, at) => passwordFits(stored, at % 2 === 0 ? 'the right one' : 'a wrong one')),
  );
  const answered = tries.flatMap((one, at) => (one.status === 'fulfilled' ? [one.value === (at % 2 === 0)] : []));
  const refused = tries.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code?: string }).code] : []));
  expect(answered.length).toBeGreaterThan(0);
  expect(answered.every(Boolean)).toBe(true);
  expect(new Set(refused)).toEqual(new Set(['BUSY']));
  expect(await passwordFits(stored, 'the right one')).toBe(true);
  expect(await passwordFits(null, 'the right one')).toBe(false);
});

describe('guesses at one account', () => {
  let open: TestWorld;
  beforeAll(async () => {
    open = await testWorld({ limits: { login: 1000 }, trustedProxies: ['127.0.0.0/8'] });
  });
  afterAll(async () => {
    expect(open.failures).toEqual([]);
    await open.close();
  });

  const logIn = (who: Visitor, email: string, password: string, proof?: ProofOfWork, from = '203.0.113.7') =>
    who.agent
      .post('/api/session')
      .set('X-Forwarded-For', from)
      .send({ email, password, ...(proof && { proof }) });
  /** From other addresses, and in sessions of the guesser's own: neither is a count of its own. */
  const guess = async (email: string, count: number): Promise<string[]> => {
    const codes: string[] = [];
    for (let n = 0; n < count; n++) {
      const guesser = open.visitor();
      if (n % 3 === 0) await guesser.logIn('guesser@example.org');
      codes.push(
        (await logIn(guesser, email, `wrong password ${n}`, undefined, `198.51.${n % 250}.7`)).body.error.code,
      );
    }
    return codes;
  };

  test('A6 after ten wrong ones a log-in costs work, whoever guesses and from wherever; the owner is not locked out', async () => {
    for (const email of ['guesser@example.org', 'victim@example.org']) await open.account(email);
    const owner = open.visitor();
    expect((await logIn(owner, 'victim@example.org', PASSWORD)).status).toBe(200);
    const codes = await guess('victim@example.org', 14);
    expect(codes).toEqual([
      ...Array.from({ length: 10 }, () => 'BAD_CREDENTIALS'),
      ...Array.from({ length: 4 }, () => 'CHALLENGE_NEEDED'),
    ]);
    // A device that has logged in before is asked for nothing; another account neither.
    expect((await logIn(owner, 'victim@example.org', PASSWORD)).status).toBe(200);
    expect((await logIn(open.visitor(), 'guesser@example.org', PASSWORD)).status).toBe(200);
    // From a new one the right password is let in by work.
    const asked = await logIn(open.visitor(), 'victim@example.org', PASSWORD);
    expect([asked.status, asked.body.error.code]).toEqual([401, 'CHALLENGE_NEEDED']);
    const challenge = asked.body.error.details as ChallengeView;
    expect(challenge.difficulty).toBe(16);
    const proof = solve(challenge);
    expect(
      leadingZeroBits(createHash('sha256').update(`${proof.challenge}:${proof.nonce}`).digest()),
    ).toBeGreaterThanOrEqual(16);
    // Work that was done for another account, not done, made up, or done too long ago is none.
    for (const bad of [
      { ...proof, nonce: '1' },
      { challenge: proof.challenge.replace('.16.', '.1.'), nonce: '1' },
      { challenge: 'x', nonce: '1' },
    ]) {
      expect((await logIn(open.visitor(), 'victim@example.org', PASSWORD, bad)).body.error.code).toBe(
        'CHALLENGE_NEEDED',
      );
    }
    await guess('guesser@example.org', 20);
    expect((await logIn(open.visitor(), 'guesser@example.org', PASSWORD, proof)).body.error.code).toBe(
      'CHALLENGE_NEEDED',
    );
    expect((await logIn(open.visitor(), 'victim@example.org', PASSWORD, proof)).status).toBe(200);
    // Each proof is good once.
    expect((await logIn(open.visitor(), 'victim@example.org', PASSWORD, proof)).body.error.code).toBe(
      'CHALLENGE_NEEDED',
    );
    const late = solve(
      (await logIn(open.visitor(), 'victim@example.org', PASSWORD)).body.error.details as ChallengeView,
    );
    open.clock.advance(301_000);
    expect((await logIn(open.visitor(), 'victim@example.org', PASSWORD, late)).body.error.code).toBe(
      'CHALLENGE_NEEDED',
    );
  });

  test('an account that is not there is counted alike', async () => {
    expect((await guess('nobody@example.org', 11)).slice(-2)).toEqual(['BAD_CREDENTIALS', 'CHALLENGE_NEEDED']);
  });

  test('a known device that guesses is a stranger after ten; a device is known to its own account alone', async () => {
    for (const email of ['mine@example.org', 'theirs@example.org']) await open.account(email);
    const mine = open.visitor();
    expect((await logIn(mine, 'mine@example.org', PASSWORD)).status).toBe(200);
    for (let n = 0; n < 10; n++)
      expect((await logIn(mine, 'mine@example.org', 'wrong')).body.error.code).toBe('BAD_CREDENTIALS');
    for (let n = 0; n < 10; n++)
      expect((await logIn(open.visitor(), 'mine@example.org', 'wrong')).body.error.code).toBe('BAD_CREDENTIALS');
    expect((await logIn(mine, 'mine@example.org', PASSWORD)).body.error.code).toBe('CHALLENGE_NEEDED');
    for (let n = 0; n < 10; n++) await logIn(open.visitor(), 'theirs@example.org', 'wrong');
    expect((await logIn(mine, 'theirs@example.org', PASSWORD)).body.error.code).toBe('CHALLENGE_NEEDED');
  });

  test('A7 while strangers fill the queue, a known device is let in, and a new one by work', async () => {
    await open.account('busy@example.org');
    const owner = open.visitor();
    await logIn(owner, 'busy@example.org', PASSWORD);
    const flood = Array.from({ length: 120 }, (_, n) =>
      logIn(open.visitor(), `flood${n}@example.org`, 'wrong', undefined, `198.18.${n}.1`).then(
        ({ body }) => body.error.code as string,
      ),
    );
    const answers = await Promise.all(
      Array.from({ length: 4 }, async (_, n) => {
        await new Promise((resolve) => setTimeout(resolve, 40 * n));
        return (await logIn(owner, 'busy@example.org', PASSWORD)).status;
      }),
    );
    expect(answers).toEqual([200, 200, 200, 200]);
    expect(await Promise.all(flood)).toContain('CHALLENGE_NEEDED');
  });
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
