import { openDatabases } from '../../db/data-source';
import { loadRegistry } from '../../db/stores/registry';
import { createServer } from '../../server';
import { API_SETTINGS, mustBeHere, readApiConfig, settingsOf } from '../config';
import { connectLink } from '../link/connect';
import { clock, createLogger, ids, openRedis, runRole, serve, serverConfig } from './process';

/**
 * The role of a further API process: the server alone. Engine, prices and wallets are reached over the link; the
 * tables are made by the process that holds the engine, which is waited for.
 */
async function main(): Promise<void> {
  const config = readApiConfig(settingsOf(API_SETTINGS));
  if (config.JAVIZEN_LOCAL === '1')
    mustBeHere([config.DATABASE_URL, config.DATABASE_READER_URL ?? config.DATABASE_URL, config.REDIS_URL]);
  const logger = createLogger(config.LOG_LEVEL);
  const link = connectLink({ address: config.ENGINE_SOCKET, secret: config.ENGINE_SECRET, logger });
  await link.ready();
  const databases = await openDatabases({ url: config.DATABASE_URL, poolSize: 10 }, config.DATABASE_READER_URL);
  const { dataSource, reader } = databases;
  const redis = openRedis(config.REDIS_URL, logger);
  const registry = await loadRegistry(dataSource);
  // Letters about decisions are written where the engine is: two writers would write them twice.
  const server = createServer(
    { ...link.ports, dataSource, reader, registry, clock, ids, redis, logger },
    { ...serverConfig(config), writesLetters: false },
  );
  await serve(server, config, async () => {
    link.close();
    redis.disconnect();
    await databases.close();
  });
}

runRole(main);
