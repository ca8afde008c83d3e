import { createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';
import { ENTITIES } from './entities';

/** Connections for readers at most: lists of admins are few. */
const READERS = 4;

export interface DbConfig {
  /** mysql://user:password@host:port/database */
  readonly url: string;
  readonly poolSize: number;
}

/**
 * Opens the database. MariaDB and MySQL differ in small ways that TypeORM must be told, so the server is asked first.
 * Rejects when it cannot be reached.
 */
export async function openDatabase(config: DbConfig): Promise<DataSource> {
  const probe = await createConnection({ uri: config.url, connectTimeout: 5000 });
  const [rows] = await probe.query('SELECT VERSION() AS version');
  await probe.end();
  const version = String((rows as { version: string }[])[0]?.version);
  const dataSource = new DataSource({
    type: version.includes('MariaDB') ? 'mariadb' : 'mysql',
    url: config.url,
    poolSize: config.poolSize,
    entities: ENTITIES,
    synchronize: false,
    timezone: 'Z',
    charset: 'utf8mb4',
    isolationLevel: 'READ COMMITTED',
    extra: { waitForConnections: true, queueLimit: 1000, connectTimeout: 5000, enableKeepAlive: true },
  });
  return dataSource.initialize();
}

/** Connections of a process to the database. */
export interface Databases {
  readonly dataSource: DataSource;
  /** For what may be a moment old: admins' lists, reports. The same as `dataSource` where no replica is named. */
  readonly reader: DataSource;
  close(): Promise<void>;
}

/** Opens the database, and its replica for readers where there is one: its user needs no more than to read. */
export async function openDatabases({ url, poolSize }: DbConfig, readerUrl: string | undefined): Promise<Databases> {
  const dataSource = await openDatabase({ url, poolSize });
  if (readerUrl === undefined) return { dataSource, reader: dataSource, close: () => dataSource.destroy() };
  const reader = await openDatabase({ url: readerUrl, poolSize: READERS }).catch(async (error: unknown) => {
    await dataSource.destroy();
    throw error;
  });
  return {
    dataSource,
    reader,
    close: async () => {
      await reader.destroy();
      await dataSource.destroy();
    },
  };
}
