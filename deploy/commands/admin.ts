/** `npm run admin -- <e-mail>`: makes an admin's account, with a password that is printed once. For the operator, where the database is. */
import { randomBytes } from 'node:crypto';
import { openDatabase } from '../../db/data-source';
import { userByEmail } from '../../db/stores/users';
import { email as address } from '../../domain/contract/api/accounts';
import { ensureAccount } from '../../server';
import { databaseUrl } from '../database-url';
import { runCommand } from '../lifetime';
import { json, line, wantsJson } from '../print';
import { clock, ids } from '../process';

async function main(): Promise<number> {
  const [given = ''] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const parsed = address.safeParse(given);
  if (!parsed.success) {
    process.stderr.write('npm run admin -- <e-mail>\n');
    return 2;
  }
  const email = parsed.data;
  const dataSource = await openDatabase({ url: await databaseUrl(), poolSize: 1 });
  try {
    if (await userByEmail(dataSource, email)) throw new Error(`${email} has an account already. An admin is a person apart from every trader: use another address.`);
    const password = randomBytes(15).toString('base64url');
    const id = await ensureAccount({ dataSource, clock, ids }, { email, password, role: 'admin', locale: 'en' });
    if (wantsJson()) json({ id, email, password });
    else line(`\n  ${email} is an admin. Password, shown this once:  ${password}\n\n  Next: log in, set up the second factor, open Withdrawals to make this admin's key, and enrol it where the signer runs:\n  npm run signer -- enrol ${email} <public key>\n`);
    return 0;
  } finally {
    await dataSource.destroy();
  }
}

runCommand(main);
