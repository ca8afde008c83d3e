import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { ROOT } from './services';

/** Newest change below a folder. */
function newest(path: string): number {
  const stat = statSync(path);
  return stat.isDirectory() ? readdirSync(path).reduce((max, name) => Math.max(max, newest(join(path, name))), 0) : stat.mtimeMs;
}

/** Builds the page into `dist/web` when its sources are newer than the last build. */
export async function buildPage(say: (line: string) => void): Promise<void> {
  const built = join(ROOT, 'dist', 'web', 'index.html');
  const sources = ['web', 'domain'].map((house) => newest(join(ROOT, house)));
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(...sources)) return;
  say('Building the page ...');
  await build({ configFile: join(ROOT, 'web', 'vite.config.mts'), root: join(ROOT, 'web'), logLevel: 'error' });
}
