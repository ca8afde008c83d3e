/**
 * `npm run keys -- generate | import | backup | restore | rotate | verify | drill`: the signer's seed, for its
 * operator, where it runs. Settings are the signer's own (SIGNER_...). Prints no secret; with `--json` one object a
 * line, the last the summary.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  freshSeed,
  joinShares,
  knownBy,
  passphraseKek,
  readSeed,
  readShare,
  rotateSeed,
  seedOfWords,
  splitSeed,
  writeSeed,
} from '../../wallets/keys';
import type { KeyEncryption, Seed } from '../../wallets/keys';
import { fileSettings, loadEnvFile } from '../config';
import { drill } from './keys-drill';
import { runCommand } from './lifetime';
import { json, line, option, table, wantsJson } from './print';
import { LOCAL_WORLD, localSecret } from '../config/running';
import { KEY_SETTINGS, kekOf } from '../config/signer';

const USAGE = `npm run keys -- verify                                 opens the seed and shows what it is known by
npm run keys -- generate                               a new seed, sealed; never over one that is there
npm run keys -- import --words <file>                  the seed of these words (12 to 24; a file, or - for the standard input)
npm run keys -- backup --to <directory> [--shares 3 --needed 2]     shares by Shamir's scheme, one a file: keep them apart
npm run keys -- backup --to <file> --encrypted         one copy under NEW_PASSPHRASE
npm run keys -- restore --from <share> --from <share>  the seed of shares, or of an encrypted copy (NEW_PASSPHRASE is what opens it)
npm run keys -- rotate [--kek passphrase|pkcs11]       under another key: NEW_PASSPHRASE, or a (new) key of the device
npm run keys -- drill                                  all of it in a scratch directory, and whether it came back`;

interface Place {
  readonly file: string;
  readonly settings: ReturnType<typeof KEY_SETTINGS.parse>;
  /** Of the environment alone: a second passphrase has no place in a file of settings. */
  readonly newPassphrase: string;
}

/** The signer's settings; without them the local world's. */
function place(): Place {
  const given = loadEnvFile();
  const env = { ...fileSettings('signer', given), ...given };
  const settings = KEY_SETTINGS.parse(env);
  const local =
    settings.SIGNER_SEED_FILE === undefined &&
    settings.SIGNER_PASSPHRASE === undefined &&
    settings.SIGNER_KEK === 'passphrase';
  const passphrase = (local && localSecret('signer')) || settings.SIGNER_PASSPHRASE;
  const file = option('file') ?? settings.SIGNER_SEED_FILE ?? join(LOCAL_WORLD, 'keys', 'seed.sealed');
  return {
    file,
    settings: { ...settings, ...(passphrase !== undefined && { SIGNER_PASSPHRASE: passphrase }) },
    newPassphrase: env.NEW_PASSPHRASE ?? '',
  };
}

function show(done: string, file: string, seed: Seed): void {
  const known = knownBy(seed);
  if (wantsJson()) return json({ done, file, ...known });
  table(
    ['what', 'value'],
    [['done', done], ['file', file], ...Object.entries(known).map(([what, value]) => [what, value])],
  );
}

const options = (name: string): string[] =>
  process.argv.flatMap((word, at) => (word === `--${name}` ? [process.argv[at + 1] ?? ''] : []));

async function create({ file, settings }: Place, seed: Seed, done: string): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  await writeSeed(file, seed, kekOf(settings, true));
  show(done, file, seed);
}

function words(): Seed {
  const from = option('words');
  if (!from) throw new Error('name the file with the words: --words <file>, or - for the standard input');
  return seedOfWords(readFileSync(from === '-' ? 0 : from, 'utf8'));
}

async function backup({ file, settings, newPassphrase }: Place): Promise<void> {
  const to = option('to');
  if (!to) throw new Error('say where to: --to <directory or file>');
  const seed = await readSeed(file, kekOf(settings));
  if (process.argv.includes('--encrypted')) {
    await writeSeed(to, seed, passphraseKek(newPassphrase));
    return show('an encrypted copy, checked by opening it', to, seed);
  }
  const shares = await splitSeed(seed, Number(option('shares') ?? 3), Number(option('needed') ?? 2));
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const share of shares) {
    const name = join(to, `share-${share.number}-of-${share.of}-${share.set}.json`);
    writeFileSync(name, `${JSON.stringify(share, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    if (!wantsJson()) line(`  ${name}`);
  }
  show(
    `${shares.length} shares, of which ${shares[0]?.needed} are needed`,
    to,
    await joinShares(shares.slice(-(shares[0]?.needed ?? 0))),
  );
}

async function restore(at: Place): Promise<void> {
  const from = options('from').filter(Boolean);
  if (from.length === 0) throw new Error('say what from: --from <share> for each share, or --from <encrypted copy>');
  const texts = from.map((name) => readFileSync(name, 'utf8'));
  const isCopy = 'wrapped' in (JSON.parse(texts[0] ?? '{}') as object);
  const seed = isCopy
    ? await readSeed(from[0] ?? '', passphraseKek(at.newPassphrase))
    : await joinShares(texts.map(readShare));
  await create(at, seed, 'restored');
}

async function rotate({ file, settings, newPassphrase }: Place): Promise<void> {
  const kind = option('kek') ?? 'passphrase';
  if (kind !== 'passphrase' && kind !== 'pkcs11') throw new Error('--kek is passphrase or pkcs11');
  const to: KeyEncryption =
    kind === 'passphrase'
      ? passphraseKek(newPassphrase)
      : kekOf(
          { ...settings, SIGNER_KEK: 'pkcs11', SIGNER_PKCS11_KEY: option('key') ?? settings.SIGNER_PKCS11_KEY },
          true,
        );
  await rotateSeed(file, kekOf(settings), to);
  show(
    `rotated; set SIGNER_KEK=${kind} and what belongs to it before the signer starts again`,
    file,
    await readSeed(file, to),
  );
}

async function runDrill(): Promise<number> {
  const steps = await drill();
  const good = steps.every(({ ok }) => ok);
  if (wantsJson()) {
    steps.forEach(json);
    json({ steps: steps.length, good });
  } else {
    table(
      ['step', 'outcome', 'what was seen'],
      steps.map(({ step, ok, seen }) => [step, ok ? 'ok' : 'FAILED', seen]),
    );
    line(`\n  drill: ${steps.filter(({ ok }) => ok).length} of ${steps.length} steps\n`);
  }
  return good ? 0 : 1;
}

async function main(): Promise<number> {
  const what = process.argv[2];
  if (what === 'drill') return runDrill();
  if (!what || !['generate', 'import', 'backup', 'restore', 'rotate', 'verify'].includes(what)) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const at = place();
  if (what === 'generate') await create(at, freshSeed(), 'generated');
  else if (what === 'import') await create(at, words(), 'imported');
  else if (what === 'backup') await backup(at);
  else if (what === 'restore') await restore(at);
  else if (what === 'rotate') await rotate(at);
  else show('verified: it opens, and its key signs', at.file, await readSeed(at.file, kekOf(at.settings)));
  return 0;
}

runCommand(main);
