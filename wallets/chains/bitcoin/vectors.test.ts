/** The specifications' own vectors, through the parts and libraries that our keys and coins depend on. */
import { BIP32Factory } from 'bip32';
import { Psbt, payments } from 'bitcoinjs-lib';
import { Mnemonic } from 'ethers';
import * as secp256k1 from 'tiny-secp256k1';
import { accountOf, canonicalAddress, hexOf, scriptOf } from './addresses';
import { checkPsbt } from './psbt';
import bip173 from './vectors/bip173.json';
import bip174 from './vectors/bip174.json';
import bip32Vectors from './vectors/bip32.json';
import bip350 from './vectors/bip350.json';
import bip39 from './vectors/bip39.json';
import bip84 from './vectors/bip84.json';
import bip86 from './vectors/bip86.json';

const bip32 = BIP32Factory(secp256k1);
const seedOf = (phrase: string): Uint8Array => Buffer.from(Mnemonic.fromPhrase(phrase).computeSeed().slice(2), 'hex');

test.each(bip39.english)('BIP 39: %s', (entropy, phrase, seed, key) => {
  expect(Mnemonic.fromEntropy(`0x${entropy}`).phrase).toBe(phrase);
  const made = Mnemonic.fromPhrase(phrase ?? '', 'TREZOR')
    .computeSeed()
    .slice(2);
  expect(made).toBe(seed);
  expect(bip32.fromSeed(Buffer.from(made, 'hex')).toBase58()).toBe(key);
});

test('BIP 32: every chain of every seed, public from private and public from public', () => {
  for (const { seed, chains } of bip32Vectors.valid) {
    const root = bip32.fromSeed(Buffer.from(seed, 'hex'));
    for (const { path, xpub, xprv } of chains) {
      const node = path === 'm' ? root : root.derivePath(path);
      expect([node.toBase58(), node.neutered().toBase58()]).toEqual([xprv, xpub]);
      const last = /^(.*)\/(\d+)$/.exec(path);
      const parent = chains.find((chain) => chain.path === last?.[1]);
      if (last && parent) expect(bip32.fromBase58(parent.xpub).derive(Number(last[2])).toBase58()).toBe(xpub);
    }
  }
});

test.each(bip32Vectors.invalid)('BIP 32 refused: $reason', ({ key }) => {
  expect(() => accountOf(key, 'mainnet')).toThrow();
});

const childrenOf = <Vector extends object>(
  vector: Vector,
): [branch: 0 | 1, index: number, found: { address: string; pubkey?: string; scriptPubKey?: string }][] =>
  Object.entries(vector).flatMap(([name, found]) => {
    const [, branch, index] = /\/0'\/([01])\/(\d)$/.exec(name) ?? [];
    return branch === undefined ? [] : [[branch === '0' ? 0 : 1, Number(index), found as { address: string }]];
  });

test("BIP 84: receiving and change addresses from the account's public key alone", () => {
  const account = bip32.fromSeed(seedOf(bip84.mnemonic)).derivePath("m/84'/0'/0'").neutered();
  // The same key as the vector's, which writes it with the prefix of its kind.
  const written = bip32.fromBase58(bip84["Account 0, root = m/84'/0'/0'"].xpub, {
    wif: 0x80,
    bip32: { public: 0x04b24746, private: 0x04b2430c },
  });
  expect(hexOf(written.publicKey)).toBe(hexOf(account.publicKey));
  const own = accountOf(account.toBase58(), 'mainnet');
  const children = childrenOf(bip84);
  expect(children).toHaveLength(3);
  for (const [branch, index, { address, pubkey }] of children) {
    const made = own.own(branch, index);
    expect([made.address, hexOf(made.publicKey)]).toEqual([address, pubkey]);
    expect(hexOf(scriptOf(address, 'mainnet') ?? new Uint8Array())).toBe(hexOf(made.script));
  }
});

test('BIP 86: taproot addresses are understood, as what we may be asked to pay', () => {
  const account = bip32.fromSeed(seedOf(bip86.mnemonic)).derivePath("m/86'/0'/0'");
  const children = childrenOf(bip86);
  expect(children).toHaveLength(3);
  for (const [branch, index, { address, scriptPubKey }] of children) {
    expect(payments.p2tr({ internalPubkey: account.derive(branch).derive(index).publicKey.slice(1) }).address).toBe(
      address,
    );
    expect(hexOf(scriptOf(address, 'mainnet') ?? new Uint8Array())).toBe(scriptPubKey);
  }
});

const networkOf = (address: string): 'mainnet' | 'testnet' => (/^tb1/i.test(address) ? 'testnet' : 'mainnet');
/** Versions 0 and 1 as they are used today; later ones have no rules, and what is paid to them is anybody's. */
const isSpendable = (script: string): boolean => /^(0014.{40}|0020.{64}|5120.{64})$/.test(script);

test.each([...bip350.valid, ...bip173.valid.filter(({ scriptPubKey }) => scriptPubKey.startsWith('00'))])(
  'E23 BIP 173 and 350: $address',
  ({ address, scriptPubKey }) => {
    const script = scriptOf(address, networkOf(address));
    expect(script && hexOf(script)).toBe(isSpendable(scriptPubKey) ? scriptPubKey : undefined);
    // An address of one network is none of another.
    expect(scriptOf(address, networkOf(address) === 'mainnet' ? 'testnet' : 'mainnet')).toBeUndefined();
    expect(scriptOf(address, 'regtest')).toBeUndefined();
    if (script) expect(canonicalAddress(address.toUpperCase(), networkOf(address))).toBe(address.toLowerCase());
  },
);

test.each([
  ...bip350.invalid,
  ...bip173.invalid,
  ...bip173.valid
    .filter(({ scriptPubKey }) => !scriptPubKey.startsWith('00'))
    .map(({ address }) => ({ address, reason: 'the old checksum' })),
])('E23 BIP 173 and 350 refused: $address ($reason)', ({ address }) => {
  for (const network of ['mainnet', 'testnet', 'regtest'] as const) expect(scriptOf(address, network)).toBeUndefined();
});

describe('BIP 174', () => {
  const [malformed, valid, tricks] = [bip174.slice(0, 20), bip174.slice(20, 30), bip174.slice(30)];
  test.each(malformed)('refused: $case', ({ base64 }) => {
    expect(() => Psbt.fromBase64(base64)).toThrow();
  });
  test.each(valid)('understood: $case', ({ base64 }) => {
    const psbt = Psbt.fromBase64(base64);
    // The library writes those without an input in a way of its own; we neither make nor sign any.
    if (psbt.inputCount > 0) expect(psbt.toBase64()).toBe(base64);
  });
  const account = accountOf(
    bip32.fromSeed(seedOf(bip84.mnemonic)).derivePath("m/84'/0'/0'").neutered().toBase58(),
    'mainnet',
  );
  test.each([...tricks, ...malformed, ...valid])('our signer signs none of them: $case', ({ base64 }) => {
    expect(() => checkPsbt(base64, { account, network: 'mainnet', payments: [], mostFee: 10n ** 8n })).toThrow(
      expect.objectContaining({ name: 'PsbtRefused' }),
    );
  });
});
