import type { Engine, Logger, Signer } from '../domain/contract/ports';
import type { Config } from './config';
import { formatAmount, fromChainUnits, parseAmount } from '../domain/money/amount';
import { faucet } from './local/evm/faucet';

/** The operator's own gas in a local world: what a real operator would send to the hot wallet first, and what it keeps there. */
const GAS = '0.5';

/**
 * Sends the first gas to the hot wallet and contributes it to the books. Killed in between, the next start sees the
 * coins that are already there and only books them.
 */
export async function firstFunds({ config, engine, signer, logger }: { config: Config; engine: Engine; signer: Signer; logger: Logger }): Promise<void> {
  const position = await engine.operatorPosition();
  if (position.some(({ asset }) => asset === 'ETH')) return;
  const { hotAddress } = await signer.identity('ethereum');
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getBalance', params: [hotAddress, 'latest'] });
  const answer = await fetch(config.ETHEREUM_RPC_URL, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const there = fromChainUnits(BigInt(((await answer.json()) as { result: string }).result), 18);
  const missing = parseAmount(GAS) - there;
  if (missing > 0n) await faucet({ rpcUrl: config.ETHEREUM_RPC_URL, usdt: config.ETHEREUM_USDT }, hotAddress, 'ETH', formatAmount(missing));
  await engine.submit({ kind: 'operator.contribute', reference: 'contribute:first-gas', asset: 'ETH', amount: GAS, custody: 'hot/ethereum' });
  logger.info({ amount: GAS, asset: 'ETH', hotAddress }, "the operator's first gas is in the books");
}
