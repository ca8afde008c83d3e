/** What is traded in the benches: the same seed draws the same orders. */

/** xorshift32. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0 || 1;
  }

  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 2 ** 32;
  }

  below(most: number): number {
    return Math.floor(this.next() * most);
  }
}

export interface DrawnOrder {
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly type: 'LIMIT' | 'MARKET';
  readonly price?: string;
  readonly quantity: string;
}

const MID = 10_000;
/** Orders of a hundred that reach across the middle and trade with what rests there. */
const CROSSING = 40;

/** An order on the market that has no venue: most rest near the middle, some trade. */
export function drawOrder(dice: Dice): DrawnOrder {
  const side = dice.next() < 0.5 ? 'BUY' : 'SELL';
  const crossing = dice.below(100) < CROSSING;
  const away = crossing ? -5 : 1 + Math.min(400, Math.floor(-Math.log(1 - dice.next()) * 20));
  const ticks = side === 'BUY' ? MID - away : MID + away;
  return {
    symbol: 'JVZJVG',
    side,
    type: 'LIMIT',
    price: (ticks / 10_000).toFixed(4),
    quantity: (2 + dice.below(300) / 100).toFixed(2),
  };
}

/** Orders that only rest: far from the middle of the market without a venue, or far below a mirrored one's price. */
export function drawResting(dice: Dice, symbol: string): DrawnOrder {
  if (symbol !== 'JVZJVG')
    return { symbol, side: 'BUY', type: 'LIMIT', price: (1200 + dice.below(5000) / 100).toFixed(2), quantity: '0.02' };
  const side = dice.next() < 0.5 ? 'BUY' : 'SELL';
  return {
    symbol,
    side,
    type: 'LIMIT',
    price: ((side === 'BUY' ? 5000 - dice.below(500) : 15_000 + dice.below(500)) / 10_000).toFixed(4),
    quantity: '3',
  };
}
