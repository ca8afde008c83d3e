/** An authenticator in software, for tests: it signs whatever it is told to. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Assertion, Confirmation } from '../contract/api/passkeys';
import { confirmationText, passkeyChangeText } from './confirmation';
import type { ConfirmedPayment, PasskeyChange } from './confirmation';

export type TestAlgorithm = 'ES256' | 'RS256' | 'EdDSA';

/** What is not as it should be about an assertion. */
export interface Over {
  readonly type?: string;
  readonly origin?: string;
  readonly rpId?: string;
  readonly flags?: number;
  readonly client?: object;
  /** Bytes behind those of the authenticator, signed too. */
  readonly more?: Buffer;
}

const [PRESENT_AND_VERIFIED, WITH_KEY] = [0x05, 0x40];
const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
const pairOf = (algorithm: TestAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } => {
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return algorithm === 'EdDSA'
    ? generateKeyPairSync('ed25519')
    : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
};

export class TestPasskey {
  readonly credentialId = randomBytes(32).toString('base64url');
  private readonly pair: { publicKey: KeyObject; privateKey: KeyObject };

  constructor(
    readonly origin: string,
    private readonly algorithm: TestAlgorithm = 'ES256',
  ) {
    this.pair = pairOf(algorithm);
  }

  /** SPKI, base64. */
  get publicKey(): string {
    return this.pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  }

  /** Over a challenge in base64url. */
  assert(
    challenge: string,
    {
      type = 'webauthn.get',
      origin = this.origin,
      rpId = new URL(this.origin).hostname,
      flags = PRESENT_AND_VERIFIED,
      client = {},
      more = Buffer.alloc(0),
    }: Over = {},
  ): Assertion {
    // A synced passkey keeps no count of its uses.
    const counter = Buffer.alloc(4);
    const data = Buffer.concat([sha256(rpId), Buffer.from([flags]), counter, more]);
    const said = Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false, ...client }));
    const signature = sign(
      this.algorithm === 'EdDSA' ? null : 'sha256',
      Buffer.concat([data, sha256(said)]),
      this.pair.privateKey,
    );
    return {
      credentialId: this.credentialId,
      authenticatorData: data.toString('base64url'),
      clientDataJSON: said.toString('base64url'),
      signature: signature.toString('base64url'),
    };
  }

  confirm(payment: ConfirmedPayment, over: Over = {}): Confirmation {
    return {
      ...this.assert(sha256(confirmationText(payment)).toString('base64url'), over),
      expiresAt: payment.expiresAt,
    };
  }

  confirmChange(change: PasskeyChange, over: Over = {}): Confirmation {
    return {
      ...this.assert(sha256(passkeyChangeText(change)).toString('base64url'), over),
      expiresAt: change.expiresAt,
    };
  }

  /** What a browser answers to options for a new passkey. Of ES256 alone. */
  register(challenge: string): { credentialId: string; clientDataJSON: string; attestationObject: string } {
    const id = Buffer.from(this.credentialId, 'base64url');
    const size = Buffer.alloc(2);
    size.writeUInt16BE(id.length);
    const head = Buffer.concat([
      sha256(new URL(this.origin).hostname),
      Buffer.from([PRESENT_AND_VERIFIED | WITH_KEY]),
      Buffer.alloc(4),
      Buffer.alloc(16),
      size,
      id,
    ]);
    const data = Buffer.concat([head, this.cose()]);
    const text = (word: string): Buffer => Buffer.concat([Buffer.from([0x60 + word.length]), Buffer.from(word)]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(data.length);
    const attestation = Buffer.concat([
      Buffer.from([0xa3]),
      text('fmt'),
      text('none'),
      text('attStmt'),
      Buffer.from([0xa0]),
      text('authData'),
      Buffer.from([0x59]),
      length,
      data,
    ]);
    const said = Buffer.from(
      JSON.stringify({ type: 'webauthn.create', challenge, origin: this.origin, crossOrigin: false }),
    );
    return {
      credentialId: this.credentialId,
      clientDataJSON: said.toString('base64url'),
      attestationObject: attestation.toString('base64url'),
    };
  }

  /** RFC 9053: an EC2 key of P-256. */
  private cose(): Buffer {
    const { x = '', y = '' } = this.pair.publicKey.export({ format: 'jwk' });
    const bytes = (value: string): Buffer => Buffer.concat([Buffer.from([0x58, 32]), Buffer.from(value, 'base64url')]);
    return Buffer.concat([
      Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
      bytes(x),
      Buffer.from([0x22]),
      bytes(y),
    ]);
  }
}
