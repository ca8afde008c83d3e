/**
 * What an authenticator is asked to sign where nothing is confirmed by it: words of ours, each good once and for
 * minutes.
 */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { DomainError } from '../../domain/contract/errors';
import type { ServerConfig, ServerDeps } from '../deps';
import { signerFor } from '../sessions/signed';

/**
 * `prove`: a log-in, or a step that wants the second factor. `add`: a new passkey, once its owner has shown who they
 * are.
 */
export type Purpose = 'prove' | 'add';

export interface Challenges {
  /** Base64url. */
  make(purpose: Purpose, userId: string): string;
  /** Is it one of ours, for this, and still in time? */
  fits(challenge: string, purpose: Purpose, userId: string): boolean;
  /** True once for each. Refuses BUSY. */
  take(challenge: string): Promise<boolean>;
}

const GOOD_FOR_MS = 300_000;

type Deps = { readonly redis: Redis } & Pick<ServerDeps, 'clock' | 'logger'>;

export function createChallenges(
  { redis, clock, logger }: Deps,
  { sessionSecret }: Pick<ServerConfig, 'sessionSecret'>,
): Challenges {
  const signer = signerFor(sessionSecret, 'passkey challenge');
  const partsOf = (challenge: string): string[] => Buffer.from(challenge, 'base64url').toString('latin1').split('.');
  return {
    make: (purpose, userId) => {
      const [name, expires] = [randomBytes(16).toString('hex'), String(clock.now() + GOOD_FOR_MS)];
      return Buffer.from(`${name}.${expires}.${signer.sign(purpose, userId, name, expires)}`).toString('base64url');
    },
    fits: (challenge, purpose, userId) => {
      const [name = '', expires = '', mac = ''] = partsOf(challenge);
      return signer.fits(mac, purpose, userId, name, expires) && Number(expires) > clock.now();
    },
    take: async (challenge) => {
      try {
        const name = partsOf(challenge)[0] ?? '';
        return (await redis.set(`javizen:passkey:${name}`, '1', 'PX', GOOD_FOR_MS, 'NX')) === 'OK';
      } catch (error) {
        logger.error({ event: 'passkey.challenge_not_taken', error: String(error) }, 'a challenge cannot be taken');
        throw new DomainError('BUSY');
      }
    },
  };
}
