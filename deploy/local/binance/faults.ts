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
  readonly probability: number;
  readonly match: string | undefined;
}

/** New orders, by either door: what faults of a call strike unless told otherwise. */
const NEW_ORDERS = ['POST /api/v3/order', 'order.place'];
const OF_ORDERS: ReadonlySet<FaultName> = new Set(['reset-before', 'reset-after', 'timeout-executed', 'timeout-not-executed', 'ws-silent']);

/** Faults that can be switched on: so many times, or with a probability drawn from a seeded generator. Counts how often each fired. */
export class Faults {
  private readonly armed = new Map<FaultName, Armed>();
  readonly fired = new Map<FaultName, number>();
  private seed = 1;

  /** `match`: a part of the call's name, as `POST /sapi/v1/capital/withdraw/apply` or `order.cancel`. */
  arm(name: FaultName, options: { count?: number; probability?: number; seed?: number; match?: string }): void {
    if (options.seed !== undefined) this.seed = options.seed >>> 0 || 1;
    const count = options.count ?? (options.probability === undefined ? 1 : 0);
    this.armed.set(name, { count, probability: options.probability ?? 0, match: options.match });
  }

  disarm(): void {
    this.armed.clear();
  }

  /** Is it this call's turn? */
  fires(name: FaultName, call = ''): boolean {
    const armed = this.armed.get(name);
    if (!armed || !this.concerns(name, armed, call)) return false;
    const hit = armed.count > 0 || this.random() < armed.probability;
    if (!hit) return false;
    if (armed.count > 0 && --armed.count === 0 && armed.probability === 0) this.armed.delete(name);
    this.fired.set(name, (this.fired.get(name) ?? 0) + 1);
    return true;
  }

  private concerns(name: FaultName, { match }: Armed, call: string): boolean {
    if (match !== undefined) return call.includes(match);
    return !OF_ORDERS.has(name) || NEW_ORDERS.includes(call);
  }

  /** xorshift32: the same seed, the same faults. */
  random(): number {
    this.seed ^= this.seed << 13;
    this.seed ^= this.seed >>> 17;
    this.seed ^= this.seed << 5;
    return (this.seed >>> 0) / 2 ** 32;
  }
}
