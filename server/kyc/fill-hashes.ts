import { applicationsWithoutHash, setDocumentHash } from '../../db/stores/kyc';
import type { ApplyKyc } from '../../domain/contract/api/kyc';
import type { ServerDeps } from '../deps';
import { documentHashOf } from './policy';
import type { Vault } from './vault';

const AT_ONCE = 100;

/** Applications of older versions get the hash by which the same document is found; one that the vault cannot open is left out. */
export async function fillDocumentHashes({ dataSource, logger }: Pick<ServerDeps, 'dataSource' | 'logger'>, vault: Vault): Promise<void> {
  for (let after = ''; ; ) {
    const rows = await applicationsWithoutHash(dataSource, after, AT_ONCE);
    for (const row of rows) {
      try {
        const documentNumber = vault.openText(row.id, row.documentNumber);
        await setDocumentHash(dataSource, row.id, documentHashOf(vault, { documentType: row.documentType as ApplyKyc['documentType'], country: row.country, documentNumber }));
      } catch (error) {
        logger.warn({ application: row.id, error: String(error) }, 'a document number cannot be read');
      }
    }
    const last = rows.at(-1);
    if (!last || rows.length < AT_ONCE) return;
    after = last.id;
  }
}
