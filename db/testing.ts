import { createConnection } from 'mysql2/promise';
import type { DataSource } from 'typeorm';
import { migrate, openDatabase } from './data-source';

/**
 * A fresh, migrated database on the test server, for integration tests. `npm test` starts that server and names it in
 * TEST_DATABASE_URL; nothing but loopback is accepted.
 */
export async function testDatabase(): Promise<{ dataSource: DataSource; url: string; close(): Promise<void> }> {
  const server = process.env.TEST_DATABASE_URL;
  if (!server)
    throw new Error('TEST_DATABASE_URL is not set: run the tests by `npm test` (`npm test -- path` for one file)');
  const url = new URL(server);
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname))
    throw new Error(`not a loopback database: ${url.hostname}`);
  const name = `javizen_test_${process.pid}_${process.hrtime.bigint()}`;
  const admin = await createConnection({ uri: server });
  await admin.query(`CREATE DATABASE ${name}`);
  url.pathname = `/${name}`;
  const dataSource = await openDatabase({ url: url.toString(), poolSize: 5 });
  await migrate(dataSource);
  return {
    dataSource,
    url: url.toString(),
    close: async () => {
      await dataSource.destroy();
      await admin.query(`DROP DATABASE ${name}`);
      await admin.end();
    },
  };
}
