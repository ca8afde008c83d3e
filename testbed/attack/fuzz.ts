/**
 * Made-up requests to every route, from the OpenAPI document of the running exchange: values at and beyond the limits
 * of each schema. Counted are answers of 5xx, and effects of requests that were refused.
 */
import { auditBySettings } from '../../deploy/custody';
import { worldConfig } from '../world';
import { openStage } from './stage';
import type { Answer, Browser, Stage } from './stage';

export interface FuzzResult {
  readonly requests: number;
  readonly serverErrors: number;
  readonly effectsOfRefused: number;
  readonly balanced: boolean;
  /** By status. */
  readonly answers: Readonly<Record<string, number>>;
  /** What went wrong, a sentence each, at most a hundred. */
  readonly found: readonly string[];
}

type Schema = {
  readonly type?: string | string[];
  readonly enum?: unknown[];
  readonly const?: unknown;
  readonly properties?: Record<string, Schema>;
  readonly required?: string[];
  readonly items?: Schema;
  readonly anyOf?: Schema[];
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly example?: unknown;
};
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: Schema;
}
interface Operation {
  readonly parameters: Parameter[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
}
interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** Loopback, bounded, and as fast as the limits of so many users let it be. */
const PER_SECOND = 250;
const USERS = 40;
const AT_ONCE = 8;
/** After so many requests the tables are looked at. */
const GROUP = 100;
const AUDIT_WAIT_MS = 60_000;
const MOST_FOUND = 100;
/** What a request may change; what time, the logs or the treasury's own moves change is left out. */
const WATCHED = [
  'kyc_applications',
  'orders',
  'fills',
  'swaps',
  'withdrawals',
  'withdrawal_approvals',
  'second_factors',
  'passkeys',
  'deposit_addresses',
  'markets',
  'asset_pauses',
  'tier_wishes',
  'stakes',
  'cold_transfers',
  'venue_states',
];
const TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  '1',
  'null',
  'undefined',
  'true',
  '[]',
  '{}',
  '../../etc/passwd',
  "' OR 1=1 -- ",
  '<img src=x onerror=alert(1)>',
  '%00',
  '\u0000',
  '\u202e',
  '\ufeff',
  'é',
  '٣',
  '🙂',
  'A'.repeat(300),
  'A'.repeat(9000),
  '1e309',
  '0x41',
  'ETH',
  'USDT',
  'ETHUSDT',
  'ethereum',
  'BUY',
  'LIMIT',
  '__proto__',
  'constructor',
  '\ud800',
];
const OTHERS: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e21,
  Number.MAX_SAFE_INTEGER,
  [],
  {},
  [[]],
  { $gt: '' },
  { toString: 1 },
  ['a', 'b'],
  { length: 1e9 },
];

/** xorshift32: the same seed draws the same requests. */
class Draw {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0 || 1;
  }

  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 2 ** 32;
  }

  of<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)] as T;
  }
}

const typeOf = ({ type }: Schema): string | undefined => (Array.isArray(type) ? type[0] : type);

/** Something that fits the schema as far as is easily said. */
function fitting(schema: Schema, draw: Draw, depth = 0): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return draw.of(schema.enum);
  if (schema.anyOf) return fitting(draw.of(schema.anyOf), draw, depth);
  if (schema.example !== undefined) return schema.example;
  switch (typeOf(schema)) {
    case 'object':
      return depth > 4
        ? {}
        : Object.fromEntries(
            Object.entries(schema.properties ?? {})
              .filter(([name]) => schema.required?.includes(name) || draw.next() < 0.4)
              .map(([name, field]) => [name, fitting(field, draw, depth + 1)]),
          );
    case 'array':
      return depth > 4
        ? []
        : Array.from({ length: Math.floor(draw.next() * 3) }, () => fitting(schema.items ?? {}, draw, depth + 1));
    case 'integer':
    case 'number':
      return draw.of([0, 1, 2, 10, 50, 100]);
    case 'boolean':
      return draw.next() < 0.5;
    case 'null':
      return null;
    default:
      return draw.of(['1', '0.5', '1000', 'ETH', 'ethereum', 'ETHUSDT', 'a-name-of-something', 'none-such', '000000']);
  }
}

/** The value with one of its parts made wrong. */
function spoilt(value: unknown, draw: Draw): unknown {
  if (typeof value !== 'object' || value === null || draw.next() < 0.15)
    return draw.next() < 0.5 ? draw.of(TEXTS) : draw.of(OTHERS);
  const copy = structuredClone(value) as Record<string, unknown>;
  const names = Object.keys(copy);
  const name = draw.of(names);
  const choice = draw.next();
  if (name === undefined || choice < 0.15)
    return { ...copy, [draw.of(['extra', '__proto__', 'id', 'userId', 'role'])]: draw.of(OTHERS) };
  if (choice < 0.3) delete copy[name];
  else copy[name] = spoilt(copy[name], draw);
  return copy;
}

const routesOf = (document: { paths: Record<string, Record<string, Operation>> }): Route[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );

interface Made {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly type?: string;
  readonly key: string;
}

/** As it stands in a URL or a form; JSON where it is no text. */
const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

function make({ method, path, operation }: Route, draw: Draw): Made {
  const text = (): string => (draw.next() < 0.5 ? draw.of(TEXTS) : asText(fitting({}, draw)));
  // Half of a pair of surrogates is no text that a URL could carry.
  const safe = (value: string): string => encodeURIComponent(Buffer.from(value, 'utf8').toString('utf8'));
  const filled = path.replace(/\{[^}]+\}/g, () => safe(text()) || 'x');
  const query = operation.parameters
    .filter((parameter) => parameter.in === 'query' && draw.next() < 0.5)
    .map(({ name, schema }) => `${name}=${safe(draw.next() < 0.5 ? asText(fitting(schema, draw)) : text())}`);
  const target = query.length > 0 ? `${filled}?${query.join('&')}` : filled;
  const key =
    draw.next() < 0.9 ? `fuzz-${Math.floor(draw.next() * 1e12)}` : draw.of(['', 'x', 'k'.repeat(65), 'k'.repeat(64)]);
  const [type, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (type === undefined || content === undefined) return { method, path: target, key };
  const value = draw.next() < 0.2 ? fitting(content.schema, draw) : spoilt(fitting(content.schema, draw), draw);
  if (type.startsWith('multipart')) {
    const parts = Object.entries((typeof value === 'object' && value) || {}).map(
      ([name, part]) =>
        `--x\r\nContent-Disposition: form-data; name="${name.replace(/[\r\n"]/g, '')}"\r\n\r\n${asText(part)}\r\n`,
    );
    return { method, path: target, key, type: 'multipart/form-data; boundary=x', body: `${parts.join('')}--x--\r\n` };
  }
  return {
    method,
    path: target,
    key,
    type:
      draw.next() < 0.95
        ? 'application/json'
        : draw.of(['text/plain', 'application/json; charset=utf-7', 'application/x-www-form-urlencoded']),
    body: JSON.stringify(value) ?? 'undefined',
  };
}

/** The fingerprint of everything that a request may change. */
async function fingerprint(stage: Stage, tables: readonly string[]): Promise<Map<string, string>> {
  const sums = await stage.query<{ Table: string; Checksum: string }>(`CHECKSUM TABLE ${tables.join(', ')}`);
  const users = await stage.query<{ sum: string }>(
    'SELECT BIT_XOR(CRC32(CONCAT_WS("|", id, email, role, kyc_state, password_hash))) AS sum FROM users',
  );
  const balances = await stage.query<{ sum: string }>(
    "SELECT BIT_XOR(CRC32(CONCAT_WS('|', account, asset, amount))) AS sum FROM balances WHERE account LIKE 'user/%'",
  );
  return new Map([
    ...sums.map(({ Table, Checksum }): [string, string] => [Table.split('.').at(-1) ?? '', String(Checksum)]),
    ['users', String(users[0]?.sum)],
    ["users' balances", String(balances[0]?.sum)],
  ]);
}

const isChange = (method: string): boolean => method !== 'GET';

/** Sends the requests. Answers what came back; the world is its own, and is stopped again. */
export async function fuzz(requests: number, seed: number, say: (line: string) => void): Promise<FuzzResult> {
  const stage = await openStage(say, PER_SECOND);
  try {
    const draw = new Draw(seed);
    const routes = routesOf((await stage.stranger().ask('GET', '/api/openapi.json')).json());
    const there = new Set(
      (await stage.query<Record<string, string>>('SHOW TABLES')).flatMap((row) => Object.values(row)),
    );
    const tables = WATCHED.filter((table) => there.has(table));
    const callers = [...(await callersOf(stage)), stage.admin, stage.stranger()];
    const answers: Record<string, number> = {};
    const found: string[] = [];
    const tell = (text: string): void => void (found.length < MOST_FOUND && found.push(text));
    let [sent, serverErrors, effectsOfRefused] = [0, 0, 0];
    let before = await fingerprint(stage, tables);
    while (sent < requests) {
      const group = Array.from({ length: Math.min(GROUP, requests - sent) }, () => ({
        route: draw.of(routes),
        browser: draw.of(callers),
      })).filter(
        ({ route }) =>
          !/session$|accounts|freeze|password/.test(route.path) || !isChange(route.method) || draw.next() < 0.2,
      );
      const made = group.map(({ route, browser }) => ({ browser, made: make(route, draw) }));
      sent += made.length;
      let accepted = 0;
      await inTurns(made, AT_ONCE, async ({ browser, made: one }) => {
        const { status, code } = await send(browser, one);
        answers[status] = (answers[status] ?? 0) + 1;
        if (status >= 500) {
          serverErrors++;
          tell(`${one.method} ${one.path.slice(0, 120)} ${one.body?.slice(0, 200) ?? ''}: ${status} ${code}`);
        } else if (status < 300 && isChange(one.method)) accepted++;
      });
      const after = await fingerprint(stage, tables);
      const changed = [...after].filter(([table, sum]) => before.get(table) !== sum).map(([table]) => table);
      if (changed.length > 0 && accepted === 0) {
        effectsOfRefused++;
        tell(
          `${changed.join(', ')} changed though all of these were refused: ${made
            .filter(({ made: one }) => isChange(one.method))
            .map(({ made: one }) => `${one.method} ${one.path.slice(0, 60)}`)
            .join(', ')}`,
        );
      }
      before = after;
      if (sent % 5000 < GROUP) say(`${sent} of ${requests} requests`);
    }
    const { balanced } = await auditBySettings(worldConfig(stage.address), AUDIT_WAIT_MS);
    return { requests: sent, serverErrors, effectsOfRefused, balanced, answers, found };
  } finally {
    await stage.close();
  }
}

/** Users from many addresses, so that limits by user and address are met seldom. */
async function callersOf(stage: Stage): Promise<Browser[]> {
  const callers: Browser[] = [];
  for (let n = 0; n < USERS; n++) {
    const { email } = await stage.account(n % 3 === 0 ? {} : { kycState: 'APPROVED' });
    callers.push(await stage.logged(email, `127.0.8.${n + 1}`));
  }
  return callers;
}

async function send(browser: Browser, { method, path, body, type, key }: Made): Promise<Answer> {
  const { cookie, csrf } = browser;
  try {
    return await browser.ask(method, path, {
      ...(body !== undefined && { raw: body }),
      headers: { 'idempotency-key': key.replace(/[^\x21-\x7e]/g, ''), ...(type && { 'content-type': type }) },
    });
  } catch (error) {
    return {
      status: 0,
      code: error instanceof Error ? error.message : 'no answer',
      headers: {},
      text: '',
      json: () => {
        throw new Error('no answer');
      },
    };
  } finally {
    // A log-out or a log-in as somebody else among the requests does not end this caller.
    Object.assign(browser, { cookie, csrf });
  }
}

async function inTurns<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
    }),
  );
}
