/**
 * `npm run attack [-- --quick] [-- --only=A6,CSRF] [-- --fuzz 30000 --seed S] [-- --guards] [-- --json]`: scripted
 * attacks on a world of its own, each of which must be held; with `--fuzz` so many made-up requests to every route
 * besides. Loopback only, at most 60 requests a second for the attacks, and ends by itself. With `--guards` each guard
 * (of `--only`, where that is given) is taken out of a copy of the tree, and its attack must go through.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ATTACKS, attack } from '../attack';
import { ATTACK_GUARDS } from '../attack/guards';
import { copyTree, withoutLine } from '../checks/without';
import { fuzz } from '../attack/fuzz';
import { runCommand } from '../../deploy/cli/lifetime';
import { LOCAL } from '../../deploy/config/paths';
import { isQuick, json, line, option, table, wantsJson } from '../../deploy/cli/print';

const takesGuards = process.argv.includes('--guards');
const DEADLINE_SECONDS = takesGuards ? 3600 : isQuick() ? 180 : 900;
/** One attack on a world of its own takes no longer. */
const MOST_MS = 180_000;

const only = process.argv
  .find((word) => word.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',');
const isNamed = (id: string): boolean =>
  only === undefined || only.some((name) => id === name || id.startsWith(`${name}.`) || id.startsWith(`${name} `));

/** Takes each guard out in turn; its attack must then break. */
function withoutGuards(): number {
  const copy = join(LOCAL, 'guards', `attack-${process.pid}`);
  copyTree(copy);
  try {
    const outcomes = ATTACK_GUARDS.filter(({ attack: id }) => isNamed(id)).map((guard) => {
      const args = [join(copy, 'deploy/run.mjs'), 'attack', `--only=${guard.attack}`, '--json'];
      const tried = (): string =>
        spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8', timeout: MOST_MS }).stdout;
      const { also } = guard;
      const said = withoutLine(copy, guard, () => (also ? withoutLine(copy, also, tried) : tried()));
      const why =
        said === undefined
          ? 'the line is not there, or more than once'
          : /"result":"broken"/.test(said)
            ? ''
            : `not broken: ${said.trim().split('\n').at(-1)?.slice(0, 120) ?? ''}`;
      if (wantsJson()) json({ attack: guard.attack, file: guard.file, breaks: why === '', ...(why && { why }) });
      return { ...guard, why };
    });
    const loose = outcomes.filter(({ why }) => why !== '');
    if (wantsJson())
      json({ guards: outcomes.length, broken: outcomes.length - loose.length, good: loose.length === 0 });
    else {
      table(
        ['attack', 'guard', 'goes through without it'],
        outcomes.map(({ attack: id, file, why }) => [id, file, why === '' ? 'yes' : `no: ${why}`]),
      );
      line(`\n  ${outcomes.length - loose.length} of ${outcomes.length} attacks go through when their guard is gone.`);
    }
    return loose.length === 0 && outcomes.length > 0 ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  if (takesGuards) return withoutGuards();
  const requests = Number(option('fuzz') ?? 0);
  const seed = Number(option('seed') ?? Date.now() % 2 ** 31);
  const attacks = ATTACKS.filter(({ id, quick }) => (only ? isNamed(id) : !isQuick() || quick));
  const say = (text: string): void => void process.stderr.write(`  ${text}\n`);
  const outcomes = await attack(attacks, say, (outcome) => {
    if (wantsJson()) json(outcome);
    else if (outcome.result !== 'held')
      say(`${outcome.result.toUpperCase()} ${outcome.id}: ${outcome.what}: ${outcome.why}`);
  });
  const count = (result: string): number => outcomes.filter((outcome) => outcome.result === result).length;
  const summary = {
    tried: outcomes.length - count('not tried'),
    held: count('held'),
    broken: count('broken'),
    notTried: count('not tried'),
  };
  const fuzzed = requests > 0 ? await fuzz(requests, seed, say) : undefined;
  const good =
    summary.broken === 0 &&
    summary.notTried === 0 &&
    (!fuzzed || (fuzzed.serverErrors === 0 && fuzzed.effectsOfRefused === 0 && fuzzed.balanced));
  if (wantsJson()) {
    for (const found of fuzzed?.found ?? []) json({ found });
    json({ ...summary, ...(fuzzed && { ...fuzzed, found: undefined, seed }), good });
    return good ? 0 : 1;
  }
  table(
    ['attack', 'what was tried', 'result', 'by'],
    outcomes.map(({ id, what, result, why }) => [id, what.slice(0, 90), result, why.slice(0, 60)]),
  );
  line(
    `\n  ${summary.tried} tried, ${summary.held} held, ${summary.broken} broken${summary.notTried > 0 ? `, ${summary.notTried} could not be tried` : ''}`,
  );
  if (fuzzed) {
    for (const found of fuzzed.found) line(`  ${found}`);
    line(
      `  fuzz, seed ${seed}: ${fuzzed.requests} requests, ${fuzzed.serverErrors} answers of 5xx, ${fuzzed.effectsOfRefused} effects of refused ones, books ${fuzzed.balanced ? 'balanced' : 'NOT BALANCED'}`,
    );
  }
  return good ? 0 : 1;
}

runCommand(main, DEADLINE_SECONDS);
