/** What the process that holds the engine and further API processes say to each other, and how much of it. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DepthDiff } from '../../domain/contract/api/live';
import type { PublicTradeView } from '../../domain/contract/api/markets';
import type { ErrorCode } from '../../domain/contract/errors';
import type { EventName, DomainEvent } from '../../domain/contract/events';
import type {
  AddressCheck,
  ColdStorage,
  DepositAddresses,
  Engine,
  EventBus,
  MarketData,
  NetworkStates,
  PayoutRules,
  Quotes,
  Reconciliation,
  TradingFigures,
  UserKeys,
} from '../../domain/contract/ports';

/** Both ends must be of one make; another number is turned away at the door. */
export const VERSION = 3;
/** No request or answer comes near this. */
export const MOST_FRAME_BYTES = 4 * 1024 * 1024;
/** Before the secret was shown nobody needs more: a stranger is not given memory. */
export const FIRST_FRAME_BYTES = 4 * 1024;
/** The side with the engine says something at least so often; a peer that hears nothing for `SILENCE_MS` comes back. */
export const PING_MS = 1000;
export const SILENCE_MS = 5000;
/** Who does not show the secret within this is turned away. */
export const GREETING_MS = 5000;

/** What a server needs of the other houses. */
export interface Ports {
  readonly engine: Engine;
  readonly quotes: Quotes;
  readonly marketData: MarketData;
  readonly figures: TradingFigures;
  readonly depositAddresses: DepositAddresses;
  readonly addressCheck: AddressCheck;
  readonly payoutRules: PayoutRules;
  readonly userKeys: UserKeys;
  readonly reconciliation: Reconciliation;
  readonly coldStorage: ColdStorage;
  readonly networkStates: NetworkStates;
  readonly events: EventBus;
}

/** Everything that can be asked over the link, by name. */
export interface Calls {
  readonly submit: Engine['submit'];
  readonly balancesOf: Engine['balancesOf'];
  readonly operatorPosition: Engine['operatorPosition'];
  readonly custody: Engine['custody'];
  readonly paused: Engine['paused'];
  readonly recordedWithdrawals: Engine['recordedWithdrawals'];
  readonly reconciliation: Reconciliation['latest'];
  readonly coldView: ColdStorage['view'];
  readonly planCold: ColdStorage['plan'];
  readonly gatherCold: ColdStorage['gather'];
  readonly announceCold: ColdStorage['announce'];
  readonly cancelCold: ColdStorage['cancel'];
  readonly networks: NetworkStates['networks'];
  readonly venueTreasury: NetworkStates['venueTreasury'];
  readonly quote: Quotes['quote'];
  readonly tickers: MarketData['tickers'];
  readonly depth: MarketData['depth'];
  readonly trades: MarketData['trades'];
  readonly candles: MarketData['candles'];
  readonly feesOf: TradingFigures['feesOf'];
  readonly routing: TradingFigures['routing'];
  readonly addressFor: DepositAddresses['addressFor'];
  readonly checkAddress: AddressCheck['check'];
  readonly judgePayout: PayoutRules['judge'];
  readonly approvers: PayoutRules['approvers'];
  readonly changePasskey: UserKeys['changePasskey'];
  readonly droppedPasskeys: UserKeys['droppedPasskeys'];
}
export type CallName = keyof Calls;

/** Events that come into being in an API process; all others are the engine's and the wallets' to tell. */
export const UPWARD: ReadonlySet<EventName> = new Set<EventName>(['kyc.changed', 'access.changed']);

export interface Failure {
  /** Absent when it was no refusal: then nothing more is said over the link than that it went wrong. */
  readonly code?: ErrorCode;
  readonly details?: Record<string, unknown>;
}

/** From the side with the engine. The first is a greeting, the second the welcome. */
export type Downward =
  | { readonly greeting: string; readonly version: number }
  | { readonly welcome: string }
  | { readonly id: number; readonly result?: unknown; readonly failure?: Failure }
  | { readonly event: DomainEvent }
  | { readonly depth: DepthDiff }
  | { readonly trades: PublicTradeView[]; readonly symbol: string }
  | { readonly ping: true };

/** From an API process. The first shows the secret. */
export type Upward =
  | { readonly nonce: string; readonly proof: string }
  | { readonly id: number; readonly call: CallName; readonly params: unknown[] }
  | { readonly event: DomainEvent };

/**
 * Shows that a side knows the secret without saying it; each side has its own word, so that neither can be sent back.
 */
export const proofOf = (secret: string, side: 'engine' | 'api', greeting: string, nonce: string): string =>
  createHmac('sha256', secret).update(`${side}|${greeting}|${nonce}`).digest('base64');

/** In constant time. */
export function sameProof(shown: unknown, wanted: string): boolean {
  const [a, b] = [Buffer.from(typeof shown === 'string' ? shown : ''), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** `/run/javizen/engine.sock`, or `127.0.0.1:7200`. Throws on anything else. */
export function addressOf(text: string): { path: string } | { host: string; port: number } {
  if (text.startsWith('/')) return { path: text };
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535)
    throw new Error(`"${text}" is neither a path of a socket nor host:port`);
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}
