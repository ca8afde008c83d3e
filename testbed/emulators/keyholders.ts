/** People who hold the keys of cold storage, far from the house: for tests and the local world alone. */
import { BIP32Factory } from 'bip32';
import { Psbt, networks } from 'bitcoinjs-lib';
import { HDNodeWallet, JsonRpcProvider, parseEther } from 'ethers';
import * as secp256k1 from 'tiny-secp256k1';

const ORIGIN = "m/48'/1'/0'/2'";

/** Three of them on a regtest Bitcoin, each with a device; two must sign. */
export function bitcoinKeyholders(): {
  readonly place: { required: number; keys: string[] };
  sign(psbt: string, who: 0 | 1 | 2): string;
} {
  const { regtest } = networks;
  const roots = [41, 42, 43].map((seed) => BIP32Factory(secp256k1).fromSeed(Buffer.alloc(32, seed), regtest));
  return {
    place: {
      required: 2,
      keys: roots.map(
        (root) =>
          `[${Buffer.from(root.fingerprint).toString('hex')}/48h/1h/0h/2h]${root.derivePath(ORIGIN).neutered().toBase58()}`,
      ),
    },
    sign: (psbt, who) => {
      const known = Psbt.fromBase64(psbt, { network: regtest });
      const root = roots[who];
      if (root) known.signAllInputsHD(root);
      return known.toBase64();
    },
  };
}

/** One on a chain of the Ethereum kind, with an address of their own. */
export function evmKeyholder(): {
  readonly address: string;
  send(rpcUrl: string, to: string, ether: string): Promise<string>;
} {
  const wallet = HDNodeWallet.createRandom();
  return {
    address: wallet.address,
    send: async (rpcUrl, to, ether) => {
      const provider = new JsonRpcProvider(rpcUrl, undefined, { cacheTimeout: -1 });
      try {
        return (await wallet.connect(provider).sendTransaction({ to, value: parseEther(ether) })).hash;
      } finally {
        provider.destroy();
      }
    },
  };
}
