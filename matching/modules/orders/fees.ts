import { parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import type { Registry, TradingTier } from '../../../domain/registry';

export interface Rate {
  /** Share of what is received (0.001 = 10 bp), as Units. */
  readonly rate: Units;
  readonly version: number;
}

/** The tier of a volume (Units of the market's quote asset, 30 days): the market's own rows, or those for all. */
export function tierOf(
  registry: Registry,
  symbol: string,
  volume: Units,
): { tier: TradingTier; next: TradingTier | undefined } {
  const own = registry.fees.trading.filter(({ market }) => market === symbol);
  const rows = (own.length > 0 ? own : registry.fees.trading.filter(({ market }) => market === '*')).toSorted((a, b) =>
    parseAmount(a.minVolume) < parseAmount(b.minVolume) ? -1 : 1,
  );
  const reached = rows.filter(({ minVolume }) => parseAmount(minVolume) <= volume);
  const tier = reached.at(-1) ?? rows[0];
  if (!tier) throw new Error(`no trading fees for ${symbol}`);
  return { tier, next: rows.find(({ minVolume }) => parseAmount(minVolume) > volume) };
}

/** What this user pays here as maker or taker. */
export function rateOf(
  state: { readonly volumes: ReadonlyMap<string, Units> },
  registry: Registry,
  userId: string,
  symbol: string,
  maker: boolean,
): Rate {
  const { tier } = tierOf(registry, symbol, state.volumes.get(`${userId}|${symbol}`) ?? 0n);
  return { rate: parseAmount(maker ? tier.maker : tier.taker), version: registry.fees.version };
}
