import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { ROOT } from '../../deploy/config/paths';
import type { Programs } from './programs';
import { freePort, startProgram, untilReady } from './process';
import type { Running } from './process';

export interface MariaDbOptions {
  readonly dir: string;
  readonly programs: Programs;
  /** Of the application's user and of the migrations'. */
  readonly password: string;
  readonly migratePassword: string;
  readonly port?: number;
  /** Throw-away instances need not survive a power cut. */
  readonly throwAway?: boolean;
}

/**
 * Settings that protect money; the product refuses to start on a server without them (see
 * testbed/services/settings.ts).
 */
const SAFE = [
  '--transaction-isolation=READ-COMMITTED',
  '--innodb-rollback-on-timeout=ON',
  '--innodb-snapshot-isolation=ON',
  '--innodb-lock-wait-timeout=5',
  '--innodb-print-all-deadlocks=ON',
  '--sql-mode=STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
  '--default-time-zone=+00:00',
  // As whoever wants a backup to a moment: nothing may need an administrator that ordinary users cannot do with it.
  '--log-bin=binlog',
  '--binlog-format=ROW',
  '--binlog-expire-logs-seconds=86400',
  '--max-binlog-size=64M',
  '--character-set-server=utf8mb4',
  '--collation-server=utf8mb4_unicode_ci',
];

function createDataDirectory(options: MariaDbOptions, data: string, asRoot: string[]): void {
  const { programs } = options;
  const user = userInfo().username;
  const result = spawnSync(
    programs.installDb,
    [
      '--no-defaults',
      ...asRoot,
      `--datadir=${data}`,
      '--auth-root-authentication-method=socket',
      `--auth-root-socket-user=${user}`,
      '--skip-test-db',
      ...(programs.base ? [`--basedir=${programs.base}`] : []),
    ],
    { encoding: 'utf8' },
  );
  if (result.status !== 0)
    throw new Error(`cannot create the database directory ${data}: ${result.stderr || result.stdout}`);
}

/** The two users as an operator makes them, at every start. Tests may create their own databases. */
function users({ password, migratePassword, throwAway }: MariaDbOptions): string {
  const text = readFileSync(join(ROOT, 'deploy', 'database-users.sql'), 'utf8');
  const lines = [
    text.replace('MIGRATE_PASSWORD', migratePassword).replace('APPLICATION_PASSWORD', password),
    "DROP USER IF EXISTS 'javizen'@'localhost';",
  ];
  if (throwAway) lines.push("GRANT ALL ON `javizen%`.* TO 'javizen_migrate'@'%' WITH GRANT OPTION;");
  return `${lines
    .map((line) =>
      line
        .replaceAll(/^--.*\n/gm, '')
        .replaceAll('\n', ' ')
        .replaceAll('; ', ';\n'),
    )
    .join('\n')}\n`;
}

/** Starts a private MariaDB on a free port of loopback. Keeps its data in `<dir>/mariadb`. */
export async function startMariaDb(
  options: MariaDbOptions,
): Promise<{ running: Running; url: string; migrateUrl: string; port: number }> {
  const { dir, programs } = options;
  const data = join(dir, 'mariadb');
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  mkdirSync(dir, { recursive: true });
  if (!existsSync(join(data, 'mysql'))) createDataDirectory(options, data, asRoot);
  // A server that starts deletes what others left in its directory for temporary tables: each needs one of its own.
  const temporary = join(dir, 'mariadb-tmp');
  mkdirSync(temporary, { recursive: true });
  const initFile = join(dir, 'mariadb-init.sql');
  writeFileSync(initFile, users(options), { mode: 0o600 });
  chmodSync(initFile, 0o600);
  const port = await freePort(options.port);
  const durable = options.throwAway
    ? ['--innodb-flush-log-at-trx-commit=0', '--skip-innodb-doublewrite']
    : ['--innodb-flush-log-at-trx-commit=1', '--sync-binlog=1'];
  // A directory of a former release: with a binary log its triggers could not be dropped.
  const trusted =
    existsSync(join(data, 'javizen')) && readdirSync(join(data, 'javizen')).some((file) => file.endsWith('.TRG'))
      ? ['--log-bin-trust-function-creators=1']
      : [];
  const running = startProgram({
    name: 'mariadb',
    dir,
    command: programs.mariadbd,
    args: [
      '--no-defaults',
      ...asRoot,
      `--datadir=${data}`,
      '--socket=my.sock',
      `--tmpdir=${temporary}`,
      `--pid-file=${join(dir, 'mariadb.pid')}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      '--innodb-buffer-pool-size=256M',
      '--max-connections=200',
      `--init-file=${initFile}`,
      ...SAFE,
      ...durable,
      ...trusted,
      ...(programs.base ? [`--basedir=${programs.base}`, `--lc-messages-dir=${programs.base}/share/mysql`] : []),
    ],
    mark: `--datadir=${data}`,
  });
  const url = (user: string, password: string): string => `mysql://${user}:${password}@127.0.0.1:${port}/javizen`;
  const migrateUrl = url('javizen_migrate', options.migratePassword);
  await untilReady(running, 'MariaDB', async () => {
    const connection = await createConnection({ uri: migrateUrl, connectTimeout: 2000 });
    await connection.end();
  });
  return { running, url: url('javizen', options.password), migrateUrl, port };
}
