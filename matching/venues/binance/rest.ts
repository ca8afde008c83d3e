import { Agent } from 'node:http';
import { MainClient } from 'binance';
import type { Clock } from '../../../domain/clock-and-ids';
import type { Logger } from '../../../domain/contract/ports';
import { createBudget } from './budget';
import type { Budget } from './budget';
import { BAD_CLOCK, BAD_KEY, failureOf } from './errors';
import { readSecret } from './keys';

/**
 * Keys and addresses of one Binance account; a secret is that of an HMAC key or a private key as PEM. Production,
 * testnet and the local emulator differ here alone.
 */
export interface BinanceConfig {
  readonly restUrl: string;
  /** Origin only; the SDK adds the path. */
  readonly streamUrl: string;
  readonly wsApiUrl: string;
  /** May trade and read, must not be able to withdraw. */
  readonly tradingKey: { readonly key: string; readonly secret: string };
  /** May withdraw to our own allow-listed addresses; used by VenueCapital alone. */
  readonly treasuryKey: { readonly key: string; readonly secret: string };
}

/** REST calls end after this; Binance's own engine gives up after 10 s. */
export const CALL_TIMEOUT_MS = 11_000;
/** Above this share of the weight limit only calls that protect money go out. */
const WEIGHT_SHARE = 80;
/** Above this nothing goes out: one call too many is a ban, which stops those that protect money as well. */
const VITAL_SHARE = 95;
/** After our key was refused the next call waits so long. */
const KEY_PAUSE_MS = 1000;

/** The venue may not be called now: banned, or the weight is nearly used up. Nothing was sent. */
export class VenueBusy extends Error {
  override readonly name = 'VenueBusy';
}

export interface Rest {
  readonly trading: MainClient;
  readonly treasury: MainClient;
  /**
   * Runs one call under the shared ban state. `vital` calls (orders' queries, cancels, capital) may use the reserve.
   */
  call<T>(vital: boolean, send: () => Promise<T>): Promise<T>;
  /** The same for calls about capital, which the venue counts apart: being asked to wait there stops no order. */
  capital<T>(send: () => Promise<T>): Promise<T>;
  /**
   * False where the venue has no interface for deposits and withdrawals; calls about capital are then refused unsent.
   */
  treasuryIsThere(): boolean;
  noTreasury(): void;
  /** What is used of the venue's limits, over REST and the WebSocket API together. */
  readonly budget: Budget;
  /** Notes a ban learnt elsewhere (WebSocket API). */
  ban(until: number): void;
  bannedUntil(): number;
  /** Our key was refused: nobody asks for a moment. */
  keyRefused(): void;
  /** Called when a call was refused because of its time. */
  onBadClock(listener: () => void): void;
}

/** One limiter and one ban state for every caller of the account. */
export function createRest(config: BinanceConfig, deps: { clock: Clock; logger: Logger }): Rest {
  let bannedUntil = 0;
  let capitalUntil = 0;
  let hasTreasury = true;
  const badClock: (() => void)[] = [];
  const keyRefused = (): void => {
    bannedUntil = Math.max(bannedUntil, deps.clock.now() + KEY_PAUSE_MS);
    deps.logger.error({ event: 'venue.key_refused', code: BAD_KEY }, 'the venue refuses our key');
  };
  const client = ({ key, secret }: { key: string; secret: string }): MainClient =>
    new MainClient(
      {
        api_key: key,
        api_secret: readSecret(secret).secret,
        baseUrl: config.restUrl,
        parseExceptions: false,
        filterUndefinedParams: true,
        disableTimeSync: true,
      },
      { timeout: CALL_TIMEOUT_MS, httpAgent: new Agent({ keepAlive: true }) },
    );
  const trading = client(config.tradingKey);
  const treasury = client(config.treasuryKey);

  const budget = createBudget(deps.clock);
  /** This minute's weight by the header of the venue's last answer. */
  const readHeader = (): void => {
    const states = trading.getRateLimitStates() as { lastUpdated?: number } & Record<string, number | undefined>;
    const minute = Math.floor(deps.clock.now() / 60_000);
    const count = states['x-mbx-used-weight-1m'];
    if (count === undefined || Math.floor((states.lastUpdated ?? 0) / 60_000) !== minute) return;
    budget.heard([
      {
        rateLimitType: 'REQUEST_WEIGHT',
        interval: 'MINUTE',
        intervalNum: 1,
        limit: budget.most('REQUEST_WEIGHT', 60_000) ?? 1,
        count,
      },
    ]);
  };

  const run = async <T>(send: () => Promise<T>, waitUntil: (until: number, isWhole: boolean) => void): Promise<T> => {
    budget.sent();
    try {
      return await send();
    } catch (error) {
      const failure = failureOf(error, deps.clock.now());
      if (failure.kind === 'banned') {
        waitUntil(failure.until, failure.isWhole);
        deps.logger.warn(
          { event: 'venue.rate_limited', code: failure.code, until: failure.until },
          'the venue has asked us to wait',
        );
      }
      if (failure.code === BAD_KEY) keyRefused();
      if (failure.code === BAD_CLOCK) for (const listener of badClock) listener();
      throw error;
    }
  };
  const all = (until: number): void => void (bannedUntil = Math.max(bannedUntil, until));
  const mayAsk = (share: number): void => {
    if (deps.clock.now() < bannedUntil) throw new VenueBusy('the venue has asked us to wait');
    readHeader();
    if (budget.share() >= share) throw new VenueBusy('the request weight is nearly used up');
  };

  return {
    trading,
    treasury,
    call: async (vital, send) => {
      mayAsk(vital ? VITAL_SHARE : WEIGHT_SHARE);
      return run(send, all);
    },
    treasuryIsThere: () => hasTreasury,
    noTreasury: () => void (hasTreasury = false),
    capital: async (send) => {
      if (!hasTreasury) throw new VenueBusy('the venue has no treasury interface');
      mayAsk(VITAL_SHARE);
      if (deps.clock.now() < capitalUntil)
        throw new VenueBusy('the venue has asked us to wait with questions about capital');
      return run(send, (until, isWhole) =>
        isWhole ? all(until) : void (capitalUntil = capitalUntil > until ? capitalUntil : until),
      );
    },
    keyRefused,
    budget,
    onBadClock: (listener) => void badClock.push(listener),
    ban: all,
    bannedUntil: () => bannedUntil,
  };
}
