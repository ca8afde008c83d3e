/** `npm start [-- --fresh]`: the whole exchange on this machine, until Ctrl-C. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { SETTINGS, loadEnvFile } from '../../deploy/config';
import { DEMO_ADMIN, DEMO_TRADER } from '../world/demo-accounts';
import { buildPage } from '../../deploy/cli/page';
import { LOCAL } from '../../deploy/config/paths';
import { stopLeftovers } from '../services/process';
import { SIGNER_SETTINGS } from '../../deploy/config/signer';
import { World } from '../world';

const say = (line: string): void => void process.stdout.write(`  ${line}\n`);

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
    buildPage(say);
    const started = await world.start();
    const { adminPassword, isLocal } = started;
    // By its name: a browser knows no passkeys at an address of numbers.
    const url = started.url.replace('//127.0.0.1:', '//localhost:');
    const accounts = `  admin   ${DEMO_ADMIN}    ${adminPassword}\n  trader  ${DEMO_TRADER}   ${adminPassword}\n\n`;
    const next = isLocal
      ? "walk one user's life: npm run demo · coins: npm run faucet -- <address> ETH 1"
      : 'an admin: npm run admin -- <e-mail>';
    process.stdout.write(
      `\n  Javizen is open:  ${url}\n\n${isLocal ? accounts : ''}  API ${url}/api/docs · ${next} · logs ${join('.local', 'world', 'logs')}\n  Ctrl-C stops everything.\n\n`,
    );
  } catch (error) {
    process.stderr.write(`\n  ${error instanceof Error ? error.message : String(error)}\n`);
    await world.stop();
    process.exit(2);
  }
  // The exchange ends by itself only when it must (crash-only); it is started again here.
  let watching = false;
  const watch = async (): Promise<void> => {
    if (watching || stopping) return;
    watching = true;
    try {
      for (const name of await world.ensure()) say(`${name} had ended and was started again; see its log`);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    } finally {
      watching = false;
    }
  };
  setInterval(() => void watch(), 2000);
}

/** Settings of the operator: those that the product knows, not the whole environment of the terminal. */
const productSettings = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries([...SETTINGS, ...SIGNER_SETTINGS].map((name) => [name, env[name]]));

void main();
