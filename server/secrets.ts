/** What commands about secrets need of the server. */
export { resealAll } from './kyc/reseal';
export type { Resealed } from './kyc/reseal';
export { createVault } from './kyc/vault';
export { signerFor } from './sessions/signed';
