/** Commands of the module `withdrawals`. */
import { z } from 'zod';
import { confirmation } from '../contract/api/passkeys';
import { amount, command, name, text } from './shapes';

/** A payment as somebody saw it before they decided. */
export const seenPayment = z.strictObject({
  network: name,
  asset: name,
  address: name,
  memo: name.optional(),
  amount,
});
export type SeenPayment = z.infer<typeof seenPayment>;

/** What a payout burnt on its network; `reservation` names what was reserved for it, if anything was. */
const gas = z.strictObject({ asset: name, amount, reservation: name.nullable() });

export const WITHDRAWAL_COMMANDS = {
  /** `amount` is what arrives; `fee` is taken on top, both are held. `memo` is left out where there is none. */
  'withdrawal.request': command('user', {
    withdrawalId: name,
    userId: name,
    asset: name,
    network: name,
    address: name,
    memo: name.optional(),
    amount,
    fee: amount,
    /** Of a user with passkeys: what they signed. Stored in the record, checked by the server and by the signer. */
    confirmation: confirmation.optional(),
  }),
  /**
   * `seen`: the payment as whoever approves it saw it. Refused WITHDRAWAL_CHANGED where it is not what was asked for.
   */
  'withdrawal.approve': command('admin', { withdrawalId: name, adminId: name, seen: seenPayment }),
  'withdrawal.refuse': command('admin', { withdrawalId: name, adminId: name, reason: text }),
  'withdrawal.cancel': command('user', { withdrawalId: name, userId: name }),
  /** Paid on the chain and final. `gas` is booked from hot custody. */
  'withdrawal.confirm': command('internal', { withdrawalId: name, txid: text, gas }),
  /**
   * Mined and failed (the gas is booked), or not payable at all (gas 0): the hold stays, the withdrawal goes back to
   * review.
   */
  'withdrawal.fail': command('internal', { withdrawalId: name, txid: text, gas }),
  /** The address belongs to a user of ours: a transfer inside the books, the fee given back. */
  'withdrawal.settleInternal': command('internal', { withdrawalId: name, toUserId: name }),
} as const;
