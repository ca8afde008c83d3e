/** Deposits, the operator's funds, costs, moves between places of ours, debts, pauses. */
import { readMoney } from '../../../db/stores/modules/money';
import { MONEY_COMMANDS } from '../../../domain/commands/money';
import { parseAmount } from '../../../domain/money/amount';
import { RESERVED_COSTS } from '../../../ledger/accounts';
import { handlers } from '../../engine/module';
import type { EngineModule } from '../../engine/module';
import * as commands from './commands';
import type { MoneyState } from './state';

export const MONEY: EngineModule<MoneyState> = {
  name: 'money',
  commands: handlers(MONEY_COMMANDS, {
    'operator.contribute': commands.contribute,
    'operator.grant': commands.grant,
    'deposit.credit': commands.creditDeposit,
    'deposit.reverse': commands.reverseDeposit,
    'cost.reserve': commands.reserveCost,
    'cost.settle': commands.settleCost,
    'custody.move': commands.moveCustody,
    'asset.pause': commands.pauseAsset,
  }),
  memory: () => ({ costs: new Map(), paused: new Map() }),
  load: async (snapshot) => {
    const { costs, pauses } = await readMoney(snapshot);
    return (state) => {
      for (const { reference, asset, amount } of costs)
        state.costs.set(reference, { asset, amount: parseAmount(amount) });
      for (const { asset, why } of pauses) state.paused.set(asset, why);
    };
  },
  holds: ({ costs }) => [...costs.values()].map(({ asset, amount }) => ({ account: RESERVED_COSTS, asset, amount })),
  invariants: ({ costs }) =>
    [...costs].filter(([, { amount }]) => amount <= 0n).map(([reference]) => `cost ${reference} reserves nothing`),
  afterCommand: commands.collectDebts,
};
