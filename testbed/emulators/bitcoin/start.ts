import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { BitcoinConfig } from './main';

export interface LocalBitcoin {
  /** With user and password, as a setting names a node. */
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** One call, and its result. Rejects with Core's code in `code`. Loopback only. */
export async function askBitcoin<T>(url: string, method: string, ...params: unknown[]): Promise<T> {
  const { username, password, origin, hostname } = new URL(url);
  if (hostname !== '127.0.0.1') throw new Error(`${hostname} is not this machine`);
  const headers = {
    'content-type': 'application/json',
    authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
  };
  const response = await fetch(origin, {
    method: 'POST',
    headers,
    body: JSON.stringify({ jsonrpc: '1.0', id: 1, method, params }),
    signal: AbortSignal.timeout(30_000),
  });
  if (response.status === 401) throw new Error('the node does not know this password');
  const { result, error } = (await response.json()) as { result: T; error: { code: number; message: string } | null };
  if (error) throw Object.assign(new Error(error.message), { code: error.code });
  return result;
}

/**
 * Starts the node in a process of its own; bcoin must be installed (`installBcoin`). Its state lies in `config.dir`.
 */
export async function startBitcoin(config: BitcoinConfig & { readonly logFile: string }): Promise<LocalBitcoin> {
  mkdirSync(config.dir, { recursive: true });
  mkdirSync(dirname(config.logFile), { recursive: true });
  const file = join(config.dir, 'config.json');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  const log = openSync(config.logFile, 'a');
  const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'main.ts'), '--config', file], {
    cwd: resolve(__dirname, '..', '..', '..'),
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  let ended = false;
  child.on('error', () => (ended = true));
  child.on('exit', () => (ended = true));
  const url = `http://${config.user}:${config.password}@127.0.0.1:${config.port}`;
  for (let tries = 0; ; tries++) {
    if (ended || tries > 600) throw new Error(`the local Bitcoin did not start; see ${config.logFile}`);
    if ((await askBitcoin<number>(url, 'getblockcount').catch(() => 0)) > 0) break;
    await pause(50);
  }
  const stop = async (): Promise<void> => {
    if (ended) return;
    child.kill('SIGTERM');
    for (let waited = 0; !ended && waited < 10_000; waited += 20) await pause(20);
    if (!ended) child.kill('SIGKILL');
  };
  return { url, pid: child.pid ?? 0, stop };
}
