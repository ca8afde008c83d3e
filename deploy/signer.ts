import { z } from 'zod';
import { isAmount } from '../domain/money/amount';
import { runSigner } from '../wallets/keys';
import { NETWORK_SETTINGS, bitcoinOf, evmNetworks, tronOf } from './networks';
import { COLD_SETTINGS } from './treasury-settings';

const schema = z.object({
  SIGNER_SOCKET: z.string().min(1),
  SIGNER_SEED_FILE: z.string().min(1),
  SIGNER_DIR: z.string().min(1),
  SIGNER_PASSPHRASE: z.string().min(12),
  SIGNER_LIMITS: z.string().default('{}'),
  SIGNER_APPROVAL_HOURS: z.coerce.number().int().positive().default(48),
  ...NETWORK_SETTINGS,
  ...COLD_SETTINGS,
});

const HOUR_MS = 3_600_000;
const decimal = z.string().refine(isAmount, 'not an amount');
const limits = z.record(z.string(), z.strictObject({ auto: decimal, autoDaily: decimal, fourEyes: decimal, most: decimal.optional() }));

/** Some hundred satoshi a byte for a payment of ten coins. */
const MOST_BITCOIN_FEE = '0.002';

/** In TRX: some four payments of dollars to somebody who has none. */
const MOST_TRON_FEE = '60';

/** The signer's role: its own settings, its own process. Nothing of the exchange's environment is read. */
export async function runSignerRole(env: NodeJS.ProcessEnv): Promise<void> {
  const config = schema.parse(env);
  const byAsset = limits.parse(JSON.parse(config.SIGNER_LIMITS));
  const most = (asset: string): { maxPayout?: string } => {
    const maxPayout = (byAsset[asset] ?? byAsset['*'])?.most;
    return maxPayout === undefined ? {} : { maxPayout };
  };
  const networks = evmNetworks(config).map(({ id, chainId, gasAsset, usdt, usdtDecimals }) => {
    const rails = { [gasAsset]: { contract: null, decimals: 18, ...most(gasAsset) }, ...(usdt && { USDT: { contract: usdt, decimals: usdtDecimals, ...most('USDT') } }) };
    return [id, { chainId, gasAsset, rails }] as const;
  });
  const { id, gasAsset: asset, bitcoin: chain } = bitcoinOf(config);
  const tron = tronOf(config);
  const tronRails = { TRX: { contract: null, decimals: 6, ...most('TRX') }, USDT: { contract: tron.usdt, decimals: 6, ...most('USDT') } };
  const signer = await runSigner({
    socketPath: config.SIGNER_SOCKET,
    seedFile: config.SIGNER_SEED_FILE,
    passphrase: config.SIGNER_PASSPHRASE,
    dir: config.SIGNER_DIR,
    policy: {
      networks: Object.fromEntries(networks),
      maxGasCost: '0.1',
      coins: { [id]: { chain, asset, maxFee: MOST_BITCOIN_FEE, ...most(asset) } },
      trons: { [tron.id]: { gasAsset: tron.gasAsset, rails: tronRails, maxFee: MOST_TRON_FEE } },
      cold: config.COLD_STORAGE,
      approvals: { limits: byAsset, validMs: config.SIGNER_APPROVAL_HOURS * HOUR_MS, now: Date.now },
    },
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      signer.close();
      process.exit(0);
    });
  }
}
