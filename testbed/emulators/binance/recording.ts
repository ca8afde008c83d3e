import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Candle } from './candles';
import { must } from './decimal';

export type Side = 'b' | 'a';
export type Levels = readonly (readonly [string, string])[];

export interface Frame {
  /** Milliseconds since the recording began. */
  readonly t: number;
  /** A diff and what it changed from, so that it can be played backward too. */
  readonly diff?: { readonly b: Levels; readonly a: Levels; readonly undo: { readonly b: Levels; readonly a: Levels } };
  readonly trade?: { readonly p: string; readonly q: string; readonly m: boolean };
}

/** A line of a recording: a diff (absolute quantities, 0 deletes) or a trade; `t` in milliseconds. */
export type Line =
  | { readonly t: number; readonly b: Levels; readonly a: Levels }
  | { readonly t: number; readonly p: string; readonly q: string; readonly m: boolean };

export interface Recording {
  readonly snapshot: Readonly<Record<Side, Levels>>;
  /** The book behind the last frame. */
  readonly end: Readonly<Record<Side, Levels>>;
  readonly frames: readonly Frame[];
  /** What was traded in each second of it; undefined for none. */
  readonly seconds: readonly (Candle | undefined)[];
}

/** Never changed, so every market of a process may share them. */
const known = new Map<string, Recording>();

/** Makes a recording once a process; `name` is what it is known by. */
export function once(name: string, make: () => Recording): Recording {
  const found = known.get(name) ?? make();
  known.set(name, found);
  return found;
}

export const recordingOf = (file: string): Recording =>
  once(file, () => {
    const [first = '{}', ...lines] = gunzipSync(readFileSync(file)).toString().trim().split('\n');
    const { snapshot } = JSON.parse(first) as Pick<Recording, 'snapshot'>;
    return recordingFrom(
      snapshot,
      lines.map((line) => JSON.parse(line) as Line),
    );
  });

/** Lines in the order of their time, made playable in both directions. */
export function recordingFrom(snapshot: Recording['snapshot'], lines: readonly Line[]): Recording {
  const book = { b: new Map(snapshot.b), a: new Map(snapshot.a) };
  const frames = lines.map((line) => frameOf(line, book));
  const seconds: (Candle | undefined)[] = [];
  for (const { t, trade } of frames) {
    if (!trade) continue;
    const second = Math.floor(t / 1000);
    const [price, quantity] = [must(trade.p), must(trade.q)];
    const candle = (seconds[second] ??= new Candle(second * 1000, price));
    candle.add(price, quantity, !trade.m);
  }
  return { snapshot, end: { b: [...book.b], a: [...book.a] }, frames, seconds };
}

/** Notes what a diff changes from; `book` follows along as text. */
function frameOf(line: Line, book: Record<Side, Map<string, string>>): Frame {
  if ('p' in line) return { t: line.t, trade: line };
  const undo = { b: [] as [string, string][], a: [] as [string, string][] };
  for (const side of ['b', 'a'] as const) {
    for (const [price, quantity] of line[side]) {
      undo[side].push([price, book[side].get(price) ?? '0']);
      if (quantity === '0') book[side].delete(price);
      else book[side].set(price, quantity);
    }
  }
  return { t: line.t, diff: { b: line.b, a: line.a, undo } };
}
