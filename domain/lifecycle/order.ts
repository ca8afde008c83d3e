import type { Transitions } from './transitions';

/** The states of an order, in Binance's words. */
export type OrderState =
  'NEW' | 'PARTIALLY_FILLED' | 'PENDING_CANCEL' | 'FILLED' | 'CANCELED' | 'EXPIRED' | 'EXPIRED_IN_MATCH';

export type OrderEvent =
  /** Some of it was executed, or the last of it. */
  | 'fill'
  | 'fillRest'
  /** Asked while it is in flight: applied when it comes back. */
  | 'askCancel'
  | 'cancel'
  /** An IOC's, FOK's or MARKET's rest, the sibling of an OCO, a market that closed. */
  | 'expire'
  /** Self-trade prevention. */
  | 'prevent'
  /** Fewer are asked for; its place in the queue is kept. */
  | 'amend';

/**
 * Allowed transitions. An order that waits for its trigger is NEW; one in flight keeps its state and says so
 * elsewhere.
 */
export const ORDER: Transitions<OrderState, OrderEvent> = {
  NEW: {
    fill: 'PARTIALLY_FILLED',
    fillRest: 'FILLED',
    askCancel: 'PENDING_CANCEL',
    cancel: 'CANCELED',
    expire: 'EXPIRED',
    prevent: 'EXPIRED_IN_MATCH',
    amend: 'NEW',
  },
  PARTIALLY_FILLED: {
    fill: 'PARTIALLY_FILLED',
    fillRest: 'FILLED',
    askCancel: 'PENDING_CANCEL',
    cancel: 'CANCELED',
    expire: 'EXPIRED',
    prevent: 'EXPIRED_IN_MATCH',
    amend: 'PARTIALLY_FILLED',
  },
  PENDING_CANCEL: {
    fill: 'PENDING_CANCEL',
    fillRest: 'FILLED',
    askCancel: 'PENDING_CANCEL',
    cancel: 'CANCELED',
    expire: 'EXPIRED',
    prevent: 'EXPIRED_IN_MATCH',
  },
  FILLED: {},
  CANCELED: {},
  EXPIRED: {},
  EXPIRED_IN_MATCH: {},
};
