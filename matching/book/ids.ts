/**
 * From an order's id to where it lies: open addressing, linear probing, no tombstones. It keeps places only; the ids
 * stand with the orders, and the caller hands their array in.
 */
const FIRST_SIZE = 4096;
/** About 2^32 divided by the golden ratio, and prime: ids in a row fall far apart. */
const SPREAD = 0x9e3779b1;
const SPREAD_HIGH = 0x85ebca6b;
/** Exact: a power of two. */
const PER_2_32 = 1 / 0x100000000;

export class IdTable {
  /** Places plus one; 0 is free. */
  private places = new Int32Array(FIRST_SIZE);
  private mask = FIRST_SIZE - 1;
  private shift = 32 - 12;
  count = 0;

  /** Where the order with this id lies, -1 for nowhere. */
  find(id: number, ids: Float64Array): number {
    const { places, mask } = this;
    for (let at = this.home(id); ; at = (at + 1) & mask) {
      const place = (places[at] as number) - 1;
      if (place < 0 || ids[place] === id) return place;
    }
  }

  /** The id must not be in yet. */
  add(id: number, place: number, ids: Float64Array): void {
    if (this.count * 4 >= this.mask) this.grow(ids);
    this.put(id, place);
    this.count++;
  }

  /** The id must be in. Those behind it move up, so that no search ends too early. */
  remove(id: number, ids: Float64Array): void {
    const { places, mask } = this;
    let gap = this.home(id);
    while (ids[(places[gap] as number) - 1] !== id) gap = (gap + 1) & mask;
    for (let at = (gap + 1) & mask; places[at] !== 0; at = (at + 1) & mask) {
      const home = this.home(ids[(places[at] as number) - 1] as number);
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      places[gap] = places[at] as number;
      gap = at;
    }
    places[gap] = 0;
    this.count--;
  }

  private home(id: number): number {
    return Math.imul(id ^ Math.imul(id * PER_2_32, SPREAD_HIGH), SPREAD) >>> this.shift;
  }

  private put(id: number, place: number): void {
    const { places, mask } = this;
    let at = this.home(id);
    while (places[at] !== 0) at = (at + 1) & mask;
    places[at] = place + 1;
  }

  private grow(ids: Float64Array): void {
    const old = this.places;
    this.places = new Int32Array(old.length * 2);
    this.mask = old.length * 2 - 1;
    this.shift--;
    for (const place of old) if (place !== 0) this.put(ids[place - 1] as number, place - 1);
  }
}
