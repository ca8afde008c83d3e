import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse, stringify } from './json';
import type { TronConfig } from './main';

export interface LocalTron {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** One question to a node, or to the emulator's `control/...`. Loopback only. */
export async function askTron<T>(url: string, path: string, asked: object = {}): Promise<T> {
  if (new URL(url).hostname !== '127.0.0.1') throw new Error(`${url} is not this machine`);
  const response = await fetch(`${url}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: stringify(asked),
    signal: AbortSignal.timeout(30_000),
  });
  const said = parse(await response.text()) as T & { Error?: string };
  if (said.Error !== undefined) throw new Error(said.Error);
  return said;
}

/**
 * Starts the emulator in a process of its own; its packages must be installed (`installTron`). Its state lies in
 * `config.dir`.
 */
export async function startTron(config: TronConfig & { readonly logFile: string }): Promise<LocalTron> {
  mkdirSync(config.dir, { recursive: true });
  mkdirSync(dirname(config.logFile), { recursive: true });
  const file = join(config.dir, 'config.json');
  writeFileSync(file, JSON.stringify(config));
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
  const url = `http://127.0.0.1:${config.port}`;
  for (let tries = 0; ; tries++) {
    if (ended || tries > 600) throw new Error(`the local TRON did not start; see ${config.logFile}`);
    if ((await askTron<{ blockID?: string }>(url, 'wallet/getnowblock').catch(() => ({ blockID: undefined }))).blockID)
      break;
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
