/** The Binance Spot emulator: `node --import tsx deploy/local/binance/main.ts --config <file>`. For this machine only. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { apiSocket } from './api-socket';
import { Auth } from './auth';
import { Capital } from './capital';
import { Exchange } from './exchange';
import { FAULTS } from './faults';
import type { FaultName } from './faults';
import { Limits } from './limits';
import { handleRest } from './rest';
import type { Deps } from './routes';
import { marketSocket } from './streams';
import type { EmulatorConfig } from './types';

const BANNER = 'Javizen local: an emulator of Binance Spot on recorded data. Nothing here is real money.';
const PING_MS = 20_000;

export interface Emulator {
  readonly port: number;
  readonly url: string;
  readonly exchange: Exchange;
  close(): Promise<void>;
}

interface Asked {
  readonly name?: FaultName;
  readonly count?: number;
  readonly probability?: number;
  readonly seed?: number;
  readonly match?: string;
  readonly freeze?: boolean;
  readonly step?: number;
}

/** Faults and the replay's clock. Reached on the same port, which listens on loopback alone. */
function control({ exchange }: Deps, name: string, asked: Asked): { status: number; answer: unknown } {
  if (name === 'POST /control/faults') {
    if (!asked.name || !FAULTS.includes(asked.name)) return { status: 400, answer: { error: `one of ${FAULTS.join(', ')}` } };
    exchange.faults.arm(asked.name, asked);
    return { status: 200, answer: {} };
  }
  if (name === 'GET /control/faults') return { status: 200, answer: Object.fromEntries(FAULTS.map((fault) => [fault, exchange.faults.fired.get(fault) ?? 0])) };
  if (name === 'DELETE /control/faults') {
    exchange.faults.disarm();
    return { status: 200, answer: {} };
  }
  if (name === 'POST /control/clock') {
    if (asked.freeze !== undefined) exchange.freeze(asked.freeze);
    if (asked.step !== undefined) exchange.step(asked.step);
    return { status: 200, answer: {} };
  }
  return { status: 404, answer: { error: `no ${name}` } };
}

function read(body: string): Asked | undefined {
  try {
    return (body ? JSON.parse(body) : {}) as Asked;
  } catch {
    return undefined;
  }
}

function handle(deps: Deps, request: IncomingMessage, response: ServerResponse, body: string): void {
  const headers = { 'x-emulator': 'javizen-local' };
  if (request.url === '/') return void response.writeHead(200, { ...headers, 'content-type': 'text/plain' }).end(`${BANNER}\n`);
  if (!request.url?.startsWith('/control/')) return void handleRest(deps, request, response, body);
  const asked = read(body);
  const { status, answer } = asked ? control(deps, `${request.method} ${request.url}`, asked) : { status: 400, answer: { error: 'not JSON' } };
  response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

/** Starts the emulator; state is kept in `config.dir` and taken up again. */
export async function startEmulator(config: EmulatorConfig): Promise<Emulator> {
  if (process.env.NODE_ENV === 'production') throw new Error('The Binance emulator does not run in production.');
  const exchange = new Exchange(config.dir, config);
  const capitals = config.chains.map((chain) => new Capital(exchange, chain, join(config.dir, 'keys')));
  await exchange.open((record) => capitals.forEach((capital) => capital.remember(record)), config.balances);
  for (const capital of capitals) await capital.start();
  const deps: Deps = { exchange, auth: new Auth(config.apiKeys), limits: new Limits(), capitals };
  exchange.on('first-fill', () => deps.limits.firstFill('maker'));

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handle(deps, request, response, Buffer.concat(chunks).toString()));
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on('error', () => undefined);
      if (request.url?.startsWith('/ws-api/')) apiSocket(deps, ws);
      else marketSocket(deps, ws, request);
    });
  });
  const pings = setInterval(() => {
    for (const client of sockets.clients) client.ping(String(Date.now()));
  }, PING_MS);
  await new Promise<void>((resolve) => server.listen(config.port, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    clearInterval(pings);
    for (const capital of capitals) capital.stop();
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await exchange.close();
  };
  return { port, url: `http://127.0.0.1:${port}`, exchange, close };
}

async function main(): Promise<void> {
  const file = process.argv[process.argv.indexOf('--config') + 1] ?? '';
  const emulator = await startEmulator(JSON.parse(readFileSync(file, 'utf8')) as EmulatorConfig);
  process.stdout.write(`${JSON.stringify({ ready: true, port: emulator.port, banner: BANNER })}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void emulator.close().then(() => process.exit(0)));
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(2);
  });
}
