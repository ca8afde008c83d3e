import { join } from 'node:path';
import { loadEnvFile } from './config';
import { LOCAL } from './paths';
import { runningWorld, worldConfig } from './world';

/** The database of the settings, or of the world that runs here. Throws where there is neither. */
export async function databaseUrl(): Promise<string> {
  const given = loadEnvFile().DATABASE_URL;
  if (given) return given;
  const world = await runningWorld(join(LOCAL, 'world'));
  if (!world) throw new Error('No DATABASE_URL is set and nothing runs here. Start Javizen first: npm start');
  return worldConfig(world).DATABASE_URL;
}
