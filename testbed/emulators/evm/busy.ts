/** Many blocks full of payments on a local chain, for measurements. */
import { Interface, Wallet, getAddress, hexlify } from 'ethers';
import { DEPLOYER } from './prepare';
import { localAccount, localProvider } from './accounts';
import { bytecodeOf, dataOf } from './incidents';
import { stranger } from './stranger';

const TOKEN = new Interface([
  'function mint(address to, uint256 value)',
  'function approve(address spender, uint256 value)',
]);

export interface BusyOptions {
  readonly blocks: number;
  readonly payments: number;
  /** Transactions of twenty token payments each. */
  readonly splits: number;
  /** Paid once a block. */
  readonly watched: readonly string[];
}

export const spellEvm = (bytes: Buffer): string => getAddress(hexlify(bytes));
export const anyEvm = (): string => Wallet.createRandom().address;

/** Fills blocks. The node mines when it is told. */
export async function fillBlocks(
  { url, chainId }: { url: string; chainId: number },
  usdt: string,
  { blocks, payments, splits, watched }: BusyOptions,
): Promise<void> {
  const world = stranger({ url, chainId });
  const provider = await localProvider(url);
  const from = await localAccount(DEPLOYER, provider).getAddress();
  provider.destroy();
  const splitter = await world.deploy(bytecodeOf('Splitter'));
  let nonce = Number(await world.rpc<string>('eth_getTransactionCount', [from, 'pending']));
  const send = (to: string, data: string, value = 0n): Promise<string> =>
    world.rpc('eth_sendTransaction', [
      {
        from,
        to,
        data,
        value: `0x${value.toString(16)}`,
        gas: '0xf4240',
        maxFeePerGas: '0x174876e800',
        nonce: `0x${(nonce++).toString(16)}`,
      },
    ]);
  await send(usdt, TOKEN.encodeFunctionData('mint', [from, 10n ** 18n]));
  await send(usdt, TOKEN.encodeFunctionData('approve', [splitter, 10n ** 18n]));
  await world.mine();
  for (let block = 0; block < blocks; block++) {
    const ours = watched[block % watched.length] ?? anyEvm();
    await Promise.all([
      send(ours, '0x', 10n ** 17n),
      ...Array.from({ length: payments }, (_, at) =>
        send(`0x${(at + 0x10000 + block).toString(16).padStart(40, 'a')}`, '0x', 1n),
      ),
      ...Array.from({ length: splits }, (_, at) =>
        send(
          splitter,
          dataOf(
            'Splitter',
            'pay',
            usdt,
            at === 0 ? ours : `0x${(at + 0x20000).toString(16).padStart(40, 'b')}`,
            1_000_000n,
            20n,
          ),
        ),
      ),
    ]);
    await world.mine();
  }
}
