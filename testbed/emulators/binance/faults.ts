import { FAULT_NAMES, rowOf } from './fault-table';
import type { FaultName } from './fault-table';
import { generator, seedOf } from './random';

interface Armed {
  /** How often it may still fire; undefined for without end. */
  left: number | undefined;
  readonly probability: number;
  readonly match: string | undefined;
  readonly until: number;
}

export interface Arming {
  /** So many times at most; once unless a probability is given. */
  readonly count?: number | undefined;
  /** At each chance; 1 unless told. */
  readonly probability?: number | undefined;
  /** Of what is drawn from now on. */
  readonly seed?: number | undefined;
  /**
   * A part of the call's name, as `POST /sapi/v1/capital/withdraw/apply` or `order.cancel`; of the stream's; of the
   * symbol's.
   */
  readonly match?: string | undefined;
  /** Disarmed after so many milliseconds. */
  readonly ms?: number | undefined;
  /** How long what it does lasts, in milliseconds. */
  readonly lasts?: number | undefined;
}

/** New orders, by either door: what the faults of an order strike unless told otherwise. */
const NEW_ORDERS = ['POST /api/v3/order', 'order.place'];

/** Faults that can be switched on, drawn from seeded generators, one each. Counts how often each fired. */
export class Faults {
  private readonly armed = new Map<FaultName, Armed>();
  readonly fired = new Map<FaultName, number>();
  private readonly draws = new Map<FaultName, () => number>();
  private readonly lasting = new Map<FaultName, number>();
  private seed = 1;

  arm(name: FaultName, { count, probability, seed, match, ms, lasts }: Arming = {}): void {
    if (seed !== undefined) {
      this.seed = seed;
      this.draws.delete(name);
    }
    if (lasts === undefined) this.lasting.delete(name);
    else this.lasting.set(name, lasts);
    const left = count ?? (probability === undefined ? 1 : undefined);
    this.armed.set(name, {
      left,
      probability: probability ?? 1,
      match,
      until: ms === undefined ? Number.MAX_SAFE_INTEGER : Date.now() + ms,
    });
  }

  /** One of them, or all. */
  disarm(name?: FaultName): void {
    if (name) this.armed.delete(name);
    else this.armed.clear();
  }

  /** Is it this call's turn? */
  fires(name: FaultName, call = ''): boolean {
    const armed = this.armed.get(name);
    if (!armed || !concerns(name, armed.match, call)) return false;
    if (Date.now() >= armed.until) {
      this.armed.delete(name);
      return false;
    }
    if (armed.probability < 1 && this.random(name) >= armed.probability) return false;
    if (armed.left !== undefined && --armed.left <= 0) this.armed.delete(name);
    this.fired.set(name, (this.fired.get(name) ?? 0) + 1);
    return true;
  }

  /** One of these if it is the fault's turn: of those that it is meant for, by its seed. */
  pick<T>(name: FaultName, from: () => readonly T[], nameOf: (one: T) => string): T | undefined {
    const armed = this.armed.get(name);
    if (!armed) return undefined;
    const meant = from().filter((one) => armed.match === undefined || nameOf(one).includes(armed.match));
    const one = meant[Math.floor(this.random(name) * meant.length)];
    return one !== undefined && this.fires(name, nameOf(one)) ? one : undefined;
  }

  /** How long what it does lasts, in milliseconds. */
  lasts(name: FaultName): number {
    return this.lasting.get(name) ?? rowOf(name).lasts ?? 0;
  }

  /** The same seed, the same faults. */
  random(name: FaultName): number {
    const draw = this.draws.get(name) ?? generator(seedOf(name, this.seed));
    this.draws.set(name, draw);
    return draw();
  }

  /** How often each fired since the start. */
  counters(): Record<string, number> {
    return Object.fromEntries(FAULT_NAMES.map((name) => [name, this.fired.get(name) ?? 0]));
  }

  isArmed(name: FaultName): boolean {
    return this.armed.has(name);
  }
}

function concerns(name: FaultName, match: string | undefined, call: string): boolean {
  if (match !== undefined) return call.includes(match);
  return rowOf(name).at !== 'order' || NEW_ORDERS.includes(call);
}
