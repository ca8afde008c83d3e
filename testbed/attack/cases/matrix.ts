/**
 * Rights: every endpoint by everybody who has none to it, generated from the table, and without the token or from
 * another page.
 */
import { ENDPOINTS } from '../../../domain/contract/api/endpoints';
import type { Access, Endpoint } from '../../../domain/contract/api/endpoints';
import { held } from '../attack';
import type { Attack } from '../attack';
import type { Answer, Asked, Browser, Stage } from '../stage';

type Caller = 'nobody' | 'unverified' | 'trader';

/** What each caller must hear at an endpoint of this access; nothing where they may call it. */
const REFUSED: Record<Caller, Partial<Record<Access, readonly [status: number, code: string]>>> = {
  nobody: { user: [401, 'NOT_LOGGED_IN'], verified: [401, 'NOT_LOGGED_IN'], admin: [401, 'NOT_LOGGED_IN'] },
  unverified: { verified: [403, 'KYC_REQUIRED'], admin: [403, 'FORBIDDEN'] },
  trader: { admin: [403, 'FORBIDDEN'] },
};

const callerOf = (stage: Stage, caller: Caller): Browser =>
  ({ nobody: () => stage.stranger(), unverified: () => stage.fresh, trader: () => stage.trader })[caller]();

const FORM = '--x\r\nContent-Disposition: form-data; name="fullName"\r\n\r\nx\r\n--x--\r\n';

/** A call of the endpoint with something in every place of its path and a body of its kind. */
export function call(browser: Browser, endpoint: Endpoint, more: Asked = {}): Promise<Answer> {
  const path = `/api${endpoint.path.replace(/:[a-z]+/gi, 'none-such')}`;
  const method = endpoint.method.toUpperCase();
  if (endpoint.carries === 'multipart')
    return browser.ask(method, path, {
      raw: FORM,
      ...more,
      headers: { 'content-type': 'multipart/form-data; boundary=x', ...more.headers },
    });
  return browser.ask(method, path, endpoint.carries === 'nothing' ? more : { body: {}, ...more });
}

const ALL = Object.entries(ENDPOINTS) as [string, Endpoint][];

const rights: Attack[] = ALL.flatMap(([name, endpoint]) =>
  (Object.keys(REFUSED) as Caller[]).flatMap((caller): Attack[] => {
    const expected = REFUSED[caller][endpoint.access];
    if (!expected) return [];
    return [
      {
        id: `RIGHTS ${name} ${caller}`,
        what: `${endpoint.method.toUpperCase()} ${endpoint.path} by ${caller === 'nobody' ? 'nobody' : `a ${caller} account`}`,
        run: async (stage) => {
          const { status, code } = await call(callerOf(stage, caller), endpoint);
          held(status === expected[0] && code === expected[1], `${status} ${code} instead of ${expected.join(' ')}`);
          return `${status} ${code}`;
        },
      },
    ];
  }),
);

const FOREIGN: readonly [what: string, headers: (browser: Browser) => Record<string, string>][] = [
  ['without the token', () => ({ 'x-csrf-token': '' })],
  ['with a made-up token', ({ csrf }) => ({ 'x-csrf-token': 'x'.repeat(csrf.length) })],
  ['with another page as its origin', () => ({ origin: 'https://evil.example' })],
  ['from a sandboxed frame (origin null)', () => ({ origin: 'null' })],
];

const forged: Attack[] = ALL.filter(([, { method, access }]) => method !== 'get' && access !== 'public').flatMap(
  ([name, endpoint]) =>
    FOREIGN.map(([what, headers], at): Attack => ({
      id: `CSRF ${name} ${at + 1}`,
      what: `${endpoint.method.toUpperCase()} ${endpoint.path} in a victim's browser ${what}`,
      run: async (stage) => {
        const browser = endpoint.access === 'admin' ? stage.admin : stage.trader;
        const { status, code } = await call(browser, endpoint, { headers: headers(browser) });
        held(status === 403 && code === 'CSRF', `${status} ${code} instead of 403 CSRF`);
        return `${status} ${code}`;
      },
    })),
);

export const matrix: readonly Attack[] = [...rights, ...forged];
