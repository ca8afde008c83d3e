/**
 * `npm run mutants [-- --mutate <files>]`: changes the ledger, amounts and the signer's policy one spot at a time, and says which
 * changes no test notices. Fails below 85 %. Takes some ten minutes; the report lies in .local/mutants.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../deploy/config/paths';

const stryker = join(ROOT, 'node_modules/@stryker-mutator/core/bin/stryker.js');
const { status } = spawnSync(process.execPath, [stryker, 'run', ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
});
process.exit(status ?? 2);
