/** Times and outcomes of one load, gathered while it runs. */

/** What a load of random orders runs into on purpose: an order that traded before its cancellation came. */
const MEANT: readonly string[] = ['ORDER_STATE'];

/** Refusals that a load did not mean: with them its speed is not that of orders. */
export const unmeant = (refused: Readonly<Record<string, number>>): string[] =>
  Object.entries(refused).flatMap(([code, times]) => (MEANT.includes(code) ? [] : [`${times} ${code}`]));

export interface Outcome {
  readonly seconds: number;
  readonly placed: number;
  readonly canceled: number;
  readonly refused: Record<string, number>;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

export class Tally {
  private readonly times: number[] = [];
  private readonly refused: Record<string, number> = {};
  /**
   * What was acknowledged, to be looked for in the tables: an order's id, with ` c` behind it where it was cancelled.
   */
  readonly acknowledged: string[] = [];
  placed = 0;
  canceled = 0;

  time(ms: number): void {
    this.times.push(ms);
  }

  order(id: string): void {
    this.placed++;
    this.acknowledged.push(id);
  }

  cancel(id: string): void {
    this.canceled++;
    this.acknowledged.push(`${id} c`);
  }

  refuse(code: string): void {
    this.refused[code] = (this.refused[code] ?? 0) + 1;
  }

  outcome(seconds: number): Outcome {
    const sorted = Float64Array.from(this.times).sort();
    const at = (share: number): number =>
      Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100;
    const { placed, canceled, refused } = this;
    return { seconds, placed, canceled, refused, p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), worstMs: at(1) };
  }
}
