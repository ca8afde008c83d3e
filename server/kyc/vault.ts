/** Documents and their numbers at rest: AES-256-GCM, bound to the application they belong to. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { versionsOf } from '../../domain/secret-versions';
import type { ServerConfig } from '../deps';

const IV = 12;
const TAG = 16;

export interface Vault {
  sealText(subject: string, text: string): string;
  openText(subject: string, sealed: string): string;
  /** The same for the same text and purpose, and nothing to who has not the key. 64 hex digits. */
  fingerprint(purpose: string, text: string): string;
  /** Answers the name under which the file is kept. */
  store(applicationId: string, bytes: Buffer): Promise<string>;
  read(applicationId: string, file: string): Promise<Buffer>;
  remove(file: string): Promise<void>;
  /** The same file, sealed with the current version of the key. */
  reseal(applicationId: string, file: string): Promise<void>;
  /** Names of files that were written before a time. */
  olderThan(at: number): Promise<string[]>;
}

export function createVault(config: Pick<ServerConfig, 'kycKey' | 'kycDir'>): Vault {
  const versions = versionsOf(config.kycKey);
  if (!versions.every((one) => /^[0-9a-fA-F]{64}$/.test(one))) throw new Error('kycKey must be 64 hex digits');
  const keys = versions.map((one) => Buffer.from(one, 'hex'));
  const key = keys[0];
  if (!key) throw new Error('kycKey must be 64 hex digits');
  const seal = (subject: string, plain: Buffer): Buffer => {
    const iv = randomBytes(IV);
    const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG }).setAAD(Buffer.from(subject));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
  };
  const openWith = (version: Buffer, subject: string, sealed: Buffer): Buffer => {
    const decipher = createDecipheriv('aes-256-gcm', version, sealed.subarray(0, IV), { authTagLength: TAG }).setAAD(
      Buffer.from(subject),
    );
    decipher.setAuthTag(sealed.subarray(IV, IV + TAG));
    return Buffer.concat([decipher.update(sealed.subarray(IV + TAG)), decipher.final()]);
  };
  /** With the version that fits: the seal itself says whether one does. */
  const open = (subject: string, sealed: Buffer): Buffer => {
    for (const version of keys.slice(0, -1)) {
      try {
        return openWith(version, subject, sealed);
      } catch {
        // The next one, then.
      }
    }
    return openWith(keys.at(-1) ?? key, subject, sealed);
  };
  const pathOf = (file: string): string => {
    if (!/^[A-Za-z0-9_-]+\.sealed$/.test(file)) throw new Error('not a name of a document');
    return join(config.kycDir, file);
  };
  // A key of its own, so that nothing that is told of one use says anything of the other.
  const fingerprintKey = createHmac('sha256', key).update('fingerprint').digest();
  return {
    fingerprint: (purpose, text) => createHmac('sha256', fingerprintKey).update(`${purpose}\0${text}`).digest('hex'),
    sealText: (subject, text) => seal(`number:${subject}`, Buffer.from(text)).toString('base64'),
    openText: (subject, sealed) => open(`number:${subject}`, Buffer.from(sealed, 'base64')).toString(),
    store: async (applicationId, bytes) => {
      const file = `${applicationId}.sealed`;
      await mkdir(config.kycDir, { recursive: true, mode: 0o700 });
      await writeFile(pathOf(file), seal(`document:${applicationId}`, bytes), { mode: 0o600, flag: 'wx' });
      return file;
    },
    read: async (applicationId, file) => open(`document:${applicationId}`, await readFile(pathOf(file))),
    reseal: async (applicationId, file) => {
      const subject = `document:${applicationId}`;
      const beside = `${pathOf(file)}.new`;
      await writeFile(beside, seal(subject, open(subject, await readFile(pathOf(file)))), { mode: 0o600 });
      await rename(beside, pathOf(file));
    },
    remove: (file) => rm(pathOf(file), { force: true }),
    olderThan: async (at) => {
      const names = await readdir(config.kycDir).catch((error: NodeJS.ErrnoException) =>
        error.code === 'ENOENT' ? [] : Promise.reject(error),
      );
      const dated = await Promise.all(
        names
          .filter((name) => name.endsWith('.sealed'))
          .map(async (name) => ({ name, at: (await stat(pathOf(name))).mtimeMs })),
      );
      return dated.filter((one) => one.at < at).map(({ name }) => name);
    },
  };
}
