/**
 * What is sent: numbers, types, keys and shapes that must be refused and change nothing, and bytes that are no
 * request.
 */
import { connect } from 'node:net';
import { held } from '../attack';
import type { Attack } from '../attack';
import type { Browser, Stage } from '../stage';

/** Amounts that are none, or that somebody hopes are read otherwise than they look. */
const AMOUNTS: readonly unknown[] = [
  '-1',
  '0',
  '-0',
  '+1',
  '1e3',
  '1E-2',
  '0x10',
  '1,5',
  '1.5.1',
  ' 1',
  '1 ',
  '',
  '.5',
  '5.',
  '01',
  '1_000',
  'NaN',
  'Infinity',
  '-Infinity',
  'null',
  'true',
  '１',
  '٣',
  '1\u0000',
  '1\u200b',
  '0.0000000000000000001',
  '999999999999999999999',
  '9'.repeat(400),
  1,
  0,
  -1,
  1.5,
  1e21,
  true,
  null,
  [],
  ['1'],
  {},
  { value: '1' },
  { toString: 'x' },
];
const FIELDS: readonly [where: string, path: string, body: (value: unknown) => object][] = [
  [
    'the quantity of an order',
    '/api/orders',
    (quantity) => ({ symbol: 'ETHUSDT', side: 'BUY', type: 'LIMIT', price: '1000', quantity }),
  ],
  [
    'the amount of a withdrawal',
    '/api/withdrawals',
    (amount) => ({ asset: 'ETH', network: 'ethereum', address: '0x8ba1f109551bd432803012645ac136ddd64dba72', amount }),
  ],
  ['the amount of a swap', '/api/quotes', (fromAmount) => ({ from: 'ETH', to: 'USDT', fromAmount })],
];

const isRefusal = (status: number): boolean => status >= 400 && status < 500;

const amounts: Attack[] = FIELDS.flatMap(([where, path, body], field) =>
  AMOUNTS.map((value, at): Attack => ({
    id: `AMOUNT ${field + 1}.${at + 1}`,
    what: `${JSON.stringify(value)?.slice(0, 40)} as ${where}`,
    quick: at % 8 === 0,
    run: async (stage) => {
      const { status, code } = await stage.trader.ask('POST', path, { body: body(value) });
      held(isRefusal(status) && status !== 404, `${status} ${code}`);
      return `${status} ${code}`;
    },
  })),
);

const POLLUTED =
  '' +
  '' +
  '' +
  '{"__proto__":{"role":"admin","isAdmin":true},"constructor":{"prototype":{"role":"admin"}},"email":"x@example.org","password":"a ' +
  'sturdy phrase"}';

async function roleOf(stage: Stage, browser: Browser): Promise<string> {
  return (await stage.query<{ role: string }>('SELECT role FROM users WHERE id = ?', [browser.userId]))[0]?.role ?? '';
}

/** Bytes on a connection of their own; answers what came back before it ended. */
function raw(stage: Stage, bytes: string): Promise<string> {
  const { hostname, port } = new URL(stage.address.url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => void socket.write(bytes));
    socket.setTimeout(15_000, () => socket.destroy());
    socket.on('data', (part) => void (text += part.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

const HEAD = 'POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n';
const SMUGGLED: readonly [what: string, bytes: string][] = [
  [
    'a length and chunks',
    `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/admin/users HTTP/1.1\r\nHost: x\r\n\r\n`,
  ],
  ['two lengths', `${HEAD}Content-Length: 4\r\nContent-Length: 40\r\n\r\n{}{}GET /api/admin/users HTTP/1.1\r\n\r\n`],
  ['a negative length', `${HEAD}Content-Length: -1\r\n\r\n{}`],
  ['a folded header', `${HEAD}X-A: b\r\n c: d\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`],
  ['a bare line feed', 'POST /api/session HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 2\n\n{}GARBAGE\n\n'],
  ['no HTTP at all', '\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n'],
];

const shapes: Attack[] = [
  {
    id: 'POLLUTION 1',
    what: 'a log-in with __proto__ and constructor in its body',
    quick: true,
    run: async (stage) => {
      const { status } = await stage
        .stranger()
        .ask('POST', '/api/session', { raw: POLLUTED, headers: { 'content-type': 'application/json' } });
      held(isRefusal(status), String(status));
      const after = await stage.fresh.ask('GET', '/api/admin/users');
      held(after.status === 403, `a stranger's rights changed: ${after.status}`);
      return `${status}, and nobody is an admin`;
    },
  },
  ...[{ role: 'admin' }, { kycState: 'APPROVED' }, { tier: 9 }, { id: 'chosen-id' }, { emailConfirmed: true }].map(
    (extra, at): Attack => ({
      id: `MASS ${at + 1}`,
      what: `registering with ${JSON.stringify(extra)}`,
      run: async (stage) => {
        const email = `mass-${at}-${Date.now()}@example.org`;
        const { status } = await stage.stranger().ask('POST', '/api/accounts', {
          body: { email, password: 'a sturdy phrase of mine', locale: 'en', ...extra },
        });
        const rows = await stage.query<{ role: string }>('SELECT role FROM users WHERE email = ?', [email]);
        held(status === 400 && rows.length === 0, `${status}, ${rows.length} accounts`);
        return '400, no account';
      },
    }),
  ),
  {
    id: 'MASS 6',
    what: 'an identity form that brings its own state and owner',
    run: async (stage) => {
      const form = (name: string, value: string): string =>
        `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
      const rawForm = `${form('state', 'APPROVED')}${form('userId', stage.trader.userId)}${form('fullName', 'Ada Lovelace')}--x--\r\n`;
      const { status } = await stage.fresh.ask('POST', '/api/kyc', {
        raw: rawForm,
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
      });
      held(status === 400 && (await roleOf(stage, stage.fresh)) === 'user', String(status));
      return '400';
    },
  },
  ...[
    '{',
    '{"a":',
    '[1,2',
    '"text"',
    'null',
    '12',
    '',
    '{"a":1}{"b":2}',
    `${'['.repeat(20_000)}`,
    `{"email":"${'a'.repeat(40_000)}"}`,
  ].map((text, at): Attack => ({
    id: `JSON ${at + 1}`,
    what: `a body that is ${JSON.stringify(text.slice(0, 24))}`,
    quick: at < 3,
    run: async (stage) => {
      const { status, code } = await stage
        .stranger()
        .ask('POST', '/api/session', { raw: text, headers: { 'content-type': 'application/json' } });
      held(isRefusal(status), `${status} ${code}`);
      return `${status} ${code}`;
    },
  })),
  ...[
    { email: { toString: 1 } },
    { email: ['a@b.c'] },
    { email: null },
    { email: 5 },
    { email: { $gt: '' } },
    { email: true },
  ].map((body, at): Attack => ({
    id: `A18.${at + 1}`,
    what: `logging in with ${JSON.stringify(body)} as an address`,
    quick: at === 0,
    run: async (stage) => {
      const { status, code } = await stage.stranger().ask('POST', '/api/session', { body: { ...body, password: 'x' } });
      held(status === 400, `${status} ${code}`);
      return `${status} ${code}`;
    },
  })),
  ...['no closing boundary', 'a bad part header', 'a NUL in it', 'no boundary at all'].map((what, at): Attack => ({
    id: `A18.${at + 7}`,
    what: `an upload with ${what}`,
    run: async (stage) => {
      const body =
        [
          '--x\r\nContent-Disposition: form-data; name="fullName"\r\n\r\nx',
          '--x\r\nContent-Disposition\r\n\r\nx\r\n--x--\r\n',
          '--x\r\nContent-Disposition: form-data; name="a\u0000b"\r\n\r\n\u0000\r\n--x--\r\n',
          'nothing',
        ][at] ?? '';
      const type = at === 3 ? 'multipart/form-data' : 'multipart/form-data; boundary=x';
      const { status, code } = await stage.fresh.ask('POST', '/api/kyc', {
        raw: body,
        headers: { 'content-type': type },
      });
      held(isRefusal(status), `${status} ${code}`);
      return `${status} ${code}`;
    },
  })),
  {
    id: 'A18.11',
    what: 'forgetting an address that is not ASCII',
    quick: true,
    run: async (stage) => {
      const { status, code } = await stage.trader.ask('POST', '/api/withdrawal-addresses/forget', {
        body: { network: 'ethereum', address: 'é' },
      });
      held(isRefusal(status), `${status} ${code}`);
      return `${status} ${code}`;
    },
  },
  ...[
    '%2e%2e/admin/users',
    '..%2fadmin%2fusers',
    'orders/../admin/users',
    'ADMIN/users',
    'admin/users/',
    'admin//users',
    'admin;x/users',
    'admin/users%00',
    'admin/users?__proto__[role]=admin',
  ].map((path, at): Attack => ({
    id: `PATH ${at + 1}`,
    what: `GET /api/${path} by a trader`,
    run: async (stage) => {
      const { status, code, text } = await stage.trader.ask('GET', `/api/${path}`);
      held(status !== 200 || !text.includes('@'), `${status} ${text.slice(0, 80)}`);
      return `${status} ${code}`;
    },
  })),
  ...SMUGGLED.map(([what, bytes], at): Attack => ({
    id: `SMUGGLE ${at + 1}`,
    what: `a request with ${what}`,
    run: async (stage) => {
      const text = await raw(stage, bytes);
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1] ?? '');
      held(statuses.length <= 1 && !statuses.includes('200'), `answers ${statuses.join(', ')}`);
      return statuses.length === 0 ? 'the connection was closed' : `one answer: ${statuses[0]}`;
    },
  })),
  ...[
    "' OR '1'='1",
    "x'; DROP TABLE users; -- ",
    '" OR ""="',
    '%27%20UNION%20SELECT',
    '\\',
    "\\'); INSERT INTO users VALUES (1); -- ",
  ].map((text, at): Attack => ({
    id: `SQL ${at + 1}`,
    what: `${JSON.stringify(text)} where a list is filtered and where an admin writes a reason`,
    run: async (stage) => {
      const list = await stage.trader.ask('GET', `/api/orders?market=${encodeURIComponent(text)}`);
      const [before] = await stage.query<{ n: string }>('SELECT COUNT(*) AS n FROM users');
      const paused = await stage.admin.ask('POST', '/api/admin/assets/SOL/pause', { body: { why: `pause ${text}` } });
      await stage.admin.ask('POST', '/api/admin/assets/SOL/pause', { body: { why: null } });
      const [after] = await stage.query<{ n: string }>('SELECT COUNT(*) AS n FROM users');
      held(
        list.status < 500 && paused.status < 500 && String(before?.n) === String(after?.n),
        `${list.status} ${paused.status}`,
      );
      return `${list.status} ${list.code || 'a list'}; the reason is kept as text`;
    },
  })),
];

export const input: readonly Attack[] = [...amounts, ...shapes];
