import type { CommandAnswer } from '../../domain/contract/commands';

export interface KnownAnswer {
  readonly bodyHash: string;
  readonly answer: CommandAnswer;
}

/**
 * The answers of the last `size` commands by their references, for repeats. The oldest gives its place in a ring to
 * the newest: asking a Map for its oldest key walks over all that were deleted before it.
 */
export class RecentAnswers {
  private readonly byReference = new Map<string, KnownAnswer>();
  private readonly ring: (string | undefined)[];
  private next = 0;

  /** `size`: how many are kept, at least one. */
  constructor(private readonly size: number) {
    this.ring = Array.from({ length: size });
  }

  get(reference: string): KnownAnswer | undefined {
    return this.byReference.get(reference);
  }

  keep(reference: string, known: KnownAnswer): void {
    if (!this.byReference.has(reference)) {
      const oldest = this.ring[this.next];
      if (oldest !== undefined) this.byReference.delete(oldest);
      this.ring[this.next] = reference;
      this.next = (this.next + 1) % this.size;
    }
    this.byReference.set(reference, known);
  }

  clear(): void {
    this.byReference.clear();
    this.ring.fill(undefined);
    this.next = 0;
  }
}
