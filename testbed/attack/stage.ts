/** A world to be attacked, people in it, and requests at no more than sixty a second. Loopback only. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../../db/data-source';
import { ensureAccount } from '../../server';
import { DEMO_ADMIN } from '../world/demo-accounts';
import { faucet } from '../emulators/evm/faucet';
import { operatorAt } from '../../deploy/operator/door';
import { LOCAL } from '../../deploy/config/paths';
import { sleep } from '../services/process';
import { World, chainOf } from '../world';
import type { WorldAddress } from '../world';

const PER_SECOND = 60;
const FUNDS = '8';
export const PASSWORD = 'a sturdy phrase of this attack';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The error's stable code, or empty. */
  readonly code: string;
  json<T>(): T;
}

export interface Asked {
  readonly body?: unknown;
  /** Sent as it is. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** A loopback address of the attacker's choice. */
  readonly from?: string;
}

/** A browser of somebody: its cookie and token, or nobody's. */
export class Browser {
  cookie = '';
  csrf = '';
  userId = '';

  constructor(
    private readonly stage: Stage,
    readonly url: string,
  ) {}

  /** A request with the session's cookie and token; what is named in `headers` wins, an empty value leaves it out. */
  async ask(method: string, path: string, { body, raw, headers = {}, from }: Asked = {}): Promise<Answer> {
    const all: Record<string, string> = {
      ...(this.cookie && { cookie: this.cookie }),
      ...(this.csrf && { 'x-csrf-token': this.csrf }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      'idempotency-key': randomBytes(12).toString('hex'),
      ...headers,
    };
    const answer = await this.stage.send(
      this.url,
      method,
      path,
      Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
      raw ?? (body === undefined ? undefined : JSON.stringify(body)),
      from,
    );
    const set = answer.headers['set-cookie']
      ?.map((line) => line.split(';')[0] ?? '')
      .filter((pair) => pair.includes('javizen'));
    if (set?.length) this.cookie = set.join('; ');
    const token = /"csrfToken":"([^"]+)"/.exec(answer.text)?.[1];
    if (token) this.csrf = token;
    return answer;
  }

  async logIn(email: string, password = PASSWORD, more: Asked = {}): Promise<Answer> {
    this.cookie = '';
    this.csrf = '';
    const answer = await this.ask('POST', '/api/session', { body: { email, password }, ...more });
    this.userId = /"id":"([^"]+)"/.exec(answer.text)?.[1] ?? '';
    return answer;
  }
}

export interface Stage {
  readonly address: WorldAddress;
  readonly world: World;
  readonly database: DataSource;
  /** An identity-checked trader with coins, another one, one whose identity nobody has approved, and an admin. */
  readonly trader: Browser;
  readonly other: Browser;
  readonly fresh: Browser;
  readonly admin: Browser;
  stranger(url?: string): Browser;
  /** A further account; e-mail and its id. */
  account(more?: {
    readonly kycState?: 'APPROVED';
    readonly role?: 'admin' | 'user';
  }): Promise<{ email: string; userId: string }>;
  logged(email: string, from?: string): Promise<Browser>;
  query<T>(sql: string, values?: unknown[]): Promise<T[]>;
  send(
    url: string,
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string | Buffer,
    from?: string,
  ): Promise<Answer>;
  /** How many requests went out so far. */
  readonly sent: () => number;
  close(): Promise<void>;
}

const answerOf = (status: number, headers: IncomingHttpHeaders, text: string): Answer => ({
  status,
  headers,
  text,
  code: /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? '',
  json: <T>() => JSON.parse(text) as T,
});

function overHttp(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string | Buffer | undefined,
  localAddress: string | undefined,
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const length =
    body === undefined || 'content-length' in headers || 'transfer-encoding' in headers
      ? {}
      : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: hostname,
        port,
        method,
        path,
        headers: { ...headers, ...length },
        ...(localAddress && { localAddress }),
        timeout: 20_000,
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => void parts.push(part));
        response.on('end', () =>
          resolve(answerOf(response.statusCode ?? 0, response.headers, Buffer.concat(parts).toString('utf8'))),
        );
        response.on('error', reject);
      },
    );
    asked.on('timeout', () => asked.destroy(new Error('no answer within 20 s')));
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Requests in turn, evenly, never more than so many a second. */
function pacer(perSecond: number): () => Promise<void> {
  let next = 0;
  return async () => {
    const now = performance.now();
    next = Math.max(next + 1000 / perSecond, now);
    if (next > now) await sleep(next - now);
  };
}

export async function openStage(say: (line: string) => void, perSecond = PER_SECOND): Promise<Stage> {
  const dir = join(LOCAL, 'attack', String(process.pid));
  mkdirSync(dir, { recursive: true });
  const world = new World({ dir, say, throwAway: true, networks: ['ethereum'] });
  try {
    const address = await world.start();
    const database = await openDatabase({ url: address.databaseMigrateUrl, poolSize: 2 });
    return await people({
      world,
      address,
      database,
      pace: pacer(perSecond),
      close: async () => {
        await database.destroy();
        await world.stop();
        rmSync(dir, { recursive: true, force: true });
      },
    });
  } catch (error) {
    await world.stop();
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

interface Opened {
  readonly world: World;
  readonly address: WorldAddress;
  readonly database: DataSource;
  readonly pace: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Ether for somebody: sent to the hot wallet, booked as the operator's, and given. */
export async function fund(world: World, address: WorldAddress, email: string, amount = FUNDS): Promise<void> {
  const operator = operatorAt(world.settingsOf().OPERATOR_SOCKET ?? '');
  const name = randomBytes(6).toString('hex');
  const hot = (await operator.position()).addresses.find(({ network }) => network === 'ethereum')?.address ?? '';
  await faucet(chainOf(address), hot, 'ETH', amount);
  for (let tries = 0; ; tries++) {
    try {
      await operator.contribute([{ asset: 'ETH', amount, place: 'hot/ethereum', reference: `attack-funds-${name}` }]);
      break;
    } catch (error) {
      if (tries > 20) throw error;
      await sleep(500);
    }
  }
  await operator.grant({ email, asset: 'ETH', amount, why: 'coins to be stolen', reference: `attack-grant-${name}` });
}

const emailOf = async (database: DataSource, userId: string): Promise<string> =>
  ((await database.query('SELECT email FROM users WHERE id = ?', [userId])) as { email: string }[])[0]?.email ?? '';

async function people({ world, address, database, pace, close }: Opened): Promise<Stage> {
  const clock = { now: () => Date.now() };
  const ids = { next: () => `u${randomBytes(12).toString('hex')}` };
  let sent = 0;
  let accounts = 0;
  const stage: Partial<Stage> & Pick<Stage, 'send' | 'stranger' | 'account' | 'logged'> = {
    send: async (url, method, path, headers, body, from) => {
      await pace();
      sent++;
      return overHttp(url, method, path, headers, body, from);
    },
    stranger: (url = address.url) => new Browser(stage as Stage, url),
    account: async ({ kycState, role = 'user' } = {}) => {
      const email = `attacked-${++accounts}-${randomBytes(3).toString('hex')}@javizen.local`;
      const userId = await ensureAccount(
        { dataSource: database, clock, ids },
        { email, password: PASSWORD, locale: 'en', role, ...(kycState && { kycState }) },
      );
      return { email, userId };
    },
    logged: async (email, from) => {
      const browser = stage.stranger();
      const answer = await browser.logIn(
        email,
        email === DEMO_ADMIN ? address.adminPassword : PASSWORD,
        from ? { from } : {},
      );
      if (answer.status !== 200) throw new Error(`${email} could not log in: ${answer.status} ${answer.code}`);
      return browser;
    },
  };
  const verified = async (): Promise<Browser> => stage.logged((await stage.account({ kycState: 'APPROVED' })).email);
  const [trader, other, fresh, admin] = [
    await verified(),
    await verified(),
    await stage.logged((await stage.account()).email),
    await stage.logged(DEMO_ADMIN),
  ];
  await fund(world, address, await emailOf(database, trader.userId));
  return Object.assign(stage, {
    world,
    address,
    database,
    trader,
    other,
    fresh,
    admin,
    close,
    sent: () => sent,
    query: async <T>(sql: string, values: unknown[] = []): Promise<T[]> => (await database.query(sql, values)) as T[],
  }) as Stage;
}
