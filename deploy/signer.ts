import { z } from 'zod';
import { isAmount } from '../domain/money/amount';
import { deviceKek, passphraseKek, runSigner } from '../wallets/keys';
import type { KeyEncryption } from '../wallets/keys';
import { NETWORK_SETTINGS, bitcoinOf, evmNetworks, tronOf } from './networks';
import { COLD_SETTINGS } from './treasury-settings';

const schema = z.object({
  SIGNER_SOCKET: z.string().min(1),
  SIGNER_SEED_FILE: z.string().min(1),
  /** Set by the local world: a seed is made where there is none. */
  SIGNER_MAKE_SEED: z.enum(['1']).optional(),
  SIGNER_DIR: z.string().min(1),
  SIGNER_KEK: z.enum(['passphrase', 'pkcs11']).default('passphrase'),
  SIGNER_PASSPHRASE: z.string().optional(),
  SIGNER_PKCS11_MODULE: z.string().optional(),
  SIGNER_PKCS11_TOKEN: z.string().default('javizen'),
  SIGNER_PKCS11_PIN: z.string().optional(),
  SIGNER_PKCS11_KEY: z.string().default('javizen-kek'),
  SIGNER_LIMITS: z.string().default('{}'),
  /** A JSON object of addresses by network/asset, or `first-seen`. */
  SIGNER_VENUE_ADDRESSES: z.string().default('{}'),
  SIGNER_SOCKET_GROUP: z.enum(['', '1']).default(''),
  SIGNER_TRON_STAKE: z.string().refine(isAmount, 'not an amount').default('0'),
  SIGNER_FEES_DAILY: z.string().default('{}'),
  SIGNER_APPROVAL_HOURS: z.coerce.number().int().positive().default(48),
  ...NETWORK_SETTINGS,
  ...COLD_SETTINGS,
});

/** Names of the settings that the signer reads. */
export const SIGNER_SETTINGS: readonly string[] = Object.keys(schema.shape);

type KekSettings = Pick<z.infer<typeof schema>, 'SIGNER_KEK' | 'SIGNER_PASSPHRASE' | 'SIGNER_PKCS11_MODULE' | 'SIGNER_PKCS11_TOKEN' | 'SIGNER_PKCS11_PIN' | 'SIGNER_PKCS11_KEY'>;

/** What the commands about keys read of the signer's settings. */
export const KEY_SETTINGS = schema.pick({ SIGNER_SEED_FILE: true, SIGNER_KEK: true, SIGNER_PASSPHRASE: true, SIGNER_PKCS11_MODULE: true, SIGNER_PKCS11_TOKEN: true, SIGNER_PKCS11_PIN: true, SIGNER_PKCS11_KEY: true }).partial({ SIGNER_SEED_FILE: true });

/** The key-encryption key of the settings. `make`: a device makes one where it has none. Throws, naming what is missing. */
export function kekOf(config: KekSettings, make = false): KeyEncryption {
  if (config.SIGNER_KEK === 'passphrase') return passphraseKek(config.SIGNER_PASSPHRASE ?? '');
  const { SIGNER_PKCS11_MODULE: module, SIGNER_PKCS11_PIN: pin, SIGNER_PKCS11_TOKEN: token, SIGNER_PKCS11_KEY: key } = config;
  if (!module || !pin) throw new Error('SIGNER_KEK=pkcs11 needs SIGNER_PKCS11_MODULE and SIGNER_PKCS11_PIN');
  return deviceKek({ module, pin, token, key }, make);
}

const HOUR_MS = 3_600_000;
const decimal = z.string().refine(isAmount, 'not an amount');
const venueAddresses = z.record(z.string().regex(/^[a-z][a-z0-9-]*\/[A-Z0-9]+$/, 'not a network and an asset'), z.string().min(1));
const limits = z.record(z.string(), z.strictObject({ auto: decimal, autoDaily: decimal, fourEyes: decimal, fourEyesDaily: decimal.optional(), most: decimal.optional() }));

/** Some hundred satoshi a byte for a payment of ten coins. */
const MOST_BITCOIN_FEE = '0.002';

/** In TRX: some four payments of dollars to somebody who has none. */
const MOST_TRON_FEE = '60';

/**
 * What a network's fees of 24 hours may come to at the worst, in its own coin, where the settings name nothing: a dear day of a house with
 * a thousand or two thousand payouts. On TRON a payment of dollars counts with the energy that it may burn, which a stake spares.
 */
const FEES_DAILY = { account: '5', bitcoin: '0.1', tron: '20000' };

/** The signer's role: its own settings, its own process. Nothing of the exchange's environment is read. */
export async function runSignerRole(env: NodeJS.ProcessEnv): Promise<void> {
  const config = schema.parse(env);
  const byAsset = limits.parse(JSON.parse(config.SIGNER_LIMITS));
  const pinned = config.SIGNER_VENUE_ADDRESSES === 'first-seen' ? config.SIGNER_VENUE_ADDRESSES : venueAddresses.parse(JSON.parse(config.SIGNER_VENUE_ADDRESSES));
  const feesDaily = z.record(z.string(), decimal).parse(JSON.parse(config.SIGNER_FEES_DAILY));
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
    isForGroup: config.SIGNER_SOCKET_GROUP === '1',
    seedFile: config.SIGNER_SEED_FILE,
    kek: kekOf(config),
    dir: config.SIGNER_DIR,
    makeSeed: config.SIGNER_MAKE_SEED === '1',
    policy: {
      networks: Object.fromEntries(networks),
      maxGasCost: '0.1',
      feesDaily: { ...Object.fromEntries(networks.map(([network]) => [network, FEES_DAILY.account])), [id]: FEES_DAILY.bitcoin, [tron.id]: FEES_DAILY.tron, ...feesDaily },
      coins: { [id]: { chain, asset, maxFee: MOST_BITCOIN_FEE, ...most(asset) } },
      trons: { [tron.id]: { gasAsset: tron.gasAsset, rails: tronRails, maxFee: MOST_TRON_FEE, maxStake: config.SIGNER_TRON_STAKE } },
      cold: config.COLD_STORAGE,
      venueAddresses: pinned,
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
