import { HDNodeWallet, JsonRpcProvider, NonceManager } from 'ethers';
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
