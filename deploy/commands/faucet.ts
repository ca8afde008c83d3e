/** `npm run faucet -- <address> <ETH|USDT> <amount>`: coins of the running local chain. */
import { join } from 'node:path';
import { faucet } from '../local/evm/faucet';
import { LOCAL } from '../services';
import { runningWorld } from '../world';

async function main(): Promise<number> {
  const [address, asset, amount] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  if (!address || !asset || !amount) {
    console.error('Usage: npm run faucet -- <address> <ETH|USDT> <amount>');
    return 2;
  }
  const world = await runningWorld(join(LOCAL, 'world'));
  if (!world) {
    console.error('Nothing runs here. Start it first: npm start');
    return 2;
  }
  const { txid, blockNumber } = await faucet(world, address, asset.toUpperCase(), amount);
  console.log(process.argv.includes('--json') ? JSON.stringify({ txid, blockNumber, address, asset, amount }) : `${amount} ${asset} sent to ${address} by ${txid}, in block ${blockNumber}`);
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
