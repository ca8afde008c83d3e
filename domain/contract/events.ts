import type { AlertCode } from '../alerts';
import type { PublicTradeView } from './api/markets';
import type { FillView, OrderView } from './api/orders';

/**
 * Catalogue of what the house tells itself and its users after a commit. Events carry ids and states, never secrets.
 */
export interface Events {
  /** Whose business it is: a user id, or null for admins only. */
  'balance.changed': { userId: string; asset: string };
  'swap.changed': { userId: string; swapId: string; state: string };
  /** As the API shows it, so that a busy feed reads no tables. */
  'order.changed': { userId: string; order: OrderView };
  'fill.made': { userId: string; fill: FillView };
  /** For everybody: a trade in our own book. */
  'market.traded': { symbol: string; trade: PublicTradeView };
  'withdrawal.changed': { userId: string; withdrawalId: string; state: string };
  'deposit.changed': { userId: string; depositId: string; state: string; confirmations: number };
  'kyc.changed': { userId: string; state: string };
  /** Sessions of the user have ended, or what they may do has changed: whoever remembers or serves them looks again. */
  'access.changed': { userId: string };
  /** A swap was refused because the coins were not at the venue yet: the sweeper should hurry. */
  'venue.demand': { asset: string; amount: string };
  /**
   * What was told elsewhere may not have come here: whoever listens must ask again. Of a process that was cut off from
   * the engine.
   */
  'feed.gap': object;
  /** Something an operator must look at. */
  alert: { code: AlertCode; message: string; details?: Record<string, unknown> };
}

export type EventName = keyof Events;
export type DomainEvent = { [Name in EventName]: { readonly name: Name } & Events[Name] }[EventName];
export type EventOf<Name extends EventName> = Extract<DomainEvent, { name: Name }>;
