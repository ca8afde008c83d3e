import { must } from './decimal';
import { History } from './history';
import { Market } from './market';
import type { Position } from './market';
import { generator, seedOf } from './random';
import type { Levels, Recording, Side } from './recording';

/** A machine that slept catches up by so many frames at a time. */
const FRAMES_AT_ONCE = 5000;

/** A market that has gone so far from its recording (one part in so many) goes home. */
const FARTHEST = 12n;

/**
 * A market whose frames, recorded or walked, are replayed again and again, forward or backward as a die that belongs
 * to the market says. Prices go on from the last one: what is played from the same end twice is shifted. So the price
 * is continuous, and no hour is like the one before. What we trade is taken off the published book until the frames
 * next change that level.
 */
export class Replay extends Market {
  private at = 0;
  private backward = false;
  private elapsed = 0;
  private loops = 0;
  private shift = 0n;
  /** From the first best bid of the recording to the last. */
  private readonly drift: bigint;
  private readonly home: bigint;

  constructor(
    symbol: string,
    private readonly recording: Recording,
  ) {
    super(symbol, recording.seconds, new History(symbol, recording));
    this.book.change(recording.snapshot);
    this.home = bestBid(recording.snapshot);
    this.drift = bestBid(recording.end) - this.home;
    this.lastPrice = this.best('b')?.[0] ?? 0n;
  }

  get position(): Position {
    const { at, backward, loops, shift, updateId, tradeId } = this;
    return { at, backward, loops, shift: String(shift), updateId, tradeId };
  }

  override resume(position: Position): void {
    this.loops = position.loops ?? 0;
    this.moveTo(BigInt(position.shift ?? 0), this.recording.snapshot, false);
    while (this.at < Math.min(position.at, this.recording.frames.length)) this.step(false);
    this.backward = position.backward;
    this.elapsed = this.recording.frames[Math.min(this.at, this.recording.frames.length - 1)]?.t ?? 0;
    super.resume(position);
  }

  override begin(): void {
    super.begin();
    this.candles.begin(Date.now(), Math.floor(this.elapsed / 1000), this.backward, this.lastPrice);
  }

  advance(ms: number): void {
    this.elapsed += this.backward ? -ms : ms;
    for (let guard = 0; guard < FRAMES_AT_ONCE; guard++) {
      const next = this.recording.frames[this.backward ? this.at - 1 : this.at];
      if (!next) {
        this.playAgain();
        return;
      }
      if (this.backward ? next.t < this.elapsed : next.t > this.elapsed) return;
      this.step(true);
    }
  }

  /** From where it ended backward, or the same way once more: then the other end is moved to where the price is. */
  private playAgain(): void {
    const { frames, snapshot, end } = this.recording;
    const wasBackward = this.backward;
    this.backward = this.wantsBackward(++this.loops);
    if (this.backward === wasBackward) {
      this.at = this.backward ? frames.length : 0;
      this.moveTo(this.shift + (this.backward ? -this.drift : this.drift), this.backward ? end : snapshot, true);
    }
    this.elapsed = frames[this.backward ? this.at - 1 : this.at]?.t ?? 0;
  }

  private wantsBackward(loop: number): boolean {
    const isFar = (this.shift < 0n ? -this.shift : this.shift) * FARTHEST > this.home;
    // Backward takes the drift away, forward adds it.
    if (isFar) return this.shift > 0n === this.drift > 0n;
    const random = generator(seedOf(this.symbol, loop));
    for (let n = 0; n < 4; n++) random();
    return random() < 0.5;
  }

  /** The whole book, in prices that are `shift` above the recording's. */
  private moveTo(shift: bigint, levels: Readonly<Record<Side, Levels>>, publish: boolean): void {
    this.shift = shift;
    const gone = { b: this.book.all('b'), a: this.book.all('a') };
    for (const side of ['b', 'a'] as const) for (const price of gone[side]) this.book.set(side, price, 0n);
    const come = this.set(levels);
    if (publish) this.publish(union(gone.b, come.b), union(gone.a, come.a));
  }

  /** Answers the prices that were changed. */
  private set(levels: Readonly<Record<Side, Levels>>): Record<Side, bigint[]> {
    const changed = { b: [] as bigint[], a: [] as bigint[] };
    for (const side of ['b', 'a'] as const) {
      for (const [text, quantity] of levels[side]) {
        const price = must(text) + this.shift;
        this.book.set(side, price, must(quantity));
        changed[side].push(price);
      }
    }
    return changed;
  }

  private step(publish: boolean): void {
    const frame = this.recording.frames[this.backward ? this.at - 1 : this.at];
    if (!frame) return;
    this.at += this.backward ? -1 : 1;
    if (frame.diff) {
      const { b, a } = this.set(this.backward ? frame.diff.undo : frame.diff);
      if (publish) this.publish(b, a);
    }
    if (frame.trade && publish) this.trade(must(frame.trade.p) + this.shift, must(frame.trade.q), frame.trade.m);
  }
}

const bestBid = ({ b }: Readonly<Record<Side, Levels>>): bigint =>
  b.map(([price]) => must(price)).reduce((best, price) => (price > best ? price : best), 0n);
const union = (some: readonly bigint[], others: readonly bigint[]): bigint[] => [...new Set([...some, ...others])];
