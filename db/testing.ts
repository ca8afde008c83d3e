import { createConnection } from 'mysql2/promise';
import type { DataSource } from 'typeorm';
import { openDatabase } from './data-source';
import { migrate } from './migrate';
import { separateRights } from './rights';

/** A database of a test. */
export interface TestDatabase {
  /** As the application's user, with no more rights than it has in production. */
  readonly dataSource: DataSource;
  readonly url: string;
  /** As the migrations' user: for a test that plays somebody who may do anything in the database. */
  readonly owner: DataSource;
  readonly ownerUrl: string;
  close(): Promise<void>;
}

/** The addresses of a new database on the test server, for both users; nothing but loopback is accepted. */
export async function emptyDatabase(): Promise<{ url: string; ownerUrl: string; drop(): Promise<void> }> {
  const [server, owner] = [process.env.TEST_DATABASE_URL, process.env.TEST_DATABASE_MIGRATE_URL];
  if (!server || !owner)
    throw new Error('TEST_DATABASE_URL is not set: run the tests by `npm test` (`npm test -- path` for one file)');
  const [url, ownerUrl] = [new URL(server), new URL(owner)];
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname))
    throw new Error(`not a loopback database: ${url.hostname}`);
  const name = `javizen_test_${process.pid}_${process.hrtime.bigint()}`;
  url.pathname = ownerUrl.pathname = `/${name}`;
  const admin = await createConnection({ uri: owner });
  await admin.query(`CREATE DATABASE ${name}`);
  return {
    url: url.toString(),
    ownerUrl: ownerUrl.toString(),
    drop: async () => {
      await admin.query(`DROP DATABASE ${name}`);
      await admin.end();
    },
  };
}

/** A database as a former release left it: with the migrations before this one, open to the migrations' user alone. */
export async function databaseBefore(migration: string): Promise<{ owner: DataSource; close(): Promise<void> }> {
  const { ownerUrl, drop } = await emptyDatabase();
  const owner = await openDatabase({ url: ownerUrl, poolSize: 5 });
  await migrate(owner, migration);
  return {
    owner,
    close: async () => {
      await owner.destroy();
      await drop();
    },
  };
}

/** A fresh, migrated database on the test server, which `npm test` starts and names in TEST_DATABASE_URL. */
export async function testDatabase(): Promise<TestDatabase> {
  const { url, ownerUrl, drop } = await emptyDatabase();
  const owner = await openDatabase({ url: ownerUrl, poolSize: 2 });
  await migrate(owner);
  await separateRights(owner, url);
  const dataSource = await openDatabase({ url, poolSize: 5 });
  return {
    dataSource,
    url,
    owner,
    ownerUrl,
    close: async () => {
      await dataSource.destroy();
      await owner.destroy();
      await drop();
    },
  };
}
