/** The accounts of a local world. They are made only where every endpoint is on this machine. */
import { openDatabase } from '../../db/data-source';
import { clock, ids } from '../../deploy/roles/process';
import { ensureAccount } from '../../server';

export const DEMO_ADMIN = 'admin@javizen.local';
export const DEMO_TRADER = 'trader@javizen.local';

/** Makes both accounts where they are not there yet. */
export async function makeDemoAccounts(databaseUrl: string, password: string): Promise<void> {
  const dataSource = await openDatabase({ url: databaseUrl, poolSize: 1 });
  try {
    await ensureAccount({ dataSource, clock, ids }, { email: DEMO_ADMIN, password, role: 'admin', locale: 'en' });
    await ensureAccount({ dataSource, clock, ids }, { email: DEMO_TRADER, password, role: 'user', locale: 'en' });
  } finally {
    await dataSource.destroy();
  }
}
