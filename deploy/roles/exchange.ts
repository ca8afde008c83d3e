/** The exchange: API, engine, wallets and jobs in one process. Started by the supervisor or by a unit file. */
import type { Redis } from 'ioredis';
import type { DataSource } from 'typeorm';
import { openDatabases } from '../../db/data-source';
import type { Databases } from '../../db/data-source';
import { prepareDatabase } from '../../db/prepare';
import { rightsTooMany } from '../../db/rights';
import { firstListing, seed } from '../../db/seed';
import { checkServerSettings } from '../../db/settings';
import { listDepositTerms, loadRegistry } from '../../db/stores/registry';
import { ALERTS } from '../../domain/alerts';
import { createEventBus } from '../../domain/contract/event-bus';
import { parseAmount } from '../../domain/money/amount';
import type { CustodyReader } from '../../domain/contract/custody';
import type { EventBus, Logger, Signer } from '../../domain/contract/ports';
import type { Registry } from '../../domain/registry';
import { createMatching } from '../../matching';
import type { Matching } from '../../matching';
import { createServer } from '../../server';
import { createWallets } from '../../wallets';
import type { Wallets } from '../../wallets';
import { connectSigner } from '../../wallets/keys';
import { SETTINGS, binanceSettings, mustBeHere, readConfig, settingsOf } from '../config';
import { openCustody } from '../../wallets/custody';
import { watchChains } from '../../solvency/chain-watch';
import type { Config } from '../config';
import { walletNetworks } from '../config/wallets';
import { openBitcoin, openNetworks, openTron } from '../config/networks';
import { createOperatorDesk } from '../operator/desk';
import { serveOperator } from '../operator/door';
import { createReconciler } from '../../solvency/reconcile';
import type { Reconciler } from '../../solvency/reconcile';
import type { Ports } from '../link/protocol';
import { serveLink } from '../link/serve';
import { clock, createLogger, ids, openRedis, runRole, serve, serverConfig } from './process';

/** Fatal settings stop the start; advice is logged. */
async function guardSettings(dataSource: DataSource, config: Config, logger: Logger): Promise<void> {
  const report = await checkServerSettings(dataSource, config.JAVIZEN_THROW_AWAY === '1');
  for (const warning of report.warnings)
    logger.warn({ event: 'settings.database_advice', setting: warning }, 'a database setting is not as advised');
  if (report.fatal.length > 0)
    throw new Error(`The database is not set up to keep money safe: ${report.fatal.join('; ')}.`);
}

/**
 * Whoever breaks into the exchange has its database user's rights: one that may change the tables is advised against,
 * in one line.
 */
async function adviseRights(dataSource: DataSource, logger: Logger): Promise<void> {
  const tooMany = await rightsTooMany(dataSource);
  if (tooMany.length > 0)
    logger.warn(
      { event: 'settings.database_rights', rights: tooMany.slice(0, 5), more: Math.max(0, tooMany.length - 5) },
      'the database user may do more than it needs: set DATABASE_MIGRATE_URL',
    );
}

/** A cache that throws things out when it is full would lose jobs; nothing of worth lies there, so it is advice. */
async function adviseRedis(redis: Redis, logger: Logger): Promise<void> {
  const [, policy] = (await redis.config('GET', 'maxmemory-policy').catch(() => [])) as string[];
  if (policy !== undefined && policy !== 'noeviction')
    logger.warn(
      { event: 'settings.redis_advice', setting: `maxmemory-policy is ${policy}, should be noeviction` },
      'a Redis setting is not as advised',
    );
}

/** A local world, which has demo accounts and a faucet, has every endpoint on this machine. */
function mustBeLocal(config: Config): void {
  const nodes = [...openNetworks(config), openBitcoin(config), openTron(config)].flatMap(
    (network) => network?.rpcUrls ?? [],
  );
  mustBeHere([config.DATABASE_URL, config.REDIS_URL, config.BINANCE_REST_URL, config.BINANCE_WS_API_URL, ...nodes]);
}

/** The database as this release wants it, with the networks and terms of the settings listed. */
async function openListedDatabase(
  config: Config,
  logger: Logger,
): Promise<{ databases: Databases; registry: Registry }> {
  const { DATABASE_URL: url, DATABASE_MIGRATE_URL: migrateUrl, DATABASE_READER_URL: readerUrl } = config;
  await prepareDatabase({ url, migrateUrl }, (owner) => guardSettings(owner, config, logger));
  const databases = await openDatabases({ url, poolSize: 20 }, readerUrl);
  const { dataSource } = databases;
  await adviseRights(dataSource, logger);
  const networks = Object.fromEntries(openNetworks(config).map((network) => [network.id, network]));
  await seed(dataSource, firstListing(networks, openBitcoin(config), openTron(config)), clock.now());
  await listDepositTerms(dataSource, config.DEPOSIT_TERMS);
  return { databases, registry: await loadRegistry(dataSource) };
}

/** The bus on which engine, wallets and server tell each other what happened; alerts are logged. */
function openEvents(logger: Logger): EventBus {
  const events = createEventBus((error, event) =>
    logger.error({ event: 'process.listener_failed', name: event.name, error: String(error) }, 'a listener failed'),
  );
  events.on('alert', ({ code, message, details }) => {
    const { severity, action } = ALERTS[code];
    logger[severity === 'critical' ? 'error' : 'warn']({ event: `alert.${code}`, severity, action, details }, message);
  });
  return events;
}

/** What looks at the books from outside, as long as the process runs. */
function watchBooks(shared: Shared, config: Config, matching: Matching, signer: Signer): Watching {
  const readers = [
    ...openCustody({ ...shared, signer, capital: matching.venueCapital }, walletNetworks(config)),
    matching.custody,
  ];
  const threshold = (asset: string): bigint => parseAmount(config.RECONCILE_THRESHOLDS[asset] ?? '0');
  const reconciler = createReconciler({ ...shared, engine: matching.engine, readers, threshold });
  reconciler.start();
  const { CHAIN_NOTES_FILE: notesFile, SECURITY_EVENT_DAYS: securityEventDays } = config;
  const endChains = watchChains({ ...shared, notesFile, securityEventDays });
  return {
    readers,
    reconciler,
    stop: () => {
      reconciler.stop();
      endChains();
      for (const reader of readers) reader.close();
    },
  };
}

interface Shared {
  readonly dataSource: DataSource;
  readonly registry: Registry;
  readonly clock: typeof clock;
  readonly ids: typeof ids;
  readonly events: EventBus;
  readonly logger: Logger;
}

interface Watching {
  readonly readers: readonly CustodyReader[];
  readonly reconciler: Reconciler;
  stop(): void;
}

/** What the API asks of the engine and of the wallets. */
const portsOf = (
  matching: Matching,
  wallets: Wallets,
  signer: Signer,
  reconciler: Reconciler,
  events: EventBus,
): Ports => ({
  engine: matching.engine,
  quotes: matching.quotes,
  marketData: matching.marketData,
  figures: matching.figures,
  depositAddresses: wallets.depositAddresses,
  addressCheck: wallets.addressCheck,
  payoutRules: signer,
  userKeys: signer,
  coldStorage: wallets.coldStorage,
  reconciliation: reconciler,
  networkStates: wallets.states,
  events,
});

async function runExchange(config: Config): Promise<void> {
  // Before anything is opened: demo accounts and first funds are for this machine alone.
  if (config.JAVIZEN_LOCAL === '1') mustBeLocal(config);
  const logger = createLogger(config.LOG_LEVEL);
  // The venue's SDK warns of every client id that does not carry its author's broker tag; libraries talk to our log.
  console.warn = (...words: unknown[]) =>
    logger.debug({ library: words.map(String).join(' ').slice(0, 120) }, 'a library warns');
  const { databases, registry } = await openListedDatabase(config, logger);
  const { dataSource, reader } = databases;
  const redis = openRedis(config.REDIS_URL, logger);
  await adviseRedis(redis, logger);
  const events = openEvents(logger);
  const shared: Shared = { dataSource, registry, clock, ids, events, logger };
  const onFenced = (): void => {
    logger.error({ event: 'engine.fenced' }, 'another engine has taken over; this process ends');
    process.exit(3);
  };
  const matching = createMatching({ ...shared, onFenced }, { binance: binanceSettings(config) });
  await matching.start();
  const signer = connectSigner(config.SIGNER_SOCKET);
  const wallets = createWallets(
    { ...shared, engine: matching.engine, signer, venueCapital: matching.venueCapital },
    { networks: walletNetworks(config) },
  );
  await wallets.start();
  const watching = watchBooks(shared, config, matching, signer);
  const ports = portsOf(matching, wallets, signer, watching.reconciler, events);
  const server = createServer({ ...shared, ...ports, reader, redis }, serverConfig(config));
  const closeDoor = await openDoor(config, ports, logger);
  const { readers } = watching;
  const desk = createOperatorDesk({ dataSource, registry, engine: matching.engine, signer, readers });
  const { OPERATOR_SOCKET: socket } = config;
  const closeOperator = socket ? await serveOperator(desk, socket, logger) : () => undefined;
  await serve(server, config, async () => {
    closeOperator();
    await closeDoor();
    watching.stop();
    await wallets.stop();
    await matching.stop();
    redis.disconnect();
    await databases.close();
  });
}

/** Lets further API processes in, where the operator wants any. Answers what closes the door. */
async function openDoor(
  { ENGINE_SOCKET: address, ENGINE_SECRET: secret }: Config,
  ports: Ports,
  logger: Logger,
): Promise<() => Promise<void>> {
  if (address === undefined || secret === undefined) return async () => undefined;
  const door = await serveLink(ports, { address, secret, logger });
  return () => door.close();
}

runRole(() => runExchange(readConfig(settingsOf(SETTINGS))));
