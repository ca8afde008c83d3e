import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordAdminAction } from '../../db/stores/admin-audit';
import { testDatabase } from '../../db/testing';
import { createEventBus } from '../../domain/contract/event-bus';
import { chainFindings, createChainNotes } from '../../solvency/chain-watch';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

test('what was noted outside names a log that was made anew in the database, in the audit and as an alert', async () => {
  const { dataSource, owner, close } = await testDatabase();
  const dir = await mkdtemp(join(tmpdir(), 'javizen-notes-'));
  try {
    const notesFile = join(dir, 'notes.jsonl');
    const told: unknown[] = [];
    const events = createEventBus(() => undefined);
    events.on('alert', ({ code, details }) => void told.push([code, details?.log, details?.place]));
    const begin = () => createChainNotes({ dataSource, events, logger: quiet, notesFile });
    let round = begin();
    const act = (n: number) =>
      recordAdminAction(dataSource, { id: `a${n}`, adminId: 'boss', action: 'x', subject: 's', details: {}, at: n });
    await act(1);
    await round();
    await act(2);
    await round();
    await round();
    // A kill in the middle of a line.
    await appendFile(notesFile, '\n{"chain":"admin_a');
    await act(3);
    round = begin();
    await round();
    expect([await chainFindings(dataSource, notesFile), told]).toEqual([[], []]);
    await owner.query("UPDATE admin_audit SET hash = REPEAT('b', 64) WHERE place = 3");
    await dataSource.query("UPDATE chain_heads SET hash = REPEAT('b', 64) WHERE name = 'admin_audit'");
    await round();
    expect(told).toEqual([['LOG_CHANGED', 'admin_audit', 3]]);
    expect(await chainFindings(dataSource, notesFile)).toMatchObject([
      { rule: 'logs are as they were written', subject: 'admin_audit 3 (a3)', found: 'changed' },
    ]);
  } finally {
    await close();
    await rm(dir, { recursive: true, force: true });
  }
});
