/** Composes the houses and runs one role: `all` (API, engine, wallets, jobs) or `signer`. Started by the supervisor or by a unit file. */
import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Redis from 'ioredis';
import pino from 'pino';
import type { DataSource } from 'typeorm';
import { migrate, openDatabase } from '../db/data-source';
import { firstListing, seed } from '../db/seed';
import { checkServerSettings } from '../db/settings';
import { loadRegistry } from '../db/stores/registry';
import type { Clock, Ids } from '../domain/clock-and-ids';
import { createEventBus } from '../domain/contract/event-bus';
import type { Logger } from '../domain/contract/ports';
import { createMatching } from '../matching';
import { createServer, ensureAccount } from '../server';
import { createWallets } from '../wallets';
import { connectSigner } from '../wallets/keys';
import { isLoopback, loadEnvFile, readConfig } from './config';
import type { Config } from './config';
import { openNetworks } from './networks';
import { firstFunds } from './first-funds';
import { runSignerRole } from './signer';

const clock: Clock = { now: () => Date.now() };

/** 26 characters: the time in base 36, then random ones; never twice, nearly sorted. */
const ids: Ids = { next: () => Date.now().toString(36).padStart(9, '0') + randomBytes(13).toString('hex').slice(0, 17) };

/** Never in a log: secrets, signed queries, documents. */
const REDACT = ['*.password', '*.secret', '*.apiKey', '*.signature', '*.seed', '*.mnemonic', '*.cookie', '*.authorization', '*.documentNumber'];

/** Fatal settings stop the start; advice is logged. */
async function guardSettings(dataSource: DataSource, config: Config, logger: Logger): Promise<void> {
  const report = await checkServerSettings(dataSource, config.JAVIZEN_THROW_AWAY === '1');
  for (const warning of report.warnings) logger.warn({ setting: warning }, 'a database setting is not as advised');
  if (report.fatal.length > 0) throw new Error(`The database is not set up to keep money safe: ${report.fatal.join('; ')}.`);
}

/** A cache that throws things out when it is full would lose jobs; nothing of worth lies there, so it is advice. */
async function adviseRedis(redis: Redis, logger: Logger): Promise<void> {
  const [, policy] = (await redis.config('GET', 'maxmemory-policy').catch(() => [])) as string[];
  if (policy !== undefined && policy !== 'noeviction') logger.warn({ setting: `maxmemory-policy is ${policy}, should be noeviction` }, 'a Redis setting is not as advised');
}

/** Demo accounts exist only where every endpoint is on this machine. */
function mustBeLocal(config: Config): void {
  for (const url of [config.DATABASE_URL, config.REDIS_URL, config.BINANCE_REST_URL, config.BINANCE_WS_API_URL, ...openNetworks(config).map(({ rpcUrl }) => rpcUrl)]) {
    if (!isLoopback(url)) throw new Error(`JAVIZEN_LOCAL is set, and ${new URL(url).hostname} is not this machine.`);
  }
}

const binanceSettings = (config: Config) => ({
  restUrl: config.BINANCE_REST_URL,
  streamUrl: config.BINANCE_STREAM_URL,
  wsApiUrl: config.BINANCE_WS_API_URL,
  tradingKey: { key: config.BINANCE_TRADING_KEY, secret: config.BINANCE_TRADING_SECRET },
  treasuryKey: { key: config.BINANCE_TREASURY_KEY, secret: config.BINANCE_TREASURY_SECRET },
});

async function runAll(config: Config): Promise<void> {
  const logger: Logger = pino({ level: config.LOG_LEVEL, redact: REDACT });
  // The venue's SDK warns of every client id that does not carry its author's broker tag; libraries talk to our log.
  console.warn = (...words: unknown[]) => logger.debug({ library: words.map(String).join(' ').slice(0, 120) }, 'a library warns');
  const dataSource = await openDatabase({ url: config.DATABASE_URL, poolSize: 20 });
  await guardSettings(dataSource, config, logger);
  await migrate(dataSource);
  const networks = openNetworks(config);
  await seed(dataSource, firstListing(Object.fromEntries(networks.map((network) => [network.id, network]))), clock.now());
  const registry = await loadRegistry(dataSource);
  const redis = new Redis(config.REDIS_URL, { maxRetriesPerRequest: 2, commandTimeout: 2000 });
  redis.on('error', (error) => logger.warn({ error: error.message }, 'redis'));
  await adviseRedis(redis, logger);
  const events = createEventBus((error, event) => logger.error({ event: event.name, error: String(error) }, 'a listener failed'));
  events.on('alert', ({ code, message, details }) => logger.error({ code, details }, message));

  const shared = { dataSource, registry, clock, ids, events, logger };
  const onFenced = (): void => {
    logger.error({}, 'another engine has taken over; this process ends');
    process.exit(3);
  };
  const matching = createMatching({ ...shared, onFenced }, { binance: binanceSettings(config) });
  await matching.start();
  const signer = connectSigner(config.SIGNER_SOCKET);
  const wallets = createWallets(
    { ...shared, engine: matching.engine, signer, venueCapital: matching.venueCapital },
    {
      networks: Object.fromEntries(networks.map(({ id, rpcUrl, traces, pollMs, gasReserve }) => [id, { rpcUrl, traces, pollMs, gasReserve, hotFloor: {} }])),
    },
  );
  await wallets.start();
  if (config.JAVIZEN_LOCAL === '1') {
    mustBeLocal(config);
    await firstFunds({ networks, engine: matching.engine, signer, logger });
    const password = config.JAVIZEN_DEMO_PASSWORD ?? '';
    await ensureAccount({ dataSource, clock, ids }, { email: 'admin@javizen.local', password, role: 'admin', locale: 'en' });
    await ensureAccount({ dataSource, clock, ids }, { email: 'trader@javizen.local', password, role: 'user', locale: 'en' });
  }

  const server = createServer(
    { ...shared, redis, engine: matching.engine, quotes: matching.quotes, marketData: matching.marketData, figures: matching.figures, depositAddresses: wallets.depositAddresses, addressCheck: wallets.addressCheck },
    {
      sessionSecret: config.SESSION_SECRET,
      kycKey: config.KYC_KEY,
      kycDir: config.KYC_DIR,
      mailDir: config.MAIL_DIR,
      smtpUrl: config.SMTP_URL ?? null,
      webDir: config.WEB_DIR,
      secureCookies: config.PUBLIC_ORIGIN?.startsWith('https:') ?? false,
      publicOrigin: config.PUBLIC_ORIGIN ?? null,
    },
  );
  const http = createHttpServer(server.handler);
  server.attach(http);
  await new Promise<void>((resolve) => http.listen(config.PORT, config.HOST, resolve));
  const { port } = http.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ ready: true, port })}\n`);

  const stop = async (): Promise<void> => {
    http.close();
    http.closeAllConnections();
    await server.close();
    await wallets.stop();
    await matching.stop();
    redis.disconnect();
    await dataSource.destroy();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
}

async function main(): Promise<void> {
  const role = process.argv[2] ?? 'all';
  if (role === 'signer') return runSignerRole(process.env);
  if (role === 'all') return runAll(readConfig(loadEnvFile()));
  throw new Error(`There is no role "${role}": use all or signer.`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(2);
});
