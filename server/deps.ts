/** What the server is given: the ports of other houses, its stores, and time. */
import type { Redis } from 'ioredis';
import type { DataSource } from 'typeorm';
import type { LimitName } from '../domain/contract/api/endpoints';
import type {
  AddressCheck,
  ColdStorage,
  DepositAddresses,
  Engine,
  EventBus,
  Logger,
  MarketData,
  NetworkStates,
  PayoutRules,
  Quotes,
  Reconciliation,
  TradingFigures,
  UserKeys,
} from '../domain/contract/ports';
import type { Clock, Ids } from '../domain/clock-and-ids';
import type { Registry } from '../domain/registry';
import type { Tiers } from './tiers/policy';

export interface ServerDeps {
  readonly dataSource: DataSource;
  /** For lists that may be a moment old; never for what is decided by. */
  readonly reader: DataSource;
  readonly redis: Redis;
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
  readonly clock: Clock;
  readonly ids: Ids;
  readonly registry: Registry;
  readonly logger: Logger;
}

export interface ServerConfig {
  /** Signs the session cookie; at least 32 characters. */
  readonly sessionSecret: string;
  /** 64 hex digits: encrypts identity documents and their numbers. */
  readonly kycKey: string;
  /** Where encrypted documents are kept; never below the web root. */
  readonly kycDir: string;
  /** So many days after the decision the document of who was refused is deleted; 90 when left out. */
  readonly documentDays?: number;
  /** The built page. */
  readonly webDir: string;
  /** `mailto:` or `https:`: where a hole is reported; said in /.well-known/security.txt. */
  readonly securityContact?: string;
  /** True behind https: the cookie gets Secure and the __Host- prefix. */
  readonly secureCookies: boolean;
  /** `https://exchange.example`; null accepts the host the request names. */
  readonly publicOrigin: string | null;
  /**
   * Networks (CIDR) of proxies in front, whose X-Forwarded-For and -Proto are believed; without it those on this
   * machine where cookies are secure, else none.
   */
  readonly trustedProxies?: readonly string[];
  /**
   * Where passkeys are used: `publicOrigin` when left out, else `http://localhost`. A browser knows none at an address
   * of numbers.
   */
  readonly passkeyOrigin?: string;
  /** What links in letters begin with; `http://localhost` when left out. */
  readonly siteUrl?: string;
  /** Live sockets that nobody is logged in at, and ten times as many of any kind, of one address; 100 when left out. */
  readonly socketsPerAddress?: number;
  /** Attempts per window, where they differ from the table in http/limits. */
  readonly limits?: Partial<Record<LimitName, number>>;
  /** smtp://..., or null: letters are written as files below mailDir. */
  readonly smtpUrl?: string | null;
  readonly mailDir: string;
  /** Does this process write to users when something was decided? One process does; true when left out. */
  readonly writesLetters?: boolean;
  readonly mailFrom?: string;
  /** What may be withdrawn by whom; the usual tiers when left out. */
  readonly withdrawalLimits?: Tiers;
  /**
   * Is an admin refused everything that is an admin's while no second factor of theirs is in force? False when left
   * out.
   */
  readonly adminsNeedSecondFactor?: boolean;
  /**
   * Is it a fault when an answer has more than its schema names, rather than stripped? False when left out; true in
   * tests.
   */
  readonly exactAnswers?: boolean;
  /** How many admins it takes to raise a user's tier; two when left out. */
  readonly adminsToRaise?: 1 | 2;
}
