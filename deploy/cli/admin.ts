/**
 * `npm run admin -- <e-mail> [--dismiss]`: makes an admin's account, with a password that is printed once, or takes
 * the role away. For the operator, where the database is.
 */
import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../../db/data-source';
import { recordAdminAction } from '../../db/stores/admin-audit';
import { changeAccess, userByEmail } from '../../db/stores/users';
import { inTransaction } from '../../db/transaction';
import { email as address } from '../../domain/contract/api/accounts';
import { ensureAccount } from '../../server';
import { databaseUrl } from '../config/running';
import { runCommand } from './lifetime';
import { json, line, wantsJson } from './print';
import { clock, ids } from '../roles/process';

async function main(): Promise<number> {
  const [given = ''] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const parsed = address.safeParse(given);
  if (!parsed.success) {
    process.stderr.write('npm run admin -- <e-mail> [--dismiss]\n');
    return 2;
  }
  const email = parsed.data;
  const dataSource = await openDatabase({ url: await databaseUrl(), poolSize: 1 });
  try {
    if (process.argv.includes('--dismiss')) return await dismiss(dataSource, email);
    if (await userByEmail(dataSource, email))
      throw new Error(
        `${email} has an account already. An admin is a person apart from every trader: use another address.`,
      );
    const password = randomBytes(15).toString('base64url');
    const id = await ensureAccount({ dataSource, clock, ids }, { email, password, role: 'admin', locale: 'en' });
    if (wantsJson()) json({ id, email, password });
    else
      line(
        `\n  ${email} is an admin. Password, shown this once:  ${password}\n\n  Next: log in, set up the second factor, open Withdrawals to make this admin's key, and enrol it where the signer runs:\n  npm run signer -- enrol ${email} <public key>\n`,
      );
    return 0;
  } finally {
    await dataSource.destroy();
  }
}

/** All log-ins of the account end with the role: at once, wherever they are. */
async function dismiss(dataSource: DataSource, email: string): Promise<number> {
  const user = await userByEmail(dataSource, email);
  if (user?.role !== 'admin') throw new Error(`${email} is no admin.`);
  await inTransaction(dataSource, async (manager) => {
    await changeAccess(manager, user.id, { role: 'user' });
    await recordAdminAction(manager, {
      id: ids.next(),
      adminId: 'operator',
      action: 'user.dismiss',
      subject: user.id,
      details: { email },
      at: clock.now(),
    });
  });
  if (wantsJson()) json({ id: user.id, email, role: 'user' });
  else
    line(
      `\n  ${email} is no admin any more; all log-ins have ended. Next: npm run signer -- revoke <key>, where the signer runs.\n`,
    );
  return 0;
}

runCommand(main);
