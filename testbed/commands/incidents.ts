/**
 * `npm run incidents`: every numbered test. `npm run incidents -- --guards [--only=E4,E9] [--json]`: takes each guard
 * out of a copy of the tree, one at a time, and expects its test to fail.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyTree, withoutLine } from '../checks/without';
import { runCommand } from '../../deploy/cli/lifetime';
import { json, line, table, wantsJson } from '../../deploy/cli/print';
import { GUARDS } from '../incidents/guards';
import type { Guard } from '../incidents/guards';
import { LOCAL, ROOT } from '../../deploy/config/paths';

const FILES = [
  'testbed/incidents',
  'testbed/scenarios/wallets',
  'testbed/scenarios/batches',
  'testbed/scenarios/own-coins',
  'testbed/scenarios/life',
  'wallets/chains',
  'wallets/deposits',
  'wallets/keys',
  'wallets/withdrawals',
];
/** No test of one guard takes so long. */
const MOST_MS = 180_000;

interface Outcome extends Guard {
  readonly held: boolean;
  readonly why: string;
}

function runTests(root: string, files: readonly string[], pattern: string): { status: number; said: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'deploy/run.mjs'), 'test', ...files, `--testNamePattern=${pattern}`],
    { cwd: root, encoding: 'utf8', timeout: MOST_MS, maxBuffer: 64 * 1024 * 1024 },
  );
  return { status: status ?? -1, said: `${stdout}${stderr}` };
}

/** The test fails without the guard. That it passes with it is what `npm test` shows. */
function tryWithout(copy: string, guard: Guard): Outcome {
  const said = withoutLine(copy, guard, () => runTests(copy, [guard.testFile], `^${guard.test}`).said);
  if (said === undefined) return { ...guard, held: false, why: 'the line is not there, or more than once' };
  const failed = Number(/^Tests:\s+(\d+) failed/m.exec(said)?.[1] ?? 0);
  if (failed > 0) return { ...guard, held: true, why: '' };
  return {
    ...guard,
    held: false,
    why: /^Tests:.*passed/m.test(said)
      ? 'the test passes without it'
      : `no test ran: ${said.trim().split('\n').at(-1) ?? ''}`,
  };
}

function guards(): number {
  const wanted = process.argv
    .find((argument) => argument.startsWith('--only='))
    ?.slice('--only='.length)
    .split(',');
  const copy = join(LOCAL, 'guards', String(process.pid));
  copyTree(copy);
  try {
    const outcomes = GUARDS.filter(({ incident }) => !wanted || wanted.includes(incident)).map((guard) => {
      const outcome = tryWithout(copy, guard);
      if (wantsJson()) json(outcome);
      else
        process.stderr.write(
          `${outcome.incident} ${outcome.held ? 'fails without its guard, as it should' : `NOT HELD: ${outcome.why}`}: ${outcome.test}\n`,
        );
      return outcome;
    });
    const loose = outcomes.filter(({ held }) => !held);
    if (wantsJson()) json({ guards: outcomes.length, held: outcomes.length - loose.length });
    else {
      table(
        ['incident', 'guard', 'test', 'held'],
        outcomes.map(({ incident, file, test, held, why }) => [incident, file, test, held ? 'yes' : `no: ${why}`]),
      );
      line(`\n  ${outcomes.length - loose.length} of ${outcomes.length} tests fail when their guard is gone.`);
    }
    return loose.length === 0 && outcomes.length > 0 ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  if (process.argv.includes('--guards')) return guards();
  const { status } = spawnSync(
    process.execPath,
    [join(ROOT, 'deploy/run.mjs'), 'test', ...FILES, '--testNamePattern=(^| )E[0-9]+ '],
    { cwd: ROOT, stdio: 'inherit' },
  );
  return status ?? 2;
}

runCommand(main);
