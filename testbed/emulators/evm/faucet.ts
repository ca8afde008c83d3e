import { Interface, getAddress, parseUnits, toQuantity } from 'ethers';
import type { JsonRpcProvider } from 'ethers';
import { localAccount, localProvider, minedReceipt } from './accounts';
import type { LocalChain } from './accounts';
import artifact from './contracts/Tether.json';
import { DEPLOYER } from './prepare';

const TOKEN = new Interface(artifact.abi);

/** Gives coins of a local chain away and waits until they are mined. Amount is a decimal string. */
export async function faucet(
  chain: LocalChain,
  to: string,
  asset: string,
  amount: string,
): Promise<{ txid: string; blockNumber: number }> {
  const { coin = 'ETH', usdtDecimals = 6 } = chain;
  if (asset !== coin && asset !== 'USDT')
    throw new Error(`the faucet of this chain has ${coin} and USDT, not ${asset}`);
  const provider = await localProvider(chain.rpcUrl);
  try {
    const [from, call] =
      asset === coin
        ? [
            await localAccount(0, provider).getAddress(),
            { to: getAddress(to), value: toQuantity(parseUnits(amount, 18)) },
          ]
        : [
            await localAccount(DEPLOYER, provider).getAddress(),
            {
              to: chain.usdt,
              data: TOKEN.encodeFunctionData('mint', [getAddress(to), parseUnits(amount, usdtDecimals)]),
            },
          ];
    const txid = await sentBy(provider, { from, ...call });
    const receipt = await minedReceipt(provider, txid);
    if (receipt.status !== 1) throw new Error(`the faucet's transaction ${txid} failed`);
    return { txid, blockNumber: receipt.blockNumber };
  } finally {
    provider.destroy();
  }
}

/**
 * The node signs for its own accounts and counts their nonces; asked twice at once it may count wrong, and refuses one
 * of the two.
 */
async function sentBy(provider: JsonRpcProvider, call: object): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      return (await provider.send('eth_sendTransaction', [call])) as string;
    } catch (error) {
      if (tries >= 5 || !/replacement|nonce/i.test(String((error as Error).message))) throw error;
    }
  }
}
