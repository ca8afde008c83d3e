/** `npm run format`: sets every file as `npm run check` wants it (prettier, 120 columns). */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../deploy/config/paths';

const prettier = join(ROOT, 'node_modules/prettier/bin/prettier.cjs');
process.exit(
  spawnSync(process.execPath, [prettier, '--write', '--cache', '--log-level', 'warn', '.'], {
    cwd: ROOT,
    stdio: 'inherit',
  }).status ?? 2,
);
