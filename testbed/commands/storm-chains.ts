/**
 * `npm run storm:chains -- --minutes 10 --seed S [-- --quick]`: coins come in and go out on all networks while nodes
 * misbehave.
 */
import { runCommand } from '../../deploy/cli/lifetime';
import { isQuick, json, line, option, table, wantsJson } from '../../deploy/cli/print';
import { stormChains } from '../storms/chains';
import { printAudit } from '../../deploy/cli/audit';

const USUAL = isQuick() ? { minutes: 0.25, users: 2, networks: ['ethereum'], pauseMs: 500 } : { minutes: 10, users: 4 };
/** Beside the storm itself: its world, what is on its way when the faults stop, and the audit. */
const BESIDES_SECONDS = 600;

async function main(): Promise<number> {
  const number = (name: string, usual: number): number => Number.parseFloat(option(name) ?? String(usual));
  const options = {
    ...USUAL,
    minutes: Math.min(60, number('minutes', USUAL.minutes)),
    seed: Math.floor(number('seed', Math.floor(Date.now() / 1000))),
    users: Math.min(20, number('users', USUAL.users)),
  };
  line(
    wantsJson()
      ? JSON.stringify({ ...options, started: true })
      : `\nstorm:chains · seed ${options.seed} · ${options.minutes} minutes · ${options.users} users\n`,
  );
  const { audit, ...rest } = await stormChains({
    ...options,
    say: (text) => (wantsJson() ? json({ say: text }) : line(`  ${text}`)),
  });
  const unexplained =
    rest.problems.length + audit.findings.length + audit.places.filter((place) => place.unexplained !== 0n).length;
  const good =
    audit.balanced &&
    unexplained === 0 &&
    rest.creditedTwice === 0 &&
    rest.paidTwice === 0 &&
    rest.faultsNeverFired.length === 0;
  if (wantsJson()) {
    for (const problem of rest.problems) json({ problem });
    json({ ...rest, problems: undefined, unexplained, balanced: audit.balanced, good });
    return good ? 0 : 1;
  }
  printAudit(audit);
  table(
    ['fault', 'fired'],
    Object.entries(rest.faults).map(([name, count]) => [name, String(count)]),
  );
  for (const problem of rest.problems) line(`  ${problem}`);
  if (rest.faultsNeverFired.length > 0) line(`  never fired: ${rest.faultsNeverFired.join(', ')}`);
  line(
    `\n  seed ${rest.seed} · ${rest.networks.join(', ')} · deposits ${rest.deposits} · withdrawals ${rest.withdrawals} · credited twice ${rest.creditedTwice} · paid twice ${rest.paidTwice} · unexplained ${unexplained} · ${good ? 'everything came to its end, once' : 'FAILED'}\n`,
  );
  return good ? 0 : 1;
}

runCommand(main, BESIDES_SECONDS + 60 * Number(option('minutes') ?? USUAL.minutes));
