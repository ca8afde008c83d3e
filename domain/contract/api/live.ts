/**
 * The live feed (socket.io, path /live). After connecting, the server says `hello`; then each private message is one
 * `event`. Numbers count up by one per user; a client that was away says `auth: { epoch, seq }` when it connects again
 * and is told what it missed, or, when that is not kept any more, `hello` with `resync: true`: fetch again. A null
 * `data` says only that the thing changed.
 *
 * Markets: emit `subscribe` / `unsubscribe` with a list of symbols. `depth` diffs carry `first` and `last`: they
 * follow on a snapshot or diff whose sequence is first - 1 (a quantity of "0" deletes the level); after a gap fetch
 * the snapshot again. A client that reads too slowly is skipped, not waited for: it finds a gap and asks again.
 */
import type { AlertCode, AlertSeverity } from '../../alerts';
import { z } from 'zod';
import { balanceView } from './balances';
import { depositView } from './deposits';
import type { PublicTradeView, TickerView } from './markets';
import { fillView, orderView } from './orders';
import { swapView } from './swaps';
import { withdrawalView } from './withdrawals';

/** What each private event carries. */
export const LIVE_VIEWS = {
  'balance.changed': z.object({ items: z.array(balanceView) }),
  'deposit.changed': depositView,
  'swap.changed': swapView,
  'withdrawal.changed': withdrawalView,
  'kyc.changed': z.object({ state: z.string() }),
  'order.changed': orderView,
  'fill.made': fillView,
};
export type LiveName = keyof typeof LIVE_VIEWS;
export type LiveData = { [Name in LiveName]: z.infer<(typeof LIVE_VIEWS)[Name]> };

export interface LiveStamp {
  epoch: string;
  seq: number;
}
export type LiveEvent = { [Name in LiveName]: LiveStamp & { name: Name; data: LiveData[Name] | null } }[LiveName];

/** To admins: a queue has changed, or something needs their eyes. */
export type AdminEvent =
  | { name: 'queue.changed'; queue: 'kyc' | 'withdrawals' }
  | { name: 'alert'; code: AlertCode; severity: AlertSeverity; message: string; action: string };

/** Levels that changed since `first - 1`, as [price, quantity]. */
export interface DepthDiff {
  symbol: string;
  first: number;
  last: number;
  bids: [string, string][];
  asks: [string, string][];
}

export interface ServerToClient {
  hello(stamp: LiveStamp & { resync?: boolean }): void;
  event(event: LiveEvent): void;
  admin(event: AdminEvent): void;
  tickers(items: TickerView[]): void;
  depth(diff: DepthDiff): void;
  trades(symbol: string, trades: PublicTradeView[]): void;
}

export interface ClientToServer {
  subscribe(symbols: string[], done?: (taken: string[]) => void): void;
  unsubscribe(symbols: string[]): void;
}
