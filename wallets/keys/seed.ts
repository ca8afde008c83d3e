import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Mnemonic } from 'ethers';
import { box, keyOfPassphrase, passphraseKek, unbox } from './kek';
import type { Boxed, KeyEncryption, PassphraseKek, Wrapped } from './kek';

/**
 * A sealed seed: a BIP39 mnemonic under AES-256-GCM with a key of its own, which is wrapped by the key-encryption key.
 */
interface Sealed extends Boxed {
  readonly version: 2;
  readonly kek: KeyEncryption['kind'];
  readonly wrapped: Wrapped;
}

/** The first form: the passphrase's own key sealed the mnemonic. Read, never written. */
interface FirstForm extends Boxed {
  readonly version: 1;
  readonly salt: string;
}

const FIRST_PURPOSE = Buffer.from('javizen:seed:1');
/** The kind is bound in: nobody can make a file of a device look like one of a passphrase. */
const purposeOf = (kind: KeyEncryption['kind']): Buffer => Buffer.from(`javizen:seed:2:${kind}`);

async function seal(mnemonic: Mnemonic, kek: KeyEncryption): Promise<Sealed> {
  const key = randomBytes(32);
  return {
    version: 2,
    kek: kek.kind,
    wrapped: await kek.wrap(key),
    ...box(key, purposeOf(kek.kind), Buffer.from(mnemonic.phrase, 'utf8')),
  };
}

async function unseal(sealed: Sealed | FirstForm, kek: KeyEncryption): Promise<Mnemonic> {
  if (sealed.version === 1) {
    if (kek.kind !== 'passphrase') throw new Error('sealed with a passphrase');
    const key = await keyOfPassphrase((kek as PassphraseKek).passphrase, Buffer.from(sealed.salt, 'hex'));
    return Mnemonic.fromPhrase(unbox(key, FIRST_PURPOSE, sealed).toString('utf8'));
  }
  if (sealed.version !== 2 || sealed.kek !== kek.kind) throw new Error('sealed in another way');
  return Mnemonic.fromPhrase(unbox(await kek.unwrap(sealed.wrapped), purposeOf(kek.kind), sealed).toString('utf8'));
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

const kekOf = (key: KeyEncryption | string): KeyEncryption => (typeof key === 'string' ? passphraseKek(key) : key);

/** Words and what they mean, in the library's own form. */
export type Seed = Mnemonic;

/** The seed of 12 to 24 words. Throws on words that are none, or that do not belong together. */
export const seedOfWords = (words: string): Seed => Mnemonic.fromPhrase(words.trim().replace(/\s+/g, ' '));

/** A new seed: 24 words. */
export const freshSeed = (): Mnemonic => Mnemonic.fromEntropy(randomBytes(32));

/** Seals a seed into a file that is not there yet, and reads it back. `replace`: into one that is there. */
export async function writeSeed(
  file: string,
  mnemonic: Mnemonic,
  key: KeyEncryption | string,
  replace = false,
): Promise<void> {
  if (existsSync(file) && !replace) throw new Error(`${file} is there already: a seed is never overwritten by this`);
  const kek = kekOf(key);
  const sealed = await seal(mnemonic, kek);
  // What cannot be opened again must not take the place of what can.
  if ((await unseal(sealed, kek)).phrase !== mnemonic.phrase)
    throw new Error('what was sealed does not open to the same words');
  writeWhole(file, JSON.stringify(sealed));
}

/** Opens a sealed seed. Throws where there is none, on a wrong passphrase or device, and on a changed file. */
export async function readSeed(file: string, key: KeyEncryption | string): Promise<Mnemonic> {
  const kek = kekOf(key);
  if (!existsSync(file))
    throw new Error(
      `there is no sealed seed at ${file}: make one (npm run keys -- generate), or bring yours (npm run keys -- import, or restore)`,
    );
  try {
    return await unseal(JSON.parse(readFileSync(file, 'utf8')) as Sealed | FirstForm, kek);
  } catch (error) {
    const why =
      kek.kind === 'passphrase'
        ? 'wrong passphrase, or the file was changed'
        : `the device: ${error instanceof Error ? error.message : String(error)}`;
    throw new Error(`the seed cannot be opened: ${why}`);
  }
}

/**
 * Opens the sealed seed, or makes one where there is none. For worlds that are thrown away: nobody has a copy of what
 * is made here.
 */
export async function openOrMakeSeed(file: string, key: KeyEncryption | string): Promise<Mnemonic> {
  const kek = kekOf(key);
  if (!existsSync(file)) await writeSeed(file, freshSeed(), kek);
  return readSeed(file, kek);
}

/** The same seed under another key-encryption key: the former opens this file no more. */
export async function rotateSeed(
  file: string,
  from: KeyEncryption | string,
  to: KeyEncryption | string,
): Promise<void> {
  await writeSeed(file, await readSeed(file, from), to, true);
}
