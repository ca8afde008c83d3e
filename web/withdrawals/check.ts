/**
 * What is not right with a withdrawal before it is asked for. The exchange checks it all again; this only says it
 * sooner.
 */
import { formatAmount, parseAmount } from '../../domain/money/amount';
import { floorToStep, stepOf } from '../../domain/money/rounding';
import { readAmount } from '../amounts';

export interface WithdrawalProblem {
  readonly field: 'address' | 'amount';
  /** A word of `withdrawals.problems`. */
  readonly what: 'needed' | 'amount' | 'decimals' | 'small' | 'funds';
  readonly limit?: string;
}

export interface Known {
  readonly rail: { readonly minWithdrawal: string; readonly withdrawalFee: string } | undefined;
  /** Decimals of the asset. */
  readonly scale: number;
  /** Null while nobody knows. */
  readonly available: string | null;
}

/** The first thing that is not right, or null. */
export function checkWithdrawal(
  typed: { readonly address: string; readonly amount: string },
  { rail, scale, available }: Known,
): WithdrawalProblem | null {
  if (typed.address.trim() === '') return { field: 'address', what: 'needed' };
  if (typed.amount.trim() === '') return { field: 'amount', what: 'needed' };
  const { amount } = readAmount(typed.amount);
  if (amount === null) return { field: 'amount', what: 'amount' };
  const units = parseAmount(amount);
  if (units % stepOf(scale) !== 0n) return { field: 'amount', what: 'decimals' };
  if (rail && units < parseAmount(rail.minWithdrawal))
    return { field: 'amount', what: 'small', limit: rail.minWithdrawal };
  if (rail && available !== null && units + parseAmount(rail.withdrawalFee) > parseAmount(available))
    return { field: 'amount', what: 'funds', limit: mostOf(available, rail.withdrawalFee, scale) };
  return null;
}

/**
 * Is what is to be confirmed what was typed? An address of the Ethereum kind has a spelling with capitals of its own;
 * whoever typed it without means the same.
 */
export function isSamePayment(
  payment: { network: string; asset: string; to: string; memo: string | null; amount: string },
  typed: { network: string; asset: string; address: string; memo?: string | undefined; amount: string },
): boolean {
  const plain = (address: string): string => (/^(0x|bc1|tb1|bcrt1)/i.test(address) ? address.toLowerCase() : address);
  const sameRail = payment.network === typed.network && payment.asset === typed.asset;
  const sameReceiver = plain(payment.to) === plain(typed.address) && payment.memo === (typed.memo ?? null);
  return sameRail && sameReceiver && parseAmount(payment.amount) === parseAmount(typed.amount);
}

/**
 * The most that can arrive: what is available less the fee, in whole steps of the asset; "0" where the fee takes it
 * all.
 */
export function mostOf(available: string, fee: string, scale: number): string {
  const rest = parseAmount(available) - parseAmount(fee);
  return rest > 0n ? formatAmount(floorToStep(rest, stepOf(scale))) : '0';
}
