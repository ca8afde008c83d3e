/** The rest of the world on a local chain whose blocks the caller mines: pays, mines, and makes blocks disappear. */
import { HDNodeWallet, Interface, Mnemonic, Wallet, formatUnits, parseUnits, toQuantity } from 'ethers';
import { LOCAL_MNEMONIC } from './anvil';
import { DEPLOYER } from './prepare';

const TOKEN = new Interface([
  'function mint(address to, uint256 value)',
  'function balanceOf(address) view returns (uint256)',
]);
/** Has a million ether from the start. */
const account = HDNodeWallet.fromPhrase(LOCAL_MNEMONIC, undefined, "m/44'/60'/0'/0/3");
const deployer = HDNodeWallet.fromPhrase(LOCAL_MNEMONIC, undefined, `m/44'/60'/0'/0/${DEPLOYER}`);

/** Deploys the five bytes that refuse every call. */
const REFUSES = '0x6460006000fd6000526005601bf3';

export interface Stranger {
  readonly address: string;
  rpc<T>(method: string, params?: unknown[]): Promise<T>;
  mine(blocks?: number): Promise<void>;
  /** Replaces the newest blocks by empty ones. */
  reorganise(depth: number): Promise<void>;
  head(): Promise<{ height: number; hash: string }>;
  /** Signed bytes of a payment, to be sent as often as one likes. */
  signed(to: string, amount: string): Promise<string>;
  send(raw: string): Promise<string>;
  /** A transaction of any kind; wei. Answers its hash. */
  transact(call: { to?: string; value?: bigint; data?: string }): Promise<string>;
  /** Deploys and mines; answers the contract's address. */
  deploy(bytecode: string): Promise<string>;
  ether(to: string, amount: string): Promise<string>;
  tether(usdt: string, to: string, amount: string): Promise<string>;
  /** One transaction whose code pays each amount: no transaction names its receiver. */
  contractPays(to: string, amounts: readonly string[]): Promise<string>;
  /** Address of a new contract that takes no coins. */
  refusingContract(): Promise<string>;
  /** As decimal strings. */
  etherOf(address: string): Promise<string>;
  tetherOf(usdt: string, address: string): Promise<string>;
}

export const freshAddress = (): string => Wallet.createRandom().address;
export const freshMnemonic = (): Mnemonic => Mnemonic.fromEntropy(Wallet.createRandom().privateKey);

export function stranger({ url, chainId }: { url: string; chainId: number }): Stranger {
  const rpc = async <T>(method: string, params: unknown[] = []): Promise<T> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    const { result, error } = (await response.json()) as { result: T; error?: { message: string } };
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  const sign = async (call: { to?: string; value?: bigint; data?: string }): Promise<string> => {
    const nonce = Number(await rpc<string>('eth_getTransactionCount', [account.address, 'pending']));
    return account.signTransaction({
      type: 2,
      chainId,
      nonce,
      gasLimit: 3_000_000,
      maxFeePerGas: 100_000_000_000n,
      maxPriorityFeePerGas: 1_000_000_000n,
      ...call,
    });
  };
  const send = (raw: string): Promise<string> => rpc<string>('eth_sendRawTransaction', [raw]);
  const mine = async (blocks = 1): Promise<void> => {
    await rpc('anvil_mine', [toQuantity(blocks)]);
  };
  const pays = (to: string, wei: bigint): string =>
    `60006000600060007f${wei.toString(16).padStart(64, '0')}73${to.slice(2)}5af150`;
  const deploy = async (data: string): Promise<string> => {
    const txid = await send(await sign({ data }));
    await mine();
    return (await rpc<{ contractAddress: string }>('eth_getTransactionReceipt', [txid])).contractAddress;
  };
  return {
    address: account.address,
    rpc,
    mine,
    reorganise: async (depth) => {
      await rpc('anvil_reorg', [depth, []]);
    },
    head: async () => {
      const { number: height, hash } = await rpc<{ number: string; hash: string }>('eth_getBlockByNumber', [
        'latest',
        false,
      ]);
      return { height: Number(height), hash };
    },
    signed: (to, amount) => sign({ to, value: parseUnits(amount, 18) }),
    send,
    transact: async (call) => send(await sign(call)),
    deploy,
    ether: async (to, amount) => send(await sign({ to, value: parseUnits(amount, 18) })),
    tether: (usdt, to, amount) =>
      rpc('eth_sendTransaction', [
        { from: deployer.address, to: usdt, data: TOKEN.encodeFunctionData('mint', [to, parseUnits(amount, 6)]) },
      ]),
    contractPays: async (to, amounts) => {
      const wei = amounts.map((amount) => parseUnits(amount, 18));
      return send(
        await sign({
          value: wei.reduce((sum, one) => sum + one, 0n),
          data: `0x${wei.map((one) => pays(to, one)).join('')}00`,
        }),
      );
    },
    refusingContract: () => deploy(REFUSES),
    etherOf: async (address) => formatUnits(BigInt(await rpc<string>('eth_getBalance', [address, 'latest'])), 18),
    tetherOf: async (usdt, address) =>
      formatUnits(
        BigInt(
          await rpc<string>('eth_call', [
            { to: usdt, data: TOKEN.encodeFunctionData('balanceOf', [address]) },
            'latest',
          ]),
        ),
        6,
      ),
  };
}
