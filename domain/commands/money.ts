/** Commands of the module `money`: the operator's funds, deposits, costs, moves between places of ours. */
import { amount, command, costPaid, custodyPlace, name, text } from './shapes';

export const MONEY_COMMANDS = {
  /** Operator's own money enters the books, having arrived in custody. */
  'operator.contribute': command('internal', { asset: name, amount, custody: custodyPlace }),
  /** From the operator's position to a user: own tokens given out, a refund. Refused NEEDS_OPERATOR_FUNDS. */
  'operator.grant': command('internal', { userId: name, asset: name, amount, why: text }),
  /**
   * A final deposit: credits floor(amount) less the rail's commission; the row becomes CREDITED. Amount is the
   * chain's.
   */
  'deposit.credit': command('internal', { depositId: name, userId: name, network: name, asset: name, amount }),
  /**
   * The block of a credited deposit left the chain: takes back what is available, the rest becomes the user's debt.
   * `fee`: the commission that was taken, whatever it is by now; left out for deposits that were credited before it
   * was stored.
   */
  'deposit.reverse': command('internal', {
    depositId: name,
    userId: name,
    network: name,
    asset: name,
    amount,
    fee: amount.optional(),
  }),
  /** Reserves a cost from the operator's position before anything is signed. Refused NEEDS_OPERATOR_FUNDS. */
  'cost.reserve': command('internal', { asset: name, amount, purpose: text }),
  /**
   * Books what was paid of a reservation (0 gives it all back). Also for a cost above the reservation, which uses the
   * position.
   */
  'cost.settle': command('internal', { paid: costPaid, purpose: text }),
  /** Coins moved between places of ours; `cost` books the fee of the move in the same entry. */
  'custody.move': command('internal', {
    asset: name,
    amount,
    from: custodyPlace,
    to: custodyPlace,
    cost: costPaid.optional(),
    depositId: name.optional(),
  }),
  /**
   * Withdrawals of the asset stop: by the exchange itself (no admin) when something does not add up, or by an admin.
   * `why` null resumes them, which only an admin may.
   */
  'asset.pause': command('admin', { asset: name, why: text.nullable(), adminId: name.nullable() }),
} as const;
