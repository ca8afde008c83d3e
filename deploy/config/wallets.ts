/** The settings of the wallets, out of the settings of the exchange. */
import type { AssetPolicy, NetworkConfig } from '../../wallets';
import type { Config } from '.';
import { openBitcoin, openNetworks, openTron } from './networks';
import type { TreasuryPolicies } from './treasury';

/** The policies of one network, by asset. */
const policiesOf = (policies: TreasuryPolicies, network: string): Record<string, AssetPolicy> =>
  Object.fromEntries(
    policies
      .filter((one) => one.network === network)
      .map(({ asset, sweepEveryMinutes, ...rest }) => [asset, { ...rest, sweepEveryMs: sweepEveryMinutes * 60_000 }]),
  );

/** How the wallets reach each network, and where its coins shall lie. */
export function walletNetworks(config: Config): Record<string, NetworkConfig> {
  const [bitcoin, tron] = [openBitcoin(config), openTron(config)];
  const largeFrom = config.LARGE_DEPOSITS;
  const treasury = (network: string) => ({
    largeFrom,
    policies: policiesOf(config.TREASURY, network),
    ...(config.COLD_STORAGE[network] && { cold: config.COLD_STORAGE[network] }),
  });
  return Object.fromEntries([
    ...openNetworks(config).map(
      ({ id, rpcUrls, headers, traces, pollMs, gasReserve }) =>
        [id, { rpcUrls, headers, traces, pollMs, gasReserve, ...treasury(id) }] as const,
    ),
    ...(bitcoin ? [[bitcoin.id, { ...bitcoin, traces: false, ...treasury(bitcoin.id) }] as const] : []),
    ...(tron ? [[tron.id, { ...tron, traces: false, ...treasury(tron.id) }] as const] : []),
  ]);
}
