/**
 * `npm run storm:life -- --kills 20 --users 10 --seed S [-- --quick]`: users live their lives while everything is
 * killed in turn.
 */
import { runCommand } from '../../deploy/cli/lifetime';
import { isQuick, json, line, option, wantsJson } from '../../deploy/cli/print';
import { storm } from '../storms/life';
import { printAudit } from '../../deploy/cli/audit';

const USUAL = isQuick() ? { kills: 3, users: 2 } : { kills: 20, users: 10 };
const DEADLINE_SECONDS = isQuick() ? 180 : 900;

async function main(): Promise<number> {
  const number = (name: string, usual: number): number => Number.parseInt(option(name) ?? String(usual), 10);
  const options = {
    kills: number('kills', USUAL.kills),
    users: number('users', USUAL.users),
    seed: number('seed', Math.floor(Date.now() / 1000)),
  };
  line(
    wantsJson()
      ? JSON.stringify({ ...options, started: true })
      : `\nstorm:life · seed ${options.seed} · ${options.kills} kills · ${options.users} users\n`,
  );
  const result = await storm({ ...options, say: (text) => (wantsJson() ? json({ say: text }) : line(`  ${text}`)) });
  printAudit(result.audit);
  const { audit, ...rest } = result;
  const good =
    audit.balanced &&
    result.problems.length === 0 &&
    result.ended === result.lives &&
    result.faultsNeverFired.length === 0;
  if (wantsJson()) json({ ...rest, balanced: audit.balanced, good });
  else {
    for (const problem of result.problems) line(`  ${problem}`);
    line(
      `\n  seed ${result.seed} · lives ${result.ended} of ${result.lives} · faults ${Object.entries(result.faults)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')}${
        result.faultsNeverFired.length > 0 ? ` · never fired: ${result.faultsNeverFired.join(', ')}` : ''
      } · ${good ? 'every life ended' : 'FAILED'}\n`,
    );
  }
  return good ? 0 : 1;
}

runCommand(main, DEADLINE_SECONDS);
