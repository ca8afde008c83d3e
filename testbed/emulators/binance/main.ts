/**
 * The Binance Spot emulator: `node --import tsx testbed/emulators/binance/main.ts --config <file>`. For this machine
 * only.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { apiSocket } from './api-socket';
import { Auth } from './auth';
import { BitcoinCapital } from './bitcoin-capital';
import { EvmCapital } from './evm-capital';
import { control } from './control';
import { ApiError } from './errors';
import { Exchange } from './exchange';
import { Limits } from './limits';
import { isInMicroseconds } from './microseconds';
import { handleRest } from './rest';
import type { Deps } from './routes';
import { Sockets } from './sockets';
import { marketSocket } from './streams';
import { TronCapital } from './tron-capital';
import type { EmulatorConfig } from './types';
import { World } from './world';

const CONNECTION_WEIGHT = 2;
const BANNER = 'Javizen local: an emulator of Binance Spot on recorded data. Nothing here is real money.';

export interface Emulator {
  readonly port: number;
  readonly url: string;
  readonly exchange: Exchange;
  /** Lets the faults of sockets and of the world have their chance now; else they have it four times a second. */
  beat(): void;
  close(): Promise<void>;
}

async function handle(deps: Deps, request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
  const headers = { 'x-emulator': 'javizen-local' };
  if (request.url === '/')
    return void response.writeHead(200, { ...headers, 'content-type': 'text/plain' }).end(`${BANNER}\n`);
  if (!request.url?.startsWith('/control/')) return handleRest(deps, request, response, body);
  const { status, answer } = await control(deps, `${request.method} ${request.url}`, body);
  response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

/** A connection to the WebSocket API weighs too; an address may ask for a unit of time that there is. */
function admit({ limits }: Deps, path: string, query: URLSearchParams): ApiError | undefined {
  try {
    isInMicroseconds(query.get('timeUnit') ?? undefined);
    if (path.startsWith('/ws-api/')) limits.request(CONNECTION_WEIGHT, false);
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

/** Starts the emulator; state is kept in `config.dir` and taken up again. */
export async function startEmulator(config: EmulatorConfig): Promise<Emulator> {
  if (process.env.NODE_ENV === 'production') throw new Error('The Binance emulator does not run in production.');
  const exchange = new Exchange(config.dir, config);
  const keys = join(config.dir, 'keys');
  const capitals = [
    ...config.chains.map((chain) => new EvmCapital(exchange, chain, keys)),
    ...(config.bitcoin ? [new BitcoinCapital(exchange, config.bitcoin, keys)] : []),
    ...(config.tron ? [new TronCapital(exchange, config.tron, keys)] : []),
  ];
  await exchange.open((record) => capitals.forEach((capital) => capital.remember(record)), config);
  for (const capital of capitals) await capital.start();
  const lines = new Sockets(exchange.faults, config.connectionMs);
  const world = new World(exchange);
  const deps: Deps = {
    exchange,
    auth: new Auth(config.apiKeys),
    limits: new Limits(exchange.info.rateLimits),
    sockets: lines,
    capitals,
  };
  exchange.on('first-fill', () => deps.limits.firstFill('maker'));

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void handle(deps, request, response, Buffer.concat(chunks).toString()));
  });
  const sockets = new WebSocketServer({ noServer: true, autoPong: false });
  server.on('upgrade', (request, socket, head) => {
    if (exchange.faults.fires('connect-refused', request.url ?? ''))
      return void socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
    const [path = '', text = ''] = (request.url ?? '/').split('?');
    // A plus is itself in the name of a stream (`kline_1d@+08:00`), not a blank.
    const query = new URLSearchParams(text.replaceAll('+', '%2B'));
    const refused = admit(deps, path, query);
    if (refused)
      return void socket.end(
        `HTTP/1.1 ${refused.status} Refused\r\nConnection: close\r\n\r\n${JSON.stringify({ code: refused.code, msg: refused.msg })}`,
      );
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on('error', () => undefined);
      if (path.startsWith('/ws-api/')) apiSocket(deps, lines.open(ws, 'api'), query);
      else marketSocket(deps, lines.open(ws, 'stream'), path, query);
    });
  });
  await new Promise<void>((resolve) => server.listen(config.port, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    world.close();
    lines.close();
    for (const capital of capitals) capital.stop();
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await exchange.close();
  };
  const beat = (): void => {
    lines.beat();
    world.beat();
  };
  return { port, url: `http://127.0.0.1:${port}`, exchange, beat, close };
}

async function main(): Promise<void> {
  const file = process.argv[process.argv.indexOf('--config') + 1] ?? '';
  const emulator = await startEmulator(JSON.parse(readFileSync(file, 'utf8')) as EmulatorConfig);
  process.stdout.write(`${JSON.stringify({ ready: true, port: emulator.port, banner: BANNER })}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void emulator.close().then(() => process.exit(0)));
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(2);
  });
}
