/** Whether the modules and the books agree on what open business holds. */
import { formatAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import { PULL_BACK_FEES, RESERVED_COSTS } from '../../ledger/accounts';
import { MODULES } from './modules';
import type { EngineState } from './modules';

const isHold = (account: string): boolean =>
  account.endsWith('/held') || account === RESERVED_COSTS || account === PULL_BACK_FEES;

/**
 * What is wrong in memory between two commands, in plain sentences: each module's own invariants, and holds beside the
 * books.
 */
export function memoryFaults(state: EngineState): string[] {
  const difference = new Map<string, Units>();
  const add = (account: string, asset: string, amount: Units): void => {
    const name = `${account} ${asset}`;
    difference.set(name, (difference.get(name) ?? 0n) + amount);
  };
  for (const module of MODULES)
    for (const { account, asset, amount } of module.holds(state)) add(account, asset, amount);
  for (const { account, asset, amount } of state.books.entries()) if (isHold(account)) add(account, asset, -amount);
  return [
    ...MODULES.flatMap((module) => module.invariants(state)),
    ...[...difference]
      .filter(([, amount]) => amount !== 0n)
      .map(([name, amount]) => `${name}: open business holds ${formatAmount(amount)} more than the books`),
  ];
}
