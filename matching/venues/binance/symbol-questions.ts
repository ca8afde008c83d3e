import type { Clock } from '../../../domain/clock-and-ids';
import type { Logger } from '../../../domain/contract/ports';
import { BAD_SYMBOL, failureOf } from './errors';

/** Symbols that the venue did not know are asked about again so often: it may list them. */
const AGAIN_MS = 600_000;

/** Questions about many symbols in one request. */
export interface SymbolQuestions {
  /**
   * Sends the question for all symbols that the venue knows. Rejects as `send` does, but for symbols the venue does
   * not know.
   */
  ask<T>(send: (symbols: string[]) => Promise<T[]>): Promise<T[]>;
  /** Called with each symbol that turns out to be unknown to the venue. */
  onUnknown(listener: (symbol: string) => void): void;
}

/**
 * One symbol that the venue does not know fails the request for all of them (-1121), and its answer does not say which
 * one. It is found by halves, left out of later questions, and told by its name; the others go on.
 */
export function createSymbolQuestions(
  symbols: readonly string[],
  deps: { clock: Clock; logger: Logger },
): SymbolQuestions {
  const unknown = new Map<string, number>();
  const listeners: ((symbol: string) => void)[] = [];

  const tell = (symbol: string): void => {
    const isNew = !unknown.has(symbol);
    unknown.set(symbol, deps.clock.now());
    if (!isNew) return;
    deps.logger.error(
      { event: 'venue.market_unknown', symbol },
      'the venue does not know this market: it is halted, the others go on',
    );
    for (const listener of listeners) listener(symbol);
  };
  const part = async <T>(asked: string[], send: (symbols: string[]) => Promise<T[]>): Promise<T[]> => {
    if (asked.length === 0) return [];
    try {
      const rows = await send(asked);
      for (const symbol of asked) unknown.delete(symbol);
      return rows;
    } catch (error) {
      const { kind, code } = failureOf(error, deps.clock.now());
      if (kind !== 'refused' || code !== BAD_SYMBOL) throw error;
      if (asked.length === 1) {
        tell(asked[0] as string);
        return [];
      }
      const half = asked.length >> 1;
      return [...(await part(asked.slice(0, half), send)), ...(await part(asked.slice(half), send))];
    }
  };

  return {
    ask: (send) => {
      const now = deps.clock.now();
      return part(
        symbols.filter((symbol) => now - (unknown.get(symbol) ?? -AGAIN_MS) >= AGAIN_MS),
        send,
      );
    },
    onUnknown: (listener) => void listeners.push(listener),
  };
}
