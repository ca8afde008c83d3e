/** After a new KYC_KEY: everything that is sealed is sealed with it, so that the old one can be left out. */
import { allApplications, setHashes, setSealedNumber } from '../../db/stores/kyc';
import { allSecondFactors, setSealedSecret } from '../../db/stores/second-factors';
import type { ApplyKyc } from '../../domain/contract/api/kyc';
import type { ServerDeps } from '../deps';
import { documentHashOf, personHashOf } from './policy';
import type { Vault } from './vault';

const AT_ONCE = 100;

export interface Resealed {
  numbers: number;
  documents: number;
  secondFactors: number;
  /** What no version of the key opens, by name. */
  readonly unreadable: string[];
}

/** Beside a running exchange that knows both versions. May be cut off at any point and done again. */
export async function resealAll({ dataSource }: Pick<ServerDeps, 'dataSource'>, vault: Vault): Promise<Resealed> {
  const done: Resealed = { numbers: 0, documents: 0, secondFactors: 0, unreadable: [] };
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch {
      done.unreadable.push(what);
    }
  };
  for (let after = ''; ;) {
    const rows = await allApplications(dataSource, after, AT_ONCE);
    for (const row of rows) {
      await attempt(`application ${row.id}`, async () => {
        const documentNumber = vault.openText(row.id, row.documentNumber);
        await setSealedNumber(dataSource, row.id, vault.sealText(row.id, documentNumber));
        await setHashes(dataSource, row.id, {
          personHash: personHashOf(vault, row),
          documentHash: documentHashOf(vault, {
            documentType: row.documentType as ApplyKyc['documentType'],
            country: row.country,
            documentNumber,
          }),
        });
        done.numbers++;
      });
      if (row.documentFile === '') continue;
      await attempt(`document ${row.documentFile}`, async () => {
        await vault.reseal(row.id, row.documentFile);
        done.documents++;
      });
    }
    after = rows.at(-1)?.id ?? '';
    if (rows.length < AT_ONCE) break;
  }
  for (const { userId, secret } of await allSecondFactors(dataSource)) {
    await attempt(`second factor of ${userId}`, async () => {
      const subject = `second-factor:${userId}`;
      await setSealedSecret(dataSource, userId, secret, vault.sealText(subject, vault.openText(subject, secret)));
      done.secondFactors++;
    });
  }
  return done;
}
