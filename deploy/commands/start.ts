/** `npm start [-- --fresh]`: the whole exchange on this machine, until Ctrl-C. */
import { existsSync, rmSync, statSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { loadEnvFile } from '../config';
import { LOCAL, ROOT } from '../services';
import { stopLeftovers } from '../services/process';
import { World } from '../world';

const say = (line: string): void => void process.stdout.write(`  ${line}\n`);

/** Newest change below a folder, to know whether the page must be built again. */
function newest(path: string): number {
  const stat = statSync(path);
  return stat.isDirectory() ? readdirSync(path).reduce((max, name) => Math.max(max, newest(join(path, name))), 0) : stat.mtimeMs;
}

/** Builds the page when its sources are newer than the last build. */
export async function buildPage(): Promise<void> {
  const built = join(ROOT, 'dist', 'web', 'index.html');
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(newest(join(ROOT, 'web')), newest(join(ROOT, 'domain')))) return;
  say('Building the page ...');
  await build({ configFile: join(ROOT, 'web', 'vite.config.mts'), root: join(ROOT, 'web'), logLevel: 'error' });
}

async function main(): Promise<void> {
  process.stdout.write('\nJavizen\n');
  const env = loadEnvFile();
  const dir = join(LOCAL, 'world');
  if (process.argv.includes('--fresh')) {
    await stopLeftovers(dir);
    rmSync(dir, { recursive: true, force: true });
    say('A fresh world: the old one was removed.');
  }
  const world = new World({ dir, say, env: productSettings(env), ...(env.PORT && { port: Number(env.PORT) }) });
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    process.stdout.write('\n  Stopping ...\n');
    await world.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
  try {
    await buildPage();
    const { url, adminPassword } = await world.start();
    process.stdout.write(
      `\n  Javizen is open:  ${url}\n\n  admin   admin@javizen.local    ${adminPassword}\n  trader  trader@javizen.local   ${adminPassword}\n\n` +
        `  API ${url}/api/docs · walk one user's life: npm run demo · coins: npm run faucet -- <address> ETH 1 · logs ${join('.local', 'world', 'logs')}\n  Ctrl-C stops everything.\n\n`,
    );
  } catch (error) {
    process.stderr.write(`\n  ${error instanceof Error ? error.message : String(error)}\n`);
    await world.stop();
    process.exit(2);
  }
  // The exchange ends by itself only when it must (crash-only); it is started again here.
  setInterval(() => void (stopping ? undefined : world.ensureExchange().catch((error: unknown) => say(String(error)))), 2000);
}

/** Settings of the operator: those that the product knows, not the whole environment of the terminal. */
function productSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const known = /^(PORT|HOST|PUBLIC_ORIGIN|LOG_LEVEL|DATABASE_URL|REDIS_URL|SESSION_SECRET|KYC_\w+|MAIL_DIR|SMTP_URL|BINANCE_\w+|ETHEREUM_\w+|SIGNER_\w+)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => known.test(name)));
}

void main();
