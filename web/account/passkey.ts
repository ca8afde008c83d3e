/** Passkeys in this browser: made, asked at the log-in, and asked to confirm exactly what is written here. */
import { browserSupportsWebAuthn, startAuthentication, startRegistration } from '@simplewebauthn/browser';
import type {
  AddPasskey,
  Assertion,
  Confirmation,
  ConfirmationWanted,
  PasskeyOffer,
  PasskeyOptions,
} from '../../domain/contract/api/passkeys';
import { confirmationText, passkeyChangeText } from '../../domain/lifecycle/confirmation';
import { ApiError } from '../api/client';

type Credentials = PasskeyOffer['credentials'];
type Made = Pick<AddPasskey, 'credentialId' | 'clientDataJSON' | 'attestationObject' | 'transports'>;

const ASK_MS = 120_000;
const TRANSPORTS: readonly string[] = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'];

/** Can this browser, at this address, use passkeys of the exchange? */
export const canUsePasskeys = (origin: string): boolean => browserSupportsWebAuthn() && location.origin === origin;

/** Given up, timed out, or not possible in this browser: to a person it is all the same, it may be tried again. */
async function orNotUsed<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch {
    throw new ApiError('PASSKEY_NOT_USED');
  }
}

const base64url = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

async function assertionOver(challenge: string, rpId: string, credentials: Credentials): Promise<Assertion> {
  const allowCredentials = credentials.map(({ id, transports }) => ({ type: 'public-key' as const, id, transports }));
  const optionsJSON = { challenge, rpId, allowCredentials, userVerification: 'required' as const, timeout: ASK_MS };
  const { id: credentialId, response } = await orNotUsed(startAuthentication({ optionsJSON }));
  const { authenticatorData, clientDataJSON, signature } = response;
  return { credentialId, authenticatorData, clientDataJSON, signature };
}

/** The answer of a passkey where the second factor is asked for. */
export const answerOffer = ({ challenge, rpId, credentials }: PasskeyOffer): Promise<Assertion> =>
  assertionOver(challenge, rpId, credentials);

/** Lets a passkey sign what is to be confirmed. The text is made here, from what `wanted` says: look at that before. */
export async function confirmWith({ payment, change, rpId, credentials }: ConfirmationWanted): Promise<Confirmation> {
  const [what, text] = payment
    ? [payment, confirmationText(payment)]
    : change
      ? [change, passkeyChangeText(change)]
      : [null, ''];
  if (!what) throw new ApiError('INTERNAL');
  const challenge = base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return { ...(await assertionOver(challenge, rpId, credentials)), expiresAt: what.expiresAt };
}

/** A new passkey in this browser or on another device, as the exchange wants it. */
export async function makePasskey(optionsJSON: PasskeyOptions): Promise<Made> {
  const { id: credentialId, response } = await orNotUsed(startRegistration({ optionsJSON }));
  const { clientDataJSON, attestationObject, transports = [] } = response;
  const known = transports.filter((one) => TRANSPORTS.includes(one)) as Made['transports'];
  return { credentialId, clientDataJSON, attestationObject, transports: known };
}

/** What the exchange wants confirmed before it does it, or null where it refused for another reason. */
export const wantedIn = (error: unknown): ConfirmationWanted | null =>
  error instanceof ApiError && error.code === 'CONFIRMATION_REQUIRED' && 'credentials' in error.details
    ? (error.details as unknown as ConfirmationWanted)
    : null;

/** What the account takes as a second factor, or null where it was refused for another reason. */
export function factorsIn(error: unknown): { readonly code: boolean; readonly passkey: PasskeyOffer | null } | null {
  if (!(error instanceof ApiError) || error.code !== 'SECOND_FACTOR_REQUIRED') return null;
  const { code = true, passkey = null } = error.details as { code?: boolean; passkey?: PasskeyOffer | null };
  return { code, passkey };
}

/**
 * Sends it; where a confirmation is wanted `look` may refuse what it says, a passkey signs it, and it is sent again.
 */
export async function withConfirmation<T>(
  send: (confirmation?: Confirmation) => Promise<T>,
  look: (wanted: ConfirmationWanted) => void = () => undefined,
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    const wanted = wantedIn(error);
    if (!wanted) throw error;
    look(wanted);
    return send(await confirmWith(wanted));
  }
}
