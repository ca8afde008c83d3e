/**
 * Chained logs: their heads are noted outside the database once a minute, and what is older than the retention is
 * forgotten.
 */
import { appendFile, readFile } from 'node:fs/promises';
import type { DataSource } from 'typeorm';
import { CHAINS, chainHeads, forgetSecurityEvents, verifyChain } from '../db/chains';
import type { ChainHead, ChainName } from '../db/chains';
import type { Clock } from '../domain/clock-and-ids';
import type { EventBus, Logger } from '../domain/contract/ports';
import type { Finding } from '../ledger/audit';

const EVERY_MS = 60_000;
const DAY_MS = 86_400_000;

export interface ChainWatchDeps {
  readonly dataSource: DataSource;
  readonly clock: Clock;
  readonly events: EventBus;
  readonly logger: Logger;
  /** Lines of JSON, appended; nothing is noted where it is left out. */
  readonly notesFile: string | undefined;
  readonly securityEventDays: number;
}

/** Every row of a chained log that is missing or is not what it was, as a rule of the audit that is broken. */
export async function chainFindings(dataSource: DataSource, notesFile: string | undefined): Promise<Finding[]> {
  const notes = await readNotes(notesFile);
  const found = await Promise.all(
    (Object.keys(CHAINS) as ChainName[]).map((chain) => verifyChain(dataSource, chain, notes)),
  );
  return found.flat().map(({ chain, place, row, what }) => ({
    rule: 'logs are as they were written',
    subject: `${chain} ${place}${row === null ? '' : ` (${row})`}`,
    asset: '',
    expected: 'as written',
    found: what,
  }));
}

async function readNotes(file: string | undefined): Promise<ChainHead[]> {
  if (file === undefined) return [];
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? '' : Promise.reject(error),
  );
  // A line may have been cut off by a kill; the next begins on one of its own.
  return text.split('\n').flatMap(noteIn);
}

function noteIn(line: string): ChainHead[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as ChainHead];
  } catch {
    return [];
  }
}

/** Compares each chain with what was noted of it last, notes what is new, and forgets by rule. Answers how to end. */
export function watchChains(deps: ChainWatchDeps): () => void {
  let timer: NodeJS.Timeout | undefined;
  let forgottenAt = 0;
  const round = createChainNotes(deps);
  const loop = async (): Promise<void> => {
    try {
      if (deps.clock.now() - forgottenAt >= DAY_MS) {
        await forgetSecurityEvents(deps.dataSource, deps.clock.now() - deps.securityEventDays * DAY_MS);
        forgottenAt = deps.clock.now();
      }
      await round();
    } catch (error) {
      deps.logger.warn(
        { event: 'solvency.log_not_noted', error: String(error) },
        'the chained logs could not be noted',
      );
    }
    if (timer) timer = setTimeout(() => void loop(), EVERY_MS).unref();
  };
  timer = setTimeout(() => void loop(), 0).unref();
  return () => {
    clearTimeout(timer);
    timer = undefined;
  };
}

/**
 * Answers what does one round: what was noted last must stand where it stood, what is not there any more is an alert,
 * what is new is noted.
 */
export function createChainNotes({
  dataSource,
  events,
  logger,
  notesFile,
}: Pick<ChainWatchDeps, 'dataSource' | 'events' | 'logger' | 'notesFile'>): () => Promise<void> {
  let last: Map<ChainName, ChainHead> | undefined;
  return async () => {
    last ??= new Map((await readNotes(notesFile)).map((note) => [note.chain, note]));
    for (const head of await chainHeads(dataSource)) {
      const { chain, place, base } = head;
      const before = last.get(chain);
      if (before && before.place > base && (await hashAt(dataSource, chain, before.place)) !== before.hash) {
        events.publish({
          name: 'alert',
          code: 'LOG_CHANGED',
          message: 'A chained log is not what was noted of it. Look at it with npm run audit.',
          details: { log: chain, place: before.place },
        });
        continue;
      }
      if (before?.place === place && before.base === base) continue;
      if (notesFile !== undefined) await appendFile(notesFile, `\n${JSON.stringify(head)}`, { mode: 0o600 });
      last.set(chain, head);
      logger.debug({ ...head }, 'the head of a chained log');
    }
  };
}

async function hashAt(dataSource: DataSource, chain: ChainName, place: number): Promise<string | undefined> {
  const rows = (await dataSource.query(`SELECT hash FROM ${chain} WHERE place = ?`, [place])) as { hash: string }[];
  return rows[0]?.hash;
}
