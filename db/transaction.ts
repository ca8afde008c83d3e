import type { DataSource, EntityManager } from 'typeorm';

/** One transaction, as the stores take it. */
export type Transaction = EntityManager;

/** Deadlock, lock wait timeout, record changed since read: the whole transaction may be tried again. */
const TRANSIENT = new Set([1213, 1205, 1020]);
const TRIES = 5;

/** The server's error number of a failed statement, or undefined. Compare numbers: the names differ between servers. */
export function errno(error: unknown): number | undefined {
  const driver = (error as { driverError?: { errno?: number } })?.driverError;
  return driver?.errno ?? (error as { errno?: number })?.errno;
}

export const isTransient = (error: unknown): boolean => TRANSIENT.has(errno(error) ?? 0);

/**
 * Did the server refuse the data itself (too long, out of range, duplicate, a CHECK) or the statement? Trying again is
 * no use.
 */
export function isRefusal(error: unknown): boolean {
  const { driverError, sqlState } = (error ?? {}) as { driverError?: { sqlState?: string }; sqlState?: string };
  const state = driverError?.sqlState ?? sqlState ?? '';
  return ['22', '23', '42'].includes(state.slice(0, 2));
}

/** Was it a second row with the same unique key? */
export const isDuplicate = (error: unknown): boolean => errno(error) === 1062;

/**
 * Runs `work` in one transaction and commits. Any error rolls everything back (after a lock wait timeout the server
 * itself undoes one statement only); transient ones are tried again. What `work` does outside the database must bear
 * repeating.
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await dataSource.transaction('READ COMMITTED', work);
    } catch (error) {
      if (attempt >= TRIES || !isTransient(error)) throw error;
    }
  }
}
