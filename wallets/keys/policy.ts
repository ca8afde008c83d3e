import { ZeroAddress, getAddress } from 'ethers';
import { DomainError } from '../../domain/contract/errors';
import type { OwnersWord, Payment, SignIntent } from '../../domain/contract/ports';
import { isAmount } from '../../domain/money/amount';
import type { BitcoinNetwork } from '../chains/bitcoin/addresses';
import type { ColdPlace } from '../chains/cold-places';
import type { Site } from './assertions';
import type { VenueAddresses } from './pins';

/** One asset on a network as the signer knows it. */
export interface SignerRail {
  readonly contract: string | null;
  readonly decimals: number;
  /** The most one withdrawal may pay, as a decimal string; without it there is no such limit. */
  readonly maxPayout?: string;
}

export interface SignerNetwork {
  readonly chainId: number;
  readonly gasAsset: string;
  readonly rails: Readonly<Record<string, SignerRail>>;
}

/** A network of coins as the signer knows it. */
export interface SignerCoins {
  readonly chain: BitcoinNetwork;
  readonly asset: string;
  /**
   * The most one transaction may leave to the miners, as a decimal string; each payment after its first adds a tenth
   * of that.
   */
  readonly maxFee: string;
  readonly maxPayout?: string;
}

/** A TRON as the signer knows it. */
export interface SignerTron {
  readonly gasAsset: string;
  readonly rails: Readonly<Record<string, SignerRail>>;
  /** The most that energy may cost in one transaction, as a decimal string of the gas asset. */
  readonly maxFee: string;
  /**
   * The most that may be staked, or wait to be had again, as a decimal string of the gas asset; without it nothing is
   * staked.
   */
  readonly maxStake?: string;
}

/** How much of an asset leaves with how many approvals; decimal strings. */
export interface ApprovalLimits {
  /** One payout up to this needs nobody, while such payouts of 24 hours stay within `autoDaily`. */
  readonly auto: string;
  readonly autoDaily: string;
  /** Above this two admins must approve; up to it one. */
  readonly fourEyes: string;
  /**
   * Also two, where this one and all that fewer than two admins let through within 24 hours come above it. Left out:
   * ten times `fourEyes`, and no less than `autoDaily`.
   */
  readonly fourEyesDaily?: string;
}

/** The signer's own, from its own settings. */
export interface ApprovalRules {
  /** By asset; `*` is any other. An asset without either needs two admins for everything. */
  readonly limits: Readonly<Record<string, ApprovalLimits>>;
  /** For how long a signature counts. */
  readonly validMs: number;
  readonly now: () => number;
}

/** The signer's own rules, from its own settings: never from the caller. */
export interface SignerPolicy {
  readonly networks: Readonly<Record<string, SignerNetwork>>;
  readonly coins?: Readonly<Record<string, SignerCoins>>;
  readonly trons?: Readonly<Record<string, SignerTron>>;
  /** Cold storage by network: coins may go there. */
  readonly cold?: Readonly<Record<string, ColdPlace>>;
  /** The most one transaction may cost in gas, as a decimal string of the gas asset. */
  readonly maxGasCost: string;
  /**
   * The most that all transactions of 24 hours may cost, by network, as decimal strings of its own coin; where none is
   * named there is no such limit.
   */
  readonly feesDaily?: Readonly<Record<string, string>>;
  /** Whose word a withdrawal needs, and above which amounts. */
  readonly approvals: ApprovalRules;
  /** Where users use their passkeys; without it none is taken. */
  readonly site?: Site;
  /** The venue's deposit addresses. One that is neither named nor pinned before is not paid. */
  readonly venueAddresses?: VenueAddresses;
}

/** A refusal of the signer: the intent breaks one of its rules, and nothing was signed for it. */
export function refuse(reason: string): never {
  throw new DomainError('FORBIDDEN', { signer: reason });
}

/** A refusal inside says which payout of several it is about. */
export function ofPayout<T>(payout: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DomainError) throw new DomainError(error.code, { ...error.details, payout });
    throw error;
  }
}

/** A value of a table by a key that came from outside: inherited names are no entries. */
export function entryOf<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

const INTEGER = /^(0|[1-9][0-9]{0,30})$/;
export const PURPOSES = ['withdrawal', 'sweep', 'topup', 'venue', 'cold'];
export const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
/** Children from 2^31 on are another, hardened branch. */
export const isIndex = (value: unknown): boolean => isCount(value) && (value as number) < 2 ** 31;

/** What came over the socket, as an intent and nothing more. Refuses what is not one. */
export function readIntent(raw: SignIntent): SignIntent {
  const {
    intentId,
    network,
    purpose,
    asset,
    from,
    to,
    toIndex,
    amount,
    nonce,
    gasLimit,
    maxFeePerGas,
    maxPriorityFeePerGas,
  } = raw;
  const texts = [intentId, network, asset, to].every(
    (value) => typeof value === 'string' && value !== '' && value.length <= 190,
  );
  const integers = [gasLimit, maxFeePerGas, maxPriorityFeePerGas].every(
    (value) => typeof value === 'string' && INTEGER.test(value),
  );
  const places = (from === 'hot' || isIndex(from)) && (toIndex === undefined || isIndex(toIndex)) && isCount(nonce);
  if (!texts || !integers || !places || !isAmount(amount) || !PURPOSES.includes(purpose))
    refuse('this is not an intent');
  return {
    intentId,
    network,
    purpose,
    asset,
    from,
    to,
    ...(toIndex !== undefined && { toIndex }),
    amount,
    nonce,
    gasLimit,
    maxFeePerGas,
    maxPriorityFeePerGas,
  };
}

/**
 * Whose withdrawal it is and their confirmation, as they came: what it says is for the register of passkeys to judge.
 */
export function readOwnersWord({ userId, confirmation }: OwnersWord): OwnersWord {
  if (userId !== undefined && (typeof userId !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(userId)))
    refuse('this is no user');
  return { ...(userId !== undefined && { userId }), ...(confirmation !== undefined && { confirmation }) };
}

/** A payout that somebody asks about, and nothing more. */
export function readPayment({ intentId, network, asset, to, amount, ...rest }: Payment): Payment {
  const texts = [intentId, network, asset, to].every(
    (value) => typeof value === 'string' && value !== '' && value.length <= 190,
  );
  if (!texts || !isAmount(amount)) refuse('this is not a payment');
  return { intentId, network, asset, to, amount, ...readOwnersWord(rest) };
}

export interface OwnAccounts {
  readonly hotAddress: string;
  depositAddress(index: number): string;
  /** Is this the venue's address, as it was pinned? */
  isVenue(name: string, address: string): boolean;
  /** Is this an address of cold storage there, by the signer's own settings? */
  isCold(network: string, address: string): boolean;
}

/** Where an intent of each purpose may send coins; refuses every other destination. */
export function checkDestination(intent: SignIntent, to: string, network: SignerNetwork, own: OwnAccounts): void {
  switch (intent.purpose) {
    case 'sweep':
      if (intent.from === 'hot' || to !== own.hotAddress)
        refuse('a sweep goes from a deposit address to the hot wallet');
      return;
    case 'topup': {
      const ours = intent.toIndex !== undefined && own.depositAddress(intent.toIndex) === to;
      if (intent.from !== 'hot' || intent.asset !== network.gasAsset || !ours)
        refuse('a top-up goes from the hot wallet to a deposit address, in gas');
      return;
    }
    case 'venue':
      if (intent.from !== 'hot' || !own.isVenue(`${intent.network}/${intent.asset}`, to))
        refuse('this is not the pinned address of the venue (SIGNER_VENUE_ADDRESSES)');
      return;
    case 'cold':
      if (intent.from !== 'hot' || !own.isCold(intent.network, to)) refuse('this is no address of cold storage');
      return;
    case 'withdrawal': {
      const contracts = Object.values(network.rails).flatMap((rail) =>
        rail.contract ? [getAddress(rail.contract)] : [],
      );
      if (intent.from !== 'hot' || [own.hotAddress, ZeroAddress, ...contracts].includes(to))
        refuse('a withdrawal goes from the hot wallet to somebody else');
      return;
    }
    default:
      refuse('unknown purpose');
  }
}
