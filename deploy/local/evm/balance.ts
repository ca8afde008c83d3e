import { Contract, formatUnits } from 'ethers';
import { localProvider } from './accounts';
import artifact from './contracts/Tether.json';

/** What an address of the local chain has, as a decimal string without trailing zeros. */
export async function balanceOf(chain: { rpcUrl: string; usdt: string }, address: string, asset: 'ETH' | 'USDT'): Promise<string> {
  const provider = await localProvider(chain.rpcUrl);
  try {
    if (asset === 'ETH') return plain(formatUnits(await provider.getBalance(address), 18));
    const units = (await new Contract(chain.usdt, artifact.abi, provider).getFunction('balanceOf').staticCall(address)) as bigint;
    return plain(formatUnits(units, 6));
  } finally {
    provider.destroy();
  }
}

const plain = (text: string): string => text.replace(/\.0$/, '');
