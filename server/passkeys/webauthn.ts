/** What authenticators answer, read and checked by the library that is made for it. */
import { createHash, createPublicKey } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { cose, decodeCredentialPublicKey } from '@simplewebauthn/server/helpers';
import type { PasskeyRow } from '../../db/entities/passkeys';
import type { AddPasskey, Assertion } from '../../domain/contract/api/passkeys';
import type { ServerConfig } from '../deps';

/** ES256, EdDSA (Ed25519), RS256: what the signer can check too. */
export const ALGORITHMS = [-7, -8, -257];

export interface Site {
  readonly origin: string;
  readonly rpId: string;
}

/** Its host is the relying party's id. */
export function siteOf({ passkeyOrigin, publicOrigin }: Pick<ServerConfig, 'passkeyOrigin' | 'publicOrigin'>): Site {
  const { origin, hostname } = new URL(passkeyOrigin ?? publicOrigin ?? 'http://localhost');
  return { origin, rpId: hostname };
}

/** The authenticator verifies its user, by a PIN, a finger or a face: always. */
export const USER_VERIFICATION = 'required';

export const passkeyIdOf = (credentialId: string): string =>
  createHash('sha256').update(credentialId).digest('hex').slice(0, 32);

/** The challenge that a browser says was signed; empty where that cannot be read. */
export function challengeIn({ clientDataJSON }: Pick<Assertion, 'clientDataJSON'>): string {
  try {
    const said = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8')) as {
      challenge?: unknown;
    } | null;
    return typeof said?.challenge === 'string' ? said.challenge : '';
  } catch {
    return '';
  }
}

/** The credential that was made, or undefined where it was not made for this challenge here. */
export async function registered(
  body: AddPasskey,
  challenge: string,
  { origin, rpId }: Site,
): Promise<{ publicKey: string; counter: number } | undefined> {
  const { credentialId: id, clientDataJSON, attestationObject } = body;
  const response = {
    id,
    rawId: id,
    type: 'public-key' as const,
    clientExtensionResults: {},
    response: { clientDataJSON, attestationObject },
  };
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    const credential = registrationInfo?.credential;
    if (!verified || !credential || credential.id !== id) return undefined;
    return { publicKey: Buffer.from(credential.publicKey).toString('base64url'), counter: credential.counter };
  } catch {
    return undefined;
  }
}

/** The authenticator's new counter, or undefined where this passkey has not signed this challenge here. */
export async function asserted(
  row: PasskeyRow,
  given: Assertion,
  challenge: string,
  { origin, rpId }: Site,
): Promise<number | undefined> {
  const { credentialId: id, ...response } = given;
  const credential = {
    id: row.credentialId,
    publicKey: new Uint8Array(Buffer.from(row.publicKey, 'base64url')),
    counter: row.counter,
  };
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      credential,
      requireUserVerification: true,
    });
    return verified ? authenticationInfo.newCounter : undefined;
  } catch {
    return undefined;
  }
}

/** A COSE key (base64url) as SPKI in base64, as the signer reads it. Throws on what is none. */
export function spkiOf(publicKey: string): string {
  const key = decodeCredentialPublicKey(new Uint8Array(Buffer.from(publicKey, 'base64url')));
  return createPublicKey({ key: jwkOf(key), format: 'jwk' })
    .export({ format: 'der', type: 'spki' })
    .toString('base64');
}

function jwkOf(key: ReturnType<typeof decodeCredentialPublicKey>): JsonWebKey {
  const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64url');
  const { COSEKEYS } = cose;
  if (cose.isCOSEPublicKeyEC2(key))
    return { kty: 'EC', crv: 'P-256', x: text(key.get(COSEKEYS.x)), y: text(key.get(COSEKEYS.y)) };
  if (cose.isCOSEPublicKeyRSA(key)) return { kty: 'RSA', n: text(key.get(COSEKEYS.n)), e: text(key.get(COSEKEYS.e)) };
  if (cose.isCOSEPublicKeyOKP(key)) return { kty: 'OKP', crv: 'Ed25519', x: text(key.get(COSEKEYS.x)) };
  throw new Error('this is no key of a passkey');
}

/** The challenge of what is confirmed: the SHA-256 of its text, base64url. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url');
