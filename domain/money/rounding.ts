import { ONE, STORAGE_SCALE } from './amount';
import type { Units } from './amount';

/**
 * Every division of money in the house is one of these. Rule of direction: what a user receives is rounded down, what a
 * user pays (price, fee, hold) is rounded up.
 */

/** floor(a x b / c) for a, b >= 0, c > 0. */
export function mulDivDown(a: bigint, b: bigint, c: bigint): bigint {
  return (a * b) / c;
}

/** ceil(a x b / c) for a, b >= 0, c > 0. */
export function mulDivUp(a: bigint, b: bigint, c: bigint): bigint {
  return (a * b + c - 1n) / c;
}

/** The storage units of one step of `scale` decimals. */
export function stepOf(scale: number): Units {
  return 10n ** BigInt(STORAGE_SCALE - scale);
}

/** The largest multiple of `step` that is <= amount (amount >= 0). */
export function floorToStep(amount: Units, step: Units): Units {
  return amount - (amount % step);
}

/** The smallest multiple of `step` that is >= amount (amount >= 0). */
export function ceilToStep(amount: Units, step: Units): Units {
  const rest = amount % step;
  return rest === 0n ? amount : amount + step - rest;
}

/** quantity x price, rounded down: what a seller receives. Price is quote per one base, in Units. */
export function notionalDown(quantity: Units, price: Units): Units {
  return mulDivDown(quantity, price, ONE);
}

/** quantity x price, rounded up: what a buyer must be able to pay. */
export function notionalUp(quantity: Units, price: Units): Units {
  return mulDivUp(quantity, price, ONE);
}

/** A fee of `rate` (Units, 0.001 = 10 bp) on `amount`, rounded up to `step`; never 0 where the rate is above 0. */
export function feeUp(amount: Units, rate: Units, step: Units): Units {
  return ceilToStep(mulDivUp(amount, rate, ONE), step);
}
