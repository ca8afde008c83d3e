/**
 * Documents that nobody needs any more: of people who were refused some time ago, and files that no application has.
 */
import { documentDeleted, filesOfApplications, refusedWithDocument } from '../../db/stores/kyc';
import type { ServerDeps } from '../deps';
import type { Vault } from './vault';

const DAY_MS = 86_400_000;
const AT_ONCE = 100;

type Deps = Pick<ServerDeps, 'dataSource' | 'clock' | 'logger'>;

/** `days` after the decision. What is sealed in the row, and the hashes by which a twin is found, stay. */
export async function forgetDocuments({ dataSource, clock, logger }: Deps, vault: Vault, days: number): Promise<void> {
  for (;;) {
    const rows = await refusedWithDocument(dataSource, clock.now() - days * DAY_MS, AT_ONCE);
    for (const { id, documentFile } of rows) {
      await vault.remove(documentFile);
      await documentDeleted(dataSource, id);
    }
    if (rows.length > 0) logger.info({ documents: rows.length }, 'documents of refused people were deleted');
    if (rows.length < AT_ONCE) break;
  }
  // By the clock of the file system: a file is older than its application by a moment alone.
  const files = await vault.olderThan(Date.now() - DAY_MS);
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const some = files.slice(at, at + AT_ONCE);
    const kept = await filesOfApplications(dataSource, some);
    for (const file of some.filter((one) => !kept.has(one))) {
      await vault.remove(file);
      logger.warn({ event: 'kyc.orphan_deleted', file }, 'a document of no application was deleted');
    }
  }
}

/** Once at the start and each day. Answers how to end. */
export function keepForgetting(deps: Deps, vault: Vault, days: number): () => void {
  const run = (): void =>
    void forgetDocuments(deps, vault, days).catch((error: unknown) =>
      deps.logger.warn({ event: 'kyc.documents_not_deleted', error: String(error) }, 'documents were not deleted'),
    );
  const first = setTimeout(run, 60_000).unref();
  const timer = setInterval(run, DAY_MS).unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}
