/** What holds an attack off: a line of the product without which it must go through. `npm run attack -- --guards` tries each. */
import type { Line } from '../check/without';

export interface AttackGuard extends Line {
  /** The attack that breaks without it, by its id. */
  readonly attack: string;
}

export const ATTACK_GUARDS: readonly AttackGuard[] = [];
