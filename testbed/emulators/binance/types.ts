interface AnyKey {
  readonly apiKey: string;
  readonly permissions: readonly ('TRADE' | 'WITHDRAW')[];
}

/** `publicKey` is PEM. */
export type ApiKey =
  | (AnyKey & { readonly type: 'hmac'; readonly secret: string })
  | (AnyKey & { readonly type: 'ed25519' | 'rsa'; readonly publicKey: string });

export interface ChainConfig {
  /** The venue's word for the network: `ETH`. */
  readonly network: string;
  readonly rpcUrl: string;
  readonly chainId: number;
  /** The chain's own coin; ETH unless told. */
  readonly coin?: string;
  readonly tokens: Readonly<Record<string, { contract: string; decimals: number }>>;
  readonly confirmations: number;
}

/** A local TRON. */
export interface TronChainConfig {
  /** The venue's word for the network: `TRX`. */
  readonly network: string;
  readonly rpcUrl: string;
  /** Contract of its dollar token. */
  readonly usdt: string;
}

/** A local Bitcoin. */
export interface BitcoinChainConfig {
  /** The venue's word for the network: `BTC`. */
  readonly network: string;
  /** With user and password. */
  readonly rpcUrl: string;
  readonly confirmations: number;
}

export interface EmulatorConfig {
  readonly port: number;
  readonly dir: string;
  readonly apiKeys: readonly ApiKey[];
  readonly chains: readonly ChainConfig[];
  readonly bitcoin?: BitcoinChainConfig;
  readonly tron?: TronChainConfig;
  /** The markets that are open; all there are, unless told. */
  readonly symbols?: readonly string[];
  /** Of the markets that nobody recorded; 1 unless told. The same seed, the same prices. */
  readonly seed?: number;
  /** Free balances of a new account; empty on a fresh world. */
  readonly balances?: Readonly<Record<string, string>>;
  /** Commissions of a new account in BNB, with their discount; not unless told. */
  readonly bnbBurn?: boolean;
  /** The venue ends a connection after this many milliseconds; 24 hours unless told. */
  readonly connectionMs?: number;
}

export type OrderType =
  'LIMIT' | 'MARKET' | 'LIMIT_MAKER' | 'STOP_LOSS' | 'STOP_LOSS_LIMIT' | 'TAKE_PROFIT' | 'TAKE_PROFIT_LIMIT';
export type OrderStatus =
  'NEW' | 'PENDING_NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'REJECTED' | 'EXPIRED' | 'EXPIRED_IN_MATCH';

export interface Order {
  symbol: string;
  orderId: number;
  clientOrderId: string;
  side: 'BUY' | 'SELL';
  type: OrderType;
  timeInForce: 'GTC' | 'IOC' | 'FOK';
  price: string;
  origQty: string;
  quoteOrderQty: string;
  executedQty: string;
  cummulativeQuoteQty: string;
  status: OrderStatus;
  time: number;
  updateTime: number;
  stopPrice?: string;
  icebergQty?: string;
  /** A stop that has not been triggered, or the second half of a list, does not work yet. */
  isWorking?: boolean;
  workingTime?: number;
  orderListId?: number;
  /** In a list: the one that comes first, or one that comes with or after it. */
  role?: 'first' | 'then';
  /** One of two legs of which one cancels the other. */
  isPaired?: boolean;
  /** The other leg of its list holds the money. */
  isLockless?: boolean;
  selfTradePreventionMode?: string;
  expiryReason?: string;
  strategyId?: number;
  strategyType?: number;
  amendments?: readonly Amendment[];
  /** Of a taker: the trades with orders of our own that did not take place. */
  preventedMatches?: readonly PreventedMatch[];
  /** The one by which this order ended. */
  prevention?: PreventedMatch;
}

/** A trade of the account with itself that was prevented, as the venue tells it. */
export interface PreventedMatch {
  readonly symbol: string;
  readonly preventedMatchId: number;
  readonly takerOrderId: number;
  readonly makerSymbol: string;
  readonly makerOrderId: number;
  readonly tradeGroupId: number;
  readonly selfTradePreventionMode: string;
  readonly price: string;
  readonly makerPreventedQuantity?: string;
  readonly takerPreventedQuantity?: string;
  readonly transactTime: number;
}

export interface Amendment {
  readonly symbol: string;
  readonly orderId: number;
  readonly executionId: number;
  readonly origClientOrderId: string;
  readonly newClientOrderId: string;
  readonly origQty: string;
  readonly newQty: string;
  readonly time: number;
}

/** Orders that hang together: one cancels the other (OCO), one triggers the other (OTO). */
export interface OrderList {
  readonly orderListId: number;
  readonly contingencyType: 'OCO' | 'OTO';
  readonly listStatusType: 'EXEC_STARTED' | 'UPDATED' | 'ALL_DONE';
  readonly listOrderStatus: 'EXECUTING' | 'ALL_DONE';
  readonly listClientOrderId: string;
  readonly transactionTime: number;
  readonly symbol: string;
  readonly orders: readonly { readonly symbol: string; readonly orderId: number; readonly clientOrderId: string }[];
}

/** What can be switched on the account. Commissions are parts of what is received. */
export interface Settings {
  readonly bnbBurn: boolean;
  readonly maker: string;
  readonly taker: string;
}

export interface Fill {
  readonly symbol: string;
  readonly id: number;
  readonly orderId: number;
  readonly price: string;
  readonly qty: string;
  readonly quoteQty: string;
  readonly commission: string;
  readonly commissionAsset: string;
  readonly time: number;
  readonly isBuyer: boolean;
  readonly isMaker: boolean;
}

export interface Deposit {
  readonly id: string;
  readonly coin: string;
  readonly network: string;
  readonly address: string;
  readonly amount: string;
  readonly txId: string;
  readonly insertTime: number;
  status: 0 | 1;
  confirmations: number;
  readonly block: number;
}

export interface Withdrawal {
  readonly id: string;
  readonly withdrawOrderId: string;
  readonly coin: string;
  readonly network: string;
  readonly address: string;
  /** What arrives; the fee is taken besides. */
  readonly amount: string;
  readonly transactionFee: string;
  readonly applyTime: number;
  status: 4 | 6;
  completeTime?: number;
  txId: string;
  raw: string;
}

/** One durable step. Replaying all of them gives the account back. */
export type JournalRecord =
  | { k: 'order'; order: Order; fills: Fill[]; changes: Changes }
  | { k: 'fills'; fills: Fill[] }
  | { k: 'deposit'; deposit: Deposit; changes: Changes }
  | { k: 'withdrawal'; withdrawal: Withdrawal; changes: Changes }
  | { k: 'mark'; symbol: string; at: number; backward: boolean; updateId: number; tradeId: number }
  | { k: 'scan'; network: string; height: number; hash?: string }
  | { k: 'balance'; changes: Changes }
  | { k: 'list'; list: OrderList }
  | { k: 'settings'; settings: Settings }
  | { k: 'reset' };

/** Changes of free and locked balances, as decimal strings with 8 places. */
export type Changes = Record<string, { free?: string; locked?: string }>;
