import type { Logger } from '../../../domain/contract/ports';
import { ONE, isAmount, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import type { PriceLevel } from '../venue';
import type { Rest } from './rest';

/** A market's reference price, as the venue tells it once a second: symbol, price (null for none), time. */
export interface ReferencePrice {
  readonly s: string;
  readonly r: string | null;
}

interface Rule {
  readonly ruleType: string;
  readonly bidMultiplierUp?: string;
  readonly askMultiplierDown?: string;
}

interface Rules {
  readonly symbolRules?: readonly { readonly symbol: string; readonly rules: readonly Rule[] }[];
}

/**
 * The venue's rule of execution: an order takes nothing outside of a range around a reference price, and ends there.
 */
export interface PriceRange {
  /** Reads the multiples from the venue; where it tells none, nothing is out of range. */
  read(): Promise<void>;
  reference(event: ReferencePrice): void;
  /** The levels, best first, that an order could take now: what lies beyond the range is as good as not there. */
  within(symbol: string, side: 'bids' | 'asks', levels: PriceLevel[]): PriceLevel[];
}

export function createPriceRange(symbols: readonly string[], rest: Rest, deps: { logger: Logger }): PriceRange {
  const multiples = new Map<string, { up: Units; down: Units }>();
  const references = new Map<string, Units>();
  const amount = (text: unknown): Units => (typeof text === 'string' ? parseAmount(text) : 0n);

  /** One by one: a market that the venue does not know is no reason to know nothing of the others. */
  const readOne = async (symbol: string): Promise<void> => {
    try {
      const answer = (await rest.call(false, () =>
        rest.trading.get('api/v3/executionRules', { symbol }),
      )) as unknown as Rules;
      const own = answer.symbolRules?.find((row) => row.symbol === symbol)?.rules;
      const rule = own?.find(({ ruleType }) => ruleType === 'PRICE_RANGE');
      if (rule) multiples.set(symbol, { up: amount(rule.bidMultiplierUp), down: amount(rule.askMultiplierDown) });
      else multiples.delete(symbol);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'refused';
      deps.logger.debug({ symbol, error: reason }, 'the venue does not tell its rules of execution');
    }
  };

  return {
    read: async () => {
      for (const symbol of symbols) await readOne(symbol);
    },
    reference: ({ s, r }) => {
      const price = isAmount(r) ? parseAmount(r) : 0n;
      if (price > 0n) references.set(s, price);
      else references.delete(s);
    },
    within: (symbol, side, levels) => {
      const [rule, reference] = [multiples.get(symbol), references.get(symbol)];
      const last = levels.at(-1)?.price;
      if (!rule || !reference || last === undefined) return levels;
      // We buy from asks and sell to bids.
      const isWithin = (price: Units): boolean => {
        if (side === 'bids') return price * ONE >= reference * rule.down;
        return rule.up === 0n || price * ONE <= reference * rule.up;
      };
      return isWithin(last) ? levels : levels.filter(({ price }) => isWithin(price));
    },
  };
}
