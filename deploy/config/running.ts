/**
 * Settings for an operator's commands: those that are given, else those of the local world that runs here (`npm
 * start`).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadEnvFile, readConfig } from '.';
import type { DatabaseUrls } from '../../db/prepare';
import type { Config } from '.';
import { LOCAL } from './paths';

/** Where `npm start` keeps what it has. */
export const LOCAL_WORLD = join(LOCAL, 'world');

const NOTHING_RUNS =
  'No settings are given and nothing runs here. Start Javizen first (npm start), or set DATABASE_URL and the rest as in .env.example.';

const readJson = <T>(file: string): T => JSON.parse(readFileSync(join(LOCAL_WORLD, file), 'utf8')) as T;

/** The settings of the local world, undefined where none runs. */
export async function localSettings(): Promise<NodeJS.ProcessEnv | undefined> {
  try {
    const { url } = readJson<{ url: string }>('world.json');
    return (await fetch(`${url}/healthz`)).ok ? readJson<NodeJS.ProcessEnv>('settings.json') : undefined;
  } catch {
    return undefined;
  }
}

/** A setting of the local world, whether it runs or not; undefined where there is none. */
export function localSetting(name: string): string | undefined {
  try {
    return readJson<NodeJS.ProcessEnv>('settings.json')[name];
  } catch {
    return undefined;
  }
}

/** A secret that the local world made for itself (`secrets.json`); undefined where there is none. */
export function localSecret(name: string): string | undefined {
  try {
    return readJson<Record<string, string>>('secrets.json')[name];
  } catch {
    return undefined;
  }
}

/** All settings of the exchange. Throws where there are none. */
export async function runningConfig(): Promise<Config> {
  const given = loadEnvFile();
  if (given.DATABASE_URL) return readConfig(given);
  const local = await localSettings();
  if (!local) throw new Error(NOTHING_RUNS);
  return readConfig(local);
}

/** The database alone, by its users. Throws where there is none. */
export async function databaseUrls(): Promise<DatabaseUrls> {
  const given = loadEnvFile();
  const { DATABASE_URL: url, DATABASE_MIGRATE_URL: migrateUrl } = given.DATABASE_URL
    ? given
    : ((await localSettings()) ?? {});
  if (!url) throw new Error(NOTHING_RUNS);
  return { url, migrateUrl: migrateUrl || undefined };
}
export const databaseUrl = async (): Promise<string> => (await databaseUrls()).url;
