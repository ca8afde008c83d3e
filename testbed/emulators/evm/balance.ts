import { Contract, formatUnits } from 'ethers';
import { localProvider } from './accounts';
import type { LocalChain } from './accounts';
import artifact from './contracts/Tether.json';

/** What an address of the local chain has, as a decimal string without trailing zeros. */
export async function balanceOf(chain: LocalChain, address: string, asset: string): Promise<string> {
  const provider = await localProvider(chain.rpcUrl);
  try {
    if (asset === (chain.coin ?? 'ETH')) return plain(formatUnits(await provider.getBalance(address), 18));
    const units = (await new Contract(chain.usdt, artifact.abi, provider)
      .getFunction('balanceOf')
      .staticCall(address)) as bigint;
    return plain(formatUnits(units, chain.usdtDecimals ?? 6));
  } finally {
    provider.destroy();
  }
}

const plain = (text: string): string => text.replace(/\.0$/, '');
