import { must } from './decimal';
import { Replay } from './replay';
import { walked } from './synthetic';

const recording = walked({ symbol: 'SOLUSDT', price: '150', tick: '0.01', lot: '0.001', seed: 7 });
const LENGTH_MS = recording.frames.at(-1)?.t ?? 0;
const market = (): Replay => new Replay('SOLUSDT', recording);

test('loop after loop the price goes on from the last one, on its steps, and no two loops are alike', () => {
  const replay = market();
  replay.begin();
  const ends: bigint[] = [];
  const most: number[] = [];
  let before = replay.best('b')?.[0] ?? 0n;
  const wrong: string[] = [];
  for (let loop = 0; loop < 6; loop++) {
    most[loop] = 0;
    for (let ms = 0; ms <= LENGTH_MS; ms += 10_000) {
      replay.advance(10_000);
      const [bid, ask] = [replay.best('b')?.[0] ?? 0n, replay.best('a')?.[0] ?? 0n];
      if (bid >= ask || bid % must('0.01') !== 0n) wrong.push(`${bid} ${ask}`);
      most[loop] = Math.max(most[loop] ?? 0, Math.abs(Number(bid) / Number(before) - 1));
      before = bid;
    }
    ends.push(before);
  }
  expect(wrong).toEqual([]);
  // What moves most moves in the recording itself, and not where a loop begins anew.
  expect(Math.max(...most)).toBeLessThan((most[0] ?? 0) * 1.5);
  expect(new Set(ends).size).toBeGreaterThan(3);
  expect(replay.position.loops).toBeGreaterThanOrEqual(5);
});

test('a restart goes on from the same book', () => {
  const replay = market();
  replay.begin();
  for (let ms = 0; ms <= 2.5 * LENGTH_MS; ms += 10_000) replay.advance(10_000);
  const again = market();
  again.resume(JSON.parse(JSON.stringify(replay.position)));
  again.begin();
  expect(again.snapshot(20).bids).toEqual(replay.snapshot(20).bids);
  expect(again.snapshot(20).asks).toEqual(replay.snapshot(20).asks);
});

test('whoever follows the changes has the same book after a loop has begun anew', () => {
  const replay = market();
  replay.begin();
  const mine = { b: new Map(replay.snapshot(5000).bids), a: new Map(replay.snapshot(5000).asks) };
  let last = replay.position.updateId;
  replay.on('depth', ({ U, u, b, a }: { U: number; u: number; b: [string, string][]; a: [string, string][] }) => {
    expect(U).toBe(last + 1);
    last = u;
    for (const [side, rows] of [
      ['b', b],
      ['a', a],
    ] as const)
      for (const [price, quantity] of rows)
        if (must(quantity) === 0n) mine[side].delete(price);
        else mine[side].set(price, quantity);
  });
  for (let ms = 0; replay.position.shift === '0' && ms <= 20 * LENGTH_MS; ms += 10_000) replay.advance(10_000);
  for (let ms = 0; ms < 60_000; ms += 10_000) replay.advance(10_000);
  expect(replay.position.shift).not.toBe('0');
  expect(mine.b).toEqual(new Map(replay.snapshot(100_000).bids));
});
