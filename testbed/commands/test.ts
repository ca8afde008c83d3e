/**
 * `npm test [-- jest arguments]`: throw-away MariaDB and Redis of its own, then every test. Reads no .env.
 * `npm test -- quick`: those that need no chain, no venue and no browser, for the edit loop.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL, ROOT } from '../../deploy/config/paths';
import { startStores } from '../services';
import { endProcess, stopLeftovers } from '../services/process';

/** What takes long: everything end to end, and random lives of the engine and of the book. */
const SLOW = [
  '/testbed/(scenarios|incidents|storms|attack|emulators)/',
  '/matching/(engine|modules/orders)/(engine|storm|model|second-leg|orders|venue|random)\\.test',
  '/matching/book/agreement/',
  '/server/(kyc/pixels|live/live|security/events)\\.test',
];

/** The arguments for jest. */
function jestArguments([first, ...rest]: string[]): string[] {
  if (first !== 'quick') return first === undefined ? [] : [first, ...rest];
  return [...rest, '--testPathIgnorePatterns', ...SLOW];
}

async function main(): Promise<number> {
  const dir = join(LOCAL, 'test', String(process.pid));
  mkdirSync(dir, { recursive: true });
  const stores = await startStores({ dir, throwAway: true, say: (line) => console.error(line) });
  try {
    const jest = spawn(
      process.execPath,
      [join(ROOT, 'node_modules/jest/bin/jest.js'), ...jestArguments(process.argv.slice(2))],
      {
        cwd: ROOT,
        stdio: 'inherit',
        env: {
          ...process.env,
          NODE_ENV: 'test',
          TEST_DATABASE_URL: stores.databaseUrl,
          TEST_DATABASE_MIGRATE_URL: stores.databaseMigrateUrl,
          TEST_REDIS_URL: stores.redisUrl,
          NODE_OPTIONS: '--no-warnings',
        },
      },
    );
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => jest.kill(signal));
    return await new Promise<number>((resolve) => jest.on('exit', (code) => resolve(code ?? 1)));
  } finally {
    for (const service of stores.running) await endProcess(service.pid);
    await stopLeftovers(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
