import { parseAmount } from '../../domain/money/amount';

/** How much of a limit is used, in thousandths, for a bar; never above 1000. */
export function thousandths(used: string, limit: string): number {
  const [part, whole] = [parseAmount(used), parseAmount(limit)];
  if (whole === 0n) return 0;
  return part >= whole ? 1000 : Number((part * 1000n) / whole);
}
