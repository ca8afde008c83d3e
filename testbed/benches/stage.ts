/** A world of the bench's own with users in it, and the load beside it. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../db/data-source';
import { auditBooks } from '../../ledger/audit';
import { readBookFacts } from '../../db/stores/audit';
import { auditBySettings } from '../../deploy/custody';
import { LOCAL } from '../../deploy/config/paths';
import { sleep } from '../services/process';
import { isQuick } from '../../deploy/cli/print';
import { World, worldConfig } from '../world';
import type { WorldAddress } from '../world';
import { PASSWORD, emailOf, fundVenue, writeFunds } from './funds';
import type { Task, TaskResult } from './load';
import { cpuOf, memoryOf } from './processes';

/** What a load did, and what it cost. */
export interface Measured extends TaskResult {
  /** Cores used by the exchange, the database and the load. */
  readonly cores: { readonly node: number; readonly mariadbd: number; readonly load: number };
  readonly batches: number;
  readonly rows: number;
}

type Query = (sql: string, values?: unknown[]) => Promise<Record<string, string>[]>;

export interface Stage {
  readonly address: WorldAddress;
  readonly query: Query;
  run(task: Task): Promise<Measured>;
  memoryMB(): number;
  /** Acknowledged orders and cancellations that the tables do not have. */
  lost(): Promise<{ acknowledged: number; lost: number }>;
  /** What is wrong with the books; empty when they balance, inside and with the venue. */
  findings(): Promise<string[]>;
  stop(): Promise<void>;
}

const AUDIT_WAIT_MS = 20_000;
/** A quiet second between two loads, so that none pays for the one before. */
const PAUSE_MS = isQuick() ? 100 : 1000;

export async function openStage(
  name: string,
  users: number,
  say: (line: string) => void,
  nodeArgs: readonly string[] = [],
): Promise<Stage> {
  const dir = join(LOCAL, name, String(process.pid));
  mkdirSync(dir, { recursive: true });
  // Durable: the database flushes at every commit.
  const world = new World({
    dir,
    say,
    nodeArgs,
    networks: ['ethereum'],
    prepare: (settings) => writeFunds(settings, users),
  });
  const clean = async (): Promise<void> => {
    await world.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const address = await world.start();
    await fundVenue(address.binanceUrl, users);
    const dataSource = await openDatabase({ url: address.databaseUrl, poolSize: 3 });
    const query: Query = (sql, values = []) => dataSource.query(sql, values) as Promise<Record<string, string>[]>;
    const load = fork(join(__dirname, 'load.ts'), [], { execArgv: ['--import', 'tsx'] });
    const file = join(dir, 'acknowledged.txt');
    say('Users log in ...');
    await tell(load, {
      kind: 'people',
      port: Number(new URL(address.url).port),
      emails: Array.from({ length: users }, (_, user) => emailOf(user)),
      password: PASSWORD,
      file,
    });
    return {
      address,
      query,
      run: (task) => measured(world, query, load, task),
      memoryMB: () => memoryOf(world.pid('javizen')),
      lost: () => lookFor(query, file),
      findings: async () => {
        const inside = auditBooks(await readBookFacts(dataSource)).map(({ rule, subject }) => `${rule}: ${subject}`);
        const { balanced, places } = await auditBySettings(worldConfig(address), AUDIT_WAIT_MS);
        return balanced
          ? inside
          : [
              ...inside,
              ...places
                .filter(({ unexplained }) => unexplained !== 0n)
                .map(
                  ({ place, asset, unexplained }) => `${place} ${asset}: ${unexplained ?? 'unreadable'} unexplained`,
                ),
            ];
      },
      stop: async () => {
        load.disconnect();
        await dataSource.destroy();
        await clean();
      },
    };
  } catch (error) {
    await clean();
    throw error;
  }
}

function tell(load: ChildProcess, task: Task): Promise<TaskResult> {
  return new Promise((resolve, reject) => {
    load.once('message', ({ result, error }: { result?: TaskResult; error?: string }) =>
      result ? resolve(result) : reject(new Error(error)),
    );
    load.send(task);
  });
}

async function measured(world: World, query: Query, load: ChildProcess, task: Task): Promise<Measured> {
  await sleep(PAUSE_MS);
  const [engine, database] = [world.pid('javizen'), world.pid('mariadb')];
  const counts = async (): Promise<{ batch: number; rows: number }> => {
    const [[fence], status] = await Promise.all([
      query('SELECT batch FROM engine'),
      query("SHOW GLOBAL STATUS WHERE Variable_name IN ('Handler_write', 'Handler_update')"),
    ]);
    return { batch: Number(fence?.batch), rows: status.reduce((sum, row) => sum + Number(row.Value), 0) };
  };
  const before = { ...(await counts()), node: cpuOf(engine), mariadbd: cpuOf(database) };
  const result = await tell(load, task);
  const [node, mariadbd] = [cpuOf(engine) - before.node, cpuOf(database) - before.mariadbd];
  const after = await counts();
  const cores = (seconds: number): number => Math.round((seconds / result.seconds) * 100) / 100;
  return {
    ...result,
    cores: { node: cores(node), mariadbd: cores(mariadbd), load: cores(result.cpu) },
    batches: after.batch - before.batch,
    rows: after.rows - before.rows,
  };
}

async function lookFor(query: Query, file: string): Promise<{ acknowledged: number; lost: number }> {
  const ended = new Map((await query('SELECT id, state FROM orders')).map(({ id, state }) => [id ?? '', state]));
  const acknowledged = readFileSync(file, 'utf8').trim().split('\n');
  const lost = acknowledged.filter((line) => {
    const [id = '', canceled] = line.split(' ');
    return canceled ? ended.get(id) !== 'CANCELED' : !ended.has(id);
  });
  return { acknowledged: acknowledged.length, lost: lost.length };
}
