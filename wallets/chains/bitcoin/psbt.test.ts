import { BIP32Factory } from 'bip32';
import { Psbt, Transaction } from 'bitcoinjs-lib';
import * as secp256k1 from 'tiny-secp256k1';
import { accountOf, accountPath, parametersOf, scriptOf } from './addresses';
import type { Branch } from './addresses';
import { bumped, planPayments } from './coins';
import type { Coin, Plan } from './coins';
import { PsbtRefused, buildPsbt, checkPsbt, signPsbt } from './psbt';
import type { Builder } from './psbt';

const network = 'regtest' as const;
const root = BIP32Factory(secp256k1).fromSeed(Buffer.alloc(32, 3), parametersOf(network));
const key = root.derivePath(accountPath(network));
const account = accountOf(key.neutered().toBase58(), network);
const stranger = accountOf(
  BIP32Factory(secp256k1)
    .fromSeed(Buffer.alloc(32, 4), parametersOf(network))
    .derivePath(accountPath(network))
    .neutered()
    .toBase58(),
  network,
);

/** A transaction that pays a child of ours, and the coin it makes. */
const transactions = new Map<string, string>();
function coinOf(value: bigint, branch: Branch, child: number, owner = account): Coin {
  const made = new Transaction();
  made.version = 2;
  made.addInput(Buffer.alloc(32, child + 1), 0);
  made.addOutput(scriptOf('bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', network) ?? new Uint8Array(), 1000n);
  made.addOutput(owner.own(branch, child).script, value);
  transactions.set(made.getId(), made.toHex());
  return { txid: made.getId(), index: 1, value, branch, child };
}

const coins = [coinOf(80_000n, 0, 5), coinOf(70_000n, 0, 9), coinOf(500_000n, 1, 2)];
const payments = [
  {
    script: scriptOf('bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6', network) ?? new Uint8Array(),
    value: 600_000n,
  },
  { script: scriptOf('2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm', network) ?? new Uint8Array(), value: 20_000n },
];
const builder: Builder = {
  account,
  network,
  fingerprint: root.fingerprint,
  changeIndex: 4,
  transaction: (txid) => transactions.get(txid) ?? '',
};
const expected = { account, network, payments, mostFee: 10_000n };
const plan = planPayments(coins, payments, 5000n);

test('built from public keys, checked, signed: each signature is valid, and it is no longer than was paid for', () => {
  const base64 = buildPsbt(plan, builder);
  const checked = checkPsbt(base64, expected);
  expect(checked.fee).toBe(plan.fee);
  const { rawTransaction, txid } = signPsbt(checked, key);
  const transaction = Transaction.fromHex(rawTransaction);
  expect(transaction.getId()).toBe(txid);
  const vsize = BigInt(transaction.virtualSize());
  expect(vsize <= plan.vsize && vsize >= plan.vsize - BigInt(plan.inputs.length)).toBe(true);
  expect(transaction.ins.every(({ sequence }) => sequence === 0xfffffffd)).toBe(true);
  expect(transaction.outs.map(({ value }) => value)).toEqual(
    [plan.change, 20_000n, 600_000n].toSorted((a, b) => (a < b ? -1 : 1)),
  );
  // Signed again it is the same: nobody learns a key from two signatures, and no second payment exists.
  expect(signPsbt(checkPsbt(base64, expected), key)).toEqual({ rawTransaction, txid });
});

test('a replacement spends the same coins and is signed under its own limit', () => {
  const better = bumped(plan, coins, 20_000n);
  const base64 = buildPsbt(better, builder);
  expect(() => checkPsbt(base64, { ...expected, mostFee: better.fee - 1n })).toThrow('fee');
  const [first, second] = [buildPsbt(plan, builder), base64].map((psbt) =>
    Transaction.fromHex(signPsbt(checkPsbt(psbt, expected), key).rawTransaction),
  );
  const spent = (transaction: Transaction | undefined): string[] =>
    transaction?.ins.map(({ hash, index }) => `${Buffer.from(hash).toString('hex')}:${index}`) ?? [];
  expect(spent(second)).toEqual(expect.arrayContaining(spent(first)));
});

/** A PSBT made without our builder, as somebody would who has taken over the machine it runs on. */
function forged(
  change: (made: { inputs: Parameters<Psbt['addInput']>[0][]; outputs: Parameters<Psbt['addOutput']>[0][] }) => void,
  settle: (psbt: Psbt) => void = () => undefined,
): string {
  const honest = Psbt.fromBase64(buildPsbt(plan, builder), { network: parametersOf(network) });
  const inputs = honest.txInputs.map((input, at) => ({ ...input, ...honest.data.inputs[at] }));
  const outputs = honest.txOutputs.map(({ script, value }, at) => ({ script, value, ...honest.data.outputs[at] }));
  change({ inputs, outputs });
  const psbt = new Psbt({ network: parametersOf(network) }).setVersion(2);
  for (const input of inputs) psbt.addInput(input);
  for (const output of outputs) psbt.addOutput(output);
  settle(psbt);
  return psbt.toBase64();
}
const ofStranger = coinOf(80_000n, 0, 5, stranger);
const theirs = { script: stranger.own(1, 0).script, value: 5000n };
type Row = Record<string, unknown>;

const FORGERIES: readonly [what: string, why: string, ...Parameters<typeof forged>][] = [
  ['a payment left out', 'a payment is missing', ({ outputs }) => outputs.pop()],
  [
    'a payment of less',
    'an output that nobody asked for',
    ({ outputs }) => (outputs[2] = { ...outputs[2], value: 599_999n } as never),
  ],
  [
    'a payment to somebody else',
    'an output that nobody asked for',
    ({ outputs }) => (outputs[2] = { ...outputs[2], script: theirs.script } as never),
  ],
  [
    'a payment twice',
    'an output that nobody asked for',
    ({ outputs }) => outputs.push({ script: payments[1]?.script, value: 20_000n } as never),
  ],
  ['an output more', 'an output that nobody asked for', ({ outputs }) => outputs.push(theirs)],
  [
    'change to somebody else',
    'change that is not ours',
    ({ outputs }) =>
      outputs.forEach((output) => 'bip32Derivation' in output && Object.assign(output, { script: theirs.script })),
  ],
  [
    'change to somebody else that claims to be ours',
    'change that is not ours',
    ({ outputs }) =>
      outputs.forEach(
        (output) => 'bip32Derivation' in output && Object.assign(output, { script: stranger.own(1, 4).script }),
      ),
  ],
  [
    'change without its key',
    'no key, or several',
    ({ outputs }) => outputs.forEach((output) => delete (output as unknown as Row).bip32Derivation),
  ],
  [
    'change to a deposit address',
    'change that is not ours',
    ({ outputs }) =>
      outputs.forEach(
        (output) =>
          'bip32Derivation' in output &&
          Object.assign(output, {
            script: account.own(0, 4).script,
            bip32Derivation: [
              { masterFingerprint: root.fingerprint, pubkey: account.own(0, 4).publicKey, path: "m/84'/1'/0'/0/4" },
            ],
          }),
      ),
  ],
  [
    'two changes',
    'an output that nobody asked for',
    ({ outputs }) =>
      outputs.push({
        script: account.own(1, 8).script,
        value: 300n,
        bip32Derivation: [
          { masterFingerprint: root.fingerprint, pubkey: account.own(1, 8).publicKey, path: "m/84'/1'/0'/1/8" },
        ],
      } as never),
  ],
  [
    'change left to the miners',
    'a fee that is none or too high',
    ({ outputs }) =>
      outputs.splice(
        outputs.findIndex((output) => 'bip32Derivation' in output),
        1,
      ),
  ],
  ['more out than in', 'a fee that is none or too high', ({ inputs }) => inputs.pop()],
  [
    'an input without its transaction',
    'an input without the transaction that made it',
    ({ inputs }) => delete (inputs[0] as unknown as Row).nonWitnessUtxo,
  ],
  [
    'an input of another value',
    'an input of another value',
    ({ inputs }) =>
      Object.assign(inputs[0] as object, { witnessUtxo: { script: account.own(1, 2).script, value: 400_000n } }),
  ],
  [
    'an input with another transaction',
    'an input of another transaction',
    ({ inputs }) =>
      Object.assign(inputs[0] as object, {
        nonWitnessUtxo: Buffer.from(transactions.get(ofStranger.txid) ?? '', 'hex'),
      }),
  ],
  [
    'an input that is not ours',
    'an input that is not ours',
    ({ inputs }) =>
      Object.assign(inputs[0] as object, {
        hash: ofStranger.txid,
        index: 1,
        nonWitnessUtxo: Buffer.from(transactions.get(ofStranger.txid) ?? '', 'hex'),
        witnessUtxo: { script: stranger.own(0, 5).script, value: 80_000n },
      }),
  ],
  [
    'an input of another key',
    'an input that is not ours',
    ({ inputs }) =>
      Object.assign(inputs[0] as object, {
        bip32Derivation: [
          { masterFingerprint: root.fingerprint, pubkey: account.own(1, 3).publicKey, path: "m/84'/1'/0'/1/3" },
        ],
      }),
  ],
  [
    'a key outside the account',
    'a key that is not of our account',
    ({ inputs }) =>
      Object.assign(inputs[0] as object, {
        bip32Derivation: [
          { masterFingerprint: root.fingerprint, pubkey: account.own(1, 2).publicKey, path: "m/84'/1'/1'/1/2" },
        ],
      }),
  ],
  [
    'an input that cannot be replaced',
    'another sequence',
    ({ inputs }) => Object.assign(inputs[0] as object, { sequence: 0xffffffff }),
  ],
  [
    'a signature for one output alone',
    'an input that says more than it should',
    ({ inputs }) => Object.assign(inputs[0] as object, { sighashType: Transaction.SIGHASH_SINGLE }),
  ],
  [
    'a script of its own',
    'an input that says more than it should',
    ({ inputs }) => Object.assign(inputs[0] as object, { witnessScript: Buffer.from([0x51]) }),
  ],
  ['a lock time', 'another version or a lock time', () => undefined, (psbt) => void psbt.setLocktime(500)],
  ['another version', 'another version or a lock time', () => undefined, (psbt) => void psbt.setVersion(1)],
];

test.each(FORGERIES.map(([what, why, change, settle]) => ({ what, why, change, settle })))(
  'the signer refuses $what',
  ({ why, change, settle }) => {
    let base64: string;
    try {
      base64 = forged(change, settle);
    } catch (error) {
      throw new Error(`the forgery itself was refused by the library: ${String(error)}`, { cause: error });
    }
    expect(() => checkPsbt(base64, expected)).toThrow(new PsbtRefused(why));
  },
);

test('what was forged without a change is what the builder makes, and passes', () => {
  const base64 = forged(() => undefined);
  expect(base64).toBe(buildPsbt(plan, builder));
  expect(checkPsbt(base64, expected).fee).toBe(plan.fee);
});

test('no PSBT at all', () => {
  for (const text of ['', 'cHNidP8=', Transaction.fromHex([...transactions.values()][0] ?? '').toHex()])
    expect(() => checkPsbt(text, expected)).toThrow(PsbtRefused);
});

test('keys that are not an account of this network give no addresses', () => {
  expect(() => accountOf(key.toBase58(), network)).toThrow('private');
  expect(() => accountOf(root.derivePath("m/84'/1'").neutered().toBase58(), network)).toThrow('three steps');
  expect(() => accountOf(key.neutered().toBase58(), 'mainnet')).toThrow();
  const xpub = key.neutered().toBase58();
  for (let at = 4; at < xpub.length; at += 7)
    expect(() => accountOf(xpub.slice(0, at) + (xpub[at] === 'z' ? 'y' : 'z') + xpub.slice(at + 1), network)).toThrow();
});

test('the plan spends all coins here, so that each forgery has what it changes', () => {
  const { inputs, change } = plan satisfies Plan;
  expect([inputs.length, change > 0n]).toEqual([3, true]);
});
