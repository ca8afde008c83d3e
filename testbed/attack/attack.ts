/** One scripted attack: what is tried, and how it is seen that it was held. */
import type { Stage } from './stage';

export interface Attack {
  /** Unique, as `A6.2`: the finding it belongs to, or the kind it tries. */
  readonly id: string;
  /** What the attacker does, in one sentence. */
  readonly what: string;
  /**
   * Answers what held it. Throws Broken where it went through; anything else it throws means that it could not be
   * tried.
   */
  run(stage: Stage): Promise<string>;
  /** In the short form too. */
  readonly quick?: boolean;
}

/** The attack went through. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** Throws Broken with the words unless the condition holds. */
export function held(condition: boolean, words: string): void {
  if (!condition) throw new Broken(words);
}
