/**
 * Interfaces between houses. Asynchronous, plain JSON messages with amounts as decimal strings, so that each can cross
 * a socket. Methods refuse with DomainError.
 */
import type { CandleView, DepthView, Interval, PublicTradeView, TickerView } from './api/markets';
import type { ReconciliationView } from './api/admin';
import type { ColdView } from './api/cold';
import type { Approval } from './api/approvals';
import type { Assertion, Confirmation } from './api/passkeys';
import type { DepthDiff } from './api/live';
import type { FeeView, RoutingView } from './api/orders';
import type { Command, CommandAnswer } from './commands';
import type { EventName, EventOf, DomainEvent } from './events';
import type { PasskeyChange } from '../lifecycle/confirmation';
import type { RecordedWithdrawal } from '../recorded-withdrawal';

/** The only door through which money moves. */
export interface Engine {
  /**
   * Carries the command out, durably, before it answers. Throws DomainError when it is refused (nothing happened), and
   * DomainError UNKNOWN_OUTCOME when it cannot know: submit the same command again to learn.
   */
  submit(command: Command): Promise<CommandAnswer>;
  /** Committed balances of a user: available and held per asset, zero rows left out. */
  balancesOf(userId: string): Promise<UserBalance[]>;
  /** The operator's position per asset: equity + revenue + expense; what new costs may be reserved from. */
  operatorPosition(): Promise<{ asset: string; amount: string }[]>;
  /** What our own books say lies in a place, per asset. */
  custody(): Promise<{ place: string; asset: string; amount: string }[]>;
  /** Assets of which nothing is withdrawn for now. */
  paused(): Promise<{ asset: string; why: string; at: number }[]>;
  /**
   * Those of these withdrawals that are open, as the engine committed them: what was asked for, and not what the row
   * says by now.
   */
  recordedWithdrawals(ids: readonly string[]): Promise<RecordedWithdrawal[]>;
}

/** The books against the chains and the venue, as last compared. */
export interface Reconciliation {
  latest(): Promise<Pick<ReconciliationView, 'at' | 'places'>>;
}

/**
 * One node of a network. `used` answers now, `ready` is well and answers when that one does not; the rest are not
 * asked.
 */
export interface NodeState {
  readonly node: string;
  readonly state: 'used' | 'ready' | 'silent' | 'behind' | 'other-chain';
  /** The newest block that it showed. */
  readonly head: number | null;
  readonly fault: string | null;
}

export interface NetworkState {
  readonly network: string;
  readonly state: 'open' | 'opening' | 'halted';
  /** Newest block that was scanned. */
  readonly scanned: number | null;
  /** Whole rounds since it was opened, with faults or without: where this stands still, something hangs. */
  readonly rounds: number;
  /** What keeps failing now, by step. */
  readonly faults: Record<string, string>;
  readonly nodes: NodeState[];
}

/** How the networks of deposits and withdrawals do. */
export interface NetworkStates {
  networks(): Promise<NetworkState[]>;
  /** Can coins be sent to the venue and brought back from there? Not on the Spot testnet. */
  venueTreasury(): Promise<boolean>;
}

export interface UserBalance {
  readonly asset: string;
  readonly available: string;
  readonly held: string;
}

/** A price to swap at, valid for seconds, for its owner, once. */
export interface Quote {
  readonly id: string;
  readonly userId: string;
  readonly from: string;
  readonly to: string;
  /** What is taken: the asked amount, floored to the venue's lot. */
  readonly fromAmount: string;
  /** What is paid when it fills. */
  readonly toAmount: string;
  /**
   * Where it goes over a third asset: that asset, and what of it is left over and given too; null where one market
   * does.
   */
  readonly between: { readonly asset: string; readonly amount: string } | null;
  /** to per from, as a decimal string with at most 8 significant decimals; for show. */
  readonly rate: string;
  /** Commission inside toAmount, in `to`. */
  readonly commission: string;
  readonly expiresAt: number;
}

export interface Quotes {
  /** Refuses MARKET_CLOSED, MARKET_HALTED, UNKNOWN_MARKET, AMOUNT_TOO_SMALL, AMOUNT_TOO_LARGE. */
  quote(request: { userId: string; from: string; to: string; fromAmount: string }): Promise<Quote>;
}

/** What anybody may see of the markets: our book and the venue's behind it. Refuses UNKNOWN_MARKET. */
export interface MarketData {
  tickers(): Promise<TickerView[]>;
  depth(symbol: string, limit: number): Promise<DepthView>;
  /** Newest first. `caller`: whose share of the questions to the venue is used. */
  trades(symbol: string, limit: number, caller: string): Promise<PublicTradeView[]>;
  /**
   * Oldest first. Refuses MARKET_CLOSED when the venue cannot be asked, BUSY when the caller has used up the own share
   * of questions.
   */
  candles(
    symbol: string,
    interval: Interval,
    limit: number,
    before: number | undefined,
    caller: string,
  ): Promise<CandleView[]>;
  /**
   * Changes of a book, conflated to ten a second; each follows on the one before or on a snapshot. Answers how to end.
   */
  onDepth(listener: (diff: DepthDiff) => void): () => void;
  onTrades(listener: (symbol: string, trades: PublicTradeView[]) => void): () => void;
}

/** What a user pays, and how the house routes. */
export interface TradingFigures {
  feesOf(userId: string): Promise<FeeView[]>;
  routing(): Promise<RoutingView[]>;
}

export interface DepositAddresses {
  /** The user's own address on the network; issued on first ask, the same for ever after. Refuses UNKNOWN_NETWORK. */
  addressFor(userId: string, network: string): Promise<string>;
}

export interface AddressCheck {
  /**
   * Checks form, checksum and denied addresses, and gives the canonical spelling. Refuses BAD_ADDRESS, ADDRESS_DENIED.
   * `inside`: it is a deposit address of a user of ours.
   */
  check(network: string, asset: string, address: string): Promise<{ address: string; inside: boolean }>;
}

/** Of a withdrawal, by the engine's record: whose it is, and what they signed for it with a passkey. */
export interface OwnersWord {
  readonly userId?: string;
  readonly confirmation?: Confirmation;
}

/** A payout as the signer is asked about it. */
export interface Payment extends OwnersWord {
  /** `withdrawal:<id>:<round>`, or `<intent>#<n>` of a replacement. */
  readonly intentId: string;
  readonly network: string;
  readonly asset: string;
  readonly to: string;
  readonly amount: string;
}

/** What the signer would say of a payout now. */
export interface Judgement {
  /** So many more admins must approve; 0: it would be signed. */
  readonly needed: number;
  /** Names of the admins whose approvals count. */
  readonly approvedBy: string[];
  /** Approvals that do not count, and why not. */
  readonly refused: { readonly key: string; readonly why: string }[];
}

/** What the signer asks of a payout before it signs, told by the signer itself. */
export interface PayoutRules {
  /**
   * Signs nothing and remembers nothing. Refuses FORBIDDEN what it would sign with no approvals at all,
   * CONFIRMATION_REFUSED what its owner has not confirmed.
   */
  judge(payment: Payment, approvals: readonly Approval[]): Promise<Judgement>;
  /** The keys it knows, with their owners' names. */
  approvers(): Promise<{ name: string; key: string }[]>;
}

/**
 * A passkey of a user that comes or goes, with the word of one that the signer knows; of a user of whom it knows none
 * the first is believed.
 */
export interface SignedPasskeyChange extends PasskeyChange {
  readonly assertion?: Assertion;
}

/** Passkeys of users as the signer knows them, by a register of its own. */
export interface UserKeys {
  /** The same change again changes nothing. Refuses CONFIRMATION_REFUSED. */
  changePasskey(change: SignedPasskeyChange): Promise<void>;
  /** Credential ids that its operator has taken out, because their owner lost them. */
  droppedPasskeys(userId: string): Promise<string[]>;
}

/** A wish of an admin: coins from cold storage to the hot wallet. */
export interface ColdPlan {
  readonly network: string;
  readonly asset: string;
  /** What shall arrive. */
  readonly amount: string;
  readonly why: string;
  readonly adminId: string;
}

/**
 * Coins whose keys no machine of the exchange has. Refuses UNKNOWN_NETWORK where there is no such place, and
 * NOT_FOUND.
 */
export interface ColdStorage {
  view(): Promise<ColdView>;
  /**
   * Writes down what shall move; on a network of coins with the transaction that is to be signed. Refuses
   * INSUFFICIENT_FUNDS, NEEDS_OPERATOR_FUNDS, BAD_AMOUNT, UNKNOWN_ASSET.
   */
  plan(wish: ColdPlan): Promise<{ id: string }>;
  /** What a holder of keys signed. With enough signatures it is sent. Refuses BAD_PSBT, COLD_TRANSFER_STATE. */
  gather(id: string, psbt: string, adminId: string): Promise<void>;
  /** The transaction that a holder of keys sent by other means. Refuses IDEMPOTENCY_KEY_REUSED, COLD_TRANSFER_STATE. */
  announce(id: string, txid: string, adminId: string): Promise<void>;
  /** Gives up what nobody has signed whole. Refuses COLD_TRANSFER_STATE. */
  cancel(id: string, adminId: string): Promise<void>;
}

/**
 * The process that alone holds the seed. It rebuilds what it signs from the intent and checks it against its own
 * rules.
 */
export interface Signer extends PayoutRules, UserKeys {
  /** Account-level extended public key of the network's deposit branch, and the addresses of our own accounts. */
  identity(network: string): Promise<Identity>;
  /** Signs once per intent: the same intent id gives the same bytes, another body is refused. */
  sign(intent: SignIntent): Promise<{ rawTransaction: string; txid: string }>;
  /** The same on a network of coins. Its refusals are of the same words. */
  signUtxo(intent: UtxoIntent): Promise<{ rawTransaction: string; txid: string }>;
  /** The same on TRON. One intent has one transaction: asked again with another envelope, the first bytes are given. */
  signTron(intent: TronIntent): Promise<{ rawTransaction: string; txid: string }>;
}

export interface Identity {
  /** On a network of coins that of the account, with both of its branches. */
  readonly depositXpub: string;
  readonly hotAddress: string;
  /** Names the seed in a PSBT: four bytes, hexadecimal. On networks of coins alone. */
  readonly fingerprint?: string;
}

/** One output of a transaction of coins that pays somebody. */
export interface CoinPayment extends OwnersWord {
  readonly to: string;
  /** What arrives, as a decimal string. */
  readonly amount: string;
  /** Of a withdrawal: `withdrawal:<id>:<round>`. */
  readonly payout?: string;
  /** Of a withdrawal: what admins signed for it. */
  readonly approvals?: readonly Approval[];
}

/** A transaction of coins: to these receivers, the rest back to us. */
export interface UtxoIntent {
  /**
   * Unique for ever: `batch:<id>` of withdrawals, `venue:<id>`, `cold:<id>`; `<intent>#<n>` is its n-th replacement.
   */
  readonly intentId: string;
  readonly network: string;
  readonly purpose: 'withdrawal' | 'venue' | 'cold' | 'consolidation' | 'cpfp';
  readonly asset: string;
  /**
   * Of withdrawals any number, each withdrawal once; to the venue and to cold storage one; none where all of it comes
   * back to us.
   */
  readonly payments: readonly CoinPayment[];
  /** The unsigned transaction, base64 (BIP 174). Nothing that it says is believed. */
  readonly psbt: string;
}

/**
 * What the house does with its own stake on TRON: no coin leaves by it. The energy of the stake is lent to deposit
 * addresses and taken back.
 */
export type StakePurpose =
  'stake-energy' | 'stake-bandwidth' | 'unstake-energy' | 'unstake-bandwidth' | 'claim' | 'delegate' | 'undelegate';

export interface SignIntent extends OwnersWord {
  /** Unique for ever: `withdrawal:<id>:<attempt>`, `sweep:<id>:<attempt>`, `topup:...`, `venue:...`. */
  readonly intentId: string;
  readonly network: string;
  readonly purpose: 'withdrawal' | 'sweep' | 'topup' | 'venue' | 'cold' | StakePurpose;
  readonly asset: string;
  /** `hot`, or the index of a deposit address. */
  readonly from: 'hot' | number;
  readonly to: string;
  /**
   * Of a top-up, and of what is lent: the child number of the deposit address it goes to, so that the signer can
   * derive and compare.
   */
  readonly toIndex?: number;
  readonly amount: string;
  readonly nonce: number;
  readonly gasLimit: string;
  /** Integer wei as decimal strings. */
  readonly maxFeePerGas: string;
  readonly maxPriorityFeePerGas: string;
  /** Of a withdrawal: what admins signed. */
  readonly approvals?: readonly Approval[];
}

/**
 * A payment on TRON, where there are no nonces: a transaction stands on a block and ends at a time. Of a stake,
 * `amount` is its TRX.
 */
export interface TronIntent
  extends OwnersWord, Pick<SignIntent, 'network' | 'purpose' | 'asset' | 'from' | 'to' | 'toIndex' | 'amount'> {
  /** As in SignIntent; `<intent>#<n>` pays the same anew, once everything that was signed before for it has ended. */
  readonly intentId: string;
  /** The most that energy may cost, in sun, as a decimal string; `0` for the network's own coin. */
  readonly feeLimit: string;
  readonly envelope: {
    /** Two and eight bytes of a block that it stands on, hexadecimal. */
    readonly blockBytes: string;
    readonly blockHash: string;
    /** Milliseconds since 1970. */
    readonly timestamp: number;
    readonly expiration: number;
  };
  /** Of a withdrawal: what admins signed. */
  readonly approvals?: readonly Approval[];
}

/** The venue's capital calls, reached by treasury; one client, one limiter, one ban state, shared with trading. */
export interface VenueCapital {
  /** The id of the venue: in the books the place of our coins there. */
  readonly venue: string;
  /**
   * False where the venue has no interface for deposits and withdrawals (the Spot testnet): nothing is sent there or
   * asked back. True when left out.
   */
  hasTreasury?(): boolean;
  depositAddress(asset: string, venueNetwork: string): Promise<string>;
  /** Newest first is not promised; every known deposit since `sinceMs`. */
  deposits(
    asset: string,
    sinceMs: number,
  ): Promise<{ txid: string; asset: string; amount: string; credited: boolean }[]>;
  /** Fee and smallest amount of a withdrawal, and the step its amount must be a multiple of. */
  withdrawalTerms(asset: string, venueNetwork: string): Promise<{ fee: string; minimum: string; step: string }>;
  /** Asks once, by our id. `unknown` is looked up by the id, never asked again. */
  withdraw(request: {
    id: string;
    asset: string;
    venueNetwork: string;
    address: string;
    amount: string;
  }): Promise<{ outcome: 'done' } | { outcome: 'refused'; reason: string } | { outcome: 'unknown' }>;
  /** The withdrawal with our id, or null when the venue does not know it. */
  withdrawal(
    id: string,
  ): Promise<{ state: 'pending' | 'completed' | 'failed'; txid: string | null; amount: string; fee: string } | null>;
  /** Free balance per asset as the venue says it now. */
  balances(): Promise<{ asset: string; free: string; locked: string }[]>;
}

/** The house's bus inside one process: what was committed is told, in order, to whoever listens. */
export interface EventBus {
  publish(event: DomainEvent): void;
  on<Name extends EventName>(name: Name, listener: (event: EventOf<Name>) => void): () => void;
}

/**
 * What is searched for in the log and alerted on: `<subject>.<what_happened>`. It stays when the message's words
 * change.
 */
export interface NamedFields extends Record<string, unknown> {
  readonly event: `${string}.${string}`;
}

export interface Logger {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: NamedFields, message: string): void;
  error(fields: NamedFields, message: string): void;
}
