/**
 * `npm run deposit`: deposits that wait for a person. `npm run deposit -- <id> --to <e-mail> --why "..."`: says whose
 * one of them is.
 */
import { openDatabase } from '../../db/data-source';
import { createDepositStore } from '../../db/stores/deposits';
import type { DepositStore } from '../../db/stores/deposits';
import { userById, userByEmail } from '../../db/stores/users';
import { databaseUrl } from '../config/running';
import { runCommand } from './lifetime';
import { json, line, option, table, wantsJson } from './print';

async function list(store: DepositStore, nameOf: (userId: string) => Promise<string>): Promise<number> {
  const rows = await store.held();
  const shown = await Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      network: row.network,
      asset: row.asset,
      amount: row.amount,
      txid: row.txid,
      owners: await Promise.all([row.userId, ...(await store.otherOwners(row))].map(nameOf)),
    })),
  );
  if (wantsJson()) {
    shown.forEach(json);
    json({ held: shown.length });
  } else if (shown.length === 0) line('\n  No deposit waits for a person.\n');
  else {
    table(
      ['id', 'network', 'amount', 'transaction', 'whose address it is'],
      shown.map(({ id, network, asset, amount, txid, owners }) => [
        id,
        network,
        `${amount} ${asset}`,
        txid,
        owners.join(', '),
      ]),
    );
    line(
      '\n  Ask them which transaction was theirs. Then: npm run deposit -- <id> --to <e-mail> --why "what they showed"\n',
    );
  }
  return 0;
}

async function main(): Promise<number> {
  const [id] = process.argv
    .slice(2)
    .filter((word, at, words) => !word.startsWith('--') && !['--to', '--why'].includes(words[at - 1] ?? ''));
  const [to, why] = [option('to'), option('why')];
  if (id !== undefined && (!to || !why)) {
    process.stderr.write('npm run deposit -- <id> --to <e-mail> --why "what they showed"\n');
    return 2;
  }
  const dataSource = await openDatabase({ url: await databaseUrl(), poolSize: 2 });
  try {
    const store = createDepositStore(dataSource);
    if (id === undefined)
      return await list(store, async (userId) => (await userById(dataSource, userId))?.email ?? userId);
    const user = await userByEmail(dataSource, to ?? '');
    if (!user) throw new Error(`Nobody has an account by ${to}.`);
    const released = await store.release(id, user.id, why ?? '', Date.now());
    if (wantsJson()) json({ id, userId: user.id, released });
    else
      line(
        released
          ? `\n  ${id} is credited to ${to} in the network's next round.\n`
          : `\n  Nothing was done: ${id} does not wait for a person, or its address was never ${to}'s. See: npm run deposit\n`,
      );
    return released ? 0 : 1;
  } finally {
    await dataSource.destroy();
  }
}

runCommand(main);
