import { spawnSync } from 'node:child_process';
import { emptyDatabase } from '../../db/testing';
import { ROOT } from '../../deploy/config/paths';

test('an operator asks what a start would change, brings the tables up to date, and asks again', async () => {
  const { url, ownerUrl, drop } = await emptyDatabase();
  const env = { PATH: process.env.PATH, DATABASE_URL: url, DATABASE_MIGRATE_URL: ownerUrl };
  const migrate = (...words: string[]) => {
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'deploy/cli/migrate.ts', '--json', ...words],
      { cwd: ROOT, encoding: 'utf8', env },
    );
    return [status, JSON.parse(stdout) as { done?: string[]; pending?: { name: string }[]; good?: boolean }] as const;
  };
  try {
    const [before, asked] = migrate('--check');
    expect([before, asked.good, asked.pending?.[0]]).toEqual([1, false, { name: 'Foundation1763700000000' }]);
    const [carried, { done }] = migrate();
    expect([carried, done]).toEqual([0, asked.pending?.map(({ name }) => name)]);
    expect(migrate('--check')).toEqual([0, { good: true, pending: [], differences: [] }]);
    expect(migrate()).toEqual([0, { done: [] }]);
  } finally {
    await drop();
  }
});
