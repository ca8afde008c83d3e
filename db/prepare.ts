import type { DataSource } from 'typeorm';
import { openDatabase } from './data-source';
import { migrate } from './migrate';
import { separateRights } from './rights';

/** The database, as its two users reach it. */
export interface DatabaseUrls {
  /** The application's. */
  readonly url: string;
  /** Of the user that changes the tables; left out, it is the application's. */
  readonly migrateUrl?: string | undefined;
}

/**
 * Brings the tables up to date and gives the application's user its rights; `guard` looks at the server before. Answers
 * the migrations that were carried out. The connection that may change tables is closed before this answers.
 */
export async function prepareDatabase(
  { url, migrateUrl = url }: DatabaseUrls,
  guard: (owner: DataSource) => Promise<void> = async () => undefined,
): Promise<string[]> {
  const owner = await openDatabase({ url: migrateUrl, poolSize: 1 });
  try {
    await guard(owner);
    const done = await migrate(owner);
    if (migrateUrl !== url) await separateRights(owner, url);
    return done;
  } finally {
    await owner.destroy();
  }
}
