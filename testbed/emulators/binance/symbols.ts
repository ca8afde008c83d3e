import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cross } from './cross';
import { must } from './decimal';
import type { SymbolInfo } from './filters';
import type { RateLimit } from './limits';
import type { Market } from './market';
import { recordingOf } from './recording';
import { Replay } from './replay';
import { walked } from './synthetic';

export interface ExchangeInfo {
  readonly timezone: string;
  readonly rateLimits: RateLimit[];
  readonly exchangeFilters: unknown[];
  symbols: SymbolInfo[];
}

const DATA = join(__dirname, 'data');
const json = (name: string): unknown => JSON.parse(readFileSync(join(DATA, name), 'utf8'));

/** A value of one of the symbol's filters, as `LOT_SIZE` `stepSize`. */
export const ruleOf = (info: SymbolInfo, filter: string, name: string): bigint =>
  must(String(info.filters.find(({ filterType }) => filterType === filter)?.[name] ?? '0'));

/**
 * The limits and filters of the symbols asked for (all, unless told), a fresh copy each time: they can change while it
 * runs.
 */
export function exchangeInfo(wanted?: readonly string[]): ExchangeInfo {
  const info = json('exchange-info.json') as ExchangeInfo;
  for (const symbol of wanted ?? [])
    if (!info.symbols.some((known) => known.symbol === symbol)) throw new Error(`The emulator has no ${symbol}.`);
  info.symbols = info.symbols.filter(({ symbol }) => !wanted || wanted.includes(symbol));
  return info;
}

/**
 * A market each: recorded where there is a recording, walked where there is a first price, else derived from its legs,
 * which come with it.
 */
export function openMarkets(
  info: ExchangeInfo,
  seed: number,
  isWatched: (symbol: string) => boolean,
): Map<string, Market> {
  const all = exchangeInfo().symbols;
  const prices = json('synthetic.json') as Record<string, string>;
  const made = new Map<string, Market>();
  const make = (symbol: string): Market => {
    const known = made.get(symbol);
    if (known) return known;
    const own = all.find((candidate) => candidate.symbol === symbol);
    if (!own) throw new Error(`The emulator has no ${symbol}.`);
    const market = open(own, symbol);
    made.set(symbol, market);
    return market;
  };
  const open = (own: SymbolInfo, symbol: string): Market => {
    const file = join(DATA, `${symbol.toLowerCase()}.jsonl.gz`);
    if (existsSync(file)) return new Replay(symbol, recordingOf(file));
    const [tick, lot, price] = [
      ruleOf(own, 'PRICE_FILTER', 'tickSize'),
      ruleOf(own, 'LOT_SIZE', 'stepSize'),
      prices[symbol],
    ];
    const rule = (filter: string, name: string): string =>
      String(own.filters.find(({ filterType }) => filterType === filter)?.[name]);
    if (price)
      return new Replay(
        symbol,
        walked({ symbol, price, tick: rule('PRICE_FILTER', 'tickSize'), lot: rule('LOT_SIZE', 'stepSize'), seed }),
      );
    return new Cross(
      symbol,
      { base: make(`${own.baseAsset}USDT`), quote: make(`${own.quoteAsset}USDT`), tick, lot },
      () => isWatched(symbol),
      seed,
    );
  };
  for (const { symbol } of info.symbols) make(symbol);
  return made;
}
