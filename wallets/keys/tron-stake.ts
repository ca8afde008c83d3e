import type { StakePurpose, TronIntent } from '../../domain/contract/ports';
import { parseAmount, toChainUnits } from '../../domain/money/amount';
import { hexOf } from '../chains/tron/addresses';
import { SUN_DECIMALS } from '../chains/tron/transfers';
import type { Payment, Resource } from '../chains/tron/wire';
import { refuse } from './policy';
import type { SignerTron } from './policy';

export const STAKE_PURPOSES: readonly string[] = [
  'stake-energy',
  'stake-bandwidth',
  'unstake-energy',
  'unstake-bandwidth',
  'claim',
  'delegate',
  'undelegate',
] satisfies StakePurpose[];
export const isStake = (purpose: string): purpose is StakePurpose => STAKE_PURPOSES.includes(purpose);

/** From unstaking until it can be had, on every TRON. */
const DELAY_MS = 14 * 86_400_000;

/** What was signed of a stake, as the log has it. Sun as a decimal string. */
export interface SignedStake {
  readonly purpose: StakePurpose;
  readonly sun: string;
}

/**
 * Everything that was ever staked, less what was unstaked long enough ago to be had again: in the signer's own words,
 * whatever was mined.
 */
export interface StakeSum {
  add(original: string, stake: SignedStake, expiration: number): void;
  /** Sun. */
  total(now: number): bigint;
}

export function createStakeSum(): StakeSum {
  const known = new Map<string, SignedStake & { expiration: number }>();
  return {
    // One payment made anew is one.
    add: (original, stake, expiration) => void known.set(original, { ...stake, expiration }),
    total: (now) => {
      let sum = 0n;
      for (const { purpose, sun, expiration } of known.values()) {
        if (purpose.startsWith('stake-')) sum += BigInt(sun);
        else if (purpose.startsWith('unstake-') && expiration + DELAY_MS < now) sum -= BigInt(sun);
      }
      return sum;
    },
  };
}

interface Own {
  readonly hotAddress: string;
  depositAddress(index: number): string;
}

/** Sun of a stake's amount; refuses what is finer. */
export function sunOf(amount: string): bigint {
  try {
    return toChainUnits(parseAmount(amount), SUN_DECIMALS);
  } catch {
    return refuse('finer than a sun');
  }
}

/**
 * The intent against the rules: the stake is the hot wallet's own, within the signer's limit, and its energy is lent
 * to deposit addresses alone.
 */
export function stakePaymentOf(
  { purpose, asset, from, to, toIndex, amount, feeLimit }: TronIntent,
  { gasAsset, maxStake = '0' }: SignerTron,
  own: Own,
): Payment {
  const sun = sunOf(amount);
  if (asset !== gasAsset || from !== 'hot' || feeLimit !== '0')
    refuse('a stake is of the hot wallet, in its own coin, and takes no energy');
  if ((sun === 0n) !== (purpose === 'claim')) refuse('nothing to stake, or to lend');
  if (sun > sunOf(maxStake)) refuse(`above the stake of ${maxStake} ${gasAsset}`);
  const hot = hexOf(own.hotAddress);
  if (purpose === 'delegate' || purpose === 'undelegate') {
    if (toIndex === undefined || own.depositAddress(toIndex) !== to)
      refuse('energy is lent to a deposit address alone');
    return { kind: purpose, from: hot, to: hexOf(to), sun };
  }
  if (to !== own.hotAddress || toIndex !== undefined) refuse('a stake is of the hot wallet alone');
  if (purpose === 'claim') return { kind: 'claim', from: hot };
  const resource: Resource = purpose.endsWith('-energy') ? 'ENERGY' : 'BANDWIDTH';
  return { kind: purpose.startsWith('unstake') ? 'unstake' : 'stake', from: hot, resource, sun };
}
