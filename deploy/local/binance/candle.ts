import { times } from './decimal';

/** What was traded from `t` on: prices, volumes in base and quote, and how much of it buyers took. */
export class Candle {
  h: bigint;
  l: bigint;
  c: bigint;
  v = 0n;
  q = 0n;
  n = 0;
  bought = 0n;
  boughtQuote = 0n;

  constructor(
    readonly t: number,
    public o: bigint,
  ) {
    this.h = this.l = this.c = o;
  }

  add(price: bigint, quantity: bigint, buyerTook: boolean): void {
    const quote = times(price, quantity);
    if (price > this.h) this.h = price;
    if (price < this.l) this.l = price;
    this.c = price;
    this.v += quantity;
    this.q += quote;
    this.n++;
    if (buyerTook) this.bought += quantity;
    if (buyerTook) this.boughtQuote += quote;
  }

  /** Puts another candle before this one. */
  prepend(other: Candle): void {
    this.o = other.o;
    this.absorb(other);
  }

  /** Puts another candle behind this one. */
  append(other: Candle): void {
    this.c = other.c;
    this.absorb(other);
  }

  private absorb(other: Candle): void {
    if (other.h > this.h) this.h = other.h;
    if (other.l < this.l) this.l = other.l;
    this.v += other.v;
    this.q += other.q;
    this.n += other.n;
    this.bought += other.bought;
    this.boughtQuote += other.boughtQuote;
  }
}
