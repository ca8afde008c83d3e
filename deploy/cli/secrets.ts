/**
 * `npm run secrets -- rotate <name> | reseal | drill [--json]`: new versions of SESSION_SECRET, ENGINE_SECRET and
 * KYC_KEY, without logging anybody out or losing a document.
 */
import { randomBytes } from 'node:crypto';
import { openDatabase } from '../../db/data-source';
import { versionsOf } from '../../domain/secret-versions';
import { createVault, resealAll } from '../../server/secrets';
import { loadEnvFile } from '../config';
import { runCommand } from './lifetime';
import { json, line, table, wantsJson } from './print';
import { drillSecrets } from './secrets-drill';

const USAGE = `npm run secrets -- rotate SESSION_SECRET|ENGINE_SECRET|KYC_KEY   a new version before the old one, as a line of settings; nothing is written
npm run secrets -- reseal                                          everything sealed with an older KYC_KEY is sealed with the newest
npm run secrets -- drill                                           all of it in a scratch directory, and whether it held`;

const NAMES = ['SESSION_SECRET', 'ENGINE_SECRET', 'KYC_KEY'] as const;
const NEXT: Record<(typeof NAMES)[number], string> = {
  SESSION_SECRET:
    'Put it into the settings of every process and start them again: nobody is logged out. Twelve hours later leave the old version out.',
  ENGINE_SECRET:
    'Put it into the settings of the process with the engine first and start it again, then of the others. Then leave the old version out.',
  KYC_KEY:
    'Put it into the settings of every process and start them again, run npm run secrets -- reseal, and then leave the old version out.',
};

function rotate(name: string | undefined, env: NodeJS.ProcessEnv): number {
  const known = NAMES.find((one) => one === name);
  if (!known) throw new Error(USAGE);
  const before = versionsOf(env[known] ?? '');
  const setting = [randomBytes(32).toString('hex'), ...before].join(',');
  if (wantsJson()) json({ rotate: known, setting, versions: before.length + 1 });
  else line(`${known}=${setting}\n\n${NEXT[known]}`);
  return 0;
}

async function reseal(env: NodeJS.ProcessEnv): Promise<number> {
  const { DATABASE_URL: url, KYC_KEY: kycKey, KYC_DIR: kycDir } = env;
  if (!url || !kycKey || !kycDir) throw new Error('DATABASE_URL, KYC_KEY and KYC_DIR must be set, as for the exchange');
  const dataSource = await openDatabase({ url, poolSize: 2 });
  try {
    const done = await resealAll({ dataSource }, createVault({ kycKey, kycDir }));
    if (wantsJson()) json(done);
    else
      table(
        ['what', 'sealed anew'],
        [
          ['numbers of documents', String(done.numbers)],
          ['documents', String(done.documents)],
          ['second factors', String(done.secondFactors)],
          ...done.unreadable.map((what) => [what, 'CANNOT BE READ']),
        ],
      );
    return done.unreadable.length === 0 ? 0 : 1;
  } finally {
    await dataSource.destroy();
  }
}

async function main(): Promise<number> {
  const [verb, name] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  if (verb === 'rotate') return rotate(name, loadEnvFile());
  if (verb === 'reseal') return reseal(loadEnvFile());
  if (verb !== 'drill') throw new Error(USAGE);
  const steps = await drillSecrets();
  if (wantsJson()) json({ drill: steps.every(({ held }) => held), steps });
  else
    table(
      ['step', 'held'],
      steps.map(({ step, held }) => [step, held ? 'yes' : 'NO']),
    );
  return steps.every(({ held }) => held) ? 0 : 1;
}

if (require.main === module) runCommand(main);
