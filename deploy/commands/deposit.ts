/** `npm run deposit`: deposits that wait for a person. `npm run deposit -- <id> --to <e-mail> --why "..."`: says whose one of them is. */
import { In } from 'typeorm';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../../db/data-source';
import { DepositEntity } from '../../db/entities/deposits';
import { createDepositStore } from '../../db/stores/deposits';
import { userById, userByEmail } from '../../db/stores/users';
import { databaseUrl } from '../database-url';
import { json, line, option, runCommand, table, wantsJson } from '../print';

async function list(dataSource: DataSource): Promise<number> {
  const store = createDepositStore(dataSource);
  const rows = await dataSource.getRepository(DepositEntity).find({ where: { state: In(['HELD']) }, order: { createdAt: 'ASC' } });
  const nameOf = async (userId: string): Promise<string> => (await userById(dataSource, userId))?.email ?? userId;
  const shown = await Promise.all(rows.map(async (row) => ({ id: row.id, network: row.network, asset: row.asset, amount: row.amount, txid: row.txid, owners: await Promise.all([row.userId, ...(await store.otherOwners(row))].map(nameOf)) })));
  if (wantsJson()) {
    shown.forEach(json);
    json({ held: shown.length });
  } else if (shown.length === 0) line('\n  No deposit waits for a person.\n');
  else {
    table(['id', 'network', 'amount', 'transaction', 'whose address it is'], shown.map(({ id, network, asset, amount, txid, owners }) => [id, network, `${amount} ${asset}`, txid, owners.join(', ')]));
    line('\n  Ask them which transaction was theirs. Then: npm run deposit -- <id> --to <e-mail> --why "what they showed"\n');
  }
  return 0;
}

async function main(): Promise<number> {
  const [id] = process.argv.slice(2).filter((word, at, words) => !word.startsWith('--') && !words[at - 1]?.startsWith('--'));
  const [to, why] = [option('to'), option('why')];
  if (id !== undefined && (!to || !why)) {
    process.stderr.write('npm run deposit -- <id> --to <e-mail> --why "what they showed"\n');
    return 2;
  }
  const dataSource = await openDatabase({ url: await databaseUrl(), poolSize: 2 });
  try {
    if (id === undefined) return await list(dataSource);
    const user = await userByEmail(dataSource, to ?? '');
    if (!user) throw new Error(`Nobody has an account by ${to}.`);
    const released = await createDepositStore(dataSource).release(id, user.id, why ?? '', Date.now());
    if (wantsJson()) json({ id, userId: user.id, released });
    else line(released ? `\n  ${id} is credited to ${to} in the network's next round.\n` : `\n  Nothing was done: ${id} does not wait for a person, or its address was never ${to}'s. See: npm run deposit\n`);
    return released ? 0 : 1;
  } finally {
    await dataSource.destroy();
  }
}

runCommand(main);
