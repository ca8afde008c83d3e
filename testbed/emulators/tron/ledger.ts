/**
 * Accounts, and what a transaction does to them. One of these stands at the head of the chain, another at its solid
 * block.
 */
import { openMachine } from './machine';
import type { Machine, Ran } from './machine';
import { STAKE_TYPES, Stakes, noStake } from './stake';
import type { Stake } from './stake';
import { sha256 } from './wire';
import type { Json, Transaction } from './wire';

export const PRICES = {
  energy: 100n,
  bandwidth: 1000n,
  account: 1_000_000n,
  accountBandwidth: 100_000n,
  free: 600n,
  permission: 100_000_000n,
  mostFeeLimit: 15_000_000_000n,
} as const;
const DAY_MS = 86_400_000n;
/** Reserved in each transaction for its result. */
const RESULT_BYTES = 64n;

export interface Permission {
  readonly id: bigint;
  readonly name: string;
  readonly threshold: bigint;
  readonly operations?: string | undefined;
  readonly keys: readonly { readonly address: string; readonly weight: bigint }[];
}

export interface Account {
  readonly address: string;
  readonly created: number;
  readonly contract: boolean;
  owner: Permission;
  actives: readonly Permission[];
  freeUsed: bigint;
  freeAt: number;
  /** Energy out of nothing: `control/energy`. */
  energy: bigint;
  readonly stake: Stake;
  readonly assets: Map<string, bigint>;
}

/** Of a contract: what TRON takes is `gas` of the machine x share / 10^4 + base. */
export interface Energy {
  readonly share: bigint;
  readonly base: bigint;
}
const PLAIN: Energy = { share: 10_000n, base: 0n };

/** What happened to a transaction in a block. */
export interface Outcome {
  readonly ret: string;
  readonly info: Json;
}

/** A refusal in the node's own words: its code and its message. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Everything that a block does. */
export type Op =
  | {
      readonly k: 'tx';
      readonly raw: string;
      readonly size: number;
      /** Mined with this result and without effect: a fault. */ readonly spoilt?: string;
    }
  | {
      readonly k: 'deploy';
      readonly owner: string;
      readonly code: string;
      readonly energy?: { share: string; base: string };
    }
  | { readonly k: 'energy'; readonly address: string; readonly amount: string }
  | {
      readonly k: 'permission';
      readonly address: string;
      readonly to: string;
      /** Instead of its own key, or beside it as another active permission. */ readonly beside: boolean;
    };

const allOperations = '7fff1fc0033efb0f'.padEnd(64, '0');
export const ordinary = (address: string): Pick<Account, 'owner' | 'actives'> => {
  const keys = [{ address, weight: 1n }];
  return {
    owner: { id: 0n, name: 'owner', threshold: 1n, keys },
    actives: [{ id: 2n, name: 'active', threshold: 1n, operations: allOperations, keys }],
  };
};

const least = (...values: readonly bigint[]): bigint => values.reduce((a, b) => (a < b ? a : b));
export const int = (value: unknown): bigint => BigInt((value as bigint | number | string | undefined) ?? 0);
const text = (value: unknown): string => ((value as string | undefined) ?? '').toLowerCase();
/** Nothing that is zero or empty is written: so are proto3's defaults. */
export const shown = (fields: Json): Json =>
  Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) =>
        value !== undefined && value !== 0n && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  );

export class Ledger {
  readonly accounts = new Map<string, Account>();
  readonly energies = new Map<string, Energy>();
  readonly stakes = new Stakes(this.accounts);

  private constructor(readonly machine: Machine) {}

  static async open(packages: string): Promise<Ledger> {
    return new Ledger(await openMachine(packages));
  }

  create(address: string, at: number, contract = false): Account {
    const known = this.accounts.get(address);
    if (known) return known;
    const made: Account = {
      address,
      created: at,
      contract,
      ...ordinary(address),
      freeUsed: 0n,
      freeAt: at,
      energy: 0n,
      stake: noStake(at),
      assets: new Map(),
    };
    this.accounts.set(address, made);
    return made;
  }

  async deploy(owner: string, code: string, at: number, energy: Energy = PLAIN): Promise<string> {
    const address = await this.machine.deploy(owner, code);
    this.create(address, at, true);
    this.energies.set(address, energy);
    return address;
  }

  private balance(address: string): Promise<bigint> {
    return this.machine.balance(address);
  }

  /** Of the free bandwidth of a day, what is used now: it comes back evenly. */
  freeUsed({ freeUsed, freeAt }: Account, at: number): bigint {
    const since = BigInt(at - freeAt);
    return since >= DAY_MS ? 0n : (freeUsed * (DAY_MS - since)) / DAY_MS;
  }

  /** Of the stake, or of the day's free bytes, or burnt: whichever is enough for all of it, in this order. */
  private bandwidth(account: Account, size: number, at: number): { staked: bigint; free: bigint; burnt: bigint } {
    const bytes = BigInt(size) + RESULT_BYTES;
    if (bytes <= this.stakes.left(account, 'BANDWIDTH', at)) return { staked: bytes, free: 0n, burnt: 0n };
    if (bytes <= PRICES.free - this.freeUsed(account, at)) return { staked: 0n, free: bytes, burnt: 0n };
    return { staked: 0n, free: 0n, burnt: bytes * PRICES.bandwidth };
  }

  /** Throws Refused when a node would not take it, or when it has become impossible since. */
  async validate(
    {
      raw_data: {
        contract: [contract],
        ...raw
      },
    }: Transaction,
    size: number,
    at: number,
  ): Promise<void> {
    const value = contract.parameter.value;
    const [owner, to] = [text(value.owner_address), text(value.to_address)];
    const no = (why: string): never => {
      throw new Refused('CONTRACT_VALIDATE_ERROR', `Contract validate error : ${why}`);
    };
    const account = this.accounts.get(owner) ?? no(`Validate ${contract.type} error, no OwnerAccount.`);
    const has = await this.balance(owner);
    const moves = contract.type === 'TransferContract' || contract.type === 'TransferAssetContract';
    const fresh = moves && !this.accounts.has(to);
    if (moves && int(value.amount) <= 0n) no('Amount must be greater than 0.');
    if (moves && to === owner) no('Cannot transfer TRX to yourself.');
    if (moves && this.accounts.get(to)?.contract) no('Cannot transfer TRX to a smartContract.');
    if (contract.type === 'TransferContract' && has < int(value.amount) + (fresh ? PRICES.account : 0n))
      no('Validate TransferContract error, balance is not sufficient.');
    if (
      contract.type === 'TransferAssetContract' &&
      (account.assets.get(text(value.asset_name)) ?? 0n) < int(value.amount)
    )
      no('assetBalance is not sufficient.');
    if (contract.type === 'AccountPermissionUpdateContract' && has < PRICES.permission)
      no('balance is not sufficient.');
    if (contract.type === 'TriggerSmartContract') {
      if (!this.energies.has(text(value.contract_address))) no('No contract or not a valid smart contract');
      if (int(raw.fee_limit) < 0n || int(raw.fee_limit) > PRICES.mostFeeLimit)
        no(`feeLimit must be >= 0 and <= ${PRICES.mostFeeLimit}`);
      if (has < int(value.call_value)) no('balance is not sufficient.');
    }
    const refusal = STAKE_TYPES.includes(contract.type)
      ? this.stakes.refusal(contract.type, value, account, has, at)
      : undefined;
    if (refusal !== undefined) no(refusal);
    const costs = fresh ? PRICES.accountBandwidth : this.bandwidth(account, size, at).burnt;
    if (has < costs) throw new Refused('BANDWITH_ERROR', 'Account resource insufficient error.');
  }

  /** Carries out what `validate` let pass. */
  async apply(transaction: Transaction, size: number, at: number, block: number, spoilt?: string): Promise<Outcome> {
    const contract = transaction.raw_data.contract[0];
    const value = contract.parameter.value;
    const [owner, to] = [text(value.owner_address), text(value.to_address)];
    const account = this.create(owner, at);
    const fresh = contract.type.startsWith('Transfer') && !this.accounts.has(to);
    const { staked, free, burnt } = fresh
      ? { staked: 0n, free: 0n, burnt: PRICES.accountBandwidth }
      : this.bandwidth(account, size, at);
    if (free > 0n) [account.freeUsed, account.freeAt] = [this.freeUsed(account, at) + free, at];
    if (staked > 0n) this.stakes.use(account, 'BANDWIDTH', staked, at);
    await this.machine.add(owner, -burnt);
    const receipt: Json = { net_usage: free + staked, net_fee: burnt };
    const base = { id: transaction.txID, blockNumber: BigInt(block), blockTimeStamp: BigInt(at) };
    if (spoilt !== undefined)
      return {
        ret: spoilt,
        info: shown({
          ...base,
          fee: burnt,
          contractResult: [''],
          receipt: shown({ ...receipt, result: spoilt }),
          result: 'FAILED',
        }),
      };
    if (contract.type === 'TriggerSmartContract') {
      const { ret, fee, receipt: used, ...rest } = await this.trigger(transaction, account, at);
      return { ret, info: shown({ ...base, fee: fee + burnt, ...rest, receipt: shown({ ...receipt, ...used }) }) };
    }
    let fee = burnt;
    if (fresh) {
      await this.machine.add(owner, -PRICES.account);
      fee += PRICES.account;
      this.create(to, at);
    }
    if (contract.type === 'TransferContract') {
      await this.machine.add(owner, -int(value.amount));
      await this.machine.add(to, int(value.amount));
    } else if (contract.type === 'TransferAssetContract') {
      const [token, other] = [text(value.asset_name), this.create(to, at)];
      account.assets.set(token, (account.assets.get(token) ?? 0n) - int(value.amount));
      other.assets.set(token, (other.assets.get(token) ?? 0n) + int(value.amount));
    } else if (STAKE_TYPES.includes(contract.type)) {
      const { sun, said } = this.stakes.apply(contract.type, value, account, at);
      await this.machine.add(owner, sun);
      return { ret: 'SUCCESS', info: shown({ ...base, fee, contractResult: [''], receipt: shown(receipt), ...said }) };
    } else {
      await this.machine.add(owner, -PRICES.permission);
      fee += PRICES.permission;
      account.owner = permissionOf(value.owner as Json, 0n);
      account.actives = ((value.actives as Json[] | undefined) ?? []).map((one, index) =>
        permissionOf(one, BigInt(2 + index)),
      );
    }
    return { ret: 'SUCCESS', info: shown({ ...base, fee, contractResult: [''], receipt: shown(receipt) }) };
  }

  /** Energy of a call: what is staked first, then TRX; the fee limit caps both. */
  private async trigger(
    { txID, raw_data }: Transaction,
    account: Account,
    at: number,
  ): Promise<{ ret: string; fee: bigint; receipt: Json } & Json> {
    const value = raw_data.contract[0].parameter.value;
    const to = text(value.contract_address);
    const callValue = int(value.call_value);
    const staked = this.stakes.left(account, 'ENERGY', at);
    const has = (await this.balance(account.address)) - callValue;
    const most = least(staked + has / PRICES.energy, int(raw_data.fee_limit) / PRICES.energy);
    const { share, base } = this.energies.get(to) ?? PLAIN;
    const gas = most > base ? ((most - base) * 10_000n) / share : 0n;
    const ran: Ran =
      gas === 0n
        ? { error: 'out of gas', gas: 0n, output: '', logs: [], frames: [] }
        : await this.machine.call({
            from: account.address,
            to,
            data: text(value.data),
            value: callValue,
            gas,
            keep: true,
          });
    const ret = RESULTS[ran.error ?? ''] ?? (ran.error === undefined ? 'SUCCESS' : 'UNKNOWN');
    // A revert pays for what ran; every other failure burns all that was allowed.
    const energy = ret === 'SUCCESS' || ret === 'REVERT' ? least(most, (ran.gas * share) / 10_000n + base) : most;
    const ofStake = least(energy, staked);
    const fee = (energy - ofStake) * PRICES.energy;
    this.stakes.use(account, 'ENERGY', ofStake, at);
    await this.machine.add(account.address, -fee);
    const inner = ran.frames.map((frame, index) =>
      shown({
        hash: sha256(Buffer.from(txID + index)).toString('hex'),
        caller_address: frame.caller,
        transferTo_address: frame.to,
        callValueInfo: [shown({ callValue: frame.value })],
        note: Buffer.from('call').toString('hex'),
        rejected: frame.rejected || ret !== 'SUCCESS' || undefined,
      }),
    );
    for (const { to: paid, value: sun } of ran.frames)
      if (sun > 0n && ret === 'SUCCESS') this.create(paid, account.freeAt);
    const receipt = {
      energy_usage: ofStake,
      energy_fee: fee,
      energy_usage_total: energy,
      energy_penalty_total: energy > ran.gas ? energy - ran.gas : 0n,
      result: ret,
    };
    const failed =
      ret === 'SUCCESS'
        ? {}
        : {
            result: 'FAILED',
            resMessage: Buffer.from(
              ret === 'REVERT' ? 'REVERT opcode executed' : 'Not enough energy for operation executing',
            ).toString('hex'),
          };
    return {
      ret,
      fee,
      receipt,
      contract_address: to,
      contractResult: [ran.output],
      log: ran.logs,
      internal_transactions: inner,
      ...failed,
    };
  }

  /** A call that changes nothing. `energy` is what it would take. */
  async constant(from: string, to: string, data: string, value: bigint): Promise<Ran & { energy: bigint }> {
    const { share, base } = this.energies.get(to) ?? PLAIN;
    const ran = await this.machine.call({ from, to, data, value, gas: 100_000_000n, keep: false });
    return { ...ran, energy: (ran.gas * share) / 10_000n + base };
  }

  /** As if its owner had done so: a fault. */
  private give(account: Account, to: string, beside: boolean): void {
    const { owner, actives } = ordinary(to);
    if (!beside) account.owner = owner;
    account.actives = beside
      ? [...account.actives, ...actives.map((one) => ({ ...one, id: BigInt(2 + account.actives.length) }))]
      : actives;
  }

  /** Carries out a block's operations; a transaction that has become impossible is left out. */
  async carryOut(
    ops: readonly Op[],
    read: (raw: string) => Transaction,
    at: number,
    block: number,
  ): Promise<(Outcome & { transaction: Transaction })[]> {
    const done: (Outcome & { transaction: Transaction })[] = [];
    for (const op of ops) {
      if (op.k === 'deploy')
        await this.deploy(
          op.owner,
          op.code,
          at,
          op.energy && { share: BigInt(op.energy.share), base: BigInt(op.energy.base) },
        );
      else if (op.k === 'energy') this.create(op.address, at).energy += BigInt(op.amount);
      else if (op.k === 'permission') this.give(this.create(op.address, at), op.to, op.beside);
      else {
        const transaction = read(op.raw);
        done.push({ transaction, ...(await this.apply(transaction, op.size, at, block, op.spoilt)) });
      }
    }
    return done;
  }
}

const RESULTS: Readonly<Record<string, string>> = {
  revert: 'REVERT',
  'out of gas': 'OUT_OF_ENERGY',
  'invalid opcode': 'ILLEGAL_OPERATION',
  'stack underflow': 'STACK_TOO_SMALL',
};

const permissionOf = (value: Json, id: bigint): Permission => ({
  id,
  name: (value.permission_name as string | undefined) ?? '',
  threshold: int(value.threshold),
  operations: value.operations as string | undefined,
  keys: ((value.keys as Json[] | undefined) ?? []).map((key) => ({
    address: text(key.address),
    weight: int(key.weight),
  })),
});
