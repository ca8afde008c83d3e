import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface AnvilOptions {
  /** Where the chain keeps its state between a stop and a start. */
  readonly dir: string;
  readonly port: number;
  readonly chainId: number;
  /**
   * A block every so many seconds while something happens, and one now and then when nothing does; 0: the caller
   * mines.
   */
  readonly blockSeconds: number;
  readonly logFile: string;
  /** The rules of the chain; those before Prague unless told. */
  readonly hardfork?: string;
}

export interface Anvil {
  readonly url: string;
  readonly chainId: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * The test mnemonic that every local chain tool knows. On purpose: it can never hold anything of worth, and nobody may
 * mistake this chain for a real one.
 */
export const LOCAL_MNEMONIC = 'test test test test test test test test test test test junk';

/**
 * So many past states can be asked for, after a restart too. All of them are in the file that is written every second.
 */
const STATES_KEPT = 96;
/** Blocks still mined in the usual time after the last transaction, so that whoever counts confirmations gets them. */
const BUSY_BLOCKS = 20;
/** On an idle chain one block in so many: each stays in the state's file for ever. */
const IDLE_FACTOR = 8;
const BACKUP_EVERY_MS = 5000;

function program(): string {
  const root = resolve(__dirname, '..', '..', '..');
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const file = process.platform === 'win32' ? 'anvil.exe' : 'anvil';
  const direct = join(root, 'node_modules', '@foundry-rs', `anvil-${process.platform}-${arch}`, 'bin', file);
  return existsSync(direct) ? direct : join(root, 'node_modules', '.bin', 'anvil');
}

async function ask<T>(url: string, method: string, params: readonly unknown[] = []): Promise<T> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(5000),
  });
  return ((await response.json()) as { result: T }).result;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** The state, if it is a whole one. The node writes it in place, so that a kill in the middle leaves half of one. */
function wholeState(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}

/**
 * Keeps a second copy of the state that is known to be whole; false while there is none. Read and written, not copied:
 * a copy of a file that its writer cuts short meanwhile waits for the rest for ever.
 */
function backUp(state: string): boolean {
  const whole = existsSync(state) ? wholeState(state) : undefined;
  if (whole === undefined) return false;
  writeFileSync(`${state}.copy`, whole);
  renameSync(`${state}.copy`, `${state}.whole`);
  return true;
}

/**
 * A state cut off by a kill gives way to the last whole one: to those who follow the chain, a reorganisation of a few
 * blocks.
 */
function repair(state: string): void {
  if (existsSync(state) && wholeState(state) === undefined && existsSync(`${state}.whole`))
    copyFileSync(`${state}.whole`, state);
}

/**
 * Mines from outside. With an interval of its own the node keeps 1,500 states instead of what it was told, and a night
 * of empty blocks would fill the disk.
 */
function mineOn(url: string, seconds: number, state: string): () => void {
  let stopped = false;
  let quiet = 0;
  let skipped = 0;
  // The first blocks are kept as soon as they are written: a chain that lost them would be another one.
  let savedAt = 0;
  let changed = false;
  const round = async (): Promise<void> => {
    const { pending } = await ask<{ pending: string }>(url, 'txpool_status');
    if (Number(pending) > 0) quiet = 0;
    if (quiet > BUSY_BLOCKS && ++skipped < IDLE_FACTOR) return;
    [quiet, skipped, changed] = [quiet + 1, 0, true];
    await ask(url, 'anvil_mine', ['0x1']);
  };
  const loop = async (): Promise<void> => {
    for (let next = Date.now(); !stopped;) {
      // A node that ended, or does not answer for a moment, is not ours to repair.
      await round().catch(() => undefined);
      if (changed && Date.now() - savedAt > BACKUP_EVERY_MS) {
        if (backUp(state)) [changed, savedAt] = [false, Date.now()];
      }
      next = Math.max(next + seconds * 1000, Date.now());
      await pause(next - Date.now());
    }
  };
  if (seconds > 0) void loop();
  return () => void (stopped = true);
}

/**
 * When the chain began, as its first block says. Without it each start would make a first block of its own time beside
 * the one in the state, and any of them could be shown: to those who follow the chain, another chain.
 */
function beginning(state: string): string[] {
  const file = `${state}.began`;
  if (!existsSync(file) && !existsSync(state)) writeFileSync(file, String(Math.floor(Date.now() / 1000)));
  return existsSync(file) ? ['--timestamp', readFileSync(file, 'utf8')] : [];
}

function launch(options: AnvilOptions, state: string): ChildProcess {
  const log = openSync(options.logFile, 'a');
  // Since Prague each block grows the state by its own hash, up to a megabyte that would be written every second.
  const args = [
    '--host',
    '127.0.0.1',
    '--port',
    String(options.port),
    '--chain-id',
    String(options.chainId),
    '--mnemonic',
    LOCAL_MNEMONIC,
    '--balance',
    '1000000',
    '--hardfork',
    options.hardfork ?? 'cancun',
    '--slots-in-an-epoch',
    '4',
    '--no-mining',
    '--state',
    state,
    '--state-interval',
    '1',
    '--preserve-historical-states',
    '--prune-history',
    String(STATES_KEPT),
    '--silent',
    ...beginning(state),
  ];
  const child = spawn(program(), args, { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  return child;
}

/**
 * Starts an Ethereum node on loopback. Its state is written every second and at a SIGTERM; a kill may lose the last
 * second of blocks, which to those who follow it is a reorganisation of the chain.
 */
export async function startAnvil(options: AnvilOptions): Promise<Anvil> {
  mkdirSync(options.dir, { recursive: true });
  mkdirSync(dirname(options.logFile), { recursive: true });
  const state = join(options.dir, 'state.json');
  repair(state);
  const child = launch(options, state);
  let ended = false;
  child.on('error', () => (ended = true));
  child.on('exit', () => (ended = true));
  const url = `http://127.0.0.1:${options.port}`;
  for (let tries = 0; ; tries++) {
    if (ended || tries > 600) throw new Error(`anvil did not start; see ${options.logFile}`);
    if (Number(await ask<string>(url, 'eth_chainId').catch(() => 0)) === options.chainId) break;
    await pause(50);
  }
  const stopMining = mineOn(url, options.blockSeconds, state);
  const stop = async (): Promise<void> => {
    stopMining();
    if (ended) return;
    // A busy machine may cut the last writing off.
    backUp(state);
    child.kill('SIGTERM');
    for (let waited = 0; !ended && waited < 30_000; waited += 20) await pause(20);
    if (!ended) child.kill('SIGKILL');
  };
  return { url, chainId: options.chainId, pid: child.pid ?? 0, stop };
}
