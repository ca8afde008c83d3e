import { siteOf, spkiOf } from './webauthn';

test('keys of each algorithm read as the signer reads them', () => {
  // RFC 8152: an OKP key on Ed25519, and an RSA key with the exponent 65537.
  const okp = Buffer.concat([Buffer.from('a4010103272006215820', 'hex'), Buffer.alloc(32, 9)]).toString('base64url');
  expect(Buffer.from(spkiOf(okp), 'base64').toString('hex')).toBe(`302a300506032b6570032100${'09'.repeat(32)}`);
  const modulus = Buffer.concat([Buffer.from([0xc1]), Buffer.alloc(254, 7), Buffer.from([0x01])]);
  const rsa = Buffer.concat([
    Buffer.from('a401030339010020590100', 'hex'),
    modulus,
    Buffer.from('2143010001', 'hex'),
  ]).toString('base64url');
  expect(Buffer.from(spkiOf(rsa), 'base64').includes(modulus)).toBe(true);
  expect(() => spkiOf('oA')).toThrow();
  expect(siteOf({ publicOrigin: 'https://exchange.example' })).toEqual({
    origin: 'https://exchange.example',
    rpId: 'exchange.example',
  });
});
