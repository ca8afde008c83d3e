import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Where the database programs are. `base` is set when they were unpacked below a directory of ours. */
export interface Programs {
  readonly mariadbd: string;
  readonly installDb: string;
  readonly redis: string;
  readonly base: string | null;
}

/** Debian packages that hold the programs and nothing that starts by itself. */
const PACKAGES = ['mariadb-server-core', 'mariadb-client-core', 'redis-tools'];
/** Shared libraries that bare hosts lack. */
const LIBRARIES = [
  'libaio1',
  'libaio1t64',
  'liburing2',
  'libnuma1',
  'libjemalloc2',
  'liblzf1',
  'libsnappy1v5',
  'liblua5.1-0',
  'lua-cjson',
  'lua-bitop',
];

const succeeds = (command: string, args: string[], timeout = 10_000): boolean =>
  spawnSync(command, args, { stdio: 'ignore', timeout }).status === 0;

function find(names: string[], roots: string[]): string | undefined {
  const directories = [
    '/usr/sbin',
    '/usr/bin',
    '/usr/local/sbin',
    '/usr/local/bin',
    '/opt/homebrew/bin',
    '/opt/homebrew/sbin',
    ...(process.env.PATH ?? '').split(':'),
  ];
  for (const root of roots) {
    for (const directory of directories.filter(Boolean)) {
      const hit = names.map((name) => join(root, directory, name)).find((path) => existsSync(path));
      if (hit) return hit;
    }
  }
  return undefined;
}

function locate(root: string, toolsDir: string): Programs | undefined {
  const mariadbd = find(['mariadbd', 'mysqld'], [root]);
  const installDb = find(['mariadb-install-db', 'mysql_install_db'], [root]);
  let redis = find(['redis-server'], [root]);
  const check = find(['redis-check-rdb'], [root]);
  if (!redis && check) {
    // Debian ships one program under several names; this is the server's.
    mkdirSync(toolsDir, { recursive: true });
    redis = join(toolsDir, 'redis-server');
    if (!existsSync(redis)) symlinkSync(check, redis);
  }
  return mariadbd && installDb && redis
    ? { mariadbd, installDb, redis, base: root === '/' ? null : join(root, 'usr') }
    : undefined;
}

function installPackages(say: (line: string) => void): boolean {
  const root = process.getuid?.() === 0;
  if (!root && !succeeds('sudo', ['-n', 'true'])) return false;
  say(`Installing ${PACKAGES.join(', ')} (9 MB, no service is started) ...`);
  const run = (args: string[]): boolean =>
    spawnSync(root ? 'apt-get' : 'sudo', root ? args : ['-n', 'apt-get', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  return (
    run(['install', '-y', '--no-install-recommends', ...PACKAGES]) ||
    (run(['update']) && run(['install', '-y', '--no-install-recommends', ...PACKAGES]))
  );
}

function unpackPackages(toolsDir: string, say: (line: string) => void): void {
  say(`Unpacking ${PACKAGES.join(', ')} below ${toolsDir} (no rights needed) ...`);
  const debs = join(toolsDir, 'debs');
  mkdirSync(debs, { recursive: true });
  spawnSync('apt-get', ['download', ...PACKAGES], { cwd: debs, stdio: 'ignore' });
  for (const library of LIBRARIES) spawnSync('apt-get', ['download', library], { cwd: debs, stdio: 'ignore' });
  for (const deb of readdirSync(debs))
    spawnSync('dpkg', ['-x', join(debs, deb), join(toolsDir, 'root')], { stdio: 'ignore' });
}

export const hasDockerCompose = (): boolean =>
  succeeds('docker', ['info'], 5000) && succeeds('docker', ['compose', 'version'], 5000);

/**
 * Finds the database programs; on Debian and Ubuntu gets them when they are missing. Undefined when there is no way
 * here. Never prompts.
 */
export function findPrograms(toolsDir: string, say: (line: string) => void, mayInstall: boolean): Programs | undefined {
  const unpacked = join(toolsDir, 'root');
  const here = (): Programs | undefined => locate('/', toolsDir) ?? locate(unpacked, toolsDir);
  const found = here();
  if (found || !mayInstall || !succeeds('apt-get', ['--version'])) return found;
  if (!installPackages(say)) unpackPackages(toolsDir, say);
  return here();
}
