import { HDNodeWallet, Mnemonic } from 'ethers';
import { addressFrom } from './addresses';

const MNEMONIC = Mnemonic.fromPhrase(
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
);

/** BIP-32, test vector 5: keys that must not be taken (bips/bip-0032.mediawiki of the Bitcoin project). */
const INVALID: [reason: string, key: string][] = [
  [
    'pubkey version / prvkey mismatch',
    'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6LBpB85b3D2yc8sfvZU521AAwdZafEz7mnzBBsz4wKY5fTtTQBm',
  ],
  [
    'invalid pubkey prefix 04',
    'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Txnt3siSujt9RCVYsx4qHZGc62TG4McvMGcAUjeuwZdduYEvFn',
  ],
  [
    'invalid pubkey prefix 01',
    'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6N8ZMMXctdiCjxTNq964yKkwrkBJJwpzZS4HS2fxvyYUA4q2Xe4',
  ],
  [
    'zero depth with non-zero parent fingerprint',
    'xpub661no6RGEX3uJkY4bNnPcw4URcQTrSibUZ4NqJEw5eBkv7ovTwgiT91XX27VbEXGENhYRCf7hyEbWrR3FewATdCEebj6znwMfQkhRYHRLpJ',
  ],
  [
    'zero depth with non-zero index',
    'xpub661MyMwAuDcm6CRQ5N4qiHKrJ39Xe1R1NyfouMKTTWcguwVcfrZJaNvhpebzGerh7gucBvzEQWRugZDuDXjNDRmXzSZe4c7mnTK97pTvGS8',
  ],
  [
    'unknown extended key version',
    'DMwo58pR1QLEFihHiXPVykYB6fJmsTeHvyTp7hRThAtCX8CvYzgPcn8XnmdfHGMQzT7ayAmfo4z3gY5KfbrZWZ6St24UVf2Qgo6oujFktLHdHY4',
  ],
  [
    'invalid pubkey',
    'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Q5JXayek4PRsn35jii4veMimro1xefsM58PgBMrvdYre8QyULY',
  ],
  [
    'private key 0',
    'xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzF93Y5wvzdUayhgkkFoicQZcP3y52uPPxFnfoLZB21Teqt1VvEHx',
  ],
  [
    'invalid checksum',
    'xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHL',
  ],
];

test.each(INVALID)('refused: %s', (_, key) => {
  expect(() => addressFrom(key)(0)).toThrow();
});

test('public derivation gives the addresses of the private one', () => {
  const branch = HDNodeWallet.fromMnemonic(MNEMONIC, "m/44'/60'/0'/0");
  const derive = addressFrom(branch.neuter().extendedKey);
  for (const index of [0, 1, 1000, 2 ** 31 - 1]) expect(derive(index)).toBe(branch.deriveChild(index).address);
  // The first account of the well-known test mnemonic, as every wallet shows it.
  expect(derive(0)).toBe('0x9858EfFD232B4033E47d90003D41EC34EcaEda94');
});

test('each mistyped character is noticed, and a private key is not taken for a public one', () => {
  const branch = HDNodeWallet.fromMnemonic(MNEMONIC, "m/44'/60'/0'/0");
  const xpub = branch.neuter().extendedKey;
  for (let at = 4; at < xpub.length; at++) {
    const wrong = xpub.slice(0, at) + (xpub[at] === 'z' ? 'y' : 'z') + xpub.slice(at + 1);
    expect(() => addressFrom(wrong)).toThrow();
  }
  expect(() => addressFrom(branch.extendedKey)).toThrow('private key');
});
