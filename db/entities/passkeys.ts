import { EntitySchema } from 'typeorm';
import { big, flag, id, json, longText, nullable, text } from './columns';

/** A user's passkey. */
export interface PasskeyRow {
  /** The first 32 hexadecimal digits of the SHA-256 of the credential id. */
  id: string;
  userId: string;
  /** Base64url. */
  credentialId: string;
  /** COSE, base64url. */
  publicKey: string;
  counter: number;
  label: string;
  /** How the browser reaches it. */
  transports: string[];
  createdAt: number;
  lastUsedAt: number | null;
  /** What the signer is to be told of it, as JSON behind the server's own word for it, until it has answered. */
  untold: string | null;
  /** Does the signer know it? */
  enrolled: boolean;
}
export const PasskeyEntity = new EntitySchema<PasskeyRow>({
  name: 'passkeys',
  columns: {
    id: id(),
    userId: text('user_id', 64),
    credentialId: text('credential_id', 1364),
    publicKey: text('public_key', 1000),
    counter: big(),
    label: text('label', 60),
    transports: json(),
    createdAt: big('created_at'),
    lastUsedAt: nullable(big('last_used_at')),
    untold: nullable(longText()),
    enrolled: flag(),
  },
});
