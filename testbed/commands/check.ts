/**
 * `npm run check [-- --json]`: types, lint, format, import rules, tidiness and the lock file. One line a step; what a
 * failed step said is shown below it. Exit 0 only when all pass.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HOUSES } from '../checks/files';
import { looseGuards } from '../checks/guards';
import { brokenImports } from '../checks/imports';
import { untidy } from '../checks/tidy';
import { runCommand } from '../../deploy/cli/lifetime';
import { json, line, wantsJson } from '../../deploy/cli/print';
import { ROOT } from '../../deploy/config/paths';

interface Result {
  readonly ok: boolean;
  readonly output: string;
}

const bin = (path: string): string => join(ROOT, 'node_modules', path);

function program(command: string, args: readonly string[]): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => output.push(part));
    child.stderr.on('data', (part: Buffer) => output.push(part));
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(output).toString('utf8') }));
  });
}

const node = (path: string, ...args: string[]): Promise<Result> => program(process.execPath, [bin(path), ...args]);
const list = (findings: readonly string[]): Result => ({ ok: findings.length === 0, output: findings.join('\n') });

/** npm as `run.mjs` finds it: the one that called us, the one beside this Node, the one in PATH. */
function npm(...args: string[]): Promise<Result> {
  const called = process.env.npm_execpath;
  const beside = ['node_modules/npm/bin/npm-cli.js', '../lib/node_modules/npm/bin/npm-cli.js'].map((path) =>
    join(dirname(process.execPath), path),
  );
  const found = [...(called && /npm-cli\.[cm]?js$/.test(called) ? [called] : []), ...beside].find((path) =>
    existsSync(path),
  );
  return found ? program(process.execPath, [found, ...args]) : program('npm', args);
}

const STEPS: readonly { name: string; run: () => Result | Promise<Result> }[] = [
  { name: 'types', run: () => node('typescript/bin/tsc', '-p', '.') },
  { name: 'page types', run: () => node('vue-tsc/bin/vue-tsc.js', '-p', 'web', '--noEmit') },
  {
    name: 'lint',
    run: () => node('oxlint/bin/oxlint', '-c', '.oxlintrc.json', '--type-aware', '--deny-warnings', ...HOUSES),
  },
  { name: 'format', run: () => node('prettier/bin/prettier.cjs', '--check', '--cache', '--log-level', 'warn', '.') },
  { name: 'imports', run: () => list(brokenImports()) },
  { name: 'tidy', run: () => list(untidy()) },
  { name: 'guards', run: () => list(looseGuards()) },
  { name: 'lock', run: () => npm('ci', '--dry-run', '--include=dev', '--no-progress') },
];

async function main(): Promise<number> {
  let passed = 0;
  for (const { name, run } of STEPS) {
    const from = performance.now();
    const { ok, output } = await Promise.resolve()
      .then(run)
      .catch((error: unknown): Result => ({
        ok: false,
        output: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }));
    const seconds = Math.round((performance.now() - from) / 100) / 10;
    if (ok) passed++;
    if (wantsJson()) json({ step: name, ok, seconds, ...(!ok && { output }) });
    else
      line(
        `  ${name.padEnd(12)} ${ok ? 'ok    ' : 'FAILED'} ${seconds.toFixed(1)} s${ok ? '' : `\n\n${output.trimEnd()}\n`}`,
      );
  }
  const failed = STEPS.length - passed;
  if (wantsJson()) json({ passed, failed });
  else line(`\n  ${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

runCommand(main);
