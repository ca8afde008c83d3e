/** Settings of the signer's own process, and of the commands about its keys. */
import { z } from 'zod';
import { isAmount } from '../../domain/money/amount';
import { deviceKek, passphraseKek } from '../../wallets/keys';
import type { KeyEncryption } from '../../wallets/keys';
import { NETWORK_SETTINGS } from './networks';
import { COLD_SETTINGS } from './treasury';

export const SIGNER_SCHEMA = z.object({
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
  /** Where users use their passkeys, whose confirmations the signer checks. */
  PASSKEY_ORIGIN: z
    .string()
    .regex(/^(https?:\/\/[^/]+)?$/, 'not an origin: write https://exchange.example')
    .default(''),
  PUBLIC_ORIGIN: z
    .string()
    .regex(/^(https?:\/\/[^/]+)?$/, 'not an origin: write https://exchange.example')
    .default(''),
  SIGNER_APPROVAL_HOURS: z.coerce.number().int().positive().default(48),
  ...NETWORK_SETTINGS,
  ...COLD_SETTINGS,
});

/** Names of the settings that the signer reads. */
export const SIGNER_SETTINGS: readonly string[] = Object.keys(SIGNER_SCHEMA.shape);

type KekSettings = Pick<
  z.infer<typeof SIGNER_SCHEMA>,
  | 'SIGNER_KEK'
  | 'SIGNER_PASSPHRASE'
  | 'SIGNER_PKCS11_MODULE'
  | 'SIGNER_PKCS11_TOKEN'
  | 'SIGNER_PKCS11_PIN'
  | 'SIGNER_PKCS11_KEY'
>;

/** What the commands about keys read of the signer's settings. */
export const KEY_SETTINGS = SIGNER_SCHEMA.pick({
  SIGNER_SEED_FILE: true,
  SIGNER_KEK: true,
  SIGNER_PASSPHRASE: true,
  SIGNER_PKCS11_MODULE: true,
  SIGNER_PKCS11_TOKEN: true,
  SIGNER_PKCS11_PIN: true,
  SIGNER_PKCS11_KEY: true,
}).partial({ SIGNER_SEED_FILE: true });

/**
 * The key-encryption key of the settings. `make`: a device makes one where it has none. Throws, naming what is
 * missing.
 */
export function kekOf(config: KekSettings, make = false): KeyEncryption {
  if (config.SIGNER_KEK === 'passphrase') return passphraseKek(config.SIGNER_PASSPHRASE ?? '');
  const {
    SIGNER_PKCS11_MODULE: module,
    SIGNER_PKCS11_PIN: pin,
    SIGNER_PKCS11_TOKEN: token,
    SIGNER_PKCS11_KEY: key,
  } = config;
  if (!module || !pin) throw new Error('SIGNER_KEK=pkcs11 needs SIGNER_PKCS11_MODULE and SIGNER_PKCS11_PIN');
  return deviceKek({ module, pin, token, key }, make);
}
