/** Passkeys (WebAuthn): a second factor whose signature says what it confirms. */
import { z } from 'zod';
import { time } from './common';
import { code } from './second-factor';
import { line } from './text';

const base64url = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[A-Za-z0-9_-]+$/);

/** What the browser calls the credential's id: at most 1,023 bytes. */
export const credentialId = base64url(1364);
/** Names a passkey in the API: the first 32 hexadecimal digits of the SHA-256 of its credential id. */
export const passkeyId = z.string().regex(/^[0-9a-f]{32}$/);
export const byPasskeyId = z.strictObject({ id: passkeyId });

/** What an authenticator signed, as the browser answers it; everything in base64url. */
export const assertion = z.strictObject({
  credentialId,
  authenticatorData: base64url(1400),
  clientDataJSON: base64url(4000),
  signature: base64url(1400),
});
export type Assertion = z.infer<typeof assertion>;

/**
 * An assertion whose challenge is the SHA-256 of `confirmationText` or `passkeyChangeText`, with the time until which
 * it is taken.
 */
export const confirmation = assertion.extend({ expiresAt: time });
export type Confirmation = z.infer<typeof confirmation>;

export const transport = z.enum(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']);
export const allowedCredential = z.object({ id: credentialId, transports: z.array(transport) });

/** `details.passkey` of SECOND_FACTOR_REQUIRED: what to ask the authenticator for. */
export const passkeyOffer = z.object({
  challenge: z.string(),
  rpId: z.string(),
  credentials: z.array(allowedCredential),
});
export type PasskeyOffer = z.infer<typeof passkeyOffer>;

const expiresAt = time;
export const confirmedPayment = z.object({
  userId: z.string(),
  withdrawalId: z.string(),
  network: z.string(),
  asset: z.string(),
  to: z.string(),
  memo: z.string().nullable(),
  amount: z.string(),
  expiresAt,
});
export const passkeyChange = z.object({
  userId: z.string(),
  change: z.enum(['add', 'remove']),
  credentialId,
  publicKey: z.string().nullable(),
  expiresAt,
});
/** `details` of CONFIRMATION_REQUIRED: what is to be confirmed, one of the two, and by which passkeys. */
export const confirmationWanted = z.object({
  payment: confirmedPayment.optional(),
  change: passkeyChange.optional(),
  rpId: z.string(),
  credentials: z.array(allowedCredential),
});
export type ConfirmationWanted = z.infer<typeof confirmationWanted>;

export const passkeyView = z.object({ id: passkeyId, label: z.string(), createdAt: time, lastUsedAt: time.nullable() });
export type PasskeyView = z.infer<typeof passkeyView>;
/** `origin`: the address of the page at which passkeys work. */
export const passkeysView = z.object({ origin: z.string(), items: z.array(passkeyView) });
export type PasskeysView = z.infer<typeof passkeysView>;

export const label = line(1, 60);
/** Before the first one: the code of the second factor, or the password where there is none. */
export const beginPasskey = z.strictObject({ password: z.string().min(1).max(200).optional(), code: code.optional() });
export type BeginPasskey = z.infer<typeof beginPasskey>;

/** For the browser, as WebAuthn's PublicKeyCredentialCreationOptionsJSON. */
export const passkeyOptions = z.object({
  challenge: z.string(),
  rp: z.object({ id: z.string(), name: z.string() }),
  user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
  pubKeyCredParams: z.array(z.object({ type: z.literal('public-key'), alg: z.number().int() })),
  excludeCredentials: z.array(z.object({ type: z.literal('public-key'), id: credentialId })),
  authenticatorSelection: z.object({ residentKey: z.literal('discouraged'), userVerification: z.literal('required') }),
  attestation: z.literal('none'),
  timeout: z.number().int(),
});
export type PasskeyOptions = z.infer<typeof passkeyOptions>;

export const addPasskey = z.strictObject({
  label,
  credentialId,
  clientDataJSON: base64url(4000),
  attestationObject: base64url(16_000),
  transports: z.array(transport).max(10).default([]),
  /** By a passkey that the account has already, where it has one. */
  confirmation: confirmation.optional(),
});
export type AddPasskey = z.infer<typeof addPasskey>;
export const renamePasskey = z.strictObject({ label });
export const removePasskey = z.strictObject({ confirmation: confirmation.optional() });
