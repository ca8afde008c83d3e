/** What the operator of a local world does first: sends gas to each hot wallet, and books it by the operator's door. */
import { formatAmount, parseAmount } from '../../domain/money/amount';
import { DomainError } from '../../domain/contract/errors';
import type { Config } from '../../deploy/config';
import { askBitcoin } from '../emulators/bitcoin/start';
import { faucet } from '../emulators/evm/faucet';
import { payTron } from '../emulators/tron/faucet';
import { openBitcoin, openNetworks, openTron } from '../../deploy/config/networks';
import type { Contribution, OperatorDesk } from '../../deploy/operator/desk';

/** Blocks come each second; Bitcoin's coins are known once their block was read. */
const WAIT_MS = 90_000;
const AGAIN_MS = 500;

interface Pays {
  readonly asset: string;
  /** Of the asset, kept in the hot wallet for network fees. */
  readonly reserve: string;
  pay(address: string, amount: string): Promise<unknown>;
}

/** How each network of a local world is paid. */
function payersOf(config: Config): Map<string, Pays> {
  const [bitcoin, tron] = [openBitcoin(config), openTron(config)];
  return new Map<string, Pays>([
    ...openNetworks(config).map(({ id, rpcUrl, usdt = '', gasAsset, gasReserve, usdtDecimals }): [string, Pays] => [
      id,
      {
        asset: gasAsset,
        reserve: gasReserve,
        pay: (address, amount) => faucet({ rpcUrl, usdt, coin: gasAsset, usdtDecimals }, address, gasAsset, amount),
      },
    ]),
    ...(bitcoin
      ? [
          [
            bitcoin.id,
            {
              asset: bitcoin.gasAsset,
              reserve: bitcoin.gasReserve,
              pay: (address: string, amount: string) => askBitcoin(bitcoin.rpcUrl, 'sendtoaddress', address, amount),
            },
          ] as [string, Pays],
        ]
      : []),
    ...(tron
      ? [
          [
            tron.id,
            {
              asset: tron.gasAsset,
              reserve: tron.gasReserve,
              pay: (address: string, amount: string) => payTron(tron.rpcUrl, address, tron.gasAsset, amount),
            },
          ] as [string, Pays],
        ]
      : []),
  ]);
}

/** Killed in between, the next start sees the coins that are there already and only books them. */
export async function fundHotWallets(config: Config, desk: OperatorDesk): Promise<void> {
  const { places, addresses } = await desk.position();
  const wanted: Contribution[] = [];
  for (const [network, { asset, reserve, pay }] of payersOf(config)) {
    const place = `hot/${network}`;
    const row = places.find((candidate) => candidate.place === place && candidate.asset === asset);
    const address = addresses.find((candidate) => candidate.network === network)?.address;
    if (address === undefined || (row && parseAmount(row.booked.replace('-', '')) > 0n)) continue;
    const missing = parseAmount(reserve) - parseAmount(row?.actual ?? '0');
    if (missing > 0n) await pay(address, formatAmount(missing));
    wanted.push({ asset, amount: reserve, place, reference: `first-gas:${network}` });
  }
  for (const end = Date.now() + WAIT_MS; wanted.length > 0;) {
    try {
      await desk.contribute(wanted);
      return;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'OPERATOR_FUNDS_NOT_FOUND' || Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
