/**
 * `npm run testnet [-- --json]`: trading on Binance's Spot testnet with the key of the environment
 * (BINANCE_TRADING_KEY and BINANCE_TRADING_SECRET of testnet.binance.vision): each order type, a swap, and the account
 * beside the books. Our own tables are thrown away afterwards. Without a key it says so and ends well.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../db/data-source';
import { prepareDatabase } from '../../db/prepare';
import { firstListing, seed } from '../../db/seed';
import { loadRegistry } from '../../db/stores/registry';
import { walkTestnet } from '../scenarios/testnet';
import type { TestnetResult } from '../scenarios/testnet';
import { loadEnvFile } from '../../deploy/config';
import { runCommand, stopAtEnd } from '../../deploy/cli/lifetime';
import { json, line, table, wantsJson } from '../../deploy/cli/print';
import { clock, createLogger } from '../../deploy/roles/process';
import { LOCAL } from '../../deploy/config/paths';
import { startStores } from '../services';
import { stopLeftovers } from '../services/process';

const DEADLINE_SECONDS = 900;
const TESTNET = {
  BINANCE_REST_URL: 'https://testnet.binance.vision',
  BINANCE_STREAM_URL: 'wss://stream.testnet.binance.vision',
  BINANCE_WS_API_URL: 'wss://ws-api.testnet.binance.vision',
};
/** Nothing is listed but what trades at the venue; chains are not touched. */
const LISTING = firstListing({ ethereum: { chainId: 1, confirmations: 12 } });

function print({ steps, treasury, findings, good }: TestnetResult): void {
  if (wantsJson()) {
    for (const step of steps) json(step);
    return json({ steps: steps.length, ok: steps.filter(({ ok }) => ok).length, treasury, findings, good });
  }
  table(
    ['step', 'ok', 'seen'],
    steps.map(({ step, ok, seen }) => [step, ok ? 'yes' : 'NO', seen]),
  );
  line(
    `\n  ${treasury ? 'The venue has a treasury interface.' : 'The venue has no treasury interface (/sapi): coins are neither sent there nor brought ' + 'back.'}`,
  );
  for (const finding of findings) line(`  ${finding}`);
  line(`  The account and our books: ${findings.length === 0 ? 'equal, to the unit' : 'NOT EQUAL'}.\n`);
}

async function main(): Promise<number> {
  const env = {
    ...TESTNET,
    ...Object.fromEntries(Object.entries(loadEnvFile()).filter(([, value]) => value)),
  } as NodeJS.ProcessEnv & typeof TESTNET;
  const { BINANCE_TRADING_KEY: key, BINANCE_TRADING_SECRET: secret } = env;
  if (!key || !secret) {
    const skipped = 'Skipped: set BINANCE_TRADING_KEY and BINANCE_TRADING_SECRET to a key of testnet.binance.vision.';
    if (wantsJson()) json({ skipped });
    else line(`  ${skipped}`);
    return 0;
  }
  const dir = join(LOCAL, 'testnet', String(process.pid));
  mkdirSync(dir, { recursive: true });
  const forget = stopAtEnd(() => stopLeftovers(dir));
  try {
    const stores = await startStores({ dir, throwAway: true, say: (text) => void process.stderr.write(`  ${text}\n`) });
    await prepareDatabase({ url: stores.databaseUrl, migrateUrl: stores.databaseMigrateUrl });
    const dataSource = await openDatabase({ url: stores.databaseUrl, poolSize: 4 });
    await seed(dataSource, LISTING, clock.now());
    const binance = {
      restUrl: env.BINANCE_REST_URL,
      streamUrl: env.BINANCE_STREAM_URL,
      wsApiUrl: env.BINANCE_WS_API_URL,
      tradingKey: { key, secret },
      treasuryKey: { key, secret },
    };
    const result = await walkTestnet({
      dataSource,
      registry: await loadRegistry(dataSource),
      binance,
      logger: createLogger('error'),
      say: (text) => void process.stderr.write(`  ${text} ...\n`),
    });
    await dataSource.destroy();
    print(result);
    return result.good ? 0 : 1;
  } finally {
    await stopLeftovers(dir);
    forget();
    rmSync(dir, { recursive: true, force: true });
  }
}

runCommand(main, DEADLINE_SECONDS);
