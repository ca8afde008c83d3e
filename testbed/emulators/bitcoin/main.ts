/**
 * The node's process: `main.ts --config <file>`. JSON-RPC on loopback with Core's numbers, until it is asked to stop.
 */
import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { openBcoin } from './bcoin';
import { methodsOf } from './methods';
import type { Methods } from './methods';
import { RpcError, jsonOf } from './present';

export interface BitcoinConfig {
  readonly port: number;
  /** Where the chain lies between a stop and a start. */
  readonly dir: string;
  /** Where bcoin is installed. */
  readonly packages: string;
  readonly user: string;
  readonly password: string;
  /**
   * A block every so many seconds while transactions wait or have just been mined, one in eight when idle; 0: the
   * caller mines.
   */
  readonly blockSeconds: number;
}

const MOST_BYTES = 8 * 1024 * 1024;
const BUSY_BLOCKS = 8;
const IDLE_FACTOR = 8;
/** Until here the rules of segregated witness are not in force on this network, and coins of the first blocks ripen. */
const FIRST_BLOCKS = 450;

async function main(): Promise<void> {
  const config = JSON.parse(
    readFileSync(process.argv[process.argv.indexOf('--config') + 1] ?? '', 'utf8'),
  ) as BitcoinConfig;
  if (process.env.NODE_ENV === 'production')
    throw new Error('This is a Bitcoin for one machine. It does not run in production.');
  const bcoin = await openBcoin(config.packages, config.dir);
  const methods = methodsOf(bcoin);
  let turn: Promise<unknown> = Promise.resolve();
  /** One after the other: a chain that is being changed is not read. */
  const call = (name: string, params: unknown[]): Promise<unknown> => {
    const mine = turn.then(() => carryOut(methods, name, params));
    turn = mine.catch(() => undefined);
    return mine;
  };
  while (bcoin.node.chain.height < FIRST_BLOCKS) await call('mine', []);
  const server = createServer((request, response) => void serve(config, call, request, response));
  await new Promise<void>((resolve) => server.listen(config.port, '127.0.0.1', resolve));
  process.stdout.write(
    `A local Bitcoin (bcoin on regtest, height ${bcoin.node.chain.height}) at http://127.0.0.1:${config.port}; nothing here is of worth\n`,
  );
  const rest = mineOn(
    config.blockSeconds,
    () => bcoin.node.mempool.map.size,
    () => call('mine', []),
  );
  const stop = async (): Promise<void> => {
    rest();
    server.close();
    server.closeAllConnections();
    await turn;
    await bcoin.node.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
}

async function carryOut(methods: Methods, name: string, params: unknown[]): Promise<unknown> {
  const method = Object.hasOwn(methods, name)
    ? (methods[name] as (...given: unknown[]) => Promise<unknown>)
    : undefined;
  if (!method) throw new RpcError(-32601, 'Method not found');
  return method(...params);
}

function mineOn(seconds: number, waiting: () => number, mine: () => Promise<unknown>): () => void {
  if (seconds === 0) return () => undefined;
  let [quiet, skipped] = [0, 0];
  const timer = setInterval(() => {
    if (waiting() > 0) quiet = 0;
    if (quiet > BUSY_BLOCKS && ++skipped < IDLE_FACTOR) return;
    [quiet, skipped] = [quiet + 1, 0];
    mine().catch((error: unknown) => process.stderr.write(`no block: ${String(error)}\n`));
  }, seconds * 1000);
  return () => clearInterval(timer);
}

type Call = (name: string, params: unknown[]) => Promise<unknown>;

async function serve(
  { user, password }: BitcoinConfig,
  call: Call,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = (status: number, body?: unknown): void => {
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(status === 401 && { 'www-authenticate': 'Basic realm="jsonrpc"' }),
    });
    response.end(body === undefined ? '' : jsonOf(body));
  };
  if (!same(request.headers.authorization ?? '', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`))
    return answer(401);
  try {
    const asked = JSON.parse(await bodyOf(request)) as unknown;
    if (!Array.isArray(asked)) {
      const { status, ...body } = await one(call, asked);
      return answer(status, body);
    }
    const all: object[] = [];
    for (const each of asked) {
      const { status: _status, ...body } = await one(call, each);
      all.push(body);
    }
    return answer(200, all);
  } catch {
    return answer(500, { result: null, error: { code: -32700, message: 'Parse error' }, id: null });
  }
}

async function one(
  call: Call,
  asked: unknown,
): Promise<{ status: number; result: unknown; error: unknown; id: unknown }> {
  const { id = null, method, params } = (asked ?? {}) as { id?: unknown; method?: unknown; params?: unknown };
  try {
    const result = await call(String(method), Array.isArray(params) ? params : []);
    return { status: 200, result: result ?? null, error: null, id };
  } catch (error) {
    const code = error instanceof RpcError ? error.code : -1;
    return {
      status: code === -32601 ? 404 : 500,
      result: null,
      error: { code, message: error instanceof Error ? error.message : String(error) },
      id,
    };
  }
}

function same(shown: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(shown), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_BYTES) throw new Error('too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
});
