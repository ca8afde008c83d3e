import { crypto as hashes, payments } from 'bitcoinjs-lib';

/** Every other kind of output that one key can stand behind, beside its own witness program `script`. */
export function otherKinds(publicKey: Uint8Array, script: Uint8Array): Uint8Array[] {
  return [
    payments.p2pkh({ pubkey: publicKey }).output,
    payments.p2sh({ redeem: payments.p2wpkh({ pubkey: publicKey }) }).output,
    payments.p2wsh({ redeem: payments.p2pk({ pubkey: publicKey }) }).output,
    payments.p2pk({ pubkey: publicKey }).output,
    // A witness of versions to come, with our key's hash, and a taproot output of it.
    Uint8Array.from([0x52, ...script.slice(1)]),
    Uint8Array.from([0x51, 32, ...hashes.sha256(script)]),
    Uint8Array.from([0x6a, ...script.slice(1)]),
  ].map((output) => output ?? new Uint8Array());
}
