import { show } from './decimal';
import type { Deps } from './routes';

/** Tells what happens to the account; answers how to stop. */
export function userEvents({ exchange }: Deps, tell: (event: Record<string, unknown>) => void): () => void {
  const onPosition = (assets: readonly string[]): void => {
    const now = Date.now();
    const rows = assets.map((asset) => {
      const { free, locked } = exchange.account.balance(asset);
      return { a: asset, f: show(free), l: show(locked) };
    });
    tell({ e: 'outboundAccountPosition', E: now, u: now, B: rows });
  };
  const onBalance = (asset: string, amount: string): void =>
    tell({ e: 'balanceUpdate', E: Date.now(), a: asset, d: amount, T: Date.now() });
  exchange.on('report', tell).on('position', onPosition).on('balance', onBalance);
  return () => void exchange.off('report', tell).off('position', onPosition).off('balance', onBalance);
}
