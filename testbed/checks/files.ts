import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../deploy/config/paths';

export const HOUSES = [
  'domain',
  'ledger',
  'db',
  'matching',
  'wallets',
  'solvency',
  'server',
  'web',
  'deploy',
  'testbed',
] as const;

/** Files that git knows, and new ones that it does not ignore; those removed and not yet committed are left out. */
export function gitFiles(...patterns: string[]): string[] {
  const result = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`git ls-files failed: ${result.stderr}`);
  return [...new Set(result.stdout.split('\n'))].filter((file) => file !== '' && existsSync(join(ROOT, file)));
}

export const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
