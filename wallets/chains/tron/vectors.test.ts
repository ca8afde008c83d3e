/** What others derive and sign on TRON, through the parts and libraries that our keys and transactions depend on. */
import { HDNodeWallet, Mnemonic, SigningKey, sha256 } from 'ethers';
import { utils } from 'tronweb';
import { addressFrom, addressOf, addressOfKey, canonicalAddress, hexOf, txidOf } from './addresses';
import { countOf, parseExact } from './json';
import { NotExact, buildTron } from './transaction';
import addresses from './vectors/addresses.json';
import nile from './vectors/nile.json';
import signatures from './vectors/signatures.json';
import { decodeSigned, encodeRaw, encodeSigned } from './wire';
import type { Envelope, Payment } from './wire';

const keyOf = (mnemonic: string, path: string): HDNodeWallet =>
  HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(mnemonic), path);

test.each(addresses.addresses)(
  "$path is $address, from the private key and from its parent's public key alone",
  ({ path, address }) => {
    expect(addressOfKey(keyOf(addresses.mnemonic, path).publicKey)).toBe(address);
    const last = path.lastIndexOf('/');
    const child = path.slice(last + 1);
    // A hardened child has no public parent.
    if (/^\d+$/.test(child))
      expect(addressFrom(keyOf(addresses.mnemonic, path.slice(0, last)).neuter().extendedKey)(Number(child))).toBe(
        address,
      );
    expect(addressOf(hexOf(address))).toBe(address);
    expect(canonicalAddress(address)).toBe(address);
  },
);

test.each(signatures.transactions)('signed as others sign it: $name', ({ path, raw, signature, txid }) => {
  const key = keyOf(signatures.mnemonic, path).signingKey;
  const bytes = Buffer.from(raw, 'hex');
  if (txid !== undefined) expect(txidOf(bytes)).toBe(txid);
  const sign = (): string =>
    ((made) => `${made.r.slice(2)}${made.s.slice(2)}${made.v.toString(16)}`)(key.sign(sha256(bytes)));
  expect(sign()).toBe(signature);
  // E38: no part of a signature is drawn by lot.
  expect(sign()).toBe(sign());
  expect(addressOfKey(SigningKey.recoverPublicKey(sha256(bytes), key.sign(sha256(bytes))))).toBe(
    addressOfKey(key.publicKey),
  );
});

const payments = signatures.transactions.flatMap(({ name, raw, payment, envelope }) =>
  payment && envelope
    ? [{ name, raw, envelope, payment: withCounts(payment as unknown as Record<string, string>) }]
    : [],
);
function withCounts(payment: Record<string, string>): Payment {
  return Object.fromEntries(
    Object.entries(payment).map(([name, value]) => [
      name,
      ['sun', 'units', 'feeLimit'].includes(name) ? BigInt(value) : value,
    ]),
  ) as unknown as Payment;
}

test.each(payments)('our own encoder makes the same bytes: $name', ({ payment, envelope, raw }) => {
  expect(encodeRaw(payment, envelope).toString('hex')).toBe(raw);
});

test('the library and our own encoder agree, and what the library cannot count is not signed', () => {
  const built = payments.map(({ payment, envelope, raw, name }) => {
    if (name.includes('int64_max')) {
      expect(() => buildTron(payment, envelope)).toThrow(NotExact);
      return 0;
    }
    expect(buildTron(payment, envelope)).toEqual({
      raw: Buffer.from(raw, 'hex'),
      txid: txidOf(Buffer.from(raw, 'hex')),
    });
    return 1;
  });
  expect(built.filter((one) => one === 1).length).toBeGreaterThanOrEqual(4);
});

test.each(nile)('a transaction of a real network is known by the hash of its bytes: $type $txid', ({ raw, txid }) => {
  expect(txidOf(Buffer.from(raw, 'hex'))).toBe(txid);
});

const staker = '41f2cd810c48c401d392ead3c6e1e1cb9f57750a58';
test.each<readonly [string, Payment, Envelope]>([
  [
    'Stake_for_Energy',
    { kind: 'stake', from: staker, resource: 'ENERGY', sun: 50_000_000n },
    { blockBytes: '7e0b', blockHash: 'ed0f599cb230d512', expiration: 1_770_551_739_000, timestamp: 1_770_551_679_000 },
  ],
  [
    'Unstake_for_Energy',
    { kind: 'unstake', from: staker, resource: 'ENERGY', sun: 10_000_000n },
    { blockBytes: 'd991', blockHash: '43b74d04209c1777', expiration: 1_771_418_313_000, timestamp: 1_771_417_053_000 },
  ],
  [
    'Unstake_for_Bandwidth',
    { kind: 'unstake', from: staker, resource: 'BANDWIDTH', sun: 10_000_000n },
    { blockBytes: 'f2b7', blockHash: 'fb75c38816f843ef', expiration: 1_771_437_825_000, timestamp: 1_771_436_565_000 },
  ],
  [
    'Claim_Unfrozen_Balance',
    { kind: 'claim', from: staker },
    { blockBytes: 'f55c', blockHash: 'e53dfa7c93866297', expiration: 1_771_439_874_000, timestamp: 1_771_438_614_000 },
  ],
])('stake as others write it, by the library and by our own encoder: %s', (name, payment, envelope) => {
  const { raw, txid } = buildTron(payment, envelope);
  expect(raw.toString('hex')).toBe(signatures.transactions.find((one) => one.name === name)?.raw);
  expect(txid).toBe(txidOf(raw));
});

test('what is lent and taken back: both encoders make the same bytes, and another receiver or amount makes others', () => {
  const [to, envelope] = [
    '4141f82674a30ae1328745d08afe2d1a0a24195283',
    { blockBytes: '7e0b', blockHash: 'ed0f599cb230d512', expiration: 1_770_551_739_000, timestamp: 1_770_551_679_000 },
  ];
  const made = (['delegate', 'undelegate'] as const)
    .flatMap((kind) => [
      { kind, from: staker, to, sun: 7_000_000_000n },
      { kind, from: staker, to, sun: 7_000_000_001n },
      { kind, from: to, to: staker, sun: 7_000_000_000n },
    ])
    .map((payment) => buildTron(payment, envelope).raw.toString('hex'));
  expect(new Set(made).size).toBe(6);
  // DelegateResourceContract: owner, ENERGY, sun, receiver, and no lock.
  expect(made[0]).toContain(`0a15${staker}100118808cee891a2215${to}`);
});

test('real transfers of the network, byte for byte', () => {
  const from = '41dd791d6b49e190062d650e6a23c575510d35f2f9';
  const made = [
    encodeRaw(
      { kind: 'coin', from, to: '4192ad11c1bf16b3b14b0bd6b5c7e2db73a0b5e83a', sun: 1_000_000n },
      {
        blockBytes: '2927',
        blockHash: '939ece39d08a7abe',
        expiration: 1_777_447_527_000,
        timestamp: 1_777_447_470_038,
      },
    ),
    encodeRaw(
      {
        kind: 'token',
        from,
        contract: '41eca9bc828a3005b9a3b909f2cc5c2a54794de05f',
        to: '41088a2bfcb1c7271029fd69a66859d55560895884',
        units: 100n,
        feeLimit: 100_000_000n,
      },
      {
        blockBytes: '28c3',
        blockHash: 'ce6d340282788569',
        expiration: 1_777_447_227_000,
        timestamp: 1_777_447_168_009,
      },
    ),
  ];
  const real = nile.map(({ raw }) => raw);
  for (const raw of made) expect(real).toContain(raw.toString('hex'));
});

test('signed bytes are taken apart as they were put together, and by the library too', () => {
  const [{ payment, envelope }, { signature }] = [payments[0], signatures.transactions[0]] as [
    (typeof payments)[number],
    (typeof signatures.transactions)[number],
  ];
  const raw = encodeRaw(payment, envelope);
  expect(decodeSigned(encodeSigned(raw, signature))).toEqual({ raw, signature, envelope });
  expect(utils.deserializeTx.deserializeTransaction('TransferContract', raw.toString('hex'))).toMatchObject({
    expiration: envelope.expiration,
    ref_block_hash: envelope.blockHash.toUpperCase(),
  });
  expect(() => decodeSigned('00')).toThrow();
});

test.each([
  'TY72iA3SBtrds3QLYsS7LwYfkzXwAXCRWt',
  'ty72ia3sbtrds3qlyss7lwyfkzxwaxcrwt',
  ' TY72iA3SBtrds3QLYsS7LwYfkzXwAXCRWT',
  '41f2cd810c48c401d392ead3c6e1e1cb9f57750a58',
  '0xf2cd810c48c401d392ead3c6e1e1cb9f57750a58',
  '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2',
  'TY72iA3SBtrds3QLYsS7LwYfkzXwAXCRW\u0662',
  '',
])('no address of TRON: %s', (text) => {
  expect(canonicalAddress(text)).toBeUndefined();
});

test('a mistyped or private extended key gives no addresses', () => {
  const account = keyOf(addresses.mnemonic, "m/44'/195'/0'/0");
  const { extendedKey } = account.neuter();
  expect(() => addressFrom(`${extendedKey.slice(0, -1)}${extendedKey.endsWith('a') ? 'b' : 'a'}`)).toThrow();
  expect(() => addressFrom(account.extendedKey)).toThrow('private');
});

test('E37 counts beyond what a number of JavaScript holds are read as they stand', () => {
  const { balance, small, text } = parseExact(
    '{"balance": 99000000000000001, "small": 12, "text": "99000000000000001"}',
  ) as Record<string, unknown>;
  expect([countOf(balance), countOf(small), countOf(text), countOf(undefined)]).toEqual([
    99_000_000_000_000_001n,
    12n,
    99_000_000_000_000_001n,
    0n,
  ]);
  for (const bad of [1.5, 2 ** 53, '1.0', null, true]) expect(() => countOf(bad)).toThrow('no whole number');
});
