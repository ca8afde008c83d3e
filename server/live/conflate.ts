/**
 * Many changes of a market as few messages: the first goes out at once, what follows within the pause goes together.
 */
import type { DepthDiff } from '../../domain/contract/api/live';
import type { PublicTradeView } from '../../domain/contract/api/markets';

/** Two diffs as one; null when the second does not follow on the first. */
export function joinDiffs(first: DepthDiff, second: DepthDiff): DepthDiff | null {
  if (second.first !== first.last + 1) return null;
  const side = (name: 'bids' | 'asks'): [string, string][] => [...new Map([...first[name], ...second[name]])];
  return { symbol: first.symbol, first: first.first, last: second.last, bids: side('bids'), asks: side('asks') };
}

export interface Conflated {
  depth(diff: DepthDiff): void;
  trades(symbol: string, trades: readonly PublicTradeView[]): void;
  close(): void;
}

interface Gathered {
  diff: DepthDiff | undefined;
  trades: PublicTradeView[];
}

interface Out {
  depth(diff: DepthDiff): void;
  trades(symbol: string, trades: PublicTradeView[]): void;
}

/** More than this of one pause is left out: the latest trades are what people look at. */
const MOST_TRADES = 200;

export function conflate(pauseMs: number, out: Out): Conflated {
  const pauses = new Map<string, { timer: NodeJS.Timeout; gathered: Gathered }>();
  const send = (symbol: string, { diff, trades }: Gathered): void => {
    if (diff) out.depth(diff);
    if (trades.length) out.trades(symbol, trades);
  };
  const flush = (symbol: string): void => {
    const gathered = pauses.get(symbol)?.gathered;
    pauses.delete(symbol);
    if (!gathered || (!gathered.diff && gathered.trades.length === 0)) return;
    begin(symbol);
    send(symbol, gathered);
  };
  const begin = (symbol: string): void => {
    const timer = setTimeout(() => flush(symbol), pauseMs);
    timer.unref();
    pauses.set(symbol, { timer, gathered: { diff: undefined, trades: [] } });
  };
  const take = (symbol: string, now: Gathered, add: (gathered: Gathered) => void): void => {
    const pause = pauses.get(symbol);
    if (pause) {
      add(pause.gathered);
      return;
    }
    begin(symbol);
    send(symbol, now);
  };
  return {
    depth: (diff) =>
      take(diff.symbol, { diff, trades: [] }, (gathered) => {
        const joined = gathered.diff ? joinDiffs(gathered.diff, diff) : diff;
        // A gap is the reader's to find: what was gathered before it goes out alone.
        if (!joined && gathered.diff) out.depth(gathered.diff);
        gathered.diff = joined ?? diff;
      }),
    trades: (symbol, trades) =>
      take(symbol, { diff: undefined, trades: trades.slice(-MOST_TRADES) }, (gathered) => {
        gathered.trades = [...gathered.trades, ...trades].slice(-MOST_TRADES);
      }),
    close: () => {
      for (const { timer } of pauses.values()) clearTimeout(timer);
      pauses.clear();
    },
  };
}
