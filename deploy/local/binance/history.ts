/**
 * What a market's candles were before the emulator began: a random walk that ends at the price of now. Its steps come from the market's name
 * and the time alone, so that the same market has the same past, and its size from what was recorded.
 */
import { Candle } from './candle';
import { UNIT, times } from './decimal';
import { generator, seedOf } from './random';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const QUARTER = 15 * MINUTE;
const DAY = 24 * 60 * MINUTE;
/** How far back each length of step reaches, the shortest first; each begins where a longer one ends. */
const STEPS = [
  { length: SECOND, back: 1200 * SECOND },
  { length: MINUTE, back: 4 * DAY },
  { length: QUARTER, back: 120 * DAY },
] as const;
/** What prices move in a minute (standard deviation of the logarithm), where the recording says less or more. */
const LEAST_MOVE = 0.0003;
const MOST_MOVE = 0.0008;
/** Minutes after which a distance from the price of now has shrunk to a third. */
const MEMORY = 28_800;

/** What the recording tells about its market. */
export interface Nature {
  readonly move: number;
  /** Steps of prices and quantities. */
  readonly tick: bigint;
  readonly lot: bigint;
  /** In a second, on average. */
  readonly volume: bigint;
  readonly trades: number;
}

const common = (a: bigint, b: bigint): bigint => (b === 0n ? a : common(b, a % b));

/** Undefined for a market in which nothing was traded. */
export function natureOf(seconds: readonly (Candle | undefined)[]): Nature | undefined {
  const traded = seconds.filter((candle) => candle !== undefined);
  const [first] = traded;
  if (!first) return undefined;
  const minutes = traded.filter(({ t }, at) => at === 0 || Math.floor(t / MINUTE) !== Math.floor((traded[at - 1]?.t ?? 0) / MINUTE));
  const moves = minutes.slice(1).map(({ o }, at) => Math.log(Number(o) / Number(minutes[at]?.o ?? o)));
  const measured = Math.sqrt(moves.reduce((sum, move) => sum + move * move, 0) / Math.max(1, moves.length));
  return {
    move: Math.min(MOST_MOVE, Math.max(LEAST_MOVE, measured)),
    tick: traded.reduce((step, { o, c }) => common(common(step, o), c), 0n),
    lot: traded.reduce((step, { v }) => common(step, v), 0n),
    volume: traded.reduce((sum, { v }) => sum + v, 0n) / BigInt(seconds.length),
    trades: traded.reduce((sum, { n }) => sum + n, 0) / seconds.length,
  };
}

interface Step {
  readonly length: number;
  readonly candle: Candle;
}

/** Oldest first, up to `time`; the last one closes at `price`. */
export function pastOf(symbol: string, nature: Nature, time: number, price: bigint): Step[] {
  const steps: Step[] = [];
  const home = Math.log(Number(price));
  let [end, close] = [time - (time % SECOND), home];
  for (const [at, { length, back }] of STEPS.entries()) {
    const longer = STEPS[at + 1]?.length ?? length;
    while (time - end < back || end % longer !== 0) {
      end -= length;
      const open = openBefore(symbol, nature, { t: end, length, close, home });
      steps.push({ length, candle: drawn(symbol, nature, { t: end, length, open, close }) });
      close = open;
    }
  }
  return steps.reverse();
}

/** Numbers that belong to this market's step at this time. */
const numbersOf = (symbol: string, t: number, length: number): (() => number) => {
  const random = generator(seedOf(`${symbol} ${length}`, Math.floor(t / SECOND)));
  // Neighbouring seeds begin alike.
  for (let n = 0; n < 4; n++) random();
  return random;
};
/** Nearly normal, of variance 1. */
const normal = (random: () => number): number => (random() + random() + random() + random() - 2) * Math.sqrt(3);

/** Lively and quiet hours. */
function moveAt(symbol: string, { move }: Nature, t: number, length: number): number {
  const hour = numbersOf(symbol, t - (t % (60 * MINUTE)), 60 * MINUTE)();
  return move * (0.5 + hour) * Math.sqrt(length / MINUTE);
}

function openBefore(symbol: string, nature: Nature, { t, length, close, home }: { t: number; length: number; close: number; home: number }): number {
  const pull = length / MINUTE / MEMORY;
  return close + (home - close) * pull - moveAt(symbol, nature, t, length) * normal(numbersOf(symbol, t, length));
}

function drawn(symbol: string, nature: Nature, { t, length, open, close }: { t: number; length: number; open: number; close: number }): Candle {
  const random = numbersOf(`${symbol} wick`, t, length);
  const wick = moveAt(symbol, nature, t, length) * 0.6;
  const onTicks = (logarithm: number): bigint => {
    const exact = BigInt(Math.round(Math.exp(logarithm)));
    const down = exact - (exact % nature.tick);
    return down > 0n ? down : nature.tick;
  };
  const candle = new Candle(t, onTicks(open));
  candle.c = onTicks(close);
  candle.h = onTicks(Math.max(open, close) + wick * random() ** 2);
  candle.l = onTicks(Math.min(open, close) - wick * random() ** 2);
  for (const side of [candle.o, candle.c]) {
    if (side > candle.h) candle.h = side;
    if (side < candle.l) candle.l = side;
  }
  // More is traded where more is moved.
  const busy = (0.4 + random()) * (0.6 + Math.abs(close - open) / Math.max(wick, Number.EPSILON));
  const exact = (nature.volume * BigInt(Math.round((busy * length * 1000) / SECOND))) / 1000n;
  candle.v = exact > nature.lot ? exact - (exact % nature.lot) : nature.lot;
  candle.q = times(candle.v, (candle.o + candle.c) / 2n);
  candle.n = Math.max(1, Math.round((nature.trades * busy * length) / SECOND));
  const bought = (candle.v * BigInt(Math.round(300 + random() * 400))) / 1000n;
  candle.bought = bought - (bought % nature.lot);
  candle.boughtQuote = candle.v === 0n ? 0n : (candle.q * ((candle.bought * UNIT) / candle.v)) / UNIT;
  return candle;
}
