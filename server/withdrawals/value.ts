import { keepPrices, lastPrice } from '../../db/stores/prices';
import { DomainError } from '../../domain/contract/errors';
import { ONE, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { mulDivUp } from '../../domain/money/rounding';
import type { ServerDeps } from '../deps';
import { QUOTE } from '../tiers/policy';

/** A price that is older than this lets nothing pass by itself. */
const FRESH_MS = 60_000;
/** One that is older than this is none: what has a market is refused without a price. */
const MOST_AGE_MS = 86_400_000;
const KEEP_EVERY_MS = 60_000;

type Deps = Pick<ServerDeps, 'dataSource' | 'marketData' | 'registry' | 'clock'>;

export interface Worth {
  /** In the quote asset, rounded up; null where no market trades the asset for it. */
  readonly value: Units | null;
  /** Is the price behind it of the last minute? */
  readonly isFresh: boolean;
}

/**
 * At the best bid, or the last one that was known. Refuses NO_PRICE where there was none for a day: the amount would
 * count towards no limit, nor ever after.
 */
export async function worthOf(deps: Deps, asset: string, amount: Units): Promise<Worth> {
  if (asset === QUOTE) return { value: amount, isFresh: true };
  if (!deps.registry.markets.some(({ base, quote }) => base === asset && quote === QUOTE))
    return { value: null, isFresh: false };
  const now = deps.clock.now();
  const seen = (await bidsOf(deps)).find((one) => one.asset === asset);
  const kept = seen && now - seen.at <= FRESH_MS ? undefined : await lastPrice(deps.dataSource, asset);
  const best = [seen && { price: parseAmount(seen.price), at: seen.at }, kept]
    .filter((one) => one !== undefined)
    .toSorted((a, b) => b.at - a.at)[0];
  if (!best || now - best.at > MOST_AGE_MS) throw new DomainError('NO_PRICE', { asset });
  return { value: mulDivUp(amount, best.price, ONE), isFresh: now - best.at <= FRESH_MS };
}

/** What the markets say now, with the time they said it. */
async function bidsOf({ marketData, registry, clock }: Deps): Promise<{ asset: string; price: string; at: number }[]> {
  const tickers = new Map((await marketData.tickers()).map((ticker) => [ticker.symbol, ticker]));
  return registry.markets.flatMap(({ symbol, base: asset, quote }) => {
    const ticker = quote === QUOTE ? tickers.get(symbol) : undefined;
    return ticker && parseAmount(ticker.bid) > 0n ? [{ asset, price: ticker.bid, at: clock.now() - ticker.ageMs }] : [];
  });
}

/** Keeps the prices of each minute. Returns what ends it. */
export function keepLastPrices(deps: Deps & Pick<ServerDeps, 'logger'>): () => void {
  const keep = (): void =>
    void bidsOf(deps)
      .then((prices) => keepPrices(deps.dataSource, prices))
      .catch((error: unknown) =>
        deps.logger.warn({ event: 'prices.not_stored', error: String(error) }, 'prices were not kept'),
      );
  keep();
  const timer = setInterval(keep, KEEP_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
