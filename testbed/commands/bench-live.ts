/**
 * `npm run bench:live [-- --quick] [-- --json]`: one server process tells thousands of listeners of the books, and
 * some of them do not read.
 */
import { fork } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LiveResult, LiveTask } from '../benches/live-clients';
import { cpuOf, memoryOf } from '../benches/processes';
import { runCommand } from '../../deploy/cli/lifetime';
import { isQuick, json, line, table, wantsJson } from '../../deploy/cli/print';
import { LOCAL } from '../../deploy/config/paths';
import { sleep } from '../services/process';
import { World } from '../world';

const quick = isQuick();
const SIZES = quick ? [200] : [2000, 5000];
const SECONDS = quick ? 3 : 12;
const DEADLINE_SECONDS = quick ? 120 : 400;
/** Those that stop reading. */
const SLOW = 4;
const SYMBOLS = ['ETHUSDT'];

async function measure(world: World, port: number, clients: number): Promise<Record<string, number>> {
  const pid = world.pid('javizen');
  const idle = await coresOver(pid, quick ? 1 : 3);
  const task: LiveTask = {
    port,
    clients,
    slow: SLOW,
    symbols: SYMBOLS,
    seconds: SECONDS,
    waitForSlowMs: quick ? 1000 : 8000,
  };
  const child = fork(join(__dirname, '../benches/live-clients.ts'), [], { execArgv: ['--require', 'tsx/cjs'] });
  let [cpu, cores, memoryMB] = [0, 0, 0];
  const { result, error } = await new Promise<{ result?: LiveResult; error?: string }>((resolve) => {
    child.on('message', (message: { quiet?: 'begins' | 'ends'; result?: LiveResult; error?: string }) => {
      if (message.quiet === 'begins') cpu = cpuOf(pid);
      else if (message.quiet === 'ends') [cores, memoryMB] = [(cpuOf(pid) - cpu) / SECONDS, memoryOf(pid)];
      else resolve(message);
    });
    child.send(task);
  });
  child.disconnect();
  if (!result) throw new Error(error);
  const { quiet, withSlow, skipped, resynced, cut, gapsOfOthers } = result;
  const round = (value: number, places = 1): number => Math.round(value * 10 ** places) / 10 ** places;
  const listening = clients - task.slow;
  const messagesPerSecond = quiet.messages / quiet.seconds;
  return {
    clients,
    updatesPerSecond: round(messagesPerSecond / listening),
    messagesPerSecond: Math.round(messagesPerSecond),
    bytesPerMessage: Math.round(quiet.bytes / Math.max(1, quiet.messages)),
    cpuUsPerMessage: round(((cores - idle) * 1e6) / Math.max(1, (messagesPerSecond * clients) / listening)),
    serverCores: round(cores, 2),
    idleCores: round(idle, 2),
    listenerCores: round(quiet.cpu / quiet.seconds, 2),
    memoryMB,
    spreadP50Ms: quiet.spreadP50Ms,
    spreadP99Ms: quiet.spreadP99Ms,
    spreadP99MsWithSlow: withSlow.spreadP99Ms,
    othersDelayedMs: round(withSlow.spreadP99Ms - quiet.spreadP99Ms),
    slow: task.slow,
    slowSkipped: skipped,
    slowResynced: resynced,
    slowCut: cut,
    othersGaps: gapsOfOthers,
  };
}

async function coresOver(pid: number, seconds: number): Promise<number> {
  const before = cpuOf(pid);
  await sleep(seconds * 1000);
  return (cpuOf(pid) - before) / seconds;
}

async function main(): Promise<number> {
  const dir = join(LOCAL, 'bench-live', String(process.pid));
  mkdirSync(dir, { recursive: true });
  const world = new World({
    dir,
    networks: ['ethereum'],
    env: { SOCKETS_PER_ADDRESS: '10000' },
    say: (text) => void process.stderr.write(`  ${text}\n`),
  });
  const rows: Record<string, number>[] = [];
  try {
    const { url } = await world.start();
    await sleep(quick ? 500 : 3000);
    for (const clients of SIZES) {
      process.stderr.write(`  ${clients} listeners ...\n`);
      rows.push(await measure(world, Number(new URL(url).port), clients));
      await sleep(quick ? 0 : 2000);
    }
  } finally {
    await world.stop();
    rmSync(dir, { recursive: true, force: true });
  }
  if (wantsJson()) for (const row of rows) json(row);
  else print(rows);
  return rows.every(({ slowSkipped, slowResynced, othersGaps }) => slowSkipped === slowResynced && othersGaps === 0)
    ? 0
    : 1;
}

function print(rows: readonly Record<string, number>[]): void {
  const columns = [
    'clients',
    'updatesPerSecond',
    'messagesPerSecond',
    'bytesPerMessage',
    'cpuUsPerMessage',
    'serverCores',
    'idleCores',
    'listenerCores',
    'memoryMB',
    'spreadP99Ms',
    'spreadP99MsWithSlow',
    'slow',
    'slowSkipped',
    'slowResynced',
  ];
  table(
    columns,
    rows.map((row) => columns.map((column) => String(row[column]))),
  );
  line(
    '\n  An update is a change of one book; spread: from the first listener that has it to the others. Slow ones stop reading, are skipped, and ask for the book when they read again.',
  );
}

runCommand(main, DEADLINE_SECONDS);
