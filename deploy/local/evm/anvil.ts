import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface AnvilOptions {
  /** Where the chain keeps its state between a stop and a start. */
  readonly dir: string;
  readonly port: number;
  readonly chainId: number;
  /** A block every so many seconds; 0 mines on demand only. */
  readonly blockSeconds: number;
  readonly logFile: string;
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

function program(): string {
  const root = resolve(__dirname, '..', '..', '..');
  const platform = process.platform === 'win32' ? 'win32' : process.platform;
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const direct = join(root, 'node_modules', '@foundry-rs', `anvil-${platform}-${arch}`, 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil');
  return existsSync(direct) ? direct : join(root, 'node_modules', '.bin', 'anvil');
}

/** Asks the node for its chain id; throws while it does not answer. */
async function chainIdOf(url: string): Promise<number> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] });
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return Number(((await response.json()) as { result: string }).result);
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/**
 * Starts an Ethereum node on loopback. Its state is written every second and at a SIGTERM; a kill may lose the last
 * second of blocks, which to those who follow it is a reorganisation of the chain.
 */
export async function startAnvil(options: AnvilOptions): Promise<Anvil> {
  mkdirSync(options.dir, { recursive: true });
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a');
  const blocks = options.blockSeconds > 0 ? ['--block-time', String(options.blockSeconds)] : ['--no-mining'];
  const args = ['--host', '127.0.0.1', '--port', String(options.port), '--chain-id', String(options.chainId), '--mnemonic', LOCAL_MNEMONIC, '--balance', '1000000',
    '--slots-in-an-epoch', '4', '--state', join(options.dir, 'state.json'), '--state-interval', '1', '--preserve-historical-states', '--silent', ...blocks];
  const child = spawn(program(), args, { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  let ended = false;
  child.on('error', () => (ended = true));
  child.on('exit', () => (ended = true));
  const url = `http://127.0.0.1:${options.port}`;
  for (let tries = 0; ; tries++) {
    if (ended || tries > 600) throw new Error(`anvil did not start; see ${options.logFile}`);
    if ((await chainIdOf(url).catch(() => 0)) === options.chainId) break;
    await pause(50);
  }
  const stop = async (): Promise<void> => {
    if (ended) return;
    child.kill('SIGTERM');
    for (let waited = 0; !ended && waited < 10_000; waited += 20) await pause(20);
    if (!ended) child.kill('SIGKILL');
  };
  return { url, chainId: options.chainId, pid: child.pid ?? 0, stop };
}
