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

export interface Recording {
  readonly snapshot: { readonly b: Levels; readonly a: Levels };
  readonly frames: readonly Frame[];
  /** What was traded in each second of it; undefined for none. */
  readonly seconds: readonly (Candle | undefined)[];
}

/** Never changed, so every market of a process may share them. */
const known = new Map<string, Recording>();

export function recordingOf(file: string): Recording {
  const found = known.get(file) ?? read(file);
  known.set(file, found);
  return found;
}

function read(file: string): Recording {
  const [first = '{}', ...lines] = gunzipSync(readFileSync(file)).toString().trim().split('\n');
  const { snapshot } = JSON.parse(first) as Pick<Recording, 'snapshot'>;
  const book = { b: new Map(snapshot.b), a: new Map(snapshot.a) };
  const frames = lines.map((line) => frameOf(JSON.parse(line) as Record<string, unknown>, book));
  const seconds: (Candle | undefined)[] = [];
  for (const { t, trade } of frames) {
    if (!trade) continue;
    const second = Math.floor(t / 1000);
    const [price, quantity] = [must(trade.p), must(trade.q)];
    const candle = (seconds[second] ??= new Candle(second * 1000, price));
    candle.add(price, quantity, !trade.m);
  }
  return { snapshot, frames, seconds };
}

/** Reads a recorded line and notes what a diff changes from; `book` follows along as text. */
function frameOf(line: Record<string, unknown>, book: Record<Side, Map<string, string>>): Frame {
  if (typeof line.p === 'string') return { t: line.t as number, trade: line as unknown as { p: string; q: string; m: boolean } };
  const diff = line as unknown as { t: number; b: Levels; a: Levels };
  const undo = { b: [] as [string, string][], a: [] as [string, string][] };
  for (const side of ['b', 'a'] as const) {
    for (const [price, quantity] of diff[side]) {
      undo[side].push([price, book[side].get(price) ?? '0']);
      if (quantity === '0') book[side].delete(price);
      else book[side].set(price, quantity);
    }
  }
  return { t: diff.t, diff: { b: diff.b, a: diff.a, undo } };
}
