export const FAULTS = [
  'reset-before',
  'reset-after',
  'timeout-executed',
  'timeout-not-executed',
  'rate-limit',
  'ban',
  'bad-gateway',
  'partial-fill',
  'depth-gap',
  'report-lost',
  'report-doubled',
  'ws-silent',
  'order-lag',
] as const;
export type FaultName = (typeof FAULTS)[number];

interface Armed {
  count: number;
  probability: number;
}

/** Faults that can be switched on: so many times, or with a probability drawn from a seeded generator. Counts how often each fired. */
export class Faults {
  private readonly armed = new Map<FaultName, Armed>();
  readonly fired = new Map<FaultName, number>();
  private seed = 1;

  arm(name: FaultName, options: { count?: number; probability?: number; seed?: number }): void {
    if (options.seed !== undefined) this.seed = options.seed >>> 0 || 1;
    this.armed.set(name, { count: options.count ?? (options.probability === undefined ? 1 : 0), probability: options.probability ?? 0 });
  }

  disarm(): void {
    this.armed.clear();
  }

  /** Is it this call's turn? */
  fires(name: FaultName): boolean {
    const armed = this.armed.get(name);
    if (!armed) return false;
    const hit = armed.count > 0 || this.random() < armed.probability;
    if (!hit) return false;
    if (armed.count > 0 && --armed.count === 0 && armed.probability === 0) this.armed.delete(name);
    this.fired.set(name, (this.fired.get(name) ?? 0) + 1);
    return true;
  }

  /** xorshift32: the same seed, the same faults. */
  random(): number {
    this.seed ^= this.seed << 13;
    this.seed ^= this.seed >>> 17;
    this.seed ^= this.seed << 5;
    return (this.seed >>> 0) / 2 ** 32;
  }
}
