import { DomainError } from '../../domain/contract/errors';

/**
 * Every r that our keys have signed with. A number used for two signatures of one key gives the key away, so that one
 * that comes again over something else is not released. Signatures here are deterministic (RFC 6979): this stands
 * guard over that.
 */
export interface NonceIndex {
  /** `signed`: what the signature is over. Throws when this r was used over something else. */
  add(r: string, signed: string): void;
}

export function createNonceIndex(): NonceIndex {
  const seen = new Map<string, string>();
  return {
    add: (r, signed) => {
      const before = seen.get(r);
      if (before !== undefined && before !== signed)
        throw new DomainError('FORBIDDEN', {
          signer: 'a signature repeats a number of another: nothing is signed until a person has looked',
        });
      seen.set(r, signed);
    },
  };
}
