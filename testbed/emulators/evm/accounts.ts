import { HDNodeWallet, JsonRpcProvider, NonceManager } from 'ethers';
import type { TransactionReceipt } from 'ethers';
import { LOCAL_MNEMONIC } from './anvil';

/** A chain on this machine: its node, its own coin and the dollar token on it, with the decimals that stands for. */
export interface LocalChain {
  readonly rpcUrl: string;
  readonly usdt: string;
  /** ETH unless told. */
  readonly coin?: string;
  /** 6 unless told. */
  readonly usdtDecimals?: number;
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** A provider of a local chain; anything that is not on this machine is refused. */
export async function localProvider(rpcUrl: string): Promise<JsonRpcProvider> {
  if (!LOOPBACK.has(new URL(rpcUrl).hostname)) throw new Error(`${rpcUrl} is not on this machine`);
  const probe = new JsonRpcProvider(rpcUrl, undefined, { cacheTimeout: -1 });
  const { chainId } = await probe.getNetwork();
  probe.destroy();
  return new JsonRpcProvider(rpcUrl, chainId, {
    staticNetwork: true,
    cacheTimeout: -1,
    polling: true,
    pollingInterval: 100,
  });
}

/** Accounts of the well-known mnemonic: 0 gives out coins and owns the token, 1 is the rest of the world's trader. */
export function localAccount(index: number, provider: JsonRpcProvider): NonceManager {
  return new NonceManager(
    HDNodeWallet.fromPhrase(LOCAL_MNEMONIC, undefined, `m/44'/60'/0'/0/${index}`).connect(provider),
  );
}

/**
 * Asked again and again by ourselves: `waitForTransaction` of ethers asks at each block with nobody to catch what
 * fails there, and a node that is restarted meanwhile would end the whole process.
 */
export async function minedReceipt(provider: JsonRpcProvider, txid: string): Promise<TransactionReceipt> {
  for (let tries = 0; tries < 300; tries++) {
    const receipt = await provider.getTransactionReceipt(txid);
    if (receipt) return receipt;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the transaction ${txid} was not mined within 30 s`);
}
