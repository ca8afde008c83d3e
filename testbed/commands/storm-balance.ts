/**
 * `npm run storm:balance -- --rounds 1000 --users 12 [-- --quick]`: orders for the whole balance, 50 at once, on two
 * API processes.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { auditBySettings } from '../../deploy/custody';
import { runCommand } from '../../deploy/cli/lifetime';
import { isQuick, json, line, option, table, wantsJson } from '../../deploy/cli/print';
import { usersWithEther, wholeBalanceRounds } from '../storms/balance';
import { LOCAL } from '../../deploy/config/paths';
import { World, worldConfig } from '../world';
import { printAudit } from '../../deploy/cli/audit';

const AUDIT_WAIT_MS = 60_000;
/** Each user may place 6,000 orders a minute; in turn they stay below it. */
const USUAL = isQuick() ? { rounds: 10, users: 2 } : { rounds: 200, users: 12 };
const DEADLINE_SECONDS = isQuick() ? 180 : 1800;

async function main(): Promise<number> {
  const number = (name: string, usual: number): number => Number.parseInt(option(name) ?? String(usual), 10);
  const [rounds, users] = [number('rounds', USUAL.rounds), number('users', USUAL.users)];
  const say = (text: string): void => (wantsJson() ? json({ say: text }) : line(`  ${text}`));
  const dir = join(LOCAL, 'storm', `${process.pid}`);
  mkdirSync(dir, { recursive: true });
  const world = new World({ dir, say, networks: ['ethereum'] });
  try {
    const address = await world.start();
    say('A further API process ...');
    const api = await world.startApi();
    const result = await wholeBalanceRounds(await usersWithEther(address, users), [address.url, api], rounds, say);
    const books = await auditBySettings(worldConfig(address), AUDIT_WAIT_MS);
    const good = result.problems.length === 0 && result.accepted === rounds && books.balanced;
    printAudit(books);
    if (wantsJson()) json({ ...result, balanced: books.balanced, good });
    else {
      table(
        ['rounds', 'orders', 'accepted', 'refused', 'half answered in', '99 % in', 'orders a second'],
        [
          [
            result.rounds,
            result.orders,
            result.accepted,
            result.refused,
            `${result.answers.half} ms`,
            `${result.answers.most} ms`,
            result.ordersASecond,
          ].map(String),
        ],
      );
      for (const problem of result.problems) line(`  ${problem}`);
      line(`\n  ${good ? 'never more than the balance, no hold left over' : 'FAILED'}\n`);
    }
    return good ? 0 : 1;
  } finally {
    await world.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

runCommand(main, DEADLINE_SECONDS);
