/** For an operator's commands: the books, and who can say what lies where, by the settings of the exchange. */
import { openDatabases } from '../db/data-source';
import { loadRegistry } from '../db/stores/registry';
import { openVenueCustody } from '../matching';
import { audit } from '../solvency/audit';
import type { AuditDeps, AuditResult } from '../solvency/audit';
import { openCustody } from '../wallets/custody';
import { connectSigner } from '../wallets/keys';
import { binanceSettings } from './config';
import type { Config } from './config';
import { walletNetworks } from './config/wallets';

/** With connections of its own, to be closed when the command is done. */
export async function openBooks(config: Config): Promise<AuditDeps & { close(): Promise<void> }> {
  const databases = await openDatabases({ url: config.DATABASE_URL, poolSize: 3 }, config.DATABASE_READER_URL);
  const { dataSource, reader } = databases;
  const registry = await loadRegistry(dataSource);
  const venue = openVenueCustody({ binance: binanceSettings(config) }, registry);
  const signer = connectSigner(config.SIGNER_SOCKET);
  const readers = [
    ...openCustody({ dataSource, registry, signer, capital: venue.capital }, walletNetworks(config)),
    venue.custody,
  ];
  return {
    dataSource,
    reader,
    readers,
    notesFile: config.CHAIN_NOTES_FILE,
    close: async () => {
      for (const place of readers) place.close();
      await databases.close();
    },
  };
}

/** Audits once, waiting up to `waitMs` for what is on its way. */
export async function auditBySettings(config: Config, waitMs: number): Promise<AuditResult> {
  const books = await openBooks(config);
  try {
    return await audit(books, waitMs);
  } finally {
    await books.close();
  }
}
