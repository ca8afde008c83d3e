/**
 * The TRON emulator's process: `main.ts --config <file>`. The FullNode HTTP API on loopback, until it is asked to
 * stop.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer } from './api';
import type { Faults } from './api';
import { FAUCET } from './accounts';
import { TronChain } from './chain';
import { parse, stringify } from './json';
import { int } from './ledger';
import { base58Of, hexOf } from './wire';
import type { Json } from './wire';

export interface TronConfig {
  readonly port: number;
  /** Where the blocks lie between a stop and a start. */
  readonly dir: string;
  /** Where @ethereumjs/evm is installed. */
  readonly packages: string;
  /**
   * A block every so many milliseconds while transactions come and until they are solid, one in eight when idle; 0:
   * the caller mines.
   */
  readonly blockMs: number;
  /** Blocks on top of a block that make it solid; 18 unless told. */
  readonly solidity?: number;
}

const BANNER = 'Javizen local: an emulator of a TRON full node. Nothing here is of worth.';
const MOST_BYTES = 1024 * 1024;
const IDLE_FACTOR = 8;
const SOLIDITY = 18;

type Turn = <T>(work: () => Promise<T>) => Promise<T>;

async function main(): Promise<void> {
  if (process.env.NODE_ENV === 'production')
    throw new Error('This is a TRON for one machine. It does not run in production.');
  const config = JSON.parse(
    readFileSync(process.argv[process.argv.indexOf('--config') + 1] ?? '', 'utf8'),
  ) as TronConfig;
  const chain = await TronChain.open({
    packages: config.packages,
    dir: config.dir,
    solidity: config.solidity ?? SOLIDITY,
  });
  const faults: Faults = { marksForgotten: false, infosLate: false, away: false };
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other: a chain that is being changed is not read. */
  const turn: Turn = (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
  const server = createServer((request, response) => void serve({ chain, faults, turn }, request, response));
  await new Promise<void>((resolve) => server.listen(config.port, '127.0.0.1', resolve));
  process.stdout.write(`${BANNER} Height ${chain.tip.number}, at http://127.0.0.1:${config.port}\n`);
  const rest = mineOn(config, chain, turn);
  const stop = async (): Promise<void> => {
    rest();
    server.close();
    server.closeAllConnections();
    await last;
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
}

function mineOn({ blockMs, solidity = SOLIDITY }: TronConfig, chain: TronChain, turn: Turn): () => void {
  if (blockMs === 0) return () => undefined;
  let [quiet, skipped] = [0, 0];
  const timer = setInterval(() => {
    if (chain.pending.length > 0) quiet = 0;
    if (quiet > solidity + 6 && ++skipped < IDLE_FACTOR) return;
    [quiet, skipped] = [quiet + 1, 0];
    turn(() => chain.mine()).catch((error: unknown) => process.stderr.write(`no block: ${String(error)}\n`));
  }, blockMs);
  return () => clearInterval(timer);
}

interface Served {
  readonly chain: TronChain;
  readonly faults: Faults;
  readonly turn: Turn;
}

async function serve(
  { chain, faults, turn }: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [, house = '', name = ''] = url.pathname.split('/');
  let asStrings = false;
  const send = (status: number, body: unknown): void =>
    void response
      .writeHead(status, { 'content-type': 'application/json', 'x-emulator': 'javizen-local' })
      .end(stringify(body, asStrings));
  try {
    const body = await bodyOf(request);
    const asked = { ...Object.fromEntries(url.searchParams), ...(body === '' ? {} : (parse(body) as Json)) } as Json;
    asStrings = asked.int64_as_string === true || asked.int64_as_string === 'true';
    if (house === 'control' && request.method === 'POST')
      return send(200, await turn(() => control(chain, faults, name, asked)));
    if (faults.away) return send(503, { Error: 'away' });
    const said =
      house === 'wallet' || house === 'walletsolidity'
        ? await turn(() => answer(chain, faults, house === 'walletsolidity', name, asked))
        : undefined;
    return send(said === undefined ? 404 : 200, said ?? { Error: `nothing is asked by ${url.pathname}` });
  } catch (error) {
    // A node says so, with status 200.
    send(200, { Error: `class java.lang.Exception : ${error instanceof Error ? error.message : String(error)}` });
  }
}

/** What no node has: for whoever runs the emulator. */
async function control(chain: TronChain, faults: Faults, name: string, asked: Json): Promise<unknown> {
  const blocks = Number(asked.blocks ?? 1);
  switch (name) {
    case 'mine':
      for (let n = 0; n < blocks; n++) await chain.mine({ empty: asked.empty === true });
      break;
    case 'reorg':
      await chain.reorganise(Number(asked.depth), asked.lose === true);
      break;
    case 'deploy':
      await chain.mine({ ops: [{ k: 'deploy', owner: FAUCET, code: String(asked.code) }], empty: true });
      return { address: base58Of([...chain.head.energies.keys()].at(-1) ?? '') };
    case 'energy':
      await chain.mine({
        ops: [{ k: 'energy', address: hexOf(String(asked.address)), amount: int(asked.amount).toString() }],
        empty: true,
      });
      break;
    case 'permission':
      await chain.mine({
        ops: [
          {
            k: 'permission',
            address: hexOf(String(asked.address)),
            to: hexOf(String(asked.to)),
            beside: asked.beside === true,
          },
        ],
        empty: true,
      });
      break;
    case 'advance':
      chain.advance(Number(asked.ms));
      break;
    case 'drop':
      chain.pending = [];
      break;
    case 'spoil':
      chain.nextResult = String(asked.result);
      break;
    case 'faults':
      if (typeof asked.solidStops === 'boolean') chain.solidStops = asked.solidStops;
      if (typeof asked.marksForgotten === 'boolean') faults.marksForgotten = asked.marksForgotten;
      if (typeof asked.infosLate === 'boolean') faults.infosLate = asked.infosLate;
      if (typeof asked.away === 'boolean') faults.away = asked.away;
      break;
    default:
      throw new Error(`there is no control ${name}`);
  }
  return { height: chain.tip.number, solid: chain.solidHeight, waiting: chain.pending.length };
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
