/**
 * `npm run storm:venue -- --minutes 2 --seed S [-- --quick]`: users trade while everything that can go wrong at the
 * venue does.
 */
import { runCommand } from '../../deploy/cli/lifetime';
import { isQuick, json, line, option, table, wantsJson } from '../../deploy/cli/print';
import { venueStorm } from '../storms/venue';
import type { VenueStormResult } from '../storms/venue';
import { printAudit } from '../../deploy/cli/audit';

function print({ audit, faults, recoveries, ...result }: VenueStormResult): void {
  printAudit(audit);
  line('');
  table(
    ['fault', 'fired'],
    Object.entries(faults).map(([name, times]) => [name, String(times)]),
  );
  line('');
  table(
    ['recovery', 'times'],
    Object.entries(recoveries).map(([name, times]) => [name, String(times)]),
  );
  line('');
  table(
    ['refused', 'times'],
    Object.entries(result.refused).map(([name, times]) => [name, String(times)]),
  );
  line('');
  table(
    ['open because it', 'orders'],
    Object.entries(result.quiet.open).map(([name, times]) => [name, String(times)]),
  );
  line('');
  table(
    ['difference booked', 'asset', 'because'],
    result.differences.map(({ asset, difference, reason }) => [difference, asset, reason ?? '']),
  );
  for (const problem of result.problems) line(`  ${problem}`);
  const { routing } = result;
  line(
    `\n  routing in the calm: ${routing.userOrders} orders of users (${routing.perSecond} a second), ${routing.venueOrders} at the venue, ${routing.perVenueOrder} each; at most ${routing.mostIn10s} in ten seconds`,
  );
}

const USUAL = isQuick()
  ? { minutes: 0.2, users: 12, flood: 1, kills: 1, drawn: 12 }
  : { minutes: 2, users: 12, flood: 20, kills: 2, drawn: undefined };
/** Beside the storm itself: its world, the calm before and after, and the audit. */
const BESIDES_SECONDS = 420;

async function main(): Promise<number> {
  const number = (name: string, usual: number): number => Number(option(name) ?? usual);
  const minutes = number('minutes', USUAL.minutes);
  const options = {
    minutes,
    seed: number('seed', Math.floor(Date.now() / 1000)),
    users: number('users', USUAL.users),
    floodSeconds: number('flood', USUAL.flood),
    ...(USUAL.drawn && { drawn: USUAL.drawn }),
    kills: number('kills', Math.max(USUAL.kills, Math.round(minutes * 1.5))),
  };
  line(
    wantsJson()
      ? JSON.stringify({ ...options, started: true })
      : `\nstorm:venue · seed ${options.seed} · ${options.minutes} minutes · ${options.users} users\n`,
  );
  const result = await venueStorm({
    ...options,
    say: (text) => (wantsJson() ? json({ say: text }) : line(`  ${text}`)),
  });
  const good =
    result.balanced && result.problems.length === 0 && result.faultsNeverFired.length === 0 && result.unexplained === 0;
  if (wantsJson()) {
    const { audit, ...rest } = result;
    json({ findings: audit.findings });
    json({ ...rest, good });
    return good ? 0 : 1;
  }
  print(result);
  line(
    `\n  seed ${result.seed} · orders ${result.orders} · fills ${result.fills} · swaps ${result.swaps} · kills ${result.kills} · quiet after ${result.quiet.ms} ms · unexplained ${result.unexplained}${
      result.faultsNeverFired.length > 0 ? ` · never fired: ${result.faultsNeverFired.join(', ')}` : ''
    } · ${good ? 'every order is accounted for' : 'FAILED'}\n`,
  );
  return good ? 0 : 1;
}

runCommand(main, BESIDES_SECONDS + 60 * Number(option('minutes') ?? USUAL.minutes));
