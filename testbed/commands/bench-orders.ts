/**
 * `npm run bench:orders [-- --quick] [-- --json] [-- --only=open,rest,batch,socket,venue,fill] [--
 * --profile=directory]`: orders a
 * second, durable before they are answered, beside the usual design.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { openStage } from '../benches/stage';
import type { Measured, Stage } from '../benches/stage';
import { runCommand } from '../../deploy/cli/lifetime';
import { isQuick, json, line, table, wantsJson } from '../../deploy/cli/print';
import { unmeant } from '../benches/tally';

const USERS = 256;
const CONNECTIONS = 256;
const OPEN_ORDERS = 100_000;
const quick = isQuick();
const given = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
const only = given('only')?.split(',');
const profile = given('profile');
/** A quick run shows that every load still works; its figures mean little. */
const seconds = quick ? 1 : 8;
const DEADLINE_SECONDS = quick ? 120 : 600;

interface Row {
  readonly what: string;
  readonly measured: Measured;
}

const rate = ({ placed, canceled, seconds: took }: Measured): number => Math.round((placed + canceled) / took);
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Another server to be measured in the same run: the usual design, or the limit. */
async function other(
  name: 'yardstick' | 'limit',
  databaseUrl: string,
): Promise<{ process: ChildProcess; port: number }> {
  const env = { ...process.env, NODE_ENV: 'production', DATABASE_URL: databaseUrl };
  const child = fork(join(__dirname, `../benches/${name}.ts`), [], { execArgv: ['--require', 'tsx/cjs'], env });
  const { port } = await new Promise<{ port: number }>((resolve, reject) => {
    child.once('message', (message: { port: number }) => resolve(message));
    child.once('exit', () => reject(new Error(`the ${name} did not start`)));
  });
  return { process: child, port };
}

interface Turns {
  readonly ours: Measured[];
  /** Of the usual design. */
  readonly theirs: Measured[];
  readonly limits: Measured[];
}

/** Ours, the usual design and the limit in turns, so that all meet the same neighbours. */
async function turns(stage: Stage, run: Run): Promise<Turns> {
  const [yardstick, limit] = [await other('yardstick', stage.address.databaseMigrateUrl), await other('limit', '')];
  const [ours, theirs, limits]: [Measured[], Measured[], Measured[]] = [[], [], []];
  try {
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      ours.push(await run('one by one over HTTP', { kind: 'rest', seconds, connections: CONNECTIONS }));
      const besides = { seconds: seconds / 2, connections: CONNECTIONS };
      theirs.push(
        await run('yardstick: Express, a transaction each', { kind: 'yardstick', port: yardstick.port, ...besides }),
      );
      limits.push(
        await run('limit: bare HTTP that parses and answers', { kind: 'limit', port: limit.port, ...besides }),
      );
    }
  } finally {
    yardstick.process.kill();
    limit.process.kill();
  }
  return { ours, theirs, limits };
}

type Run = (what: string, task: Parameters<Stage['run']>[0]) => Promise<Measured>;

/** From the first byte sent to us until the emulator has the order: its clock, whole milliseconds, half a one added. */
async function venueOut(stage: Stage, sent: Record<string, number>): Promise<number> {
  const rows = await stage.query(
    'SELECT i.members, MIN(t.at) AS at FROM venue_intents i JOIN venue_trades t ON t.intent_id ' +
      '= i.id WHERE i.swap_id IS NULL GROUP BY i.id',
  );
  const times = rows.flatMap(({ members, at }) =>
    (JSON.parse(members ?? '[]') as { orderId: string }[]).flatMap(({ orderId }) =>
      sent[orderId] === undefined ? [] : [Number(at) + 0.5 - (sent[orderId] as number)],
    ),
  );
  return Math.round(median(times) * 10) / 10;
}

async function main(): Promise<number> {
  const stage = await openStage(
    'bench',
    USERS,
    (text) => void process.stderr.write(`  ${text}\n`),
    profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [],
  );
  try {
    return await measure(stage);
  } finally {
    await stage.stop();
  }
}

async function measure(stage: Stage): Promise<number> {
  const rows: Row[] = [];
  const run: Run = async (what, task) => {
    process.stderr.write(`  ${what} ...\n`);
    if (task.kind !== 'yardstick' && task.kind !== 'limit')
      await stage.run({ kind: 'clear', symbols: ['JVZJVG', 'ETHUSDT'] });
    const measured = await stage.run(task);
    rows.push({ what, measured });
    return measured;
  };
  const wanted = (name: string): boolean => only === undefined || only.includes(name);
  await run('warm up', { kind: 'rest', seconds: quick ? 1 : 3, connections: 64 });
  rows.pop();
  const atOnce = wanted('open')
    ? await run('1,000 a second, as they are due', { kind: 'open', seconds, rate: 1000, connections: CONNECTIONS })
    : undefined;
  const faster = wanted('open')
    ? await run('3,000 a second, as they are due', { kind: 'open', seconds, rate: 3000, connections: CONNECTIONS })
    : undefined;
  const { ours, theirs, limits } = wanted('rest') ? await turns(stage, run) : { ours: [], theirs: [], limits: [] };
  const batch = wanted('batch')
    ? await run('twenty at once over HTTP', { kind: 'batch', seconds, connections: 24, size: 20 })
    : undefined;
  const socket = wanted('socket')
    ? await run('over WebSockets, 256 on their way', { kind: 'socket', seconds, sockets: 64, outstanding: 4 })
    : undefined;
  const venue = wanted('venue')
    ? await run('at market, executed at the venue', { kind: 'venue', orders: quick ? 5 : 50 })
    : undefined;
  const filled = wanted('fill')
    ? await run('orders that rest', { kind: 'fill', symbols: ['ETHUSDT', 'JVZJVG'], each: quick ? 10 : 200 })
    : undefined;
  const [open] = await stage.query('SELECT COUNT(*) AS n FROM orders WHERE book_status IS NOT NULL');
  const memoryMB = stage.memoryMB();
  const { acknowledged, lost } = await stage.lost();
  const refusals = rows.flatMap(({ what, measured }) =>
    unmeant(measured.refused).map((refusal) => `${what}: ${refusal}`),
  );
  const findings = [...(await stage.findings()), ...refusals];
  const best = ours.toSorted((a, b) => rate(a) - rate(b))[Math.floor(ours.length / 2)];
  const summary = {
    durableOrdersPerSecond: median(ours.map(rate)),
    yardstickPerSecond: median(theirs.map(rate)),
    ratio:
      Math.round(median(ours.map((measured, at) => rate(measured) / Math.max(1, rate(theirs[at] as Measured)))) * 10) /
      10,
    limitPerSecond: median(limits.map(rate)),
    ofLimit: Math.round((median(ours.map(rate)) / Math.max(1, median(limits.map(rate)))) * 1000) / 1000,
    batchPerSecond: batch ? rate(batch) : 0,
    wsPerSecond: socket ? rate(socket) : 0,
    p50Ms: best?.p50Ms ?? 0,
    p99Ms: best?.p99Ms ?? 0,
    p50MsAt1000: atOnce?.p50Ms ?? 0,
    p99MsAt1000: atOnce?.p99Ms ?? 0,
    p99MsAt3000: faster?.p99Ms ?? 0,
    venueOutP50Ms: venue?.sent ? await venueOut(stage, venue.sent) : 0,
    rowsPerCommit: best ? Math.round(best.rows / Math.max(1, best.batches)) : 0,
    ordersPerCommit: best ? Math.round((best.placed + best.canceled) / Math.max(1, best.batches)) : 0,
    memoryMB,
    openOrders: Number(open?.n),
    cores: best?.cores ?? null,
    acknowledged,
    lost,
    refusals: refusals.length,
    balanced: findings.length === refusals.length,
  };
  print(rows, summary, findings, filled !== undefined);
  return lost === 0 && findings.length === 0 ? 0 : 1;
}

function print(
  rows: readonly Row[],
  summary: Record<string, unknown> & {
    lost: number;
    openOrders: number;
    memoryMB: number;
    acknowledged: number;
    venueOutP50Ms: number;
    ratio: number;
    limitPerSecond: number;
    ofLimit: number;
    balanced: boolean;
  },
  findings: readonly string[],
  filled: boolean,
): void {
  if (wantsJson()) {
    for (const { what, measured } of rows) json({ what, perSecond: rate(measured), ...measured, sent: undefined });
    for (const finding of findings) json({ finding });
    json(summary);
    return;
  }
  table(
    [
      'load',
      'a second',
      'p50 ms',
      'p90 ms',
      'p99 ms',
      'cores: exchange',
      'database',
      'load',
      'orders a commit',
      'refused',
    ],
    rows.map(({ what, measured }) => [
      what,
      String(rate(measured)),
      String(measured.p50Ms),
      String(measured.p90Ms),
      String(measured.p99Ms),
      String(measured.cores.node),
      String(measured.cores.mariadbd),
      String(measured.cores.load),
      String(Math.round((measured.placed + measured.canceled) / Math.max(1, measured.batches))),
      Object.entries(measured.refused)
        .map(([code, n]) => `${n} ${code}`)
        .join(', '),
    ]),
  );
  line(
    `\n  Each counts once it is answered, and is answered after COMMIT. One command in ten takes an order back; two orders in five trade.`,
  );
  line(
    `  ${summary.ratio} times the yardstick (median of turns), ${summary.ofLimit} of the limit of ${summary.limitPerSecond} a second. HTTP in to the order at the venue, p50: ${summary.venueOutP50Ms} ms (the emulator's clock, whole milliseconds).`,
  );
  line(
    `  Memory of the exchange with ${summary.openOrders} open orders: ${summary.memoryMB} MB${filled && summary.openOrders < OPEN_ORDERS ? ' (a full run has 100,000)' : ''}.`,
  );
  line(
    `  ${summary.acknowledged} acknowledged, ${summary.lost} lost. Books: ${summary.balanced ? 'balanced, inside and with the venue' : 'NOT BALANCED'}.`,
  );
  for (const finding of findings) line(`  ${finding}`);
}

runCommand(main, DEADLINE_SECONDS);
