import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { tierAsk } from '../../domain/contract/api/tiers';
import { isAmount } from '../../domain/money/amount';
import { trustedNetworks } from '../../server/http/proxies';
import { NETWORK_SETTINGS } from './networks';
import { readSettingsFile, settingsFile } from './file';
import type { FileKind } from './file';
import { ROOT } from './paths';
import { pathOf } from './reference';
import { COLD_SETTINGS, DEPOSIT_SETTINGS, TREASURY_SETTINGS } from './treasury';

const decimal = z.string().refine(isAmount, 'not an amount');
const tiers = z
  .array(z.strictObject({ perDay: decimal, small: decimal, asks: z.array(tierAsk).optional() }))
  .min(1)
  .max(9);

/**
 * The secret of a key at the venue, or a private key (PEM); or, where it begins as a path does, the file that it lies
 * in.
 */
const keyOrFile = (text: string, context: z.RefinementCtx): string => {
  if (!/^(\/|\.\.?\/)/.test(text)) return text;
  try {
    return readFileSync(text, 'utf8').trim();
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: `the file of the key cannot be read (${(error as NodeJS.ErrnoException).code})`,
    });
    return z.NEVER;
  }
};

const origin = z
  .string()
  .regex(/^(https?:\/\/[^/]+)?$/, 'not an origin: write https://exchange.example')
  .optional()
  .transform((text) => text || undefined);

/** Every setting of the product, read once. The names are those of `.env.example`. */
const schema = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  HOST: z.string().default('127.0.0.1'),
  /** Live sockets of one address that nobody is logged in at. */
  SOCKETS_PER_ADDRESS: z.coerce.number().int().min(1).default(100),
  PUBLIC_ORIGIN: origin,
  /** Where passkeys are used, if it is another address than PUBLIC_ORIGIN. */
  PASSKEY_ORIGIN: origin,
  /** Networks of the proxies in front, as CIDR: their X-Forwarded headers are believed. */
  TRUSTED_PROXIES: z
    .string()
    .optional()
    .transform((text, context) => {
      try {
        const networks = text
          ?.split(',')
          .map((one) => one.trim())
          .filter(Boolean);
        trustedNetworks(networks ?? []);
        return networks?.length ? networks : undefined;
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    }),
  SECURITY_CONTACT: z
    .string()
    .regex(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/, 'neither mailto: nor https:')
    .optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  DATABASE_URL: z.string().min(1),
  /** Of the user that may change the tables; left out, the application's is that too. */
  DATABASE_MIGRATE_URL: z.string().min(1).optional(),
  /** Of a replica, for admins' lists and the audit; left out, they read the database itself. */
  DATABASE_READER_URL: z.string().min(1).optional(),
  REDIS_URL: z.string().min(1),
  SESSION_SECRET: z.string().min(32),
  KYC_KEY: z.string().regex(/^[0-9a-f]{64}(,[0-9a-f]{64})*$/),
  KYC_DIR: z.string().min(1),
  KYC_DOCUMENT_DAYS: z.coerce.number().int().min(1).max(3650).default(90),
  MAIL_DIR: z.string().min(1),
  SMTP_URL: z.string().optional(),
  /** A JSON list, one a tier. */
  WITHDRAWAL_LIMITS: z
    .string()
    .optional()
    .transform((text, context) => {
      try {
        return text === undefined || text === '' ? undefined : tiers.parse(JSON.parse(text));
      } catch (error) {
        context.addIssue({
          code: 'custom',
          message: `not a list of limits: ${error instanceof Error ? error.message : String(error)}`,
        });
        return z.NEVER;
      }
    }),
  /** Admins that it takes to raise a user's tier. */
  TIER_ADMINS: z
    .enum(['1', '2'])
    .default('2')
    .transform((text) => (text === '1' ? 1 : 2)),
  WEB_DIR: z.string().default(join(ROOT, 'dist', 'web')),
  BINANCE_REST_URL: z.string().default('https://api.binance.com'),
  BINANCE_STREAM_URL: z.string().default('wss://stream.binance.com:9443'),
  BINANCE_WS_API_URL: z.string().default('wss://ws-api.binance.com:443'),
  BINANCE_TRADING_KEY: z.string().min(1),
  BINANCE_TRADING_SECRET: z.string().min(1).transform(keyOrFile),
  BINANCE_TREASURY_KEY: z.string().min(1),
  BINANCE_TREASURY_SECRET: z.string().min(1).transform(keyOrFile),
  ...NETWORK_SETTINGS,
  ...DEPOSIT_SETTINGS,
  ...TREASURY_SETTINGS,
  ...COLD_SETTINGS,
  PROOF_KEY_FILE: z.string().optional(),
  CHAIN_NOTES_FILE: z.string().min(1).optional(),
  SECURITY_EVENT_DAYS: z.coerce.number().int().min(30).max(3650).default(400),
  SIGNER_SOCKET: z.string().min(1),
  ENGINE_SOCKET: z.string().min(1).optional(),
  ENGINE_SECRET: z.string().min(32).optional(),
  /** A path; `npm run operator` speaks there. */
  OPERATOR_SOCKET: z.string().min(1).optional(),
  /** Set by the local world, whose every endpoint must be on this machine. */
  JAVIZEN_LOCAL: z.enum(['1']).optional(),
  JAVIZEN_THROW_AWAY: z.enum(['1']).optional(),
});

interface Reached {
  readonly HOST: string;
  readonly PUBLIC_ORIGIN?: string | undefined;
  readonly TRUSTED_PROXIES?: readonly string[] | undefined;
}

/** Whoever can be reached from other machines is behind a proxy that speaks https, and knows where that calls from. */
function refuseBareStart({ HOST, PUBLIC_ORIGIN, TRUSTED_PROXIES }: Reached, context: z.RefinementCtx): void {
  if (isHere(HOST)) return;
  if (!PUBLIC_ORIGIN?.startsWith('https://')) {
    context.addIssue({
      code: 'custom',
      path: ['PUBLIC_ORIGIN'],
      message: `HOST=${HOST} is reached from other machines: set PUBLIC_ORIGIN=https://... and put a proxy that speaks https in front, or listen on 127.0.0.1`,
    });
  } else if (TRUSTED_PROXIES === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['TRUSTED_PROXIES'],
      message: `HOST=${HOST} is reached from other machines: name the networks of the proxies in front, for example TRUSTED_PROXIES=10.0.0.0/8`,
    });
  }
}

/** The door for further API processes is open or not: its address and its secret go together. */
const whole = schema
  .superRefine(refuseBareStart)
  .refine((config) => (config.ENGINE_SOCKET === undefined) === (config.ENGINE_SECRET === undefined), {
    path: ['ENGINE_SECRET'],
    message: 'ENGINE_SOCKET and ENGINE_SECRET need each other',
  });

export type Config = z.infer<typeof schema>;

/** What a further API process is told: nothing of keys at the venue, of chains or of the signer. */
const api = schema
  .pick({
    PORT: true,
    HOST: true,
    PUBLIC_ORIGIN: true,
    PASSKEY_ORIGIN: true,
    SECURITY_CONTACT: true,
    SOCKETS_PER_ADDRESS: true,
    TRUSTED_PROXIES: true,
    LOG_LEVEL: true,
    DATABASE_URL: true,
    DATABASE_READER_URL: true,
    REDIS_URL: true,
    SESSION_SECRET: true,
    KYC_KEY: true,
    KYC_DIR: true,
    KYC_DOCUMENT_DAYS: true,
    MAIL_DIR: true,
    SMTP_URL: true,
    WITHDRAWAL_LIMITS: true,
    TIER_ADMINS: true,
    WEB_DIR: true,
    JAVIZEN_LOCAL: true,
    JAVIZEN_THROW_AWAY: true,
  })
  .extend({ ENGINE_SOCKET: schema.shape.ENGINE_SOCKET.unwrap(), ENGINE_SECRET: schema.shape.ENGINE_SECRET.unwrap() });

export type ApiConfig = z.infer<typeof api>;
/** Names of the settings that the exchange reads. */
export const SETTINGS: readonly string[] = Object.keys(schema.shape);
export const API_SETTINGS: readonly string[] = Object.keys(api.shape);

/** Reads the environment; throws one sentence that names every wrong or missing setting. */
export const readConfig = (env: NodeJS.ProcessEnv): Config => read(whole, env);
export const readApiConfig = (env: NodeJS.ProcessEnv): ApiConfig => read(api.superRefine(refuseBareStart), env);

/** Where settings stand that came from a file. */
const places = new Map<string, string>();

function read<Schema extends z.ZodType>(settings: Schema, env: NodeJS.ProcessEnv): z.output<Schema> {
  const result = settings.safeParse(env);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ code, path, message }) => {
    const name = path.join('.');
    if (code === 'invalid_type' && env[name] === undefined)
      return `${name} is not set (${pathOf(name)} in javizen.yaml)`;
    return `${places.get(name) ?? name}: ${message}`;
  });
  throw new Error(`The settings are not right: ${problems.join('; ')}. See docs/settings.md.`);
}

/** What the settings file says, by environment names; nothing where there is none. `names`: what is wanted of it. */
export function fileSettings(kind: FileKind, env: NodeJS.ProcessEnv, names?: readonly string[]): NodeJS.ProcessEnv {
  const file = settingsFile(kind, ROOT, env);
  if (file === undefined) return {};
  const found = readSettingsFile(file, kind, env, (name) => names === undefined || names.includes(name));
  for (const [name, place] of found.places) places.set(name, place);
  return found.values;
}

/** The operator's `.env`, which carries secrets and paths. */
function envFile(): NodeJS.ProcessEnv {
  const file = join(ROOT, '.env');
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
}

/**
 * What a role may know of the environment, of the operator's `.env` and of `javizen.yaml` (in this order): the
 * settings of these names. Everything else is taken out of this process, so that what runs here cannot tell it.
 */
export function settingsOf(names: readonly string[]): NodeJS.ProcessEnv {
  const given = { ...envFile(), ...process.env };
  const all: NodeJS.ProcessEnv = { ...fileSettings('exchange', given, names), ...given };
  for (const name of Object.keys(process.env))
    if ((SETTINGS.includes(name) || name.startsWith('SIGNER_')) && !names.includes(name)) delete process.env[name];
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

/**
 * The environment with the operator's `.env` and `javizen.yaml` in it, for commands. Values that are already there
 * win.
 */
export function loadEnvFile(): NodeJS.ProcessEnv {
  const given = { ...envFile(), ...process.env };
  Object.assign(process.env, { ...fileSettings('exchange', given), ...given });
  return process.env;
}

/** Is the address on this machine? Demo accounts, the faucet and tests accept nothing else. */
export function isLoopback(url: string): boolean {
  return isHere(new URL(url).hostname);
}

function isHere(host: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]', '::1'].includes(host);
}

/** How Binance is reached, or what stands in for it. */
export const binanceSettings = (config: Config) => ({
  restUrl: config.BINANCE_REST_URL,
  streamUrl: config.BINANCE_STREAM_URL,
  wsApiUrl: config.BINANCE_WS_API_URL,
  tradingKey: { key: config.BINANCE_TRADING_KEY, secret: config.BINANCE_TRADING_SECRET },
  treasuryKey: { key: config.BINANCE_TREASURY_KEY, secret: config.BINANCE_TREASURY_SECRET },
});

/** For the local world, whose rules are laxer: throws where one of its addresses is on another machine. */
export function mustBeHere(urls: readonly string[]): void {
  for (const url of urls)
    if (!isLoopback(url)) throw new Error(`JAVIZEN_LOCAL is set, and ${new URL(url).hostname} is not this machine.`);
}
