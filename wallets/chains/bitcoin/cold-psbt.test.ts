import { BIP32Factory } from 'bip32';
import type { BIP32Interface } from 'bip32';
import { Psbt, Transaction } from 'bitcoinjs-lib';
import * as secp256k1 from 'tiny-secp256k1';
import { TransferRefused } from '../chain';
import { hexOf, parametersOf } from './addresses';
import { buildColdPsbt, gatherSignatures, planCold } from './cold-psbt';
import { multisigOf } from './multisig';
import { PsbtRefused } from './psbt';

const regtest = parametersOf('regtest');
const roots = [1, 2, 3, 4].map((seed) => BIP32Factory(secp256k1).fromSeed(Buffer.alloc(32, seed), regtest));
const ORIGIN = "m/48'/1'/0'/2'";
const named = (root: BIP32Interface): string =>
  `[${hexOf(root.fingerprint)}/48h/1h/0h/2h]${root.derivePath(ORIGIN).neutered().toBase58()}`;
const keys = multisigOf({ required: 2, keys: roots.slice(0, 3).map(named) }, 'regtest');
const HOT = Buffer.from(`0014${'77'.repeat(20)}`, 'hex');

/** A coin of cold storage, with the bytes of the transaction that made it. */
function coin(value: bigint, child = 0): { txid: string; index: number; value: bigint; child: number; raw: string } {
  const made = new Transaction();
  made.addInput(Buffer.alloc(32, child + 1), 0);
  made.addOutput(keys.at(child).script, value);
  return { txid: made.getId(), index: 0, value, child, raw: made.toHex() };
}
const coins = [coin(50_000n, 1), coin(200_000n, 2), coin(90_000n, 3)];
const rawOf = (txid: string): string => coins.find((one) => one.txid === txid)?.raw ?? '';
const psbtOf = (value: bigint): string =>
  buildColdPsbt(planCold(coins, { script: HOT, value }, 2000n, keys), keys, 'regtest', 9, rawOf);
/** What a device does: signs every input of which it knows the key by the path that stands there. */
const sign = (psbt: string, root: BIP32Interface): string => {
  const known = Psbt.fromBase64(psbt, { network: regtest });
  known.signAllInputsHD(root);
  return known.toBase64();
};

test('the same keys in another order are the same addresses; each is of the network', () => {
  const turned = multisigOf(
    { required: 2, keys: [2, 0, 1].map((at) => named(roots[at] as BIP32Interface)) },
    'regtest',
  );
  expect(turned.at(5).address).toBe(keys.at(5).address);
  expect(keys.at(5).address).toMatch(/^bcrt1q.{58}$/);
  expect(keys.at(5).address).not.toBe(keys.at(6).address);
});

test.each([
  ['mistyped', (good: string) => `${good.slice(0, -1)}${good.endsWith('a') ? 'b' : 'a'}`],
  ['private', () => roots[0]?.derivePath(ORIGIN).toBase58() ?? ''],
  [
    'of the main network',
    () =>
      'xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8',
  ],
  ['there twice', () => named(roots[1] as BIP32Interface)],
])('a key that is %s is refused', (_what, spoil) => {
  expect(() =>
    multisigOf(
      { required: 2, keys: [named(roots[1] as BIP32Interface), spoil(named(roots[0] as BIP32Interface))] },
      'regtest',
    ),
  ).toThrow();
});

test('the largest coins pay, the rest comes back to cold storage, and the fee is of the size that it becomes', () => {
  const plan = planCold(coins, { script: HOT, value: 250_000n }, 2000n, keys);
  expect(plan.inputs.map(({ value }) => value)).toEqual([200_000n, 90_000n]);
  expect(plan.inputs.reduce((sum, { value }) => sum + value, 0n)).toBe(plan.payment.value + plan.change + plan.fee);
  const { signed } = gatherSignatures(
    psbtOf(250_000n),
    sign(sign(psbtOf(250_000n), roots[0] as BIP32Interface), roots[2] as BIP32Interface),
    keys,
    'regtest',
  );
  const size = BigInt(Transaction.fromHex(signed?.rawTransaction ?? '').virtualSize());
  expect(plan.fee).toBeGreaterThanOrEqual(size * 2n);
  expect(plan.fee).toBeLessThan(size * 2n + 20n);
});

test('more than there is, or less than can be passed on, is refused', () => {
  expect(() => planCold(coins, { script: HOT, value: 340_000n }, 2000n, keys)).toThrow(TransferRefused);
  expect(() => planCold(coins, { script: HOT, value: 200n }, 2000n, keys)).toThrow(TransferRefused);
});

test('one after the other they sign; with the second it is whole', () => {
  const out = psbtOf(100_000n);
  const first = gatherSignatures(out, sign(out, roots[1] as BIP32Interface), keys, 'regtest');
  expect([first.signatures, first.signed]).toEqual([1, undefined]);
  expect(gatherSignatures(first.psbt, sign(out, roots[1] as BIP32Interface), keys, 'regtest').signatures).toBe(1);
  const second = gatherSignatures(first.psbt, sign(out, roots[0] as BIP32Interface), keys, 'regtest');
  expect(second.signed?.txid).toMatch(/^[0-9a-f]{64}$/);
  const [paid] = Transaction.fromHex(second.signed?.rawTransaction ?? '').outs;
  expect([paid?.value, hexOf(paid?.script ?? new Uint8Array())]).toEqual([100_000n, hexOf(HOT)]);
});

test('of a stranger, of another transaction, or spoilt: refused', () => {
  const out = psbtOf(100_000n);
  const stranger = multisigOf(
    { required: 2, keys: [0, 1, 3].map((at) => named(roots[at] as BIP32Interface)) },
    'regtest',
  );
  expect(() => gatherSignatures(out, sign(psbtOf(100_001n), roots[0] as BIP32Interface), keys, 'regtest')).toThrow(
    PsbtRefused,
  );
  expect(() => gatherSignatures(out, 'cHNidP8B', keys, 'regtest')).toThrow(PsbtRefused);
  expect(() => gatherSignatures(out, 'not one at all', keys, 'regtest')).toThrow(PsbtRefused);
  const foreign = Psbt.fromBase64(out, { network: regtest });
  for (const input of foreign.data.inputs)
    input.partialSig = [
      {
        pubkey: stranger.at(0).derivations[2]?.pubkey ?? new Uint8Array(),
        signature: signatureIn(sign(out, roots[0] as BIP32Interface)),
      },
    ];
  expect(() => gatherSignatures(out, foreign.toBase64(), keys, 'regtest')).toThrow('not of cold storage');
  const spoilt = Psbt.fromBase64(out, { network: regtest });
  for (const input of spoilt.data.inputs)
    input.partialSig = [
      {
        pubkey: input.bip32Derivation?.[0]?.pubkey ?? new Uint8Array(),
        signature: signatureIn(sign(out, roots[1] as BIP32Interface)),
      },
    ];
  expect(() => gatherSignatures(out, spoilt.toBase64(), keys, 'regtest')).toThrow('not valid');
});

const signatureIn = (psbt: string): Uint8Array =>
  Psbt.fromBase64(psbt, { network: regtest }).data.inputs[0]?.partialSig?.[0]?.signature ?? new Uint8Array();
