/**
 * What a swap came to, so that every unit is named: what Binance gave, its fee, our commission and our margin in the
 * price.
 */
import type { SwapDetailView } from '../../domain/contract/api/swaps';
import { formatAmount, parseAmount, parseSigned } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';

export interface Line {
  readonly what: 'traded' | 'venueFee' | 'commission' | 'spread';
  /** Signed decimal text: positive came in, negative was taken. */
  readonly amount: string;
  readonly asset: string;
}

type Swap = Pick<SwapDetailView, 'from' | 'to' | 'commission' | 'between' | 'spread'> & {
  readonly venueOrders: readonly Pick<SwapDetailView['venueOrders'][number], 'symbol' | 'side' | 'trades'>[];
};

/** Which two assets a market trades: those of the swap and of what is between, in the order of the symbol. */
function pairOf(symbol: string, known: readonly string[]): readonly [base: string, quote: string] | null {
  for (const base of known) for (const quote of known) if (`${base}${quote}` === symbol) return [base, quote];
  return null;
}

/**
 * The lines between what was given and what was received. For each asset: given + traded + fees + commission + spread
 * = received. Empty while nothing was traded.
 */
export function receiptOf(swap: Swap): Line[] {
  const known = [...new Set([swap.from, swap.to, ...(swap.between ? [swap.between.asset] : [])])];
  const [traded, fees] = [new Map<string, Units>(), new Map<string, Units>()];
  const add = (to: Map<string, Units>, asset: string, amount: Units): void =>
    void to.set(asset, (to.get(asset) ?? 0n) + amount);
  for (const { symbol, side, trades } of swap.venueOrders) {
    const pair = pairOf(symbol, known);
    if (!pair) return [];
    for (const trade of trades) {
      const sign = side === 'BUY' ? 1n : -1n;
      add(traded, pair[0], sign * parseAmount(trade.quantity));
      add(traded, pair[1], -sign * parseAmount(trade.quoteQuantity));
      add(fees, trade.commissionAsset, -parseSigned(trade.commission));
    }
  }
  if (traded.size === 0) return [];
  const commission = -parseAmount(swap.commission);
  const line = (what: Line['what'], asset: string, amount: Units): Line[] =>
    amount === 0n ? [] : [{ what, asset, amount: formatAmount(amount) }];
  /** Our margin is what the exchange says it is; out of it Binance's fee is paid, which has a line of its own. */
  const margin = (asset: string): Units =>
    -parseSigned(swap.spread.find((one) => one.asset === asset)?.amount ?? '0') - (fees.get(asset) ?? 0n);
  return [
    ...known.flatMap((asset) => line('traded', asset, traded.get(asset) ?? 0n)),
    ...[...fees].flatMap(([asset, amount]) => line('venueFee', asset, amount)),
    ...line('commission', swap.to, commission),
    ...known.flatMap((asset) => line('spread', asset, margin(asset))),
  ];
}
