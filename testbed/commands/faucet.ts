/**
 * `npm run faucet -- <address> <ETH|BNB|POL|USDT|BTC|TRX> <amount> [--network ethereum|bsc|polygon|bitcoin|tron]`:
 * coins of a running local chain.
 */
import { join } from 'node:path';
import { bitcoinFaucet } from '../emulators/bitcoin/faucet';
import { faucet } from '../emulators/evm/faucet';
import { tronFaucet } from '../emulators/tron/faucet';
import { option } from '../../deploy/cli/print';
import { LOCAL } from '../../deploy/config/paths';
import { chainOf, runningWorld } from '../world';
import type { WorldAddress } from '../world';

async function bitcoin(
  { bitcoinUrl }: WorldAddress,
  address: string,
  amount: string,
): Promise<{ txid: string; blockNumber: number }> {
  if (!bitcoinUrl) throw new Error('no local Bitcoin runs here; the start says why');
  return bitcoinFaucet(bitcoinUrl, address, amount);
}

async function tron(
  { tronUrl }: WorldAddress,
  address: string,
  coin: string,
  amount: string,
): Promise<{ txid: string; blockNumber: number }> {
  if (!tronUrl) throw new Error('no local TRON runs here; the start says why');
  return tronFaucet(tronUrl, address, coin, amount);
}

/** A chain's own coin names the chain; dollars are on most of them. */
function networkOf(world: WorldAddress, coin: string): string {
  if (coin === 'BTC') return 'bitcoin';
  if (coin === 'TRX') return 'tron';
  return option('network') ?? Object.entries(world.chains).find(([, chain]) => chain.coin === coin)?.[0] ?? 'ethereum';
}

async function main(): Promise<number> {
  const [address, asset, amount] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  if (!address || !asset || !amount) {
    console.error(
      'Usage: npm run faucet -- <address> <ETH|BNB|POL|USDT|BTC|TRX> <amount> [--network ethereum|bsc|polygon|bitcoin|tron]',
    );
    return 2;
  }
  const world = await runningWorld(join(LOCAL, 'world'));
  if (!world) {
    console.error('Nothing runs here. Start it first: npm start');
    return 2;
  }
  const coin = asset.toUpperCase();
  const named = networkOf(world, coin);
  const pay = (): Promise<{ txid: string; blockNumber: number }> => {
    if (named === 'bitcoin') return bitcoin(world, address, amount);
    return named === 'tron' ? tron(world, address, coin, amount) : faucet(chainOf(world, named), address, coin, amount);
  };
  const { txid, blockNumber } = await pay();
  console.log(
    process.argv.includes('--json')
      ? JSON.stringify({ txid, blockNumber, network: named, address, asset, amount })
      : `${amount} ${asset} sent to ${address} by ${txid}, in block ${blockNumber}`,
  );
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
