/** Thousands of listeners in a process of their own: some stop reading for a while, and must find their way back. */
import { Listener } from './listener';
import type { DepthSpan } from './listener';

export interface LiveTask {
  readonly port: number;
  readonly clients: number;
  /** Of them, those that stop reading in the second part. */
  readonly slow: number;
  readonly symbols: readonly string[];
  readonly seconds: number;
  /** How long slow listeners have, once they read again, to be told of the gap and to come back. */
  readonly waitForSlowMs: number;
}

export interface LivePart {
  readonly seconds: number;
  readonly messages: number;
  readonly bytes: number;
  /** Between the first listener that has an update and each of the others, ms. */
  readonly spreadP50Ms: number;
  readonly spreadP99Ms: number;
  readonly cpu: number;
}

export interface LiveResult {
  readonly quiet: LivePart;
  readonly withSlow: LivePart;
  readonly skipped: number;
  readonly resynced: number;
  readonly cut: number;
  readonly gapsOfOthers: number;
}

const AT_ONCE = 50;
/** Listeners that read what they are sent; the others count. */
const LOOKING = 40;
const LOOK_EVERY_MS = 250;
const MANY = ['ETHUSDT', 'BTCUSDT', 'BNBUSDT', 'SOLUSDT', 'XRPUSDT', 'LTCUSDT', 'TRXUSDT'];
const ASKED = 1000;
const ASKING_MS = 250;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function connectAll({ port, clients, symbols }: LiveTask): Promise<Listener[]> {
  const listeners: Listener[] = [];
  while (listeners.length < clients) {
    const wanted = Math.min(AT_ONCE, clients - listeners.length);
    listeners.push(...(await Promise.all(Array.from({ length: wanted }, () => Listener.connect(port, symbols)))));
  }
  return listeners;
}

/** Follows the numbers of each market; a gap is told. */
function follow(
  listener: Listener,
  gap: (symbol: string) => void,
  seen: (span: DepthSpan) => void = () => undefined,
): void {
  const last = new Map<string, number>();
  listener.onDepth = (span) => {
    seen(span);
    const before = last.get(span.symbol);
    if (before !== undefined && span.first !== before + 1) gap(span.symbol);
    last.set(span.symbol, span.last);
  };
}

async function part(listeners: readonly Listener[], spread: number[], seconds: number): Promise<LivePart> {
  const count = (): { messages: number; bytes: number } =>
    listeners.reduce((sum, { messages, bytes }) => ({ messages: sum.messages + messages, bytes: sum.bytes + bytes }), {
      messages: 0,
      bytes: 0,
    });
  spread.length = 0;
  const [before, cpu, start] = [count(), process.cpuUsage(), performance.now()];
  await sleep(seconds * 1000);
  const [after, used, took] = [count(), process.cpuUsage(cpu), (performance.now() - start) / 1000];
  const sorted = spread.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;
  return {
    seconds: took,
    messages: after.messages - before.messages,
    bytes: after.bytes - before.bytes,
    spreadP50Ms: at(0.5),
    spreadP99Ms: at(0.99),
    cpu: (used.user + used.system) / 1e6,
  };
}

async function run(task: LiveTask): Promise<LiveResult> {
  const listeners = await connectAll(task);
  const [slow, others] = [listeners.slice(0, task.slow), listeners.slice(task.slow)];
  const spread: number[] = [];
  const firsts = new Map<string, number>();
  let gapsOfOthers = 0;
  // Spread over all of them, as the server goes through them in the order they came.
  for (let at = 0; at < LOOKING; at++) {
    const listener = others[Math.floor((at * (others.length - 1)) / (LOOKING - 1))];
    if (!listener) continue;
    follow(
      listener,
      () => gapsOfOthers++,
      ({ symbol, last }) => {
        const [key, now] = [`${symbol} ${last}`, performance.now()];
        const first = firsts.get(key);
        if (first === undefined) firsts.set(key, now);
        else spread.push(now - first);
      },
    );
  }
  const behind = slow.map(() => ({ gap: false, snapshot: undefined as number | undefined, back: false }));
  await sleep(1000);
  process.send?.({ quiet: 'begins' });
  const quiet = await part(others, spread, task.seconds);
  process.send?.({ quiet: 'ends' });
  for (const listener of slow) listener.pause();
  // What the kernel holds for one who does not read is more than a market says in a minute: they ask as well.
  const asking = setInterval(() => slow.forEach((listener) => listener.ask(MANY, ASKED)), ASKING_MS);
  const withSlow = await part(others, spread, task.seconds * 2);
  clearInterval(asking);
  slow.forEach((listener, at) => {
    const state = behind[at] as (typeof behind)[0];
    const symbol = task.symbols[0] as string;
    follow(
      listener,
      (gapped) => {
        if (gapped === symbol) void comeBack(task, symbol, state);
      },
      (span) => {
        if (
          span.symbol === symbol &&
          state.snapshot !== undefined &&
          span.first <= state.snapshot + 1 &&
          span.last >= state.snapshot
        )
          state.back = true;
      },
    );
    listener.resume();
  });
  const areBack = (): boolean => behind.every(({ gap, back }) => gap && back);
  for (let waited = 0; waited < task.waitForSlowMs && !areBack(); waited += LOOK_EVERY_MS) await sleep(LOOK_EVERY_MS);
  const cut = slow.filter(({ closed }) => closed).length;
  for (const listener of listeners) listener.close();
  return {
    quiet,
    withSlow,
    skipped: behind.filter(({ gap }) => gap).length,
    resynced: behind.filter(({ gap, back }) => gap && back).length,
    cut,
    gapsOfOthers,
  };
}

/** What a page does at a gap: it asks for the book, and goes on from there. */
async function comeBack(
  { port }: LiveTask,
  symbol: string,
  state: { gap: boolean; snapshot: number | undefined },
): Promise<void> {
  state.gap = true;
  const { sequence } = (await (await fetch(`http://127.0.0.1:${port}/api/markets/${symbol}/depth`)).json()) as {
    sequence: number;
  };
  state.snapshot = sequence;
}

process.on('message', (task: LiveTask) => {
  run(task).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
