import { ContractFactory, getCreateAddress } from 'ethers';
import { localAccount, localProvider, minedReceipt } from './accounts';
import artifact from './contracts/Tether.json';

/** Account that deploys the token and nothing else, so that the token's address is the same on every local chain. */
const DEPLOYER = 9;

/** Puts the USDT stand-in on the chain unless it is there. Safe to call at every start. */
export async function prepareChain(rpcUrl: string): Promise<{ chainId: number; usdt: string }> {
  const provider = await localProvider(rpcUrl);
  try {
    const deployer = localAccount(DEPLOYER, provider);
    const usdt = getCreateAddress({ from: await deployer.getAddress(), nonce: 0 });
    if ((await provider.getCode(usdt)) === '0x') {
      const contract = await new ContractFactory(artifact.abi, artifact.bytecode, deployer).deploy();
      await minedReceipt(provider, contract.deploymentTransaction()?.hash ?? '');
    }
    const { chainId } = await provider.getNetwork();
    return { chainId: Number(chainId), usdt };
  } finally {
    provider.destroy();
  }
}

export { DEPLOYER };
