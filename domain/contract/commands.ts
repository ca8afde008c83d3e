/**
 * Everything the engine can be asked to do: plain JSON, amounts as decimal strings, so that a command can cross a
 * socket. Each carries a reference that is unique for ever; the same reference with the same body has one effect and
 * one answer. Who may send what is the sender's business; what it does to balances is the ledger's.
 */

import type { Confirmation } from './api/passkeys';

/** A custody account: where coins are. `hot/ethereum`, `deposit/ethereum`, `cold/ethereum`, `staked/tron`, `binance`, `transit`. */
export type CustodyPlace =
  `hot/${string}` | `deposit/${string}` | `cold/${string}` | `staked/${string}` | 'binance' | 'transit';

/** An amount that was reserved by `cost.reserve` and what was really paid, from which custody. */
export interface CostPaid {
  readonly reservation: string;
  readonly asset: string;
  readonly actual: string;
  readonly from: CustodyPlace;
}

/** What an order says, in Binance's words; amounts as decimal strings. */
export interface OrderTerms {
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly type:
    'LIMIT' | 'MARKET' | 'LIMIT_MAKER' | 'STOP_LOSS' | 'STOP_LOSS_LIMIT' | 'TAKE_PROFIT' | 'TAKE_PROFIT_LIMIT';
  readonly timeInForce?: 'GTC' | 'IOC' | 'FOK' | undefined;
  readonly quantity?: string | undefined;
  readonly quoteOrderQty?: string | undefined;
  readonly price?: string | undefined;
  readonly stopPrice?: string | undefined;
  readonly trailingDelta?: number | undefined;
  readonly icebergQty?: string | undefined;
  readonly selfTradePreventionMode?: 'EXPIRE_TAKER' | 'EXPIRE_MAKER' | 'EXPIRE_BOTH' | 'DECREMENT' | undefined;
}

/** A payment as somebody saw it before they decided. */
export interface SeenPayment {
  readonly network: string;
  readonly asset: string;
  readonly address: string;
  readonly memo?: string;
  readonly amount: string;
}

export type CommandBody =
  /** Operator's own money enters the books, having arrived in custody. */
  | { kind: 'operator.contribute'; asset: string; amount: string; custody: CustodyPlace }
  /**
   * A final deposit: credits floor(amount) less the rail's commission; the row becomes CREDITED. Amount is the
   * chain's.
   */
  | { kind: 'deposit.credit'; depositId: string; userId: string; network: string; asset: string; amount: string }
  /**
   * The block of a credited deposit left the chain: takes back what is available, the rest becomes the user's debt.
   * `fee`: the
   * commission that was taken, whatever it is by now; left out of those that were credited before it was kept.
   */
  | {
      kind: 'deposit.reverse';
      depositId: string;
      userId: string;
      network: string;
      asset: string;
      amount: string;
      fee?: string;
    }
  /** Sets aside a cost from the operator's position before anything is signed. Refused NEEDS_OPERATOR_FUNDS. */
  | { kind: 'cost.reserve'; asset: string; amount: string; purpose: string }
  /**
   * Books what was paid of a reservation (0 gives it all back). Also for a cost above the reservation, which uses the
   * position.
   */
  | { kind: 'cost.settle'; paid: CostPaid; purpose: string }
  /** Coins moved between places of ours; `cost` books the fee of the move in the same entry. */
  | {
      kind: 'custody.move';
      asset: string;
      amount: string;
      from: CustodyPlace;
      to: CustodyPlace;
      cost?: CostPaid;
      depositId?: string;
    }
  /** Sets venue coins aside for a pull-back, so that no swap spends them. Refused FUNDS_IN_TRANSIT. */
  | { kind: 'venue.reserve'; transferId: string; asset: string; amount: string }
  /**
   * The pull-back left the venue (`amount` was debited there, `amount - fee` is in transit) or failed (moved: false).
   * The fee waits in suspense for the withdrawal it serves, whose own fee covers it; without one the position pays.
   */
  | {
      kind: 'venue.release';
      transferId: string;
      moved: boolean;
      amount: string;
      fee: string;
      withdrawalId: string | null;
    }
  | {
      kind: 'withdrawal.request';
      withdrawalId: string;
      userId: string;
      asset: string;
      network: string;
      address: string;
      /** Left out where there is none. */
      memo?: string;
      /** What arrives; `fee` is taken on top, both are held. */
      amount: string;
      fee: string;
      /** Of a user with passkeys: what they signed. Kept in the record, checked by the server and by the signer. */
      confirmation?: Confirmation;
    }
  /**
   * `seen`: the payment as whoever approves it saw it. Refused WITHDRAWAL_CHANGED where it is not what was asked for.
   */
  | { kind: 'withdrawal.approve'; withdrawalId: string; adminId: string; seen: SeenPayment }
  | { kind: 'withdrawal.refuse'; withdrawalId: string; adminId: string; reason: string }
  | { kind: 'withdrawal.cancel'; withdrawalId: string; userId: string }
  /**
   * Paid on the chain and final. `gas` is booked from hot custody; `reservation` names what was set aside, if anything
   * was.
   */
  | {
      kind: 'withdrawal.confirm';
      withdrawalId: string;
      txid: string;
      gas: { asset: string; amount: string; reservation: string | null };
    }
  /**
   * Mined and failed (the gas is booked), or not payable at all (gas 0): the hold stays, the withdrawal goes back to
   * review.
   */
  | {
      kind: 'withdrawal.fail';
      withdrawalId: string;
      txid: string;
      gas: { asset: string; amount: string; reservation: string | null };
    }
  /** The address belongs to a user of ours: a transfer inside the books, the fee given back. */
  | { kind: 'withdrawal.settleInternal'; withdrawalId: string; toUserId: string }
  | { kind: 'swap.accept'; swapId: string; userId: string; quoteId: string }
  /**
   * Reference: `order:<user>:<clientOrderId>`. Refusals: see the endpoint. The answer is the order as the API shows
   * it.
   */
  | ({ kind: 'order.place'; userId: string; clientOrderId: string } & OrderTerms)
  | {
      kind: 'order.oco';
      userId: string;
      clientOrderId: string;
      symbol: string;
      side: 'BUY' | 'SELL';
      quantity: string;
      price: string;
      stopPrice: string;
      stopLimitPrice?: string;
      selfTradePreventionMode?: OrderTerms['selfTradePreventionMode'];
    }
  /** In flight: PENDING_CANCEL, applied when it comes back. Refused ORDER_STATE when it has ended. */
  | { kind: 'order.cancel'; userId: string; orderId: string }
  | { kind: 'order.cancelAll'; userId: string; symbol: string }
  | { kind: 'order.amend'; userId: string; orderId: string; quantity: string }
  /** Cancels and places in one step; refused as a whole. The answer is the new order, with the old one's id. */
  | ({ kind: 'order.replace'; userId: string; clientOrderId: string; orderId: string } & OrderTerms)
  /** Something outside changed (prices, freshness, budget): what rests and is reached goes on, stops trigger. */
  | { kind: 'market.tick'; symbol: string }
  /** An admin's choice for a market. */
  /** `adminId` null: the exchange itself halts a market that its venue does not know. */
  | {
      kind: 'market.set';
      symbol: string;
      adminId: string | null;
      state: 'TRADING' | 'POST_ONLY' | 'CANCEL_ONLY' | 'HALT';
      internalOnly: boolean;
    }
  /**
   * Nothing of the asset is withdrawn until it is taken back: by the house itself (no admin) when something does not
   * add up,
   * or by an admin. `why` null takes it back, which only an admin may.
   */
  | { kind: 'asset.pause'; asset: string; why: string | null; adminId: string | null }
  /** From the operator's position to a user: own tokens given out, a refund. Refused NEEDS_OPERATOR_FUNDS. */
  | { kind: 'operator.grant'; userId: string; asset: string; amount: string; why: string }
  /**
   * The final outcome of an order at the venue: all its trades, or none. `again`: refused for a reason that is not the
   * order's (a clock): another attempt may follow.
   */
  | {
      kind: 'venue.report';
      intentId: string;
      outcome: 'done' | 'refused';
      venueOrderId: string | null;
      reason: string | null;
      trades: VenueTrade[];
      again?: boolean;
    }
  /**
   * Nothing goes to the venue any more until an operator opens it: its ids went backwards, or an order it knew is
   * gone.
   */
  | { kind: 'venue.stop'; reason: string }
  /**
   * An operator opens the venue, in a new epoch of its ids if it was reset. Books follow its account before anything
   * is sent.
   */
  | { kind: 'venue.open'; adminId: string; newEpoch: boolean; why: string }
  /**
   * All orders are answered for; what the account has and what was booked then, signed differences go to suspense.
   * Refused BUSY when the books have moved.
   */
  | { kind: 'venue.reconciled'; accounts: { asset: string; booked: string; actual: string }[] };

export type CommandKind = CommandBody['kind'];

export type Command = CommandBody & {
  /** At most 190 characters, ASCII. */
  readonly reference: string;
};

/** One trade of an order of ours at the venue, as the venue reports it. */
export interface VenueTrade {
  readonly symbol: string;
  readonly tradeId: number;
  readonly price: string;
  readonly quantity: string;
  readonly quoteQuantity: string;
  readonly commission: string;
  readonly commissionAsset: string;
  readonly time: number;
}

/** What a command answers when it was done: small, JSON, stored with the reference. */
export type CommandAnswer = Readonly<Record<string, string | number | boolean | null>>;
