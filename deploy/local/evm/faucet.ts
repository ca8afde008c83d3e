import { Contract, getAddress, parseUnits } from 'ethers';
import { localAccount, localProvider } from './accounts';
import artifact from './contracts/Tether.json';
import { DEPLOYER } from './prepare';

/** Gives coins of a local chain away and waits until they are mined. Amount is a decimal string. */
export async function faucet(
  chain: { rpcUrl: string; usdt: string },
  to: string,
  asset: string,
  amount: string,
): Promise<{ txid: string; blockNumber: number }> {
  if (asset !== 'ETH' && asset !== 'USDT') throw new Error(`the faucet has ETH and USDT, not ${asset}`);
  const provider = await localProvider(chain.rpcUrl);
  try {
    const sent =
      asset === 'ETH'
        ? await localAccount(0, provider).sendTransaction({ to: getAddress(to), value: parseUnits(amount, 18) })
        : await new Contract(chain.usdt, artifact.abi, localAccount(DEPLOYER, provider)).getFunction('mint').send(getAddress(to), parseUnits(amount, 6));
    const receipt = await sent.wait();
    if (receipt?.status !== 1) throw new Error(`the faucet's transaction ${sent.hash} failed`);
    return { txid: sent.hash, blockNumber: receipt.blockNumber };
  } finally {
    provider.destroy();
  }
}
