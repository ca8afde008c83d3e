import { createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';
import { ENTITIES } from './entities';

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
