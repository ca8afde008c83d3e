/** The virtual machine: contracts run in @ethereumjs/evm, and every balance (in sun) lies in its state. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

interface EvmAddress {
  toString(): string;
}
interface Message {
  readonly depth: number;
  readonly isStatic?: boolean;
  readonly delegatecall?: boolean;
  readonly caller: EvmAddress;
  readonly to?: EvmAddress;
  readonly value: bigint;
}
interface CallResult {
  readonly createdAddress?: EvmAddress;
  readonly execResult: {
    readonly returnValue: Uint8Array;
    readonly executionGasUsed: bigint;
    readonly exceptionError?: { readonly error: string };
    readonly logs?: readonly [Uint8Array, Uint8Array[], Uint8Array][];
  };
}
interface EvmAccount {
  balance: bigint;
}
interface Evm {
  readonly stateManager: {
    getAccount(address: EvmAddress): Promise<EvmAccount | undefined>;
    putAccount(address: EvmAddress, account: EvmAccount): Promise<void>;
    checkpoint(): Promise<void>;
    commit(): Promise<void>;
    revert(): Promise<void>;
    readonly originalStorageCache: { clear(): void };
  };
  readonly journal: { cleanup(): Promise<void> };
  readonly events: {
    on(name: string, listener: (one: never, done?: () => void) => void): void;
    removeAllListeners(): void;
  };
  runCall(call: object): Promise<CallResult>;
}

/** A call inside a contract's call. */
export interface Frame {
  readonly caller: string;
  readonly to: string;
  readonly value: bigint;
  /** It failed, or something above it did: nothing of it happened. */
  rejected: boolean;
  readonly inner: Frame[];
}

export interface Ran {
  /** Undefined when it ended well. */
  readonly error: string | undefined;
  readonly gas: bigint;
  readonly output: string;
  readonly logs: readonly { readonly address: string; readonly topics: string[]; readonly data: string }[];
  /** In the order in which they began. */
  readonly frames: readonly Frame[];
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const tron = (address: EvmAddress | undefined): string => `41${address?.toString().slice(2).toLowerCase() ?? ''}`;

export interface Machine {
  balance(address: string): Promise<bigint>;
  add(address: string, sun: bigint): Promise<void>;
  deploy(owner: string, code: string): Promise<string>;
  call(call: { from: string; to: string; data: string; value: bigint; gas: bigint; keep: boolean }): Promise<Ran>;
}

/** A fresh machine with nothing in it. `packages`: where @ethereumjs/evm is installed. */
export async function openMachine(packages: string): Promise<Machine> {
  const load = createRequire(join(packages, 'package.json'));
  const { createEVM } = load('@ethereumjs/evm') as { createEVM(options: object): Promise<Evm> };
  const { Common, Mainnet, Hardfork } = load('@ethereumjs/common') as {
    Common: new (options: object) => object;
    Mainnet: object;
    Hardfork: { Paris: string };
  };
  const { Account, createAddressFromString } = load('@ethereumjs/util') as {
    Account: new () => EvmAccount;
    createAddressFromString(text: string): EvmAddress;
  };
  const evm = await createEVM({
    common: new Common({ chain: Mainnet, hardfork: Hardfork.Paris }),
    allowUnlimitedContractSize: true,
  });
  const state = evm.stateManager;
  const at = (address: string): EvmAddress => createAddressFromString(`0x${address.slice(-40)}`);
  /**
   * What one transaction has touched is cheaper for it alone: without this a question would change the price of what
   * comes after it.
   */
  const forget = async (): Promise<void> => {
    await evm.journal.cleanup();
    state.originalStorageCache.clear();
  };
  const call: Machine['call'] = async ({ from, to, data, value, gas, keep }) => {
    const [frames, open]: [Frame[], Frame[]] = [[], []];
    evm.events.on('beforeMessage', (message: Message, done) => {
      const frame: Frame = {
        caller: tron(message.caller),
        to: tron(message.to),
        value: message.delegatecall ? 0n : message.value,
        rejected: false,
        inner: [],
      };
      open.at(-1)?.inner.push(frame);
      open.push(frame);
      if (message.depth > 0 && !message.isStatic) frames.push(frame);
      done?.();
    });
    evm.events.on('afterMessage', (result: CallResult, done) => {
      const frame = open.pop();
      if (frame && result.execResult.exceptionError) reject(frame);
      done?.();
    });
    await state.checkpoint();
    const { execResult } = await evm.runCall({
      caller: at(from),
      to: at(to),
      data: Buffer.from(data, 'hex'),
      value,
      gasLimit: gas,
      skipBalance: !keep,
    });
    evm.events.removeAllListeners();
    await (keep ? state.commit() : state.revert());
    await forget();
    const error = execResult.exceptionError?.error;
    const logs = (error === undefined ? (execResult.logs ?? []) : []).map(([address, topics, bytes]) => ({
      address: hex(address),
      topics: topics.map(hex),
      data: hex(bytes),
    }));
    return { error, gas: execResult.executionGasUsed, output: hex(execResult.returnValue), logs, frames };
  };
  return {
    balance: async (address) => (await state.getAccount(at(address)))?.balance ?? 0n,
    add: async (address, sun) => {
      const account = (await state.getAccount(at(address))) ?? new Account();
      account.balance += sun;
      if (account.balance < 0n) throw new Error(`${address} has less than that`);
      await state.putAccount(at(address), account);
    },
    deploy: async (owner, code) => {
      const { createdAddress, execResult } = await evm.runCall({
        caller: at(owner),
        data: Buffer.from(code.replace(/^0x/, ''), 'hex'),
        gasLimit: 50_000_000n,
        skipBalance: true,
      });
      await forget();
      if (!createdAddress || execResult.exceptionError) throw new Error('the contract could not be made');
      return tron(createdAddress);
    },
    call,
  };
}

function reject(frame: Frame): void {
  frame.rejected = true;
  frame.inner.forEach(reject);
}
