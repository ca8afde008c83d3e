import { applicationsWithoutHash, setHashes } from '../../db/stores/kyc';
import type { ApplyKyc } from '../../domain/contract/api/kyc';
import type { ServerDeps } from '../deps';
import { documentHashOf, personHashOf } from './policy';
import type { Vault } from './vault';

const AT_ONCE = 100;

/**
 * Applications of older versions get the hashes by which the same document and the same person are found; a number
 * that the vault cannot open is left out.
 */
export async function fillDocumentHashes(
  { dataSource, logger }: Pick<ServerDeps, 'dataSource' | 'logger'>,
  vault: Vault,
): Promise<void> {
  for (let after = ''; ;) {
    const rows = await applicationsWithoutHash(dataSource, after, AT_ONCE);
    for (const row of rows) {
      await setHashes(dataSource, row.id, { personHash: personHashOf(vault, row) });
      if (row.documentHash !== null) continue;
      try {
        const documentNumber = vault.openText(row.id, row.documentNumber);
        await setHashes(dataSource, row.id, {
          documentHash: documentHashOf(vault, {
            documentType: row.documentType as ApplyKyc['documentType'],
            country: row.country,
            documentNumber,
          }),
        });
      } catch (error) {
        logger.warn(
          { event: 'kyc.number_unreadable', application: row.id, error: String(error) },
          'a document number cannot be read',
        );
      }
    }
    const last = rows.at(-1);
    if (!last || rows.length < AT_ONCE) return;
    after = last.id;
  }
}
