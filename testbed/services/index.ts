/** MariaDB and Redis for one machine: found, fetched, started. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL } from '../../deploy/config/paths';
import { composeUp } from './compose';
import { startMariaDb } from './mariadb';
import type { Running } from './process';
import { findPrograms, hasDockerCompose } from './programs';
import { startRedis } from './redis';

/** Secrets of a world on one machine, made on first use and kept for its owner alone. */
export function localSecret(dir: string, name: string, bytes = 24): string {
  const file = join(dir, 'secrets.json');
  mkdirSync(dir, { recursive: true });
  const secrets = (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}) as Record<string, string>;
  const known = secrets[name];
  if (known) return known;
  const made = randomBytes(bytes).toString('hex');
  writeFileSync(file, JSON.stringify({ ...secrets, [name]: made }, null, 2), { mode: 0o600 });
  return made;
}

export interface Stores {
  readonly databaseUrl: string;
  /** Of the migrations' user; undefined where an operator's database is used. */
  readonly databaseMigrateUrl?: string | undefined;
  readonly redisUrl: string;
  readonly running: Running[];
}

export interface StoresOptions {
  readonly dir: string;
  readonly throwAway?: boolean;
  /** Given by the operator; wins over everything else. */
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  readonly say: (line: string) => void;
}

/**
 * MariaDB/MySQL and Redis: by URL if given, else private instances of installed programs, else Docker Compose, else
 * Debian's packages. Throws a sentence for people when there is no way.
 */
export async function startStores(options: StoresOptions): Promise<Stores> {
  const { dir, say, databaseUrl, redisUrl } = options;
  if (databaseUrl && redisUrl) return { databaseUrl, redisUrl, running: [] };
  const tools = join(LOCAL, 'tools');
  let programs = findPrograms(tools, say, false);
  if (!programs && hasDockerCompose())
    return composeUp({
      dir,
      say,
      password: localSecret(dir, 'database'),
      migratePassword: localSecret(dir, 'databaseMigrate'),
    });
  programs ??= findPrograms(tools, say, true);
  if (!programs) {
    throw new Error(
      'Javizen needs MariaDB (or MySQL) and Redis, and found neither programs, nor Docker, nor apt-get here. ' +
        'Install MariaDB and Redis, or give DATABASE_URL and REDIS_URL in .env, and start again.',
    );
  }
  const running: Running[] = [];
  let [database, databaseMigrateUrl] = [databaseUrl, undefined as string | undefined];
  if (!database) {
    const started = await startMariaDb({
      dir,
      programs,
      password: localSecret(dir, 'database'),
      migratePassword: localSecret(dir, 'databaseMigrate'),
      throwAway: options.throwAway ?? false,
      port: rememberedPort(dir, 'mariadb'),
    });
    rememberPort(dir, 'mariadb', started.port);
    running.push(started.running);
    [database, databaseMigrateUrl] = [started.url, started.migrateUrl];
  }
  let cache = redisUrl;
  if (!cache) {
    const started = await startRedis({
      dir,
      programs,
      password: localSecret(dir, 'redis'),
      port: rememberedPort(dir, 'redis'),
    });
    rememberPort(dir, 'redis', started.port);
    running.push(started.running);
    cache = started.url;
  }
  return { databaseUrl: database, databaseMigrateUrl, redisUrl: cache, running };
}

const portFile = (dir: string): string => join(dir, 'ports.json');

/** The port used last time, so that a second start looks the same from outside; 0 at first. */
export function rememberedPort(dir: string, name: string): number {
  if (!existsSync(portFile(dir))) return 0;
  return (JSON.parse(readFileSync(portFile(dir), 'utf8')) as Record<string, number>)[name] ?? 0;
}

export function rememberPort(dir: string, name: string, port: number): void {
  const ports = (existsSync(portFile(dir)) ? JSON.parse(readFileSync(portFile(dir), 'utf8')) : {}) as Record<
    string,
    number
  >;
  writeFileSync(portFile(dir), JSON.stringify({ ...ports, [name]: port }));
}
