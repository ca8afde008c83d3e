/** bcoin is no dependency of the product: it is fetched into a directory of its own when a local Bitcoin is wanted. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FILES = ['package.json', 'package-lock.json'] as const;
const INSTALL_MS = 180_000;

/**
 * Makes sure that the packages of this folder's lock file lie in `dir`. No script of any package runs and nothing is
 * compiled. Answers undefined, or a sentence that says why there is no local Bitcoin here.
 */
export function installBcoin(dir: string, say: (line: string) => void = () => undefined, env = process.env): string | undefined {
  if (isThere(dir)) return undefined;
  say('Fetching bcoin, a Bitcoin node (once, 20 MB) ...');
  const fresh = `${dir}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  for (const file of FILES) copyFileSync(join(__dirname, file), join(fresh, file));
  // A cache that has the packages needs no network.
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: fresh, env, encoding: 'utf8', timeout: INSTALL_MS });
  if (npm.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    const why = npm.error?.message ?? npm.stderr.split('\n').find((line) => line.startsWith('npm error')) ?? 'npm ci failed';
    return `There is no local Bitcoin: bcoin could not be fetched (${why.trim()}). Name a node of your own, or go on without.`;
  }
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dirname(dir), { recursive: true });
  renameSync(fresh, dir);
  return undefined;
}

/** Whole (it is moved into place at the end), and of this lock file. */
const isThere = (dir: string): boolean =>
  FILES.every((file) => existsSync(join(dir, file)) && readFileSync(join(dir, file), 'utf8') === readFileSync(join(__dirname, file), 'utf8')) && existsSync(join(dir, 'node_modules', 'bcoin'));
