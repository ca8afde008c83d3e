import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KNOWN_NETWORKS } from '../../domain/networks';
import type { LocalChain } from '../emulators/evm/accounts';
import { prepareChain } from '../emulators/evm/prepare';
import { LOCAL_TETHER } from '../emulators/tron/accounts';
import { installTron } from '../emulators/tron/install';
import { startTron } from '../emulators/tron/start';
import { installBcoin } from '../emulators/bitcoin/install';
import { startBitcoin } from '../emulators/bitcoin/start';
import { startAnvil } from '../emulators/evm/anvil';
import { API_SETTINGS, SETTINGS, readConfig } from '../../deploy/config';
import { makeDemoAccounts } from './demo-accounts';
import { LOCAL_LIMITS, demoAdminKey, enrolOffered } from './demo-admin';
import type { Config } from '../../deploy/config';
import { stopAtEnd } from '../../deploy/cli/lifetime';
import { fundHotWallets } from './local-funds';
import { operatorAt } from '../../deploy/operator/door';
import { SIGNER_SETTINGS } from '../../deploy/config/signer';
import { LOCAL, ROOT } from '../../deploy/config/paths';
import { localSecret, rememberPort, rememberedPort, startStores } from '../services';
import type { Stores } from '../services';
import { freePort, isAlive, remember, sleep, startProgram, stopLeftovers, untilReady } from '../services/process';
import type { Running } from '../services/process';

export interface WorldOptions {
  readonly dir: string;
  readonly say: (line: string) => void;
  /** The operator's settings; a value that is there replaces the local stand-in. Tests give none. */
  readonly env?: NodeJS.ProcessEnv;
  readonly throwAway?: boolean;
  readonly port?: number;
  /** The chains to run; all there are, unless told. */
  readonly networks?: readonly string[];
  /** More of the emulator's settings: first balances, a shorter day. */
  readonly venue?: { readonly balances: Readonly<Record<string, string>>; readonly connectionMs: number };
  /** For Node, before the exchange: profilers. */
  readonly nodeArgs?: readonly string[];
  /** What is to happen before the exchange first starts, with its settings: benches write their users and funds. */
  readonly prepare?: (settings: NodeJS.ProcessEnv) => Promise<void>;
}

/** Anvil stands in for each chain of the Ethereum kind. */
type Part = 'mariadb' | 'redis' | `anvil-${string}` | 'bitcoin' | 'tron' | 'binance' | 'signer' | 'javizen' | 'api';

/** Six times as quick as the real one: what is mined is solid after nine seconds. */
const TRON_BLOCK_MS = 500;
/** TRX that the local signer lets be staked. */
const LOCAL_STAKE = '1000000';
/** A storm signs in minutes what others do in weeks. */
const LOCAL_FEES = JSON.stringify({ ethereum: '1000', bsc: '1000', polygon: '1000', bitcoin: '50', tron: '10000000' });

const CHAIN_IDS: Readonly<Record<string, number>> = { ethereum: 31337, bsc: 31338, polygon: 31339 };

/** A local chain of the world. */
export interface WorldChain extends LocalChain {
  readonly chainId: number;
  readonly coin: string;
  readonly usdtDecimals: number;
}

/** What a client of the running world needs to know; kept in `<dir>/world.json` while it runs. */
export interface WorldAddress {
  readonly url: string;
  readonly databaseUrl: string;
  /** Of the migrations' user, who may do anything there. */
  readonly databaseMigrateUrl: string;
  readonly redisUrl: string;
  /** The local chains, by our ids of them. */
  readonly chains: Readonly<Record<string, WorldChain>>;
  /** The local Bitcoin's address with user and password; null where none could be fetched. */
  readonly bitcoinUrl: string | null;
  /** The local TRON's address; null where its machine could not be fetched. */
  readonly tronUrl: string | null;
  readonly binanceUrl: string;
  /** Nothing of it is real: there are demo accounts with this password, a faucet, and first funds. */
  readonly isLocal: boolean;
  readonly adminPassword: string;
  readonly dir: string;
}

/** As a hook of `require` alone: the one for ES modules keeps a thread and its memory, and we have none. */
const TSX = ['--require', 'tsx/cjs'];
/**
 * What a batch of orders leaves behind has room to die young: with less of it a fifth of the time goes into moving it.
 */
const YOUNG = ['--max-semi-space-size=32'];

/**
 * Everything that runs on one machine: stores, chain, venue, signer and the exchange; started in order, stopped in
 * reverse.
 */
export class World {
  private readonly parts = new Map<Part, Running>();
  private stores: Stores | undefined;
  private env: NodeJS.ProcessEnv = {};
  private endEnrolling = (): void => undefined;
  private sockets: string | undefined;
  /** Starts that are under way: a stop waits for them, so that nothing comes up behind its back. */
  private readonly starting = new Set<Promise<unknown>>();
  private stopping: Promise<void> | undefined;
  private forget = (): void => undefined;
  address!: WorldAddress;

  constructor(private readonly options: WorldOptions) {}

  private get dir(): string {
    return this.options.dir;
  }

  /** Is a setting given by the operator? Then its stand-in is not started. */
  private given(name: string): string | undefined {
    return this.options.env?.[name] || undefined;
  }

  start(): Promise<WorldAddress> {
    this.stopping = undefined;
    this.forget = stopAtEnd(() => this.stop());
    return this.track(this.startAll());
  }

  /** Remembers a start while it is under way. */
  private async track<T>(start: Promise<T>): Promise<T> {
    this.starting.add(start);
    try {
      return await start;
    } finally {
      this.starting.delete(start);
    }
  }

  /** Before each program: a world that is being stopped starts nothing more. */
  private mayStart(): void {
    if (this.stopping) throw new Error('The world is being stopped.');
  }

  private async startAll(): Promise<WorldAddress> {
    const { dir, say } = this.options;
    mkdirSync(dir, { recursive: true });
    // Letters, sessions, logs: for the eyes of whoever started it.
    chmodSync(dir, 0o700);
    const left = await stopLeftovers(dir);
    if (left.length > 0) say(`Stopped what an earlier start left running: ${left.join(', ')}`);
    await this.startStores();
    const chains = await this.startChains();
    const bitcoinUrl = await this.startBitcoin();
    const tronUrl = await this.startTron();
    const venue = await this.startVenue(chains, bitcoinUrl, tronUrl);
    this.env = {
      PASSKEY_ORIGIN: this.given('PUBLIC_ORIGIN') ?? `http://localhost:${await this.exchangePort()}`,
      ...this.settings(chains, venue, bitcoinUrl, tronUrl),
    };
    await this.startSigner();
    await this.options.prepare?.(this.env);
    const port = await this.startExchange();
    this.address = {
      url: `http://127.0.0.1:${port}`,
      databaseUrl: this.stores?.databaseUrl ?? '',
      databaseMigrateUrl: this.env.DATABASE_MIGRATE_URL ?? this.stores?.databaseUrl ?? '',
      redisUrl: this.stores?.redisUrl ?? '',
      chains,
      bitcoinUrl: bitcoinUrl ?? null,
      tronUrl: tronUrl ?? null,
      binanceUrl: venue.url,
      isLocal: this.env.JAVIZEN_LOCAL === '1',
      adminPassword: localSecret(dir, 'demo', 6),
      dir,
    };
    // For commands that attach: where it is, and the settings it runs by (secrets included: for its owner's eyes).
    writeFileSync(join(dir, 'settings.json'), JSON.stringify(this.env), { mode: 0o600 });
    writeFileSync(join(dir, 'world.json'), JSON.stringify(this.address), { mode: 0o600 });
    if (this.address.isLocal) await makeDemoAccounts(this.env.DATABASE_URL ?? '', this.address.adminPassword);
    if (this.address.isLocal) await fundHotWallets(readConfig(this.env), operatorAt(this.env.OPERATOR_SOCKET ?? ''));
    if (this.address.isLocal) this.endEnrolling = enrolOffered(this.address);
    return this.address;
  }

  /** Stops everything, once; whoever asks again waits for the same end. */
  stop(): Promise<void> {
    return (this.stopping ??= this.stopAll());
  }

  private async stopAll(): Promise<void> {
    // On the next turn, so that `stopping` is set and the starts under way notice.
    await Promise.resolve();
    await Promise.allSettled([...this.starting]);
    this.endEnrolling();
    rmSync(join(this.dir, 'world.json'), { force: true });
    for (const part of [...this.parts.values()].reverse()) await part.stop();
    this.parts.clear();
    await stopLeftovers(this.dir);
    if (this.sockets) rmSync(this.sockets, { recursive: true, force: true });
    this.sockets = undefined;
    this.forget();
  }

  /** The settings that the exchange of this world runs by, secrets included. */
  settingsOf(): NodeJS.ProcessEnv {
    return this.env;
  }

  /** Parts that can be killed and started again while the world goes on. */
  pid(part: Part): number {
    return this.parts.get(part)?.pid ?? 0;
  }

  /** kill -9, then starts it again on the same port with the same state. */
  killAndRestart(part: 'mariadb' | 'redis' | 'signer' | 'javizen' | 'api'): Promise<void> {
    return this.track(this.restart(part));
  }

  private async restart(part: 'mariadb' | 'redis' | 'signer' | 'javizen' | 'api'): Promise<void> {
    this.mayStart();
    const pid = this.pid(part);
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    while (isAlive(pid)) await sleep(10);
    if (part === 'signer') await this.startSigner();
    else if (part === 'javizen') await this.startExchange();
    else if (part === 'api') await this.startServer();
    else await this.startStores(part);
  }

  /** A node is stopped and started again on the same port with its chain, as its owner would. */
  restartNode(network: string): Promise<void> {
    return this.track(this.stopAndStartNode(network));
  }

  private async stopAndStartNode(network: string): Promise<void> {
    this.mayStart();
    const part = network === 'bitcoin' || network === 'tron' ? network : (`anvil-${network}` as const);
    await this.parts.get(part)?.stop();
    if (part === 'bitcoin') await this.startBitcoin();
    else if (part === 'tron') await this.startTron();
    else await this.startChain(network);
  }

  /** Starts again what has ended by itself; answers the names. */
  ensure(): Promise<string[]> {
    return this.track(this.startEnded());
  }

  private async startEnded(): Promise<string[]> {
    if (this.stopping) return [];
    const ended = (['signer', 'javizen'] as const).filter((part) => this.parts.has(part) && !isAlive(this.pid(part)));
    if (ended.includes('signer')) await this.startSigner();
    if (ended.includes('javizen')) await this.startExchange();
    return ended;
  }

  private async startStores(only?: Part): Promise<void> {
    this.mayStart();
    const { dir, say } = this.options;
    if (!only) say('Database and cache ...');
    const databaseUrl = this.given('DATABASE_URL') ?? (only === 'redis' ? this.stores?.databaseUrl : undefined);
    const redisUrl = this.given('REDIS_URL') ?? (only === 'mariadb' ? this.stores?.redisUrl : undefined);
    const started = await startStores({
      dir,
      say,
      throwAway: this.options.throwAway ?? false,
      ...(databaseUrl && { databaseUrl }),
      ...(redisUrl && { redisUrl }),
    });
    this.stores = {
      ...started,
      databaseMigrateUrl: started.databaseMigrateUrl ?? this.stores?.databaseMigrateUrl,
      running: [],
    };
    for (const running of started.running) this.parts.set(running.name as Part, running);
  }

  /** One anvil for each network of ours that the operator has named no node for. */
  private async startChains(): Promise<Record<string, WorldChain>> {
    const wanted = (this.options.networks ?? Object.keys(CHAIN_IDS)).filter(
      (id) => id in CHAIN_IDS && !this.given(`${id.toUpperCase()}_RPC_URL`),
    );
    this.options.say(`Chains (anvil): ${wanted.join(', ')} ...`);
    const started = await Promise.all(wanted.map(async (id) => [id, await this.startChain(id)] as const));
    return Object.fromEntries(started);
  }

  private async startChain(id: string): Promise<WorldChain> {
    this.mayStart();
    const name = `anvil-${id}` as const;
    const dir = join(this.dir, name);
    mkdirSync(dir, { recursive: true });
    const port = await freePort(rememberedPort(this.dir, name));
    rememberPort(this.dir, name, port);
    const anvil = await startAnvil({
      dir,
      port,
      chainId: CHAIN_IDS[id] ?? 0,
      blockSeconds: 1,
      logFile: join(this.dir, 'logs', `${name}.log`),
    });
    remember(this.dir, { name, pid: anvil.pid, mark: dir });
    this.parts.set(name, { name, pid: anvil.pid, child: undefined as never, stop: () => anvil.stop() });
    const { chainId, usdt } = await prepareChain(anvil.url);
    const kind = KNOWN_NETWORKS[id];
    return { rpcUrl: anvil.url, chainId, usdt, coin: kind?.gasAsset ?? '', usdtDecimals: kind?.usdtDecimals ?? 6 };
  }

  /** Where bcoin can be had; otherwise says why not, and the rest goes on without it. */
  private async startBitcoin(): Promise<string | undefined> {
    const { networks, say } = this.options;
    if (this.given('BITCOIN_RPC_URL') || (networks && !networks.includes('bitcoin'))) return undefined;
    const packages = join(LOCAL, 'tools', 'bitcoin');
    const why = installBcoin(packages, say);
    const dir = join(this.dir, 'bitcoin');
    // Listed by an earlier start: the exchange does not run with a network that it cannot watch.
    if (why && existsSync(dir))
      throw new Error(
        `${why} This world has a Bitcoin already: bring the packages back, or begin anew (npm start -- --fresh).`,
      );
    if (why) {
      say(why);
      return undefined;
    }
    this.mayStart();
    say('Bitcoin (bcoin on regtest) ...');
    const port = await freePort(rememberedPort(this.dir, 'bitcoin'));
    rememberPort(this.dir, 'bitcoin', port);
    const node = await startBitcoin({
      dir,
      port,
      packages,
      user: 'javizen',
      password: localSecret(this.dir, 'bitcoin', 16),
      blockSeconds: 1,
      logFile: join(this.dir, 'logs', 'bitcoin.log'),
    });
    remember(this.dir, { name: 'bitcoin', pid: node.pid, mark: dir });
    this.parts.set('bitcoin', { name: 'bitcoin', pid: node.pid, child: undefined as never, stop: () => node.stop() });
    return node.url;
  }

  /** The emulator, where its machine can be had; otherwise says why not, and the rest goes on without it. */
  private async startTron(): Promise<string | undefined> {
    const { networks, say } = this.options;
    if (this.given('TRON_RPC_URL') || (networks && !networks.includes('tron'))) return undefined;
    const packages = join(LOCAL, 'tools', 'tron');
    const why = installTron(packages, say);
    const dir = join(this.dir, 'tron');
    if (why && existsSync(dir))
      throw new Error(
        `${why} This world has a TRON already: bring the packages back, or begin anew (npm start -- --fresh).`,
      );
    if (why) {
      say(why);
      return undefined;
    }
    this.mayStart();
    say('TRON (emulator) ...');
    const port = await freePort(rememberedPort(this.dir, 'tron'));
    rememberPort(this.dir, 'tron', port);
    const node = await startTron({
      dir,
      port,
      packages,
      blockMs: TRON_BLOCK_MS,
      logFile: join(this.dir, 'logs', 'tron.log'),
    });
    remember(this.dir, { name: 'tron', pid: node.pid, mark: dir });
    this.parts.set('tron', { name: 'tron', pid: node.pid, child: undefined as never, stop: () => node.stop() });
    return node.url;
  }

  private async startVenue(
    chains: Record<string, WorldChain>,
    bitcoinUrl: string | undefined,
    tronUrl: string | undefined,
  ): Promise<{ url: string }> {
    const given = this.given('BINANCE_REST_URL');
    if (given) return { url: given };
    this.mayStart();
    this.options.say('Binance (emulator on recorded data) ...');
    const dir = join(this.dir, 'binance');
    mkdirSync(dir, { recursive: true });
    const port = await freePort(rememberedPort(this.dir, 'binance'));
    rememberPort(this.dir, 'binance', port);
    const key = (name: string): { apiKey: string; secret: string } => ({
      apiKey: localSecret(this.dir, `${name}Key`, 32),
      secret: localSecret(this.dir, `${name}Secret`, 32),
    });
    const file = join(dir, 'config.json');
    const config = {
      port,
      dir: join(dir, 'state'),
      ...this.options.venue,
      apiKeys: [
        { ...key('trading'), type: 'hmac', permissions: ['TRADE'] },
        { ...key('treasury'), type: 'hmac', permissions: ['WITHDRAW'] },
      ],
      chains: Object.entries(chains).map(([id, { rpcUrl, chainId, coin, usdt, usdtDecimals }]) => ({
        network: KNOWN_NETWORKS[id]?.venueNetwork,
        rpcUrl,
        chainId,
        coin,
        tokens: { USDT: { contract: usdt, decimals: usdtDecimals } },
        confirmations: 3,
      })),
      ...(bitcoinUrl && { bitcoin: { network: 'BTC', rpcUrl: bitcoinUrl, confirmations: 3 } }),
      ...(tronUrl && { tron: { network: 'TRX', rpcUrl: tronUrl, usdt: LOCAL_TETHER } }),
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    const running = startProgram({
      name: 'binance',
      dir: this.dir,
      command: process.execPath,
      args: [...TSX, 'testbed/emulators/binance/main.ts', '--config', file],
      cwd: ROOT,
      mark: file,
    });
    this.parts.set('binance', running);
    const url = `http://127.0.0.1:${port}`;
    await untilReady(running, 'the Binance emulator', async () => {
      if (!(await fetch(`${url}/api/v3/time`)).ok) throw new Error('not yet');
    });
    return { url };
  }

  /** The environment of the exchange: the operator's settings over the local world's. */
  private settings(
    chains: Record<string, WorldChain>,
    venue: { url: string },
    bitcoinUrl: string | undefined,
    tronUrl: string | undefined,
  ): NodeJS.ProcessEnv {
    const { dir } = this.options;
    const secret = (name: string, bytes = 32): string => localSecret(dir, name, bytes);
    const local = [
      'DATABASE_URL',
      'REDIS_URL',
      'BINANCE_REST_URL',
      'EVM_NETWORKS',
      'BITCOIN_RPC_URL',
      'TRON_RPC_URL',
      'SIGNER_DIR',
      ...Object.keys(CHAIN_IDS).map((id) => `${id.toUpperCase()}_RPC_URL`),
    ].every((name) => !this.given(name));
    return {
      PATH: process.env.PATH,
      // All it needs is here: a file of the operator's beside the tree is none of its business.
      JAVIZEN_CONFIG: 'none',
      SIGNER_CONFIG: 'none',
      NODE_ENV: this.options.throwAway ? 'test' : 'development',
      DATABASE_URL: this.stores?.databaseUrl,
      ...(this.stores?.databaseMigrateUrl && { DATABASE_MIGRATE_URL: this.stores.databaseMigrateUrl }),
      REDIS_URL: this.stores?.redisUrl,
      SESSION_SECRET: secret('session'),
      KYC_KEY: secret('kyc'),
      KYC_DIR: join(dir, 'kyc'),
      CHAIN_NOTES_FILE: join(dir, 'chain-notes.jsonl'),
      MAIL_DIR: join(dir, 'mail'),
      WEB_DIR: join(ROOT, 'dist', 'web'),
      BINANCE_REST_URL: venue.url,
      BINANCE_STREAM_URL: venue.url.replace('http', 'ws'),
      BINANCE_WS_API_URL: venue.url.replace('http', 'ws'),
      BINANCE_TRADING_KEY: secret('tradingKey'),
      BINANCE_TRADING_SECRET: secret('tradingSecret'),
      BINANCE_TREASURY_KEY: secret('treasuryKey'),
      BINANCE_TREASURY_SECRET: secret('treasurySecret'),
      ...Object.assign({}, ...Object.entries(chains).map(([id, chain]) => chainSettings(id, chain))),
      ...(bitcoinUrl && {
        BITCOIN_RPC_URL: bitcoinUrl,
        BITCOIN_NETWORK: 'regtest',
        BITCOIN_CONFIRMATIONS: '3',
        BITCOIN_POLL_MS: '400',
      }),
      ...(tronUrl && { TRON_RPC_URL: tronUrl, TRON_NETWORK: 'local', TRON_USDT: LOCAL_TETHER, TRON_POLL_MS: '400' }),
      SIGNER_SOCKET: this.socket('signer'),
      ENGINE_SOCKET: this.socket('engine'),
      ENGINE_SECRET: secret('engine'),
      OPERATOR_SOCKET: this.socket('operator'),
      // The local world has one admin.
      ...(local && { TIER_ADMINS: '1', JAVIZEN_LOCAL: '1' }),
      ...(this.options.throwAway && { JAVIZEN_THROW_AWAY: '1' }),
      // What only the signer needs to know stays out of the exchange's environment.
      ...Object.fromEntries(
        Object.entries(this.options.env ?? {}).filter(([name, value]) => value && SETTINGS.includes(name)),
      ),
    };
  }

  /**
   * Sockets of this start in a directory that nobody else can enter: their names are short (107 characters), a deep
   * directory would not fit.
   */
  private socket(name: 'signer' | 'engine' | 'operator'): string {
    this.sockets ??= mkdtempSync(join(tmpdir(), 'javizen-'));
    return join(this.sockets, `${name}.sock`);
  }

  private async startSigner(): Promise<void> {
    this.mayStart();
    if (!this.parts.has('signer')) this.options.say('Signer ...');
    const dir = join(this.dir, 'keys');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    if (this.env.JAVIZEN_LOCAL === '1') demoAdminKey(this.dir);
    const seedFile = this.given('SIGNER_SEED_FILE') ?? join(dir, 'seed.sealed');
    if (this.env.JAVIZEN_LOCAL !== '1' && !existsSync(seedFile))
      throw new Error(
        `The signer has no seed at ${seedFile}. Make one: npm run keys -- generate; or bring yours: npm run keys -- import, or restore.`,
      );
    // A cleaned environment: the signer knows its seed, its socket and the chains it signs for, and no node of them.
    const own = (from: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
      Object.fromEntries(
        SIGNER_SETTINGS.filter((name) => from[name] && !/_RPC_URL$|_API_KEY$|^NODE_HEADERS$/.test(name)).map((name) => [
          name,
          from[name],
        ]),
      );
    const env: NodeJS.ProcessEnv = {
      PATH: process.env.PATH,
      SIGNER_CONFIG: 'none',
      SIGNER_LIMITS: this.env.JAVIZEN_LOCAL === '1' ? LOCAL_LIMITS : '{}',
      SIGNER_SEED_FILE: seedFile,
      SIGNER_DIR: dir,
      ...(this.env.JAVIZEN_LOCAL === '1' && {
        SIGNER_VENUE_ADDRESSES: 'first-seen',
        SIGNER_TRON_STAKE: LOCAL_STAKE,
        SIGNER_FEES_DAILY: LOCAL_FEES,
        SIGNER_MAKE_SEED: '1',
      }),
      // A device's library may have settings of its own.
      ...(process.env.SOFTHSM2_CONF && { SOFTHSM2_CONF: process.env.SOFTHSM2_CONF }),
      SIGNER_PASSPHRASE: this.given('SIGNER_PASSPHRASE') ?? localSecret(this.dir, 'signer', 24),
      ...own(this.env),
      ...own(this.options.env ?? {}),
    };
    const running = startProgram({
      name: 'signer',
      dir: this.dir,
      command: process.execPath,
      args: [...TSX, 'deploy/roles/signer.ts', dir],
      cwd: ROOT,
      env,
      mark: dir,
    });
    this.parts.set('signer', running);
    await untilReady(running, 'the signer', async () => {
      if (!existsSync(this.env.SIGNER_SOCKET ?? '')) throw new Error('not yet');
    });
  }

  /** Where the exchange will listen; known before it starts, because the signer is told where passkeys are used. */
  private async exchangePort(): Promise<number> {
    // Only the operator's own world wishes for the well-known port: two worlds that start at once must not meet on it.
    const usual = this.options.env ? 8080 : 0;
    const port = this.options.port ?? (await freePort(rememberedPort(this.dir, 'javizen') || usual));
    rememberPort(this.dir, 'javizen', port);
    return port;
  }

  private async startExchange(): Promise<number> {
    this.mayStart();
    if (!this.parts.has('javizen')) this.options.say('Javizen ...');
    const port = await this.exchangePort();
    const env = { ...this.env, PORT: String(port) };
    const running = startProgram({
      name: 'javizen',
      dir: this.dir,
      command: process.execPath,
      args: [...YOUNG, ...(this.options.nodeArgs ?? []), ...TSX, 'deploy/roles/exchange.ts', this.dir],
      cwd: ROOT,
      env,
      mark: `exchange.ts ${this.dir}`,
    });
    this.parts.set('javizen', running);
    await healthy(running, 'Javizen', port);
    return port;
  }

  /** A further API process beside the one that holds the engine. Answers its address. */
  /** `over`: settings that differ from those of the exchange. */
  startApi(over: NodeJS.ProcessEnv = {}): Promise<string> {
    return this.track(this.startServer(over));
  }

  private async startServer(over: NodeJS.ProcessEnv = {}): Promise<string> {
    this.mayStart();
    const port = await freePort(rememberedPort(this.dir, 'api'));
    rememberPort(this.dir, 'api', port);
    // Its settings are those of a server: no keys of the venue, no node, no signer.
    const own = Object.fromEntries(
      Object.entries(this.env).filter(([name]) => ['PATH', 'NODE_ENV', ...API_SETTINGS].includes(name)),
    );
    const running = startProgram({
      name: 'api',
      dir: this.dir,
      command: process.execPath,
      args: [...TSX, 'deploy/roles/api.ts', this.dir],
      cwd: ROOT,
      env: { ...own, ...over, PORT: String(port) },
      mark: `api.ts ${this.dir}`,
    });
    this.parts.set('api', running);
    await healthy(running, 'the further API process', port);
    return `http://127.0.0.1:${port}`;
  }
}

/** The local chain of a network. Throws, with the names there are. */
export function chainOf(world: WorldAddress, network = 'ethereum'): WorldChain {
  const chain = world.chains[network];
  if (!chain) throw new Error(`no local chain ${network} runs here: there is ${Object.keys(world.chains).join(', ')}`);
  return chain;
}

/** Settings of one local chain, quicker than a real one. */
function chainSettings(id: string, { rpcUrl, chainId, usdt }: WorldChain): NodeJS.ProcessEnv {
  const name = id.toUpperCase();
  return {
    [`${name}_RPC_URL`]: rpcUrl,
    [`${name}_CHAIN_ID`]: String(chainId),
    [`${name}_USDT`]: usdt,
    [`${name}_CONFIRMATIONS`]: '3',
    [`${name}_POLL_MS`]: '400',
  };
}

const healthy = (running: Running, what: string, port: number): Promise<void> =>
  untilReady(running, what, async () => {
    if (!(await fetch(`http://127.0.0.1:${port}/healthz`)).ok) throw new Error('not yet');
  });

/** The world that runs in this directory now, if one does. */
export async function runningWorld(dir: string): Promise<WorldAddress | undefined> {
  try {
    const address = JSON.parse(readFileSync(join(dir, 'world.json'), 'utf8')) as WorldAddress;
    return (await fetch(`${address.url}/healthz`)).ok ? address : undefined;
  } catch {
    return undefined;
  }
}

/** The settings of a running world, for commands that look at its tables, chain and venue themselves. */
export function worldConfig(world: WorldAddress): Config {
  return readConfig(JSON.parse(readFileSync(join(world.dir, 'settings.json'), 'utf8')) as NodeJS.ProcessEnv);
}

/** Runs `work` on the world that runs, or on one that is started for it and stopped again. */
export async function withWorld(work: (world: WorldAddress) => Promise<number>): Promise<number> {
  const dir = join(LOCAL, 'world');
  const running = await runningWorld(dir);
  if (running) return work(running);
  const world = new World({ dir, say: (text) => void process.stderr.write(`  ${text}\n`) });
  try {
    return await work(await world.start());
  } finally {
    await world.stop();
  }
}
