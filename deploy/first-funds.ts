import type { Engine, Logger, Signer } from '../domain/contract/ports';
import { formatAmount, fromChainUnits, parseAmount } from '../domain/money/amount';
import type { CoinStore } from '../db/stores/coins';
import { askBitcoin } from './local/bitcoin/start';
import { faucet } from './local/evm/faucet';
import { payTron, tronBalance } from './local/tron/faucet';
import type { BitcoinSettings, EvmNetwork, TronSettings } from './networks';

interface FirstFunds {
  readonly networks: readonly EvmNetwork[];
  readonly bitcoin: BitcoinSettings | undefined;
  readonly tron: TronSettings | undefined;
  readonly coins: CoinStore;
  readonly engine: Engine;
  readonly signer: Signer;
  readonly logger: Logger;
}

/**
 * The operator's own gas in a local world: what a real operator would send to each hot wallet first, and what it keeps there.
 * Killed in between, the next start sees the coins that are already there and only books them.
 */
export async function firstFunds({ networks, bitcoin, tron, coins, engine, signer, logger }: FirstFunds): Promise<void> {
  const custody = await engine.custody();
  for (const network of networks) {
    const { id, gasAsset, gasReserve } = network;
    if (custody.some(({ place, asset }) => place === `hot/${id}` && asset === gasAsset)) continue;
    const { hotAddress } = await signer.identity(id);
    const missing = parseAmount(gasReserve) - (await nativeBalance(network.rpcUrl, hotAddress));
    const chain = { rpcUrl: network.rpcUrl, usdt: network.usdt ?? '', coin: gasAsset, usdtDecimals: network.usdtDecimals };
    if (missing > 0n) await faucet(chain, hotAddress, gasAsset, formatAmount(missing));
    await engine.submit({ kind: 'operator.contribute', reference: `contribute:first-gas:${id}`, asset: gasAsset, amount: gasReserve, custody: `hot/${id}` });
    logger.info({ amount: gasReserve, asset: gasAsset, network: id, hotAddress }, "the operator's first gas is in the books");
  }
  if (bitcoin && !custody.some(({ place }) => place === `hot/${bitcoin.id}`)) await firstCoins({ bitcoin, coins, engine, signer });
  if (tron && !custody.some(({ place }) => place === `hot/${tron.id}`)) await firstTrx({ tron, engine, signer });
}

/** The same in TRX. */
async function firstTrx({ tron: { id, gasAsset, gasReserve, rpcUrl }, engine, signer }: Pick<FirstFunds, 'engine' | 'signer'> & { tron: TronSettings }): Promise<void> {
  const { hotAddress } = await signer.identity(id);
  const missing = parseAmount(gasReserve) - parseAmount(await tronBalance(rpcUrl, hotAddress, gasAsset));
  if (missing > 0n) await payTron(rpcUrl, hotAddress, gasAsset, formatAmount(missing));
  await engine.submit({ kind: 'operator.contribute', reference: `contribute:first-gas:${id}`, asset: gasAsset, amount: gasReserve, custody: `hot/${id}` });
}

/** The same in coins of a Bitcoin. */
async function firstCoins({ bitcoin: { id, gasAsset, gasReserve, rpcUrl }, coins, engine, signer }: Pick<FirstFunds, 'coins' | 'engine' | 'signer'> & { bitcoin: BitcoinSettings }): Promise<void> {
  const { hotAddress } = await signer.identity(id);
  if (!(await coins.unspent(id)).some(({ branch }) => branch === 1)) await askBitcoin<string>(rpcUrl, 'sendtoaddress', hotAddress, gasReserve);
  await engine.submit({ kind: 'operator.contribute', reference: `contribute:first-gas:${id}`, asset: gasAsset, amount: gasReserve, custody: `hot/${id}` });
}

async function nativeBalance(rpcUrl: string, address: string): Promise<bigint> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getBalance', params: [address, 'latest'] });
  const answer = await fetch(rpcUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return fromChainUnits(BigInt(((await answer.json()) as { result: string }).result), 18);
}
