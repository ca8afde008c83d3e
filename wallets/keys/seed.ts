import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { hashRaw } from '@node-rs/argon2';
import { Mnemonic } from 'ethers';

/** A sealed seed: a BIP39 mnemonic under AES-256-GCM, the key derived from a passphrase by argon2id. */
interface Sealed {
  readonly version: 1;
  readonly salt: string;
  readonly nonce: string;
  readonly text: string;
  readonly tag: string;
}

/** Bound into the seal, so that a file of another purpose is not mistaken for this one. */
const PURPOSE = Buffer.from('javizen:seed:1');
/** Nothing shorter is taken: each byte less would make a forged seal 256 times as likely to pass. */
const TAG_BYTES = 16;
const MEMORY_KIB = 65_536;

const keyOf = (passphrase: string, salt: Buffer): Promise<Buffer> =>
  // argon2id is the library's own choice of algorithm.
  hashRaw(passphrase, { salt, memoryCost: MEMORY_KIB, timeCost: 3, parallelism: 1, outputLen: 32 });

async function seal(mnemonic: string, passphrase: string): Promise<Sealed> {
  const [salt, nonce] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv('aes-256-gcm', await keyOf(passphrase, salt), nonce).setAAD(PURPOSE);
  const text = Buffer.concat([cipher.update(mnemonic, 'utf8'), cipher.final()]);
  return { version: 1, salt: salt.toString('hex'), nonce: nonce.toString('hex'), text: text.toString('hex'), tag: cipher.getAuthTag().toString('hex') };
}

async function unseal(sealed: Sealed, passphrase: string): Promise<string> {
  const decipher = createDecipheriv('aes-256-gcm', await keyOf(passphrase, Buffer.from(sealed.salt, 'hex')), Buffer.from(sealed.nonce, 'hex'), { authTagLength: TAG_BYTES })
    .setAAD(PURPOSE)
    .setAuthTag(Buffer.from(sealed.tag, 'hex'));
  return Buffer.concat([decipher.update(Buffer.from(sealed.text, 'hex')), decipher.final()]).toString('utf8');
}

/** On the disk whole or not at all: addresses are made from this seed from now on. */
function writeWhole(file: string, text: string): void {
  const part = `${file}.part`;
  const fd = openSync(part, 'w', 0o600);
  writeSync(fd, text);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(part, file);
  const dir = openSync(dirname(file), 'r');
  fsyncSync(dir);
  closeSync(dir);
}

/** Opens the sealed seed, or makes one where there is none. Throws on a wrong passphrase or a changed file. */
export async function openSeed(file: string, passphrase: string): Promise<Mnemonic> {
  if (passphrase.length < 12) throw new Error('the signer passphrase must have at least 12 characters');
  if (!existsSync(file)) {
    const made = Mnemonic.fromEntropy(randomBytes(32));
    writeWhole(file, JSON.stringify(await seal(made.phrase, passphrase)));
  }
  const sealed = JSON.parse(readFileSync(file, 'utf8')) as Sealed;
  try {
    return Mnemonic.fromPhrase(await unseal(sealed, passphrase));
  } catch {
    throw new Error('the seed cannot be opened: wrong passphrase, or the file was changed');
  }
}
