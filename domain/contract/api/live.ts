/**
 * The live feed (socket.io). After connecting, the server says `hello`; then each private message is one `event`. Numbers
 * count up by one per user; another epoch, or a gap, means: something was missed, fetch again. A null `data` says only
 * that the thing changed.
 */
import type { BalanceView } from './balances';
import type { DepositView } from './deposits';
import type { TickerView } from './markets';
import type { SwapView } from './swaps';
import type { WithdrawalView } from './withdrawals';

export interface LiveData {
  'balance.changed': { items: BalanceView[] };
  'deposit.changed': DepositView;
  'swap.changed': SwapView;
  'withdrawal.changed': WithdrawalView;
  'kyc.changed': { state: string };
}
export type LiveName = keyof LiveData;

export interface LiveStamp {
  epoch: string;
  seq: number;
}
export type LiveEvent = { [Name in LiveName]: LiveStamp & { name: Name; data: LiveData[Name] | null } }[LiveName];

/** To admins: a queue has changed, or something needs their eyes. */
export type AdminEvent = { name: 'queue.changed'; queue: 'kyc' | 'withdrawals' } | { name: 'alert'; code: string; message: string };

export interface ServerToClient {
  hello(stamp: LiveStamp): void;
  event(event: LiveEvent): void;
  admin(event: AdminEvent): void;
  tickers(items: TickerView[]): void;
}
