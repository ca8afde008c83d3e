/** What a user signs with a passkey. Without a schema, so that the page carries none for it. */

/** A payment as its owner confirms it; `to` in the one spelling of its network, `amount` is what arrives. */
export interface ConfirmedPayment {
  readonly userId: string;
  readonly withdrawalId: string;
  readonly network: string;
  readonly asset: string;
  readonly to: string;
  readonly memo: string | null;
  readonly amount: string;
  /** Until then the confirmation is taken; milliseconds since 1970. */
  readonly expiresAt: number;
}

/** A passkey that comes or goes. */
export interface PasskeyChange {
  readonly userId: string;
  readonly change: 'add' | 'remove';
  /** Base64url. */
  readonly credentialId: string;
  /** SPKI, base64, of one that comes; null of one that goes. */
  readonly publicKey: string | null;
  readonly expiresAt: number;
}

/** So long a confirmation may take; also the time that a change of passkeys has. */
export const CONFIRM_WITHIN_MS = 600_000;

/** Each value as JSON: none of them can end its line and begin another. */
const textOf = (title: string, lines: readonly (readonly [string, string | number | null])[]): string =>
  [title, ...lines.map(([name, value]) => `${name} ${JSON.stringify(value)}`), ''].join('\n');

/**
 * The text whose SHA-256 is the challenge of the passkey's assertion; the page, the server and the signer build it
 * from what they know themselves.
 */
export const confirmationText = (payment: ConfirmedPayment): string =>
  textOf('Javizen: I confirm this withdrawal.', [
    ['user', payment.userId],
    ['withdrawal', payment.withdrawalId],
    ['network', payment.network],
    ['asset', payment.asset],
    ['to', payment.to],
    ['memo', payment.memo],
    ['amount', payment.amount],
    ['expires', payment.expiresAt],
  ]);

/** The same of a change of passkeys. */
export const passkeyChangeText = (change: PasskeyChange): string =>
  textOf('Javizen: I change my passkeys.', [
    ['user', change.userId],
    ['change', change.change],
    ['credential', change.credentialId],
    ['public key', change.publicKey],
    ['expires', change.expiresAt],
  ]);
