/** `npm run faucet -- <address> <ETH|BNB|POL|USDT|BTC> <amount> [--network ethereum|bsc|polygon|bitcoin]`: coins of a running local chain. */
import { join } from 'node:path';
import { bitcoinFaucet } from '../local/bitcoin/faucet';
import { faucet } from '../local/evm/faucet';
import { option } from '../print';
import { LOCAL } from '../services';
import { chainOf, runningWorld } from '../world';
import type { WorldAddress } from '../world';

async function bitcoin({ bitcoinUrl }: WorldAddress, address: string, amount: string): Promise<{ txid: string; blockNumber: number }> {
  if (!bitcoinUrl) throw new Error('no local Bitcoin runs here; the start says why');
  return bitcoinFaucet(bitcoinUrl, address, amount);
}

async function main(): Promise<number> {
  const [address, asset, amount] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  if (!address || !asset || !amount) {
    console.error('Usage: npm run faucet -- <address> <ETH|BNB|POL|USDT|BTC> <amount> [--network ethereum|bsc|polygon|bitcoin]');
    return 2;
  }
  const world = await runningWorld(join(LOCAL, 'world'));
  if (!world) {
    console.error('Nothing runs here. Start it first: npm start');
    return 2;
  }
  const coin = asset.toUpperCase();
  // A chain's own coin names the chain; dollars are on all of them.
  const named = coin === 'BTC' ? 'bitcoin' : option('network') ?? Object.entries(world.chains).find(([, chain]) => chain.coin === coin)?.[0] ?? 'ethereum';
  const { txid, blockNumber } = await (coin === 'BTC' ? bitcoin(world, address, amount) : faucet(chainOf(world, named), address, coin, amount));
  console.log(process.argv.includes('--json') ? JSON.stringify({ txid, blockNumber, network: named, address, asset, amount }) : `${amount} ${asset} sent to ${address} by ${txid}, in block ${blockNumber}`);
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
