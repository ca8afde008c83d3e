/**
 * How many orders may still go to the venue. It counts orders in fixed windows of ten seconds. Until its limit was
 * read it is what it has long been; nine tenths of it are for hedge orders and swaps together and the rest for swaps
 * of users who have made few, and four fifteenths of those nine for markets, and users with their swaps, that have
 * sent fewer than a few.
 */
const WINDOW_MS = 10_000;
const DEFAULT_ORDERS = 100;
const FEW = 3;
const swapsOf = (userId: string): string => `swaps of ${userId}`;

export class OrderPace {
  private readonly window = { at: 0, sent: 0, swaps: 0, by: new Map<string, number>() };
  private venueOrders = DEFAULT_ORDERS;

  /** The orders that the venue takes in ten seconds. */
  setLimit(most: number): void {
    this.venueOrders = most;
  }

  /** Orders that a market may still send in this window, and whether one with takers may go now. */
  allowance(now: number, symbol: string): { left: number; limit: number; takers: boolean } {
    const { window, venueOrders } = this;
    if (now - window.at >= WINDOW_MS)
      Object.assign(window, { at: now - (now % WINDOW_MS), sent: 0, swaps: 0, by: new Map() });
    // A market that sends and sends leaves the last of them to those that have sent little.
    const few = (window.by.get(symbol) ?? 0) < FEW;
    const most = (venueOrders * 9 - ((venueOrders * 9) % 10)) / 10;
    const reserved = (most * 4 - ((most * 4) % 15)) / 15;
    const left = most - window.sent - (few ? 0 : reserved);
    // The first half goes as it comes; the rest is spread over what remains of the window.
    return {
      left,
      limit: most,
      takers: left * 2 > most || (few && left > 0) || (left > 0 && (now - window.at) * most >= window.sent * WINDOW_MS),
    };
  }

  countOrder(symbol: string): void {
    this.window.sent++;
    this.window.by.set(symbol, (this.window.by.get(symbol) ?? 0) + 1);
  }

  /** May a user's swap send an order now? Some in each window always, the others as takers' hedge orders do. */
  allowsSwap(now: number, userId: string): boolean {
    const { takers } = this.allowance(now, swapsOf(userId));
    const { window, venueOrders } = this;
    return takers || (window.swaps * 10 < venueOrders && (window.by.get(swapsOf(userId)) ?? 0) < FEW);
  }

  countSwap(userId: string): void {
    // The tenth that is reserved for swaps is used last.
    if (this.window.sent * 10 < this.venueOrders * 9) return this.countOrder(swapsOf(userId));
    this.window.swaps++;
    this.window.by.set(swapsOf(userId), (this.window.by.get(swapsOf(userId)) ?? 0) + 1);
  }
}
