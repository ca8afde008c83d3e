/** The signer: a process of its own that knows the seed, checks what it signs, and believes no database. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyEncryption } from './kek';
import { openOrMakeSeed, readSeed } from './seed';
import { createSigner } from './signer';
import type { SignerPolicy } from './signer';
import { serveSigner } from './socket';

export { connectSigner, serveSigner } from './socket';
export { createSigner } from './signer';
export { passphraseKek } from './kek';
export type { KeyEncryption } from './kek';
export { deviceKek } from './pkcs11';
export type { DeviceOptions } from './pkcs11';
export { freshSeed, openOrMakeSeed, readSeed, rotateSeed, seedOfWords, writeSeed } from './seed';
export type { Seed } from './seed';
export { joinShares, readShare, splitSeed } from './shares';
export { knownBy } from './known';
export type { KnownBy } from './known';
export { makeAdminKey, signApproval } from './admin-key';
export { enrolAdmin, readAdmins, readPublicKey, revokeAdmin } from './admins';
export { adminsFile } from './approvals';
export { siteOf } from './assertions';
export { dropUserKeys, userKeysIn } from './user-keys';
export type { ApprovalLimits, ApprovalRules } from './policy';
export type { SignerPolicy } from './signer';

export interface SignerOptions {
  readonly socketPath: string;
  /** May the socket's group open it too? */
  readonly isForGroup?: boolean;
  readonly seedFile: string;
  readonly kek: KeyEncryption;
  /** For the append-only log of what was signed, and the pinned venue addresses. */
  readonly dir: string;
  readonly policy: SignerPolicy;
  /** Makes a seed where there is none and nothing was ever signed: of the local world alone. */
  readonly makeSeed?: boolean;
}

const LOGS = ['signed.jsonl', 'signed-coins.jsonl', 'signed-tron.jsonl'];
const hasSigned = (dir: string): boolean =>
  LOGS.map((name) => join(dir, name)).some((file) => existsSync(file) && statSync(file).size > 0);

/** Opens the seed and serves the signer until the process ends. Throws where there is no seed, saying what to do. */
export async function runSigner(options: SignerOptions): Promise<{ close(): void }> {
  // Coins lie at addresses of a seed that has signed: another one in its place would only hide that it is lost.
  const mayMake = options.makeSeed === true && !hasSigned(options.dir);
  const mnemonic = await (mayMake ? openOrMakeSeed : readSeed)(options.seedFile, options.kek);
  const server = await serveSigner(
    createSigner(mnemonic, options.policy, options.dir),
    options.socketPath,
    options.isForGroup,
  );
  return { close: () => void server.close() };
}
