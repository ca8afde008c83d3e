/**
 * The signer: a process of its own with a cleaned environment, which alone knows the seed. It loads keys and chains,
 * and nothing else of the product.
 */
import { z } from 'zod';
import { isAmount } from '../../domain/money/amount';
import { runSigner, siteOf } from '../../wallets/keys';
import { readSettingsFile, settingsFile } from '../config/file';
import { bitcoinOf, evmNetworks, tronOf } from '../config/networks';
import { ROOT } from '../config/paths';
import { SIGNER_SCHEMA, kekOf } from '../config/signer';

const HOUR_MS = 3_600_000;
const decimal = z.string().refine(isAmount, 'not an amount');
const venueAddresses = z.record(
  z.string().regex(/^[a-z][a-z0-9-]*\/[A-Z0-9]+$/, 'not a network and an asset'),
  z.string().min(1),
);
const limits = z.record(
  z.string(),
  z.strictObject({
    auto: decimal,
    autoDaily: decimal,
    fourEyes: decimal,
    fourEyesDaily: decimal.optional(),
    most: decimal.optional(),
  }),
);

/** Some hundred satoshi a byte for a payment of ten coins. */
const MOST_BITCOIN_FEE = '0.002';

/** In TRX: some four payments of dollars to somebody who has none. */
const MOST_TRON_FEE = '60';

/**
 * What a network's fees of 24 hours may come to at the worst, in its own coin, where the settings name nothing: a dear
 * day of a house with a thousand or two thousand payouts. On TRON a payment of dollars counts with the energy that it
 * may burn, which a stake spares.
 */
const FEES_DAILY = { account: '5', bitcoin: '0.1', tron: '20000' };

/** What `signer.yaml` says, where there is one. */
function ownFile(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const file = settingsFile('signer', ROOT, env);
  return file === undefined ? {} : readSettingsFile(file, 'signer', env).values;
}

/** The signer's role: its own settings, its own process. Nothing of the exchange's environment is read. */
async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const config = SIGNER_SCHEMA.parse(env);
  const byAsset = limits.parse(JSON.parse(config.SIGNER_LIMITS));
  const pinned =
    config.SIGNER_VENUE_ADDRESSES === 'first-seen'
      ? config.SIGNER_VENUE_ADDRESSES
      : venueAddresses.parse(JSON.parse(config.SIGNER_VENUE_ADDRESSES));
  const feesDaily = z.record(z.string(), decimal).parse(JSON.parse(config.SIGNER_FEES_DAILY));
  const most = (asset: string): { maxPayout?: string } => {
    const maxPayout = (byAsset[asset] ?? byAsset['*'])?.most;
    return maxPayout === undefined ? {} : { maxPayout };
  };
  const networks = evmNetworks(config).map(({ id, chainId, gasAsset, usdt, usdtDecimals }) => {
    const rails = {
      [gasAsset]: { contract: null, decimals: 18, ...most(gasAsset) },
      ...(usdt && { USDT: { contract: usdt, decimals: usdtDecimals, ...most('USDT') } }),
    };
    return [id, { chainId, gasAsset, rails }] as const;
  });
  const { id, gasAsset: asset, bitcoin: chain } = bitcoinOf(config);
  const tron = tronOf(config);
  const tronRails = {
    TRX: { contract: null, decimals: 6, ...most('TRX') },
    USDT: { contract: tron.usdt, decimals: 6, ...most('USDT') },
  };
  const site = config.PASSKEY_ORIGIN || config.PUBLIC_ORIGIN;
  const signer = await runSigner({
    socketPath: config.SIGNER_SOCKET,
    isForGroup: config.SIGNER_SOCKET_GROUP === '1',
    seedFile: config.SIGNER_SEED_FILE,
    kek: kekOf(config),
    dir: config.SIGNER_DIR,
    makeSeed: config.SIGNER_MAKE_SEED === '1',
    policy: {
      networks: Object.fromEntries(networks),
      maxGasCost: '0.1',
      feesDaily: {
        ...Object.fromEntries(networks.map(([network]) => [network, FEES_DAILY.account])),
        [id]: FEES_DAILY.bitcoin,
        [tron.id]: FEES_DAILY.tron,
        ...feesDaily,
      },
      coins: { [id]: { chain, asset, maxFee: MOST_BITCOIN_FEE, ...most(asset) } },
      trons: {
        [tron.id]: {
          gasAsset: tron.gasAsset,
          rails: tronRails,
          maxFee: MOST_TRON_FEE,
          maxStake: config.SIGNER_TRON_STAKE,
        },
      },
      cold: config.COLD_STORAGE,
      venueAddresses: pinned,
      ...(site && { site: siteOf(site) }),
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

Promise.resolve()
  .then(() => main({ ...ownFile(process.env), ...process.env }))
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(2);
  });
