/**
 * Stake of the second kind: what it gives, who has lent it to whom, and how long it takes to come back. Words of a
 * refusal are java-tron's.
 */
import type { Json } from './wire';

export const RESOURCES = ['BANDWIDTH', 'ENERGY', 'TRON_POWER'] as const;
export type Resource = (typeof RESOURCES)[number];
type Lendable = 'BANDWIDTH' | 'ENERGY';

const DAY_MS = 86_400_000n;
const TRX = 1_000_000n;
/** Days between unstaking and having. */
export const DELAY_DAYS = 14n;
const MOST_UNFREEZING = 32;
/** Three seconds a block, as on the real chain: a lock is counted in blocks. */
const BLOCK_MS = 3000n;
const DEFAULT_LOCK_BLOCKS = 86_400n;
/** What all others have staked, in TRX, and what all share in a day: some figures of the main network. */
export const TOTALS = {
  ENERGY: { limit: 180_000_000_000n, weight: 19_000_000_000n },
  BANDWIDTH: { limit: 43_200_000_000n, weight: 26_000_000_000n },
} as const;

export interface Stake {
  /** Sun, own and not lent. */
  readonly frozen: Record<Resource, bigint>;
  readonly lent: Record<Lendable, bigint>;
  readonly acquired: Record<Lendable, bigint>;
  unfreezing: readonly { readonly resource: Resource; readonly amount: bigint; readonly until: bigint }[];
  /** What was used of the energy and of the staked bandwidth, and when; it comes back evenly over a day. */
  readonly used: Record<Lendable, { amount: bigint; at: number }>;
}

/** An account, as far as its stake is concerned. */
export interface Staker {
  readonly address: string;
  readonly contract: boolean;
  /** Energy out of nothing. */
  readonly energy: bigint;
  readonly stake: Stake;
}

export const noStake = (at: number): Stake => ({
  frozen: { BANDWIDTH: 0n, ENERGY: 0n, TRON_POWER: 0n },
  lent: { BANDWIDTH: 0n, ENERGY: 0n },
  acquired: { BANDWIDTH: 0n, ENERGY: 0n },
  unfreezing: [],
  used: { BANDWIDTH: { amount: 0n, at }, ENERGY: { amount: 0n, at } },
});

/** One account's resources that lie with another one; the locked part cannot be taken back before its time. */
interface Lent {
  readonly free: Record<Lendable, bigint>;
  readonly locked: Record<Lendable, { amount: bigint; until: bigint }>;
}

const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const int = (value: unknown): bigint => BigInt((value as bigint | number | string | undefined) ?? 0);
const hex = (value: unknown): string => ((value as string | undefined) ?? '').toLowerCase();
const nameOf = (value: Json): Resource => (value.resource as Resource | undefined) ?? 'BANDWIDTH';

export class Stakes {
  private readonly lending = new Map<string, Lent>();

  constructor(private readonly accounts: ReadonlyMap<string, Staker>) {}

  weight(resource: Lendable): bigint {
    let own = 0n;
    for (const { stake } of this.accounts.values()) own += stake.frozen[resource] + stake.lent[resource];
    return TOTALS[resource].weight + own / TRX;
  }

  /** What an account's stake and what was lent to it give in a day. */
  limit({ stake, energy }: Staker, resource: Lendable): bigint {
    const sun = stake.frozen[resource] + stake.acquired[resource];
    return (resource === 'ENERGY' ? energy : 0n) + ((sun / TRX) * TOTALS[resource].limit) / this.weight(resource);
  }

  used({ stake }: Staker, resource: Lendable, at: number): bigint {
    const { amount, at: since } = stake.used[resource];
    const passed = BigInt(at - since);
    return passed >= DAY_MS ? 0n : (amount * (DAY_MS - passed)) / DAY_MS;
  }

  left(account: Staker, resource: Lendable, at: number): bigint {
    return most(0n, this.limit(account, resource) - this.used(account, resource, at));
  }

  use(account: Staker, resource: Lendable, amount: bigint, at: number): void {
    account.stake.used[resource] = { amount: this.used(account, resource, at) + amount, at };
  }

  /** Of the own stake, in sun, what is not used now: what may be lent. */
  lendable(account: Staker, resource: Lendable, at: number): bigint {
    const usedSun = (this.used(account, resource, at) * TRX * this.weight(resource)) / TOTALS[resource].limit;
    return most(0n, account.stake.frozen[resource] - most(0n, usedSun - account.stake.acquired[resource]));
  }

  lentTo(from: string, to: string): Lent | undefined {
    return this.lending.get(`${from} ${to}`);
  }

  withdrawable({ stake }: Staker, at: number): bigint {
    return stake.unfreezing.filter(({ until }) => until <= BigInt(at)).reduce((sum, { amount }) => sum + amount, 0n);
  }

  /** Why a node would not take it, or undefined. `has`: the owner's balance. */
  refusal(type: string, value: Json, owner: Staker, has: bigint, at: number): string | undefined {
    const resource = nameOf(value);
    const { stake } = owner;
    if (type !== 'WithdrawExpireUnfreezeContract' && (!RESOURCES.includes(resource) || resource === 'TRON_POWER'))
      return 'ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]';
    switch (type) {
      case 'FreezeBalanceV2Contract':
        if (int(value.frozen_balance) < TRX) return 'frozenBalance must be greater than or equal to 1 TRX';
        return int(value.frozen_balance) > has
          ? 'frozenBalance must be less than or equal to accountBalance'
          : undefined;
      case 'UnfreezeBalanceV2Contract':
        if (stake.frozen[resource] <= 0n) return `no frozenBalance(${resource === 'ENERGY' ? 'Energy' : 'BANDWIDTH'})`;
        if (int(value.unfreeze_balance) <= 0n || int(value.unfreeze_balance) > stake.frozen[resource])
          return `Invalid unfreeze_balance, [${int(value.unfreeze_balance)}] is invalid`;
        return stake.unfreezing.filter(({ until }) => until > BigInt(at)).length >= MOST_UNFREEZING
          ? 'Invalid unfreeze operation, unfreezing times is over limit'
          : undefined;
      case 'WithdrawExpireUnfreezeContract':
        return this.withdrawable(owner, at) <= 0n ? 'no unFreeze balance to withdraw ' : undefined;
      case 'DelegateResourceContract':
        return this.refusesLending(value, owner, resource as Lendable, at);
      default:
        return this.refusesTakingBack(value, owner, resource as Lendable, at);
    }
  }

  private refusesLending(value: Json, owner: Staker, resource: Lendable, at: number): string | undefined {
    const [balance, to] = [int(value.balance), hex(value.receiver_address)];
    if (balance < TRX) return 'delegateBalance must be greater than or equal to 1 TRX';
    if (balance > this.lendable(owner, resource, at))
      return `delegateBalance must be less than or equal to available Freeze${resource === 'ENERGY' ? 'Energy' : 'Bandwidth'}V2 balance`;
    if (to === owner.address) return 'receiverAddress must not be the same as ownerAddress';
    const receiver = this.accounts.get(to);
    if (!receiver) return `Account[${to}] not exists`;
    if (receiver.contract) return 'Do not allow delegate resources to contract addresses';
    const [locked, period] = [this.lentTo(owner.address, to)?.locked[resource], int(value.lock_period)];
    if (value.lock === true && (period < 0n || period > (30n * DAY_MS) / BLOCK_MS))
      return 'The lock period of delegate resource cannot be less than 0 and cannot exceed 864000!';
    if (value.lock === true && locked && locked.until > BigInt(at) + lockMs(period))
      return `The lock period for ${resource} this time cannot be less than the remaining time[${locked.until - BigInt(at)}ms] of the last lock period for ${resource}!`;
    return undefined;
  }

  private refusesTakingBack(value: Json, owner: Staker, resource: Lendable, at: number): string | undefined {
    const [balance, to] = [int(value.balance), hex(value.receiver_address)];
    if (to === owner.address) return 'receiverAddress must not be the same as ownerAddress';
    const lent = this.lentTo(owner.address, to);
    if (!lent) return 'delegated Resource does not exist';
    if (balance <= 0n) return 'unDelegateBalance must be more than 0 TRX';
    const { amount, until } = lent.locked[resource];
    const there = lent.free[resource] + (until <= BigInt(at) ? amount : 0n);
    return there < balance
      ? `insufficient delegatedFrozenBalance(${resource === 'ENERGY' ? 'Energy' : 'BANDWIDTH'}), request=${balance}, unlock_balance=${there}`
      : undefined;
  }

  /**
   * Carries out what `refusal` let pass. Answers by how much the owner's balance rises, and what the receipt says
   * besides.
   */
  apply(type: string, value: Json, owner: Staker, at: number): { sun: bigint; said: Json } {
    const resource = nameOf(value);
    const { stake } = owner;
    if (type === 'FreezeBalanceV2Contract') {
      stake.frozen[resource] += int(value.frozen_balance);
      return { sun: -int(value.frozen_balance), said: {} };
    }
    if (type === 'DelegateResourceContract' || type === 'UnDelegateResourceContract') {
      this.lend(value, owner, resource as Lendable, type === 'DelegateResourceContract', at);
      return { sun: 0n, said: {} };
    }
    // What has waited long enough is paid out with either of the two.
    const paid = this.withdrawable(owner, at);
    stake.unfreezing = stake.unfreezing.filter(({ until }) => until > BigInt(at));
    if (type === 'UnfreezeBalanceV2Contract') {
      const amount = int(value.unfreeze_balance);
      stake.frozen[resource] -= amount;
      stake.unfreezing = [...stake.unfreezing, { resource, amount, until: BigInt(at) + DELAY_DAYS * DAY_MS }];
    }
    return { sun: paid, said: { withdraw_expire_amount: paid } };
  }

  private lend(value: Json, owner: Staker, resource: Lendable, there: boolean, at: number): void {
    const [balance, to] = [int(value.balance), hex(value.receiver_address)];
    const receiver = this.accounts.get(to) as Staker;
    const key = `${owner.address} ${to}`;
    const lent = this.lending.get(key) ?? {
      free: { BANDWIDTH: 0n, ENERGY: 0n },
      locked: { BANDWIDTH: { amount: 0n, until: 0n }, ENERGY: { amount: 0n, until: 0n } },
    };
    this.lending.set(key, lent);
    const lock = lent.locked[resource];
    if (lock.until <= BigInt(at) && lock.amount > 0n) {
      lent.free[resource] += lock.amount;
      lent.locked[resource] = { amount: 0n, until: 0n };
    }
    if (there) {
      if (value.lock === true)
        lent.locked[resource] = {
          amount: lent.locked[resource].amount + balance,
          until: BigInt(at) + lockMs(int(value.lock_period)),
        };
      else lent.free[resource] += balance;
      owner.stake.frozen[resource] -= balance;
      owner.stake.lent[resource] += balance;
      receiver.stake.acquired[resource] += balance;
      return;
    }
    // What the receiver used of it goes back with it, and comes back over a day there.
    const limit = this.limit(receiver, resource);
    const used = this.used(receiver, resource, at);
    const share = ((balance / TRX) * TOTALS[resource].limit) / this.weight(resource);
    const moved = limit === 0n ? 0n : least(share, (used * share) / limit);
    receiver.stake.used[resource] = { amount: used - moved, at };
    receiver.stake.acquired[resource] -= balance;
    lent.free[resource] -= balance;
    owner.stake.lent[resource] -= balance;
    owner.stake.frozen[resource] += balance;
    this.use(owner, resource, moved, at);
    if (RESOURCES.every((one) => one === 'TRON_POWER' || (lent.free[one] === 0n && lent.locked[one].amount === 0n)))
      this.lending.delete(key);
  }
}

const lockMs = (blocks: bigint): bigint => (blocks === 0n ? DEFAULT_LOCK_BLOCKS : blocks) * BLOCK_MS;

export const STAKE_TYPES = [
  'FreezeBalanceV2Contract',
  'UnfreezeBalanceV2Contract',
  'WithdrawExpireUnfreezeContract',
  'DelegateResourceContract',
  'UnDelegateResourceContract',
];
