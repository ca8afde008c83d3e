import { z } from 'zod';
import { runSigner } from '../wallets/keys';
import { NETWORK_SETTINGS, bitcoinOf, evmNetworks, tronOf } from './networks';

const schema = z.object({
  SIGNER_SOCKET: z.string().min(1),
  SIGNER_SEED_FILE: z.string().min(1),
  SIGNER_DIR: z.string().min(1),
  SIGNER_PASSPHRASE: z.string().min(12),
  ...NETWORK_SETTINGS,
});

/** Some hundred satoshi a byte for a payment of ten coins. */
const MOST_BITCOIN_FEE = '0.002';

/** In TRX: some four payments of dollars to somebody who has none. */
const MOST_TRON_FEE = '60';

/** The signer's role: its own settings, its own process. Nothing of the exchange's environment is read. */
export async function runSignerRole(env: NodeJS.ProcessEnv): Promise<void> {
  const config = schema.parse(env);
  const networks = evmNetworks(config).map(({ id, chainId, gasAsset, usdt, usdtDecimals }) => {
    const rails = { [gasAsset]: { contract: null, decimals: 18 }, ...(usdt && { USDT: { contract: usdt, decimals: usdtDecimals } }) };
    return [id, { chainId, gasAsset, rails }] as const;
  });
  const { id, gasAsset: asset, bitcoin: chain } = bitcoinOf(config);
  const tron = tronOf(config);
  const tronRails = { TRX: { contract: null, decimals: 6 }, USDT: { contract: tron.usdt, decimals: 6 } };
  const signer = await runSigner({
    socketPath: config.SIGNER_SOCKET,
    seedFile: config.SIGNER_SEED_FILE,
    passphrase: config.SIGNER_PASSPHRASE,
    dir: config.SIGNER_DIR,
    policy: { networks: Object.fromEntries(networks), maxGasCost: '0.1', coins: { [id]: { chain, asset, maxFee: MOST_BITCOIN_FEE } }, trons: { [tron.id]: { gasAsset: tron.gasAsset, rails: tronRails, maxFee: MOST_TRON_FEE } } },
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      signer.close();
      process.exit(0);
    });
  }
}
