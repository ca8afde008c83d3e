/**
 * Parts of a local world that are no dependency of the product: fetched by a lock file of their own into a directory
 * of their own, when they are wanted.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FILES = ['package.json', 'package-lock.json'] as const;
const INSTALL_MS = 180_000;

export interface Part {
  /** The folder with its `package.json` and lock file. */
  readonly source: string;
  /** The package that is there when all are. */
  readonly main: string;
  /** "bcoin, a Bitcoin node (once, 20 MB)" */
  readonly what: string;
  /** "There is no local Bitcoin" */
  readonly without: string;
}

/**
 * Makes sure that the packages of the part's lock file lie in `dir`. No script of any package runs and nothing is
 * compiled. Answers undefined, or a sentence that says why the part cannot be had here.
 */
export function installPart(
  { source, main, what, without }: Part,
  dir: string,
  say: (line: string) => void = () => undefined,
  env = process.env,
): string | undefined {
  const isThere =
    FILES.every(
      (file) =>
        existsSync(join(dir, file)) &&
        readFileSync(join(dir, file), 'utf8') === readFileSync(join(source, file), 'utf8'),
    ) && existsSync(join(dir, 'node_modules', main));
  // Whole (it is moved into place at the end), and of this lock file.
  if (isThere) return undefined;
  say(`Fetching ${what} ...`);
  const fresh = `${dir}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  for (const file of FILES) copyFileSync(join(source, file), join(fresh, file));
  // A cache that has the packages needs no network.
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd: fresh,
    env,
    encoding: 'utf8',
    timeout: INSTALL_MS,
  });
  if (npm.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    const why =
      npm.error?.message ?? npm.stderr.split('\n').find((line) => line.startsWith('npm error')) ?? 'npm ci failed';
    return `${without}: ${main} could not be fetched (${why.trim()}). Name a node of your own, or go on without.`;
  }
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dirname(dir), { recursive: true });
  renameSync(fresh, dir);
  return undefined;
}
