import { must } from './decimal';
import { History } from './history';
import { Market } from './market';
import type { Position } from './market';
import type { Levels, Recording, Side } from './recording';

/** A machine that slept catches up by so many frames at a time. */
const FRAMES_AT_ONCE = 5000;

/**
 * A market whose frames, recorded or walked, are replayed forward, then backward, so that the price is continuous.
 * What we trade is taken off the published book until the frames next change that level.
 */
export class Replay extends Market {
  private at = 0;
  private backward = false;
  private elapsed = 0;

  constructor(
    symbol: string,
    private readonly recording: Recording,
  ) {
    super(symbol, recording.seconds, new History(symbol, recording));
    this.book.change(recording.snapshot);
    this.lastPrice = this.best('b')?.[0] ?? 0n;
  }

  get position(): Position {
    return { at: this.at, backward: this.backward, updateId: this.updateId, tradeId: this.tradeId };
  }

  override resume(position: Position): void {
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
        this.backward = !this.backward;
        this.elapsed = this.recording.frames[this.backward ? this.at - 1 : this.at]?.t ?? 0;
        return;
      }
      if (this.backward ? next.t < this.elapsed : next.t > this.elapsed) return;
      this.step(true);
    }
  }

  private step(publish: boolean): void {
    const frame = this.recording.frames[this.backward ? this.at - 1 : this.at];
    if (!frame) return;
    this.at += this.backward ? -1 : 1;
    if (frame.diff) this.change(this.backward ? frame.diff.undo : frame.diff, publish);
    if (frame.trade && publish) this.trade(must(frame.trade.p), must(frame.trade.q), frame.trade.m);
  }

  private change(diff: Readonly<Record<Side, Levels>>, publish: boolean): void {
    this.book.change(diff);
    if (!publish) return;
    const prices = (side: Side): bigint[] => diff[side].map(([price]) => must(price));
    this.publish(prices('b'), prices('a'));
  }
}
