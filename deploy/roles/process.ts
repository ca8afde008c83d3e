/** What every role that serves people has in common: time, ids, the log, Redis, the http server and its end. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import Redis from 'ioredis';
import pino from 'pino';
import type { Clock, Ids } from '../../domain/clock-and-ids';
import type { Logger } from '../../domain/contract/ports';
import { createListener } from '../../server';
import type { Server, ServerConfig } from '../../server';
import type { ApiConfig } from '../config';

export const clock: Clock = { now: () => Date.now() };

/** 26 characters: the time in base 36, then random ones; never twice, nearly sorted. */
export const ids: Ids = {
  next: () => Date.now().toString(36).padStart(9, '0') + randomBytes(13).toString('hex').slice(0, 17),
};

/** Never in a log: secrets, signed queries, documents. */
const REDACT = [
  '*.password',
  '*.secret',
  '*.apiKey',
  '*.signature',
  '*.seed',
  '*.mnemonic',
  '*.cookie',
  '*.authorization',
  '*.documentNumber',
];

export const createLogger = (level: ApiConfig['LOG_LEVEL']): Logger => pino({ level, redact: REDACT });

export function openRedis(url: string, logger: Logger): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: 2, commandTimeout: 2000 });
  redis.on('error', (error) => logger.warn({ event: 'redis.error', error: error.message }, 'redis'));
  return redis;
}

/** Runs a role until its process is told to end; what it throws ends it with 2. */
export function runRole(main: () => Promise<void>): void {
  Promise.resolve()
    .then(main)
    .catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(2);
    });
}

type Served = Omit<ApiConfig, 'ENGINE_SOCKET' | 'ENGINE_SECRET'>;

export const serverConfig = (config: Served): ServerConfig => ({
  sessionSecret: config.SESSION_SECRET,
  kycKey: config.KYC_KEY,
  kycDir: config.KYC_DIR,
  documentDays: config.KYC_DOCUMENT_DAYS,
  mailDir: config.MAIL_DIR,
  smtpUrl: config.SMTP_URL ?? null,
  ...(config.WITHDRAWAL_LIMITS && { withdrawalLimits: config.WITHDRAWAL_LIMITS }),
  adminsToRaise: config.TIER_ADMINS,
  // Whoever tries the local world out has a password and no authenticator.
  adminsNeedSecondFactor: config.JAVIZEN_LOCAL !== '1',
  exactAnswers: config.JAVIZEN_THROW_AWAY === '1',
  webDir: config.WEB_DIR,
  secureCookies: config.PUBLIC_ORIGIN?.startsWith('https:') ?? false,
  publicOrigin: config.PUBLIC_ORIGIN ?? null,
  ...(config.SECURITY_CONTACT && { securityContact: config.SECURITY_CONTACT }),
  socketsPerAddress: config.SOCKETS_PER_ADDRESS,
  passkeyOrigin: config.PASSKEY_ORIGIN ?? config.PUBLIC_ORIGIN ?? `http://localhost:${config.PORT}`,
  siteUrl: config.PUBLIC_ORIGIN ?? `http://${config.HOST}:${config.PORT}`,
  ...(config.TRUSTED_PROXIES && { trustedProxies: config.TRUSTED_PROXIES }),
});

/** Listens, says so on one line of JSON, and at SIGTERM or SIGINT ends the server first, then what `stop` ends. */
export async function serve(server: Server, { PORT, HOST }: Served, stop: () => Promise<void>): Promise<void> {
  const http = createListener(server.handler);
  server.attach(http);
  await new Promise<void>((resolve) => http.listen(PORT, HOST, resolve));
  const { port } = http.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ ready: true, port })}\n`);
  const end = async (): Promise<void> => {
    http.close();
    http.closeAllConnections();
    await server.close();
    await stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end());
}
