import { spawnSync } from 'node:child_process';
import { userByEmail } from '../../db/stores/users';
import { testDatabase } from '../../db/testing';
import { passwordFits } from '../../server/accounts/passwords';
import { ROOT } from '../../deploy/config/paths';

let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const admin = (...words: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'deploy/cli/admin.ts', ...words], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, DATABASE_URL: database.url },
  });

test('the first admin is made where the database is, with a password that is shown once', async () => {
  const made = admin('Ada@Example.org', '--json');
  expect(made.status).toBe(0);
  const { email, password } = JSON.parse(made.stdout) as { email: string; password: string };
  const user = await userByEmail(database.dataSource, 'ada@example.org');
  expect([email, user?.role]).toEqual(['ada@example.org', 'admin']);
  expect(await passwordFits(user?.passwordHash ?? null, password)).toBe(true);
});

test('an account that exists is left as it is, and what is no address makes none', async () => {
  const before = await userByEmail(database.dataSource, 'ada@example.org');
  const again = admin('ada@example.org');
  expect([again.status, again.stderr]).toEqual([2, expect.stringContaining('has an account already')]);
  expect(await userByEmail(database.dataSource, 'ada@example.org')).toEqual(before);
  expect(admin('ada').status).toBe(2);
});

test('a role that is taken away ends all log-ins of the account, and is in the audit log', async () => {
  expect(admin('boss@example.org').status).toBe(0);
  const before = await userByEmail(database.dataSource, 'boss@example.org');
  expect(admin('boss@example.org', '--dismiss').status).toBe(0);
  const after = await userByEmail(database.dataSource, 'boss@example.org');
  expect([after?.role, after?.sessionGeneration]).toEqual(['user', (before?.sessionGeneration ?? 0) + 1]);
  expect(
    await database.dataSource.query('SELECT action, admin_id FROM admin_audit WHERE subject = ?', [after?.id]),
  ).toEqual([{ action: 'user.dismiss', admin_id: 'operator' }]);
  expect(admin('boss@example.org', '--dismiss').status).toBe(2);
});
