import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

/**
 * A program of ours that runs beside us, written down so that the next start can find what a killed one left behind.
 */
export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

interface Left {
  readonly name: string;
  readonly pid: number;
  /** Part of the command line by which we know that the number still means our program. */
  readonly mark: string;
}

const listFile = (dir: string): string => join(dir, 'running.json');

function readList(dir: string): Left[] {
  try {
    return JSON.parse(readFileSync(listFile(dir), 'utf8')) as Left[];
  } catch {
    return [];
  }
}

function writeList(dir: string, list: Left[]): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(`${listFile(dir)}.new`, JSON.stringify(list));
  renameSync(`${listFile(dir)}.new`, listFile(dir));
}

function commandLine(pid: number): string {
  if (existsSync(`/proc/${pid}/cmdline`)) return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\S+ \(.*\) Z/.test(existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '');
  } catch {
    return false;
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends a process: asks, waits up to `graceMs`, then insists. */
export async function endProcess(pid: number, graceMs = 8000): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; waited < graceMs && isAlive(pid); waited += 50) await sleep(50);
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  while (isAlive(pid)) await sleep(20);
}

/** Stops what an earlier start in `dir` left running. Answers the names. */
export async function stopLeftovers(dir: string): Promise<string[]> {
  const left = readList(dir).filter((entry) => isAlive(entry.pid) && commandLine(entry.pid).includes(entry.mark));
  // The last started first: our own processes before the database they write to.
  for (const entry of left.reverse()) await endProcess(entry.pid);
  writeList(dir, []);
  return left.map((entry) => entry.name);
}

export interface ProgramOptions {
  readonly name: string;
  /** Directory of the world this belongs to; its list of running programs is kept there. */
  readonly dir: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** A part of the command line that tells our program from others. */
  readonly mark: string;
}

/** Writes a running program down, so that the next start can find and stop it if this one is killed. */
export function remember(dir: string, entry: { name: string; pid: number; mark: string }): void {
  writeList(dir, [...readList(dir).filter((known) => known.name !== entry.name), entry]);
}

/** Starts a program with its output in `<dir>/logs/<name>.log` and its pid in the list. */
export function startProgram(options: ProgramOptions): Running {
  const log = join(options.dir, 'logs', `${options.name}.log`);
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'a');
  const child = spawn(options.command, [...options.args], {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', output, output],
    // A group of its own: Ctrl-C in the terminal reaches the starter alone, which stops the rest in order.
    detached: true,
  });
  closeSync(output);
  child.on('error', () => undefined);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`cannot start ${options.command}`);
  remember(options.dir, { name: options.name, pid, mark: options.mark });
  return { name: options.name, pid, child, stop: () => endProcess(pid) };
}

/** Tries `check` until it does not throw. Fails with `what` when the program dies or the time is over. */
export async function untilReady(
  running: Running,
  what: string,
  check: () => Promise<unknown>,
  timeoutMs = 60_000,
): Promise<void> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (running.child.exitCode !== null || running.child.signalCode !== null)
        throw new Error(`${what} stopped at once; see its log`, { cause: error });
      if (Date.now() > until) throw new Error(`${what} did not answer within ${timeoutMs / 1000} s`, { cause: error });
      await sleep(50);
    }
  }
}

/** Below the range from which outgoing connections take their ports: a restart must find its port free. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * A port that nobody listens on now: the wished one (waited for a little, if a killed program still lingers on it),
 * else another.
 */
export async function freePort(wish = 0): Promise<number> {
  for (let waited = 0; wish > 0 && waited < 3000; waited += 50) {
    if (await isFree(wish)) return wish;
    await sleep(50);
  }
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (await isFree(port)) return port;
  }
}
