/**
 * Wrong passwords, counted for each account whoever guesses and from wherever. Nobody is locked out by them: after
 * some a log-in costs work, more of it the more have failed, but from a device that has logged in to the account
 * before, which has a count of its own.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { Clock } from '../../domain/clock-and-ids';
import type { ChallengeView, ProofOfWork } from '../../domain/contract/api/accounts';
import { DomainError } from '../../domain/contract/errors';
import type { ServerConfig, ServerDeps } from '../deps';
import { signerFor } from './signed';

const WINDOW_SECONDS = 900;
/** So many may fail before a log-in costs work. */
const FREE = 10;
/** Zero bits that are asked for first; doubled work for each ten more that failed. */
const LEAST_BITS = 16;
const MOST_BITS = 22;
const SOLVED_WITHIN_MS = 300_000;

export interface Guesses {
  /** Refuses CHALLENGE_NEEDED where work is due and none was done. `device`: the name of a known one. */
  admit(email: string, device: string | undefined, isCrowded: boolean, proof: ProofOfWork | undefined): Promise<void>;
  failed(email: string, device: string | undefined): Promise<void>;
}

/** Zero bits at the beginning. */
export function leadingZeroBits(hash: Buffer): number {
  let bits = 0;
  for (const byte of hash) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24;
    bits += 8;
  }
  return bits;
}

/** What a client does: the first count whose hash is good enough. */
export function solve({ challenge, difficulty }: ChallengeView): ProofOfWork {
  for (let count = 0; ; count++) {
    const nonce = String(count);
    if (leadingZeroBits(createHash('sha256').update(`${challenge}:${nonce}`).digest()) >= difficulty)
      return { challenge, nonce };
  }
}

export function createGuesses(
  { redis, clock, logger }: { readonly redis: Redis; readonly clock: Clock } & Pick<ServerDeps, 'logger'>,
  { sessionSecret }: Pick<ServerConfig, 'sessionSecret'>,
): Guesses {
  const signer = signerFor(sessionSecret, 'log-in challenge');
  const counts = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: 'javizen:guesses',
    points: Number.MAX_SAFE_INTEGER,
    duration: WINDOW_SECONDS,
  });
  /** An address is no name for a key: it is as long and as strange as its sender likes. */
  const keyOf = (email: string, device: string | undefined): string =>
    createHash('sha256')
      .update(`${email}|${device ?? ''}`)
      .digest('hex')
      .slice(0, 32);
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      logger.error({ event: 'session.guesses_not_counted', error: String(error) }, 'wrong passwords cannot be counted');
      throw new DomainError('BUSY');
    }
  };
  const failures = async (email: string, device?: string): Promise<number> =>
    (await counted(() => counts.get(keyOf(email, device))))?.consumedPoints ?? 0;
  const bitsFor = async (email: string, device: string | undefined, isCrowded: boolean): Promise<number> => {
    if (device !== undefined && (await failures(email, device)) < FREE) return 0;
    const wrong = await failures(email);
    if (wrong < FREE) return isCrowded ? LEAST_BITS : 0;
    return Math.min(MOST_BITS, LEAST_BITS + Math.floor((wrong - FREE) / FREE));
  };
  const ask = (email: string, difficulty: number): ChallengeView => {
    const parts = [randomBytes(16).toString('hex'), String(clock.now() + SOLVED_WITHIN_MS), String(difficulty)];
    return { challenge: [...parts, signer.sign(...parts, email)].join('.'), difficulty };
  };
  /** Each is good for one log-in of its account. */
  const isSolved = async (email: string, { challenge, nonce }: ProofOfWork): Promise<boolean> => {
    const [name = '', expires = '', difficulty = '', mac = ''] = challenge.split('.');
    if (!signer.fits(mac, name, expires, difficulty, email) || Number(expires) < clock.now()) return false;
    if (leadingZeroBits(createHash('sha256').update(`${challenge}:${nonce}`).digest()) < Number(difficulty))
      return false;
    return (await counted(() => redis.set(`javizen:solved:${name}`, '1', 'PX', SOLVED_WITHIN_MS, 'NX'))) === 'OK';
  };
  return {
    admit: async (email, device, isCrowded, proof) => {
      const bits = await bitsFor(email, device, isCrowded);
      if (bits === 0 || (proof && (await isSolved(email, proof)))) return;
      throw new DomainError('CHALLENGE_NEEDED', { ...ask(email, bits) });
    },
    failed: async (email, device) => {
      await counted(() => counts.penalty(keyOf(email, device), 1));
    },
  };
}
