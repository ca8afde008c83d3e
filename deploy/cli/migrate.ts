/**
 * `npm run migrate`: brings the tables up to date and gives the application's database user its rights, as a start
 * does. `npm run migrate -- --check [--json]`: says what a start would change, and whether the tables are what this
 * release needs; changes nothing.
 */
import { openDatabase } from '../../db/data-source';
import { prepareDatabase } from '../../db/prepare';
import { checkDatabase } from '../../db/schema';
import { databaseUrls } from '../config/running';
import { runCommand } from './lifetime';
import { json, line, wantsJson } from './print';

async function check(url: string): Promise<number> {
  const dataSource = await openDatabase({ url, poolSize: 1 });
  try {
    const { pending, differences } = await checkDatabase(dataSource);
    const good = pending.length === 0 && differences.length === 0;
    if (wantsJson()) {
      json({ good, pending, differences });
      return good ? 0 : 1;
    }
    for (const { name, nextStep } of pending)
      line(`  pending: ${name}${nextStep === undefined ? '' : `, which was cut before step ${nextStep + 1}`}`);
    for (const difference of differences) line(`  ${difference}`);
    line(
      good
        ? '  The tables are what this release needs.'
        : `  ${pending.length} to come, ${differences.length} differences.`,
    );
    return good ? 0 : 1;
  } finally {
    await dataSource.destroy();
  }
}

runCommand(async () => {
  const urls = await databaseUrls();
  if (process.argv.includes('--check')) return check(urls.migrateUrl ?? urls.url);
  const done = await prepareDatabase(urls);
  if (wantsJson()) json({ done });
  else line(done.length === 0 ? '  The tables were up to date.' : `  Carried out: ${done.join(', ')}`);
  return 0;
});
