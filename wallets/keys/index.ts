import type { KeyEncryption } from './kek';
import { openSeed } from './seed';
import { createSigner } from './signer';
import type { SignerPolicy } from './signer';
import { serveSigner } from './socket';

export { connectSigner, serveSigner } from './socket';
export { createSigner } from './signer';
export { passphraseKek } from './kek';
export type { KeyEncryption } from './kek';
export { deviceKek } from './pkcs11';
export type { DeviceOptions } from './pkcs11';
export { freshSeed, openSeed, readSeed, rotateSeed, seedOfWords, writeSeed } from './seed';
export type { Seed } from './seed';
export { joinShares, readShare, splitSeed } from './shares';
export { knownBy } from './known';
export type { KnownBy } from './known';
export { makeAdminKey, signApproval } from './admin-key';
export { enrolAdmin, readAdmins, readPublicKey, revokeAdmin } from './admins';
export { adminsFile } from './approvals';
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
}

/** Opens the seed and serves the signer until the process ends. */
export async function runSigner(options: SignerOptions): Promise<{ close(): void }> {
  const mnemonic = await openSeed(options.seedFile, options.kek);
  const server = await serveSigner(createSigner(mnemonic, options.policy, options.dir), options.socketPath, options.isForGroup);
  return { close: () => void server.close() };
}
