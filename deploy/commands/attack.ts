/**
 * `npm run attack [-- --quick] [-- --only=A6,CSRF] [-- --fuzz 30000 --seed S] [-- --json]`: scripted attacks on a world of its own, each of
 * which must be held; with `--fuzz` so many made-up requests to every route besides. Loopback only, at most 60 requests a second for
 * the attacks, and ends by itself.
 */
import { ATTACKS, attack } from '../attack';
import { fuzz } from '../attack/fuzz';
import { runCommand } from '../lifetime';
import { isQuick, json, line, option, table, wantsJson } from '../print';

const DEADLINE_SECONDS = isQuick() ? 180 : 900;

async function main(): Promise<number> {
  const only = process.argv.find((word) => word.startsWith('--only='))?.slice('--only='.length).split(',');
  const requests = Number(option('fuzz') ?? 0);
  const seed = Number(option('seed') ?? Date.now() % 2 ** 31);
  const attacks = ATTACKS.filter(({ id, quick }) => (only ? only.some((name) => id === name || id.startsWith(`${name}.`) || id.startsWith(`${name} `)) : !isQuick() || quick));
  const say = (text: string): void => void process.stderr.write(`  ${text}\n`);
  const outcomes = await attack(attacks, say, (outcome) => {
    if (wantsJson()) json(outcome);
    else if (outcome.result !== 'held') say(`${outcome.result.toUpperCase()} ${outcome.id}: ${outcome.what}: ${outcome.why}`);
  });
  const count = (result: string): number => outcomes.filter((outcome) => outcome.result === result).length;
  const summary = { tried: outcomes.length - count('not tried'), held: count('held'), broken: count('broken'), notTried: count('not tried') };
  const fuzzed = requests > 0 ? await fuzz(requests, seed, say) : undefined;
  const good = summary.broken === 0 && summary.notTried === 0 && (!fuzzed || (fuzzed.serverErrors === 0 && fuzzed.effectsOfRefused === 0 && fuzzed.balanced));
  if (wantsJson()) {
    for (const found of fuzzed?.found ?? []) json({ found });
    json({ ...summary, ...(fuzzed && { ...fuzzed, found: undefined, seed }), good });
    return good ? 0 : 1;
  }
  table(['attack', 'what was tried', 'result', 'by'], outcomes.map(({ id, what, result, why }) => [id, what.slice(0, 90), result, why.slice(0, 60)]));
  line(`\n  ${summary.tried} tried, ${summary.held} held, ${summary.broken} broken${summary.notTried > 0 ? `, ${summary.notTried} could not be tried` : ''}`);
  if (fuzzed) {
    for (const found of fuzzed.found) line(`  ${found}`);
    line(`  fuzz, seed ${seed}: ${fuzzed.requests} requests, ${fuzzed.serverErrors} answers of 5xx, ${fuzzed.effectsOfRefused} effects of refused ones, books ${fuzzed.balanced ? 'balanced' : 'NOT BALANCED'}`);
  }
  return good ? 0 : 1;
}

runCommand(main, DEADLINE_SECONDS);
