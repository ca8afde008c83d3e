import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { freePort, sleep } from './process';
import { ROOT } from '../../deploy/config/paths';

const ACCESS_DENIED = 1045;

/**
 * MariaDB and Redis in containers, for machines that have Docker and nothing else. They are left running on purpose.
 */
export async function composeUp(options: {
  dir: string;
  password: string;
  migratePassword: string;
  say: (line: string) => void;
}): Promise<{
  databaseUrl: string;
  databaseMigrateUrl: string;
  redisUrl: string;
  running: [];
}> {
  options.say('Starting MariaDB and Redis in Docker ...');
  const file = join(ROOT, 'deploy', 'compose.yaml');
  const [databasePort, redisPort] = [await freePort(33306), await freePort(36379)];
  const result = spawnSync('docker', ['compose', '-p', 'javizen', '-f', file, 'up', '-d', '--wait'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      JAVIZEN_DB_PASSWORD: options.password,
      JAVIZEN_DB_MIGRATE_PASSWORD: options.migratePassword,
      JAVIZEN_DB_PORT: String(databasePort),
      JAVIZEN_REDIS_PORT: String(redisPort),
    },
  });
  if (result.status !== 0) throw new Error('docker compose could not start MariaDB and Redis (see above)');
  const url = (user: string, password: string): string =>
    `mysql://${user}:${password}@127.0.0.1:${databasePort}/javizen`;
  const databaseMigrateUrl = url('javizen_migrate', options.migratePassword);
  for (let attempt = 0; ; attempt++) {
    try {
      await (await createConnection({ uri: databaseMigrateUrl, connectTimeout: 2000 })).end();
      break;
    } catch (error) {
      if ((error as { errno?: number }).errno === ACCESS_DENIED) {
        throw new Error(
          "the database's volume is of a former release and has one user alone: make both as " +
            'deploy/database-users.sql says, or remove the volume (docker compose -p javizen down -v)',
          { cause: error },
        );
      }
      if (attempt > 120) throw error;
      await sleep(500);
    }
  }
  return {
    databaseUrl: url('javizen', options.password),
    databaseMigrateUrl,
    redisUrl: `redis://:${options.password}@127.0.0.1:${redisPort}/0`,
    running: [],
  };
}
