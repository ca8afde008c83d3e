/** What an account has staked, and what that gives it: read, never assumed. */
import { fromChainUnits } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { mulDivUp } from '../../../domain/money/rounding';
import { hexOf } from './addresses';
import type { Ask } from './asking';
import { countOf } from './json';
import { SUN_DECIMALS } from './transfers';
import type { Resource } from './wire';

/** TRX of ours that is no balance. */
export interface TronStake {
  /** Staked and not lent. */
  readonly own: Readonly<Record<Resource, Units>>;
  /** Staked, and its energy or bandwidth is somebody else's for now. */
  readonly lent: Units;
  /** Unstaked, and had from a time on (milliseconds since 1970). */
  readonly waiting: readonly { readonly amount: Units; readonly at: number }[];
  /** All of it. */
  readonly total: Units;
}

/** What an account can use now without burning TRX. */
export interface TronResources {
  /** Units of energy. */
  readonly energy: bigint;
  /** Bytes: of the stake, or of those that are free each day; one transaction takes either. */
  readonly bandwidth: bigint;
  /** Sun of stake that give so many units of energy in a day; 0 where the account is not there. */
  sunFor(energy: bigint): bigint;
}

interface StakedAccount {
  readonly frozenV2?: readonly { readonly type?: string; readonly amount?: unknown }[];
  readonly unfrozenV2?: readonly { readonly unfreeze_amount?: unknown; readonly unfreeze_expire_time?: unknown }[];
  readonly delegated_frozenV2_balance_for_bandwidth?: unknown;
  readonly account_resource?: { readonly delegated_frozenV2_balance_for_energy?: unknown };
}

const units = (sun: bigint): Units => fromChainUnits(sun, SUN_DECIMALS);

/** Of the newest block that cannot be lost, like the balance beside it. */
export async function stakeOf(ask: Ask, address: string): Promise<TronStake> {
  const {
    frozenV2 = [],
    unfrozenV2 = [],
    account_resource,
    ...account
  } = await ask<StakedAccount>('walletsolidity/getaccount', { address: hexOf(address) });
  // The first kind is left out where it is written, as every first value is.
  const frozen = (kind: string): bigint =>
    frozenV2.filter(({ type = 'BANDWIDTH' }) => type === kind).reduce((sum, { amount }) => sum + countOf(amount), 0n);
  const lent =
    countOf(account.delegated_frozenV2_balance_for_bandwidth) +
    countOf(account_resource?.delegated_frozenV2_balance_for_energy);
  const waiting = unfrozenV2.map(({ unfreeze_amount, unfreeze_expire_time }) => ({
    sun: countOf(unfreeze_amount),
    at: timeOf(unfreeze_expire_time),
  }));
  const total =
    frozenV2.reduce((sum, { amount }) => sum + countOf(amount), 0n) +
    lent +
    waiting.reduce((sum, { sun }) => sum + sun, 0n);
  return {
    own: { BANDWIDTH: units(frozen('BANDWIDTH')), ENERGY: units(frozen('ENERGY')) },
    lent: units(lent),
    waiting: waiting.map(({ sun, at }) => ({ amount: units(sun), at })),
    total: units(total),
  };
}

/** Milliseconds since 1970. */
function timeOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new Error(`the node says ${String(value)}, which is no time`);
  return value;
}

const TRX = 1_000_000n;
const atLeast0 = (value: bigint): bigint => (value > 0n ? value : 0n);

/** Now, at the newest block. */
export async function resourcesOf(ask: Ask, address: string): Promise<TronResources> {
  const said = await ask<Record<string, unknown>>('wallet/getaccountresource', { address: hexOf(address) });
  const left = (limit: string, used: string): bigint => atLeast0(countOf(said[limit]) - countOf(said[used]));
  const [staked, free] = [left('NetLimit', 'NetUsed'), left('freeNetLimit', 'freeNetUsed')];
  const [limit, weight] = [countOf(said.TotalEnergyLimit), countOf(said.TotalEnergyWeight)];
  return {
    energy: left('EnergyLimit', 'EnergyUsed'),
    bandwidth: staked > free ? staked : free,
    // A whole TRX more: a node counts whole ones.
    sunFor: (energy) => (limit === 0n ? 0n : (mulDivUp(energy, weight, limit) + 1n) * TRX),
  };
}

/** Sun of the own stake whose energy nobody uses now: what can be lent. */
export const lendableOf = async (ask: Ask, address: string): Promise<bigint> =>
  countOf(
    (await ask<{ max_size?: unknown }>('wallet/getcandelegatedmaxsize', { owner_address: hexOf(address), type: 1 }))
      .max_size,
  );
