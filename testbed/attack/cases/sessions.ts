/** Who is calling: guessing, stolen sessions, factors, confirmation of addresses, floods. */
import { randomBytes } from 'node:crypto';
import { held } from '../attack';
import type { Attack } from '../attack';
import { PASSWORD } from '../stage';
import { totp } from '../totp';

const COMMON = [
  '1234567890',
  'password12',
  'qwertyuiop',
  'aaaaaaaaaa',
  'password123',
  'iloveyou123',
  '1q2w3e4r5t',
  'qwerty12345',
  'administrator',
  '9876543210',
];

const passwords: Attack[] = COMMON.map((password, at): Attack => ({
  id: `A6.${at + 1}`,
  what: `registering with the password ${password}`,
  quick: at === 0,
  run: async (stage) => {
    const email = `weak-${at}-${randomBytes(3).toString('hex')}@example.org`;
    const { status, code } = await stage
      .stranger()
      .ask('POST', '/api/accounts', { body: { email, password, locale: 'en' }, from: '127.0.3.1' });
    const rows = await stage.query('SELECT id FROM users WHERE email = ?', [email]);
    held(status === 400 && rows.length === 0, `${status} ${code}`);
    return `${status} ${code}`;
  },
}));

const guessing: Attack[] = [
  {
    id: 'A6.20',
    what: 'sixty guesses at one account from sixty addresses',
    run: async (stage) => {
      const { email } = await stage.account();
      let evaluated = 0;
      for (let n = 0; n < 60; n++) {
        const { code } = await stage
          .stranger()
          .ask('POST', '/api/session', { body: { email, password: `guess number ${n}` }, from: `127.0.4.${n + 1}` });
        if (code === 'BAD_CREDENTIALS') evaluated++;
      }
      held(evaluated <= 30, `${evaluated} of 60 were evaluated`);
      return `${evaluated} of 60 were evaluated`;
    },
  },
  {
    id: 'A6.21',
    what: 'an attacker with sessions of his own multiplies his tries',
    run: async (stage) => {
      const { email } = await stage.account();
      let evaluated = 0;
      const sessions = await Promise.all(
        [1, 2, 3].map(async (n) => stage.logged((await stage.account()).email, `127.0.5.${n}`)),
      );
      for (const session of sessions) {
        for (let n = 0; n < 20; n++) {
          const { code } = await session.ask('POST', '/api/session', {
            body: { email, password: `guess number ${n}` },
            from: '127.0.5.9',
          });
          if (code === 'BAD_CREDENTIALS') evaluated++;
        }
      }
      held(evaluated <= 30, `${evaluated} of 60 were evaluated`);
      return `${evaluated} of 60 were evaluated`;
    },
  },
  {
    id: 'A6.22',
    what: 'the owner is locked out by an attacker who guesses',
    run: async (stage) => {
      const { email } = await stage.account();
      for (let n = 0; n < 25; n++)
        await stage
          .stranger()
          .ask('POST', '/api/session', { body: { email, password: `wrong ${n}` }, from: '127.0.6.1' });
      const owner = await stage
        .stranger()
        .ask('POST', '/api/session', { body: { email, password: PASSWORD }, from: '127.0.6.2' });
      held(owner.status === 200 || owner.code === 'CHALLENGE_NEEDED', `${owner.status} ${owner.code}`);
      return owner.status === 200 ? 'the owner is in' : 'the owner is asked for a proof of work';
    },
  },
  {
    id: 'A7.1',
    what: 'strangers who guess at an account make its owner work on a device that has logged in before',
    run: async (stage) => {
      const { email } = await stage.account();
      const { cookie } = await stage.logged(email, '127.0.6.3');
      for (let n = 0; n < 15; n++)
        await stage
          .stranger()
          .ask('POST', '/api/session', { body: { email, password: `wrong ${n}` }, from: `127.0.6.${10 + n}` });
      const stranger = await stage
        .stranger()
        .ask('POST', '/api/session', { body: { email, password: PASSWORD }, from: '127.0.6.4' });
      if (stranger.code !== 'CHALLENGE_NEEDED')
        throw new Error(`a stranger is not asked for work: ${stranger.status} ${stranger.code}`);
      const owner = await stage
        .stranger()
        .ask('POST', '/api/session', { body: { email, password: PASSWORD }, headers: { cookie }, from: '127.0.6.5' });
      held(owner.status === 200, `${owner.status} ${owner.code}`);
      return 'the owner is in, a stranger is asked for work';
    },
  },
  {
    id: 'A10.3',
    what: 'an identity is approved, and its e-mail address was never confirmed: coins may be sent there',
    run: async (stage) => {
      const { email, userId } = await stage.account({ kycState: 'APPROVED' });
      await stage.query('UPDATE users SET confirmed_at = NULL WHERE id = ?', [userId]);
      const { status, code } = await (
        await stage.logged(email, '127.0.3.4')
      ).ask('POST', '/api/deposit-addresses', { body: { network: 'ethereum' } });
      held(code === 'EMAIL_NOT_CONFIRMED', `${status} ${code}`);
      return `${status} ${code}`;
    },
  },
  {
    id: 'A10.1',
    what: 'whether an address has an account is asked of the registration',
    quick: true,
    run: async (stage) => {
      const { email } = await stage.account();
      const body = (address: string): object => ({ email: address, password: 'a sturdy phrase of mine', locale: 'en' });
      const taken = await stage.stranger().ask('POST', '/api/accounts', { body: body(email), from: '127.0.3.2' });
      const free = await stage.stranger().ask('POST', '/api/accounts', {
        body: body(`free-${randomBytes(4).toString('hex')}@example.org`),
        from: '127.0.3.2',
      });
      held(
        taken.status === free.status && taken.text === free.text,
        `${taken.status} ${taken.code} and ${free.status} ${free.code}`,
      );
      return `both ${taken.status}`;
    },
  },
  {
    id: 'A10.2',
    what: 'an account whose address nobody has confirmed asks for a deposit address',
    run: async (stage) => {
      const email = `squat-${randomBytes(4).toString('hex')}@example.org`;
      const browser = stage.stranger();
      await browser.ask('POST', '/api/accounts', {
        body: { email, password: 'a sturdy phrase of mine', locale: 'en' },
        from: '127.0.3.3',
      });
      await browser.logIn(email, 'a sturdy phrase of mine', { from: '127.0.3.3' });
      const { status, code } = await browser.ask('POST', '/api/deposit-addresses', { body: { network: 'ethereum' } });
      held(status >= 400, `${status}`);
      return `${status} ${code}`;
    },
  },
];

const sessionCases: Attack[] = [
  {
    id: 'A1.1',
    what: "an admin's session opened with the password alone, after the admin sets up a second factor",
    run: async (stage) => {
      const { email, userId } = await stage.account({ role: 'admin' });
      const [thief, owner] = [await stage.logged(email, '127.0.7.1'), await stage.logged(email, '127.0.7.2')];
      const begun = await owner.ask('POST', '/api/second-factor', { body: { password: PASSWORD } });
      const { secret } = begun.json<{ secret?: string }>();
      if (!secret) throw new Error(`no factor could be begun: ${begun.status} ${begun.code}`);
      const confirmed = await owner.ask('POST', '/api/second-factor/confirm', {
        body: { code: totp(secret, Date.now()) },
      });
      if (confirmed.status !== 200)
        throw new Error(`the factor was not confirmed: ${confirmed.status} ${confirmed.code}`);
      const { status, code } = await thief.ask('GET', '/api/admin/users');
      held(status !== 200, `the thief is shown ${status}`);
      const [row] = await stage.query<{ role: string }>('SELECT role FROM users WHERE id = ?', [userId]);
      return `${status} ${code} for the session of before (role ${row?.role})`;
    },
  },
  {
    id: 'SESSION 1',
    what: 'a session id of the attacker is used by the victim at the log-in (fixation)',
    run: async (stage) => {
      const { email } = await stage.account();
      const victim = stage.stranger();
      victim.cookie = stage.fresh.cookie;
      const before = victim.cookie;
      await victim.ask('POST', '/api/session', {
        body: { email, password: PASSWORD },
        headers: { cookie: before },
        from: '127.0.7.3',
      });
      held(victim.cookie !== before, 'the id stayed');
      const old = await stage.stranger().ask('GET', '/api/balances', { headers: { cookie: before } });
      held(!old.text.includes(email), 'the old id is the victim');
      return 'the id is a new one';
    },
  },
  {
    id: 'SESSION 2',
    what: 'a session goes on after its owner has logged out',
    run: async (stage) => {
      const { email } = await stage.account();
      const owner = await stage.logged(email, '127.0.7.4');
      const { cookie, csrf } = owner;
      await owner.ask('DELETE', '/api/session');
      const thief = stage.stranger();
      Object.assign(thief, { cookie, csrf });
      const { status } = await thief.ask('GET', '/api/balances');
      held(status === 401, String(status));
      return '401';
    },
  },
  {
    id: 'A16.1',
    what: 'a thief with a session locks the owner out of the log-in by wrong codes',
    run: async (stage) => {
      const { email } = await stage.account({ kycState: 'APPROVED' });
      const owner = await stage.logged(email, '127.0.7.6');
      const { secret } = (await owner.ask('POST', '/api/second-factor', { body: { password: PASSWORD } })).json<{
        secret: string;
      }>();
      await owner.ask('POST', '/api/second-factor/confirm', { body: { code: totp(secret, Date.now() - 30_000) } });
      // Stolen now: sessions of before the factor are over.
      const thief = Object.assign(stage.stranger(), { cookie: owner.cookie, csrf: owner.csrf });
      const answers = new Set<string>();
      for (let n = 0; n < 6; n++) {
        const tried = await thief.ask('POST', '/api/withdrawals', {
          body: {
            asset: 'ETH',
            network: 'ethereum',
            address: '0x8ba1f109551bd432803012645ac136ddd64dba72',
            amount: '0.1',
            code: `00000${n}`,
          },
        });
        answers.add(tried.code);
      }
      if (!answers.has('SECOND_FACTOR_WRONG')) throw new Error(`no code was tried: ${[...answers].join(', ')}`);
      const back = await stage.stranger().ask('POST', '/api/session', {
        body: { email, password: PASSWORD, code: totp(secret, Date.now()) },
        from: '127.0.7.7',
      });
      held(back.status === 200, `${back.status} ${back.code}`);
      return 'the owner is in';
    },
  },
  {
    id: 'A16.2',
    what: "the owner's own code, shown again and again, ends the owner's session",
    run: async (stage) => {
      const { email } = await stage.account({ kycState: 'APPROVED' });
      const owner = await stage.logged(email, '127.0.7.8');
      const { secret } = (await owner.ask('POST', '/api/second-factor', { body: { password: PASSWORD } })).json<{
        secret: string;
      }>();
      const code = totp(secret, Date.now());
      const confirmed = await owner.ask('POST', '/api/second-factor/confirm', { body: { code } });
      if (confirmed.status !== 200) throw new Error(`${confirmed.status} ${confirmed.code}`);
      for (let n = 0; n < 7; n++) await owner.ask('POST', '/api/second-factor/remove', { body: { code } });
      const { status } = await owner.ask('GET', '/api/balances');
      held(status === 200, String(status));
      return 'a code that was used is no guess';
    },
  },
];

export const sessions: readonly Attack[] = [...passwords, ...sessionCases, ...guessing];
