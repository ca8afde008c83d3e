import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../config/paths';

/** Newest change below a folder. */
function newest(path: string): number {
  const stat = statSync(path);
  return stat.isDirectory()
    ? readdirSync(path).reduce((max, name) => Math.max(max, newest(join(path, name))), 0)
    : stat.mtimeMs;
}

/**
 * Builds the page into `dist/web` when its sources are newer than the last build. In a process of its own: the builder
 * is an ES module that the runners of our TypeScript do not load as it wants to be.
 */
export function buildPage(say: (line: string) => void): void {
  const built = join(ROOT, 'dist', 'web', 'index.html');
  const sources = ['web', 'domain'].map((house) => newest(join(ROOT, house)));
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(...sources)) return;
  say('Building the page ...');
  const result = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', 'web', '--logLevel', 'error'],
    { cwd: ROOT, encoding: 'utf8' },
  );
  if (result.status !== 0) throw new Error(`The page could not be built:\n${result.stderr}${result.stdout}`);
}
