/**
 * `npm run bench:book [-- --seed 42] [-- --rounds 3] [-- --quick] [-- --json]`: our book beside two order books of
 * npm, on the same commands in the same process; exit 1 if they do not trade the same. Ours runs with everything on:
 * kinds of order, self-trade check, events told to a sink. `-- --agree 1000000` compares the readable and the fast
 * book instead.
 *
 * W1: a million commands around a mid price that walks: 60 % limit orders (on average 20 ticks away), 30 %
 * cancellations of any living order, 5 % market, 5 % crossing limit orders. W2: the same over 100,000 orders that are
 * there already, 100 ticks away.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OrderBook as HftBook } from 'hft-limit-order-book';
import type { Side as HftSide } from 'hft-limit-order-book';
import { OrderBook as NodeBook } from 'nodejs-order-book';
import type { Side as NodeSide } from 'nodejs-order-book';
import { agree, Dice } from '../../matching/book/agreement/testing';
import { createBook } from '../../matching/book/fast';
import { createNaiveBook } from '../../matching/book/naive';
import { SELL } from '../../matching/book/types';
import type { Book, BookSink, ClosedReason, NewOrder, Side } from '../../matching/book/types';
import { runCommand } from '../../deploy/cli/lifetime';
import { isQuick, json, line, option, table, wantsJson } from '../../deploy/cli/print';

const LIMIT = 0;
const CANCEL = 1;
const MARKET = 2;
/** Numbers a command has: kind, side, price, lots, id. A crossing limit order is a limit order. */
const WIDTH = 5;
/**
 * Seeds used unless one is given, and what every price-time book must trade with them: several others did, one of them
 * in C.
 */
const USUAL = {
  W1: { seed: 42, trades: 393_222, hash: 706443700 },
  W2: { seed: 7, trades: 345_667, hash: 2939253882 },
} as const;
const MILLION = 1_000_000;
/** So many commands of W2 the packages of npm are given; all would take them minutes. */
const NPM_ON_W2 = 200_000;
const FIRST_MID = 1 << 16;
const LEAST_MID = 2000;
const FARTHEST = 1500;

interface Workload {
  readonly name: 'W1' | 'W2';
  readonly seed: number;
  readonly commands: Int32Array;
  readonly count: number;
}

interface Result {
  readonly engine: string;
  readonly workload: string;
  readonly commands: number;
  readonly opsPerSecond: number;
  readonly trades: number;
  readonly hash: number;
  readonly heapMB: number;
}

/** FNV over (taker, maker, price, lots) of every trade; and who lives, where a workload is being made. */
class Tape implements BookSink {
  trades = 0;
  hash = 2166136261;

  constructor(private readonly living?: Living) {}

  trade(taker: number, maker: number, price: number, lots: number): void {
    this.trades++;
    this.hash = Math.imul(
      Math.imul(Math.imul(Math.imul(this.hash ^ taker, 16777619) ^ maker, 16777619) ^ price, 16777619) ^ lots,
      16777619,
    );
  }

  rested(id: number): void {
    if (this.living !== undefined) this.living.add(id);
  }

  closed(id: number, _why: ClosedReason, _lots: number): void {
    if (this.living !== undefined) this.living.remove(id);
  }

  prevented(): void {
    throw new Error('no order here meets its owner');
  }

  refreshed(): void {}
  waiting(): void {}
  triggered(): void {}
  outside(): void {}
}

/** Living orders, any of which is found at random in one step. */
class Living {
  private readonly ids: Int32Array;
  private readonly places: Int32Array;
  count = 0;

  constructor(most: number) {
    this.ids = new Int32Array(most);
    this.places = new Int32Array(most).fill(-1);
  }

  at(place: number): number {
    return this.ids[place] as number;
  }

  add(id: number): void {
    this.places[id] = this.count;
    this.ids[this.count++] = id;
  }

  remove(id: number): void {
    const place = this.places[id] as number;
    if (place < 0) return;
    const last = this.ids[--this.count] as number;
    this.ids[place] = last;
    this.places[last] = place;
    this.places[id] = -1;
  }
}

function makeWorkload(name: 'W1' | 'W2', seed: number, commands: number): Workload {
  const [preload, takerMost, meanOff] = name === 'W1' ? [0, 280, 20] : [commands / 10, 150, 100];
  const count = commands + preload;
  const rows = new Int32Array(count * WIDTH);
  const dice = new Dice(seed);
  const living = new Living(count + 2);
  const ours = new Ours(new Tape(living));
  let mid = FIRST_MID;
  let id = 0;
  for (let at = 0; at < count; at++) {
    if (at >= preload && dice.roll(10) === 0) mid += (dice.next() & 1) === 1 ? 1 : -1;
    mid = Math.min(Math.max(mid, LEAST_MID), FIRST_MID * 2 - LEAST_MID);
    const kind = at < preload ? 0 : dice.next() / 4294967296;
    let row = [CANCEL, 0, 0, 0, 0];
    if (kind < 0.6 || (kind < 0.9 && living.count === 0)) {
      const side = dice.next() & 1;
      const off = 1 + Math.min(FARTHEST, Math.floor(-Math.log(1 - dice.next() / 4294967296) * meanOff));
      row = [LIMIT, side, side === SELL ? mid + off : mid - off, 1 + dice.roll(100), ++id];
    } else if (kind < 0.9) row[4] = living.at(dice.roll(living.count));
    else {
      const side = dice.next() & 1;
      const lots = 1 + dice.roll(takerMost);
      row = kind < 0.95 ? [MARKET, side, 0, lots, ++id] : [LIMIT, side, side === SELL ? mid - 5 : mid + 5, lots, ++id];
    }
    rows.set(row, at * WIDTH);
    ours.run(rows, at);
  }
  return { name, seed, commands: rows, count };
}

interface Engine {
  run(rows: Int32Array, at: number): void;
  readonly tape: Tape;
}

class Ours implements Engine {
  private readonly book: Book;
  /** Given again and again: the book copies what it keeps. */
  private readonly order: NewOrder = {
    id: 0,
    owner: 0,
    side: 0,
    type: 'LIMIT',
    tif: 'GTC',
    price: 0,
    lots: 0,
    quoteBudget: 0,
    stop: 0,
    trailing: 0,
    displayLots: 0,
    stp: 'EXPIRE_MAKER',
    via: 'merge',
  };

  constructor(readonly tape: Tape) {
    this.book = createBook({ sink: tape, followOwnTrades: true });
  }

  run(rows: Int32Array, at: number): void {
    const place = at * WIDTH;
    const kind = rows[place] as number;
    const id = rows[place + 4] as number;
    if (kind === CANCEL) {
      this.book.cancel(id);
      return;
    }
    const { order } = this;
    order.id = id;
    order.owner = id;
    order.side = rows[place + 1] as Side;
    order.type = kind === MARKET ? 'MARKET' : 'LIMIT';
    order.price = rows[place + 2] as number;
    order.lots = rows[place + 3] as number;
    this.book.place(order);
  }
}

/** What both packages answer to an order. */
interface NpmAnswer {
  readonly done: readonly { id: string; price?: number; size: number }[];
  readonly partial: { id: string; price?: number } | null;
  readonly partialQuantityProcessed: number;
  readonly err: Error | { message: string } | null;
}

const SIDES = ['buy', 'sell'] as const;

/**
 * Both want ids as strings; they are made before the clock runs. Both throw at a market order into nothing, which
 * costs ours nothing.
 */
abstract class Npm implements Engine {
  readonly tape = new Tape();

  constructor(private readonly names: readonly string[]) {}

  run(rows: Int32Array, at: number): void {
    const place = at * WIDTH;
    const kind = rows[place] as number;
    const id = rows[place + 4] as number;
    const name = this.names[id] as string;
    const side = SIDES[rows[place + 1] as Side];
    const lots = rows[place + 3] as number;
    if (kind === CANCEL) this.cancel(name);
    else if (kind === LIMIT) this.read(id, name, this.limit(name, side, lots, rows[place + 2] as number));
    else if (this.hasMakers(side)) this.read(id, name, this.market(side, lots));
  }

  protected abstract cancel(name: string): void;
  protected abstract limit(name: string, side: 'buy' | 'sell', lots: number, price: number): NpmAnswer;
  protected abstract market(side: 'buy' | 'sell', lots: number): NpmAnswer;
  protected abstract hasMakers(side: 'buy' | 'sell'): boolean;

  private read(id: number, name: string, { done, partial, partialQuantityProcessed, err }: NpmAnswer): void {
    if (err !== null) throw new Error(err.message);
    for (const maker of done)
      if (maker.id !== name) this.tape.trade(id, numberOf(maker.id), maker.price ?? 0, maker.size);
    if (partial !== null && partial.id !== name)
      this.tape.trade(id, numberOf(partial.id), partial.price ?? 0, partialQuantityProcessed);
  }
}

const nameOf = (id: number): string => `o${id}`;
const numberOf = (name: string): number => Number(name.slice(1));

class NodeEngine extends Npm {
  private readonly book = new NodeBook();

  protected cancel(name: string): void {
    this.book.cancel(name);
  }

  protected limit(name: string, side: 'buy' | 'sell', lots: number, price: number): NpmAnswer {
    return this.book.limit({ id: name, side: side as NodeSide, size: lots, price }) as unknown as NpmAnswer;
  }

  protected market(side: 'buy' | 'sell', lots: number): NpmAnswer {
    return this.book.market({ side: side as NodeSide, size: lots }) as unknown as NpmAnswer;
  }

  protected hasMakers(side: 'buy' | 'sell'): boolean {
    return sideOf(this.book, side) > 0;
  }
}

class HftEngine extends Npm {
  private readonly book = new HftBook();

  protected cancel(name: string): void {
    this.book.cancel(name);
  }

  protected limit(name: string, side: 'buy' | 'sell', lots: number, price: number): NpmAnswer {
    return this.book.limit(side as HftSide, name, lots, price) as unknown as NpmAnswer;
  }

  protected market(side: 'buy' | 'sell', lots: number): NpmAnswer {
    return this.book.market(side as HftSide, lots) as unknown as NpmAnswer;
  }

  protected hasMakers(side: 'buy' | 'sell'): boolean {
    return sideOf(this.book, side) > 0;
  }
}

/** Orders that a taker of this side would find: a field that their types hide. */
function sideOf(book: unknown, side: 'buy' | 'sell'): number {
  const { asks, bids } = book as Record<'asks' | 'bids', { len(): number }>;
  return (side === 'buy' ? asks : bids).len();
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function measure(engine: string, workload: Workload, commands: number, make: () => Engine): Result {
  const { commands: rows, name } = workload;
  const made = make();
  collectGarbage();
  const heap = process.memoryUsage().heapUsed;
  const from = performance.now();
  for (let at = 0; at < commands; at++) made.run(rows, at);
  const seconds = (performance.now() - from) / 1000;
  const heapMB = Math.round(((process.memoryUsage().heapUsed - heap) / 2 ** 20) * 10) / 10;
  const { trades, hash } = made.tape;
  return {
    engine,
    workload: name,
    commands,
    opsPerSecond: Math.round(commands / seconds),
    trades,
    hash: hash >>> 0,
    heapMB,
  };
}

const middle = (results: readonly Result[]): Result =>
  [...results].sort((one, other) => one.opsPerSecond - other.opsPerSecond)[results.length >> 1] as Result;

/** Microseconds of one command at the given shares of all, both readings of the clock included. */
function latencies({ commands: rows, count }: Workload): { p50us: number; p99us: number; p999us: number } {
  const ours = new Ours(new Tape());
  const times = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    const from = performance.now();
    ours.run(rows, at);
    times[at] = performance.now() - from;
  }
  times.sort();
  const at = (share: number): number => Math.round((times[Math.floor(count * share)] ?? 0) * 100_000) / 100;
  return { p50us: at(0.5), p99us: at(0.99), p999us: at(0.999) };
}

/** Of the usual seeds the trades are known. */
function isKnown({ name, seed, count }: Workload, { trades, hash }: Result): boolean {
  const usual = USUAL[name];
  return seed !== usual.seed || count < MILLION || (trades === usual.trades && hash === usual.hash);
}

interface Compared {
  readonly rows: readonly Result[];
  readonly ours: Result;
  readonly peers: Readonly<Record<string, number>>;
  readonly ratio: number;
  readonly tradesAgree: boolean;
}

/** Ours over the whole workload and over as much of it as the packages are given, in turns with them. */
function compare(workload: Workload, npmCommands: number, routingAttempts: number): Compared {
  const names = Array.from({ length: workload.count + 1 }, (_, id) => nameOf(id));
  const ours = (commands: number): Result => measure('ours', workload, commands, () => new Ours(new Tape()));
  const whole: Result[] = [];
  const peers: Result[] = [];
  const makes = [
    ['nodejs-order-book', () => new NodeEngine(names)],
    ['hft-limit-order-book', () => new HftEngine(names)],
  ] as const;
  for (const [name, make] of makes) {
    whole.push(ours(workload.count));
    peers.push(measure(name, workload, npmCommands, make));
  }
  while (whole.length < routingAttempts) whole.push(ours(workload.count));
  const part = npmCommands === workload.count ? undefined : ours(npmCommands);
  const best = middle(whole);
  const same = part ?? best;
  const rows = [best, ...(part ? [part] : []), ...peers];
  const tradesAgree =
    peers.every(({ hash, trades }) => hash === same.hash && trades === same.trades) &&
    whole.every(({ hash }) => hash === best.hash) &&
    isKnown(workload, best);
  const byName = Object.fromEntries(peers.map(({ engine, opsPerSecond }) => [engine, opsPerSecond]));
  return {
    rows,
    ours: best,
    peers: byName,
    ratio: Math.round((best.opsPerSecond / (byName['nodejs-order-book'] ?? 1)) * 10) / 10,
    tradesAgree,
  };
}

function runAgreement(seed: number, commands: number): number {
  const { trades, counts } = agree(seed, commands, [createNaiveBook, createBook]);
  if (wantsJson()) json({ agree: true, seed, commands, trades, counts });
  else {
    table(
      ['what', 'times'],
      Object.entries(counts).map(([name, count]) => [name, String(count)]),
    );
    line(`\n  ${commands} commands (seed ${seed}): both books say the same, ${trades} trades`);
  }
  return 0;
}

const WORDS = { W1: 'a million commands, ~4,000 living orders', W2: '100,000 orders before a million commands' };

function print(name: 'W1' | 'W2', { rows, ours, tradesAgree }: Compared): void {
  line(`\n  ${name}: ${WORDS[name]}`);
  const npm = rows.find(({ engine }) => engine === 'nodejs-order-book')?.opsPerSecond ?? 1;
  table(
    ['engine', 'commands', 'commands/s', 'x nodejs-order-book', 'trades', 'hash of trades', 'heap MB'],
    rows.map((row) => [
      row === ours ? row.engine : row.engine === 'ours' ? 'ours, the same part' : row.engine,
      String(row.commands),
      row.opsPerSecond.toLocaleString('en'),
      (row.opsPerSecond / npm).toFixed(1),
      String(row.trades),
      String(row.hash),
      String(row.heapMB),
    ]),
  );
  if (!tradesAgree) line('  THE ENGINES DO NOT TRADE THE SAME');
}

async function main(): Promise<number> {
  const given = option('seed');
  const agreement = option('agree');
  if (agreement !== undefined) return runAgreement(Number(given ?? USUAL.W1.seed), Number(agreement));
  const commands = isQuick() ? MILLION / 10 : MILLION;
  const routingAttempts = Number(option('routingAttempts') ?? 5);
  const [w1, w2] = (['W1', 'W2'] as const).map((name) =>
    makeWorkload(name, Number(given ?? USUAL[name].seed), commands),
  ) as [Workload, Workload];
  const first = compare(w1, w1.count, routingAttempts);
  const second = compare(w2, Math.min(NPM_ON_W2, w2.count), routingAttempts);
  const [firstTimes, secondTimes] = [latencies(w1), latencies(w2)];
  const tradesAgree = first.tradesAgree && second.tradesAgree;
  const summary = ({ ours, peers, ratio }: Compared, times: ReturnType<typeof latencies>): object => ({
    opsPerSecond: ours.opsPerSecond,
    peers,
    ratio,
    ...times,
    heapMB: ours.heapMB,
  });
  if (wantsJson()) {
    for (const row of [...first.rows, ...second.rows]) json(row);
    json({
      ...summary(first, firstTimes),
      tradesAgree,
      seed: w1.seed,
      commands,
      w2: { ...summary(second, secondTimes), seed: w2.seed, npmCommands: Math.min(NPM_ON_W2, w2.count) },
    });
    return tradesAgree ? 0 : 1;
  }
  print('W1', first);
  print('W2', second);
  line(`  (the packages of npm get the first ${NPM_ON_W2} commands of W2; all would take them minutes)`);
  line('\n  Ours, one command in microseconds (two readings of the clock included):');
  table(
    ['workload', 'p50', 'p99', 'p99.9'],
    (
      [
        ['W1', firstTimes],
        ['W2', secondTimes],
      ] as const
    ).map(([name, { p50us, p99us, p999us }]) => [name, String(p50us), String(p99us), String(p999us)]),
  );
  line(
    `\n  seeds ${w1.seed} and ${w2.seed}: ${tradesAgree ? 'all engines trade the same' : 'THE ENGINES DO NOT TRADE THE SAME'}`,
  );
  return tradesAgree ? 0 : 1;
}

runCommand(main, 600);
