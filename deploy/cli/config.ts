/**
 * `npm run config -- check [--signer]`: reads the settings and says what is wrong, with the line. `print`: what is in
 * force and from where, secrets left out. `docs [--check]`: makes the reference page and the example files, or says
 * which are not as made.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SETTINGS, fileSettings, loadEnvFile, readConfig } from '../config';
import { settingsFile } from '../config/file';
import { PAPERS } from '../config/papers';
import { ROOT } from '../config/paths';
import { ALL_SETTINGS } from '../config/reference';
import { SIGNER_SCHEMA, SIGNER_SETTINGS } from '../config/signer';
import { runCommand } from './lifetime';
import { json, line, table, wantsJson } from './print';

const USAGE = 'npm run config -- check | print | docs   [--signer] [--check] [--json]';
const forSigner = (): boolean => process.argv.includes('--signer');

/** The environment with what the files say. */
function effective(): NodeJS.ProcessEnv {
  const given = loadEnvFile();
  return forSigner() ? { ...fileSettings('signer', given), ...given } : given;
}

function check(): number {
  const env = effective();
  try {
    if (forSigner()) SIGNER_SCHEMA.parse(env);
    else readConfig(env);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (wantsJson()) json({ good: false, why });
    else line(`  ${why}`);
    return 1;
  }
  const file = settingsFile(forSigner() ? 'signer' : 'exchange', ROOT, env) ?? 'the environment alone';
  if (wantsJson()) json({ good: true, file });
  else line(`  The settings are right (${file}).`);
  return 0;
}

function print(): number {
  const env = effective();
  const names = forSigner() ? SIGNER_SETTINGS : SETTINGS;
  const isSecret = (name: string): boolean => ALL_SETTINGS.some((setting) => setting.name === name && setting.secret);
  const rows = names
    .filter((name) => env[name])
    .map((name) => ({ name, value: isSecret(name) ? '(secret)' : (env[name] ?? '') }));
  if (wantsJson()) rows.forEach(json);
  else
    table(
      ['setting', 'value'],
      rows.map(({ name, value }) => [name, value.slice(0, 100)]),
    );
  if (wantsJson()) json({ set: rows.length, of: names.length });
  return 0;
}

function docs(): number {
  const old = Object.entries(PAPERS).filter(([path, text]) => {
    const file = join(ROOT, path);
    return !existsSync(file) || readFileSync(file, 'utf8') !== text();
  });
  if (!process.argv.includes('--check')) {
    for (const [path, text] of old) {
      mkdirSync(dirname(join(ROOT, path)), { recursive: true });
      writeFileSync(join(ROOT, path), text());
      line(`  ${path}`);
    }
    return 0;
  }
  for (const [path] of old) line(`  ${path} is not as the tables say: npm run config -- docs`);
  return old.length === 0 ? 0 : 1;
}

const VERBS: Readonly<Record<string, () => number>> = { check, print, docs };

runCommand(async () => {
  const verb = VERBS[process.argv[2] ?? ''];
  if (verb) return verb();
  process.stderr.write(`${USAGE}\n`);
  return 2;
});
