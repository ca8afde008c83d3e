/** What balances are worth, for their order alone: by the last prices, in the asset that most markets trade against. */
import type { BalanceView } from '../../domain/contract/api/balances';
import type { MarketView, TickerView } from '../../domain/contract/api/markets';
import { isAmount, parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { notionalDown } from '../../domain/money/rounding';

const QUOTE = 'USDT';

/** Largest worth first; what has no price after what has one, by its amount; then by its code. */
export function largestFirst<Balance extends Pick<BalanceView, 'asset' | 'available' | 'held'>>(
  balances: readonly Balance[],
  markets: readonly Pick<MarketView, 'symbol' | 'base' | 'quote'>[],
  tickers: readonly Pick<TickerView, 'symbol' | 'last' | 'bid'>[],
): Balance[] {
  const priceOf = (asset: string): Units | null => {
    if (asset === QUOTE) return 10n ** 18n;
    const market = markets.find(({ base, quote }) => base === asset && quote === QUOTE);
    const ticker = tickers.find(({ symbol }) => symbol === market?.symbol);
    const price = [ticker?.last, ticker?.bid].find((one) => isAmount(one) && one !== '0');
    return price === undefined ? null : parseAmount(price);
  };
  const rows = balances.map((balance) => {
    const amount = parseAmount(balance.available) + parseAmount(balance.held);
    const price = priceOf(balance.asset);
    return { balance, amount, worth: price === null ? -1n : notionalDown(amount, price) };
  });
  const down = (a: Units, b: Units): number => (a === b ? 0 : a > b ? -1 : 1);
  return rows
    .toSorted(
      (a, b) => down(a.worth, b.worth) || down(a.amount, b.amount) || (a.balance.asset < b.balance.asset ? -1 : 1),
    )
    .map(({ balance }) => balance);
}
