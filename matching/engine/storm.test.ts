/** The real writer on a real database whose commits fail, stall or lose their answer, and two writers that fight. */
import fc from 'fast-check';
import { readBookFacts } from '../../db/stores/audit';
import { BatchRefused, createEngineStore } from '../../db/stores/engine';
import type { EngineStore } from '../../db/stores/engine';
import { testDatabase } from '../../db/testing';
import { fixedClock } from '../../domain/clock-and-ids';
import type { Command, CommandAnswer } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import { createEventBus } from '../../domain/contract/event-bus';
import { auditBooks } from '../../ledger/audit';
import { createEngine } from '.';
import type { EngineControl } from '.';
import { Model, commandOf, dealOf, registry, wish } from './testing';

const seed = Number(process.env.SEED ?? 20251121);
console.info(`engine in a storm: seed ${seed}`);
jest.setTimeout(120_000);

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
let database: Awaited<ReturnType<typeof testDatabase>>;
const engines: EngineControl[] = [];
beforeEach(async () => {
  database = await testDatabase();
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await database.close();
});

/** Numbers below `limit`, the same ones for the same seed. */
function dice(start: number): (limit: number) => number {
  let state = (start ^ 0x9e3779b9) >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % limit;
  };
}

/** Commits that break: before, after, refused, late; and takeovers that find no server. */
function stormy(
  real: EngineStore,
  roll: (limit: number) => number,
  hits: Map<string, number>,
  on: () => boolean,
): EngineStore {
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, roll(15)));
  const hit = (what: string): void => void hits.set(what, (hits.get(what) ?? 0) + 1);
  return {
    ...real,
    takeOver: async (readers) => {
      if (on() && roll(8) === 0) {
        hit('no server');
        throw new Error('no server');
      }
      return real.takeOver(readers);
    },
    commit: async (write) => {
      const fate = on() ? roll(16) : 15;
      if (fate === 0) {
        hit('before');
        throw new Error('connection lost before COMMIT');
      }
      if (fate === 1) {
        hit('refused');
        throw new BatchRefused('refused for once');
      }
      if (fate < 5) await pause();
      await real.commit(write);
      if (fate === 2 || fate === 6) {
        hit('after');
        throw new Error('connection lost after COMMIT');
      }
    },
  };
}

async function openEngine(
  store: (real: EngineStore) => EngineStore = (real) => real,
  onFenced: () => void = () => undefined,
): Promise<EngineControl> {
  const { dataSource } = database;
  const events = createEventBus((error) => {
    throw error;
  });
  const engine = createEngine({
    dataSource,
    registry,
    clock: fixedClock(),
    events,
    logger: silent,
    onFenced,
    store: store(createEngineStore(dataSource)),
  });
  for (let attempt = 0; ; attempt++) {
    try {
      await engine.start();
      break;
    } catch (error) {
      if (attempt > 50) throw error;
    }
  }
  engines.push(engine);
  engine.venueBalances(new Map(['ETH', 'USDT'].map((asset) => [asset, 10n ** 30n])));
  return engine;
}

const rows = async <T>(sql: string): Promise<T[]> => (await database.dataSource.query(sql)) as T[];
const RETRIED = new Set(['UNKNOWN_OUTCOME', 'BUSY']);

interface Told {
  readonly command: Command;
  readonly answer: CommandAnswer;
}

/** Asks until there is a final word. Undefined when it is a refusal. */
async function insist(engine: EngineControl, command: Command): Promise<Told | undefined> {
  for (;;) {
    try {
      return { command, answer: await engine.submit(command) };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (!RETRIED.has(error.code)) return undefined;
    }
  }
}

/** Every acknowledged command is in the table with the answer that was given, and nothing happened twice. */
async function sound(told: readonly Told[]): Promise<void> {
  const kept = new Map(
    (await rows<{ reference: string; answer: string }>('SELECT reference, answer FROM commands')).map((row) => [
      row.reference,
      row.answer,
    ]),
  );
  for (const { command, answer } of told) {
    const stored = kept.get(command.reference);
    expect([command.reference, typeof stored === 'string' ? JSON.parse(stored) : stored]).toEqual([
      command.reference,
      answer,
    ]);
  }
  expect(
    await rows(
      'SELECT reference, reason, COUNT(*) AS n FROM journal_entries GROUP BY reference, reason HAVING COUNT(*) > 1',
    ),
  ).toEqual([]);
  // The operator may owe for facts; the rest of the books may not be off by one unit.
  const findings = auditBooks(await readBookFacts(database.dataSource));
  expect(findings.filter(({ rule }) => rule !== "operator's position never below zero")).toEqual([]);
}

test('commits that fail, stall or lose their answer at random: nothing acknowledged is lost, nothing is done twice', async () => {
  const roll = dice(seed);
  const hits = new Map<string, number>();
  let storm = true;
  const engine = await openEngine((real) => stormy(real, roll, hits, () => storm));
  // The model only proposes sensible commands here; what the storm made of them is judged by the tables.
  const model = new Model();
  const told: Told[] = [];
  const wishes = fc.sample(wish, { seed, numRuns: 600 });
  for (let at = 0; at < wishes.length;) {
    const group: Command[] = [];
    for (const size = 1 + roll(12); group.length < size && at < wishes.length; at++) {
      const given = wishes[at];
      const made = given && commandOf(model, given, at);
      if (!made) continue;
      if ('quote' in made) {
        engine.offer(made);
        model.quotes.set(made.quote.id, dealOf(made));
      } else {
        group.push(made);
        model.act(made);
      }
    }
    const answers = await Promise.all(
      group
        .flatMap((command) => (roll(4) === 0 ? [command, command] : [command]))
        .map((command) => insist(engine, command)),
    );
    told.push(...answers.filter((answer) => answer !== undefined));
  }
  storm = false;
  expect([...hits.keys()].sort()).toEqual(['after', 'before', 'no server', 'refused']);
  expect(told.length).toBeGreaterThan(150);
  await sound(told);
  // Old references again, after it all and after a restart: the answers of then.
  await engine.stop();
  const next = await openEngine();
  for (const { command, answer } of told.filter((_, at) => at % 7 === 0))
    expect(await next.submit(command)).toEqual(answer);
  await sound(told);
});

test('two writers at once on one database: one is fenced off, and the books are those of a single writer', async () => {
  const roll = dice(seed + 1);
  let fenced = 0;
  const told: Told[] = [];
  const deposit = (n: number): Command => ({
    kind: 'deposit.credit',
    reference: `deposit:${n}`,
    depositId: `d${n}`,
    userId: `u${n % 3}`,
    network: 'ethereum',
    asset: 'ETH',
    amount: '1',
  });
  let engine = await openEngine(undefined, () => fenced++);
  for (let round = 0; round < 6; round++) {
    const first = round * 40;
    const older = engine;
    const commands = Array.from({ length: 40 }, (_, n) => deposit(first + n));
    const early = commands.map((command) =>
      older.submit(command).then(
        (answer) => told.push({ command, answer }),
        () => undefined,
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, roll(8)));
    const younger = await openEngine(undefined, () => fenced++);
    const late = await Promise.all(commands.map((command) => insist(younger, command)));
    await Promise.all(early);
    expect(late.every((answer) => answer !== undefined)).toBe(true);
    told.push(...late.filter((answer) => answer !== undefined));
    // The older one, asked once more, finds that it is no longer the writer.
    await expect(older.submit(deposit(10_000 + round))).rejects.toMatchObject({
      code: expect.stringMatching(/^(UNKNOWN_OUTCOME|BUSY)$/) as unknown,
    });
    engine = younger;
  }
  expect(fenced).toBe(6);
  await sound(told);
  expect(await rows('SELECT COUNT(*) AS n FROM commands')).toEqual([{ n: '240' }]);
  for (const user of ['u0', 'u1', 'u2'])
    expect(await engine.balancesOf(user)).toEqual([{ asset: 'ETH', available: '79.96', held: '0' }]);
});
