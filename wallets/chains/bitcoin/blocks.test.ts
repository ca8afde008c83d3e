import { Block, Transaction, address as codec } from 'bitcoinjs-lib';
import { ownKind, parametersOf, sameBytes, scriptOf } from './addresses';
import { readBlock, spentIn, transfersIn } from './blocks';

const OURS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const ours = scriptOf(OURS, 'regtest') ?? new Uint8Array();
const theirs = scriptOf('2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm', 'regtest') ?? new Uint8Array();
const watched = (script: Uint8Array): string | undefined => (sameBytes(script, ours) ? OURS : undefined);

function transaction(
  inputs: [hash: Uint8Array, index: number][],
  outputs: [script: Uint8Array, value: bigint][],
): Transaction {
  const made = new Transaction();
  made.version = 2;
  for (const [hash, index] of inputs) made.addInput(hash, index);
  for (const [script, value] of outputs) made.addOutput(script, value);
  return made;
}

const coinbase = transaction([[new Uint8Array(32), 0xffffffff]], [[ours, 5_000_000_000n]]);
coinbase.ins[0]!.script = Uint8Array.from([1, 2, 3]);
const coin = Buffer.from('11'.repeat(31) + '22', 'hex');
const paying = transaction(
  [[coin, 7]],
  [
    [ours, 150_000n],
    [theirs, 1n],
    [ours, 330n],
    [Uint8Array.from([0x6a, 1, 1]), 0n],
    [ours, 0n],
  ],
);

function block(transactions: Transaction[]): Block {
  const made = new Block();
  made.prevHash = Buffer.from('aa'.repeat(31) + 'bb', 'hex');
  made.transactions = transactions;
  made.merkleRoot = Block.calculateMerkleRoot(transactions);
  made.timestamp = 1_700_000_000;
  made.bits = 0x207fffff;
  return made;
}

test('every output to us by itself, in satoshi that became units; nothing of what the block creates', () => {
  const made = block([coinbase, paying]);
  const read = readBlock(made.toHex(), made.getId());
  expect(read).toMatchObject({ hash: made.getId(), parentHash: `bb${'aa'.repeat(31)}` });
  const arrived = { txid: paying.getId(), asset: 'BTC', from: '', to: OURS };
  expect(transfersIn(read, 'BTC', watched)).toEqual([
    { ...arrived, position: 'out:0', amount: 1_500_000_000_000_000n },
    { ...arrived, position: 'out:2', amount: 3_300_000_000_000n },
  ]);
});

test('which of our coins a block spends, and by what', () => {
  const made = block([coinbase, paying]);
  const outpoint = `22${'11'.repeat(31)}:7`;
  expect(spentIn(readBlock(made.toHex(), made.getId()), (each) => each === outpoint)).toEqual([
    { outpoint, by: paying.getId() },
  ]);
});

test('ids, with and without witnesses, are those of the library; a block of hundreds of transactions is read whole', () => {
  const many = Array.from({ length: 301 }, (_, at) => {
    const made = transaction(
      [
        [coin, at],
        [coin, at + 70_000],
      ],
      Array.from({ length: at % 300 }, (_none, output): [Uint8Array, bigint] => [
        output % 3 === 0 ? ours : theirs,
        BigInt(output),
      ]).concat([[theirs, 5n]]),
    );
    if (at % 2 === 0)
      made.ins.forEach((input) => (input.witness = [Uint8Array.from({ length: at % 400 }), Uint8Array.from([7])]));
    return made;
  });
  const made = block([coinbase, ...many]);
  const found = transfersIn(readBlock(made.toHex(), made.getId()), 'BTC', watched);
  const expected = many.flatMap((one) => {
    const txid = one.getId();
    return one.outs.flatMap(({ script, value }, index) =>
      sameBytes(script, ours) && value > 0n ? [`${txid} out:${index} ${value * 10n ** 10n}`] : [],
    );
  });
  expect(found.map(({ txid, position, amount }) => `${txid} ${position} ${amount}`)).toEqual(expected);
  expect(expected.length).toBeGreaterThan(10_000);
});

test('a tail that is written twice has the same root, and is another block all the same', () => {
  const [one, two] = [transaction([[coin, 1]], [[ours, 10n]]), transaction([[coin, 2]], [[ours, 20n]])];
  const made = block([coinbase, one, two]);
  const twice = block([coinbase, one, two, two]);
  twice.merkleRoot = made.merkleRoot;
  expect(twice.getId()).toBe(made.getId());
  expect(() => readBlock(twice.toHex(), made.getId())).toThrow('transactions');
});

test('addresses are spelt as the library spells them', () => {
  for (const network of ['mainnet', 'testnet', 'regtest'] as const) {
    for (let at = 0; at < 200; at++) {
      const script = Uint8Array.from([
        0,
        20,
        ...Array.from({ length: 20 }, (_, byte) => (at * 31 + byte * byte * 7) & 255),
      ]);
      const long = Uint8Array.from([0, 32, ...script.slice(2), ...script.slice(10)]);
      expect([ownKind(script, network), ownKind(long, network)]).toEqual(
        [script, long].map((one) => codec.fromOutputScript(one, parametersOf(network))),
      );
    }
  }
  expect(ownKind(Uint8Array.from([0x51, 32]), 'mainnet')).toBeUndefined();
});

test('bytes that are not the block, or not its transactions, are not read', () => {
  const made = block([coinbase, paying]);
  const other = block([coinbase]);
  expect(() => readBlock(other.toHex(), made.getId())).toThrow('not');
  const swapped = block([coinbase, paying]);
  swapped.transactions = [coinbase, transaction([[coin, 7]], [[ours, 900_000n]])];
  expect(() => readBlock(swapped.toHex(), made.getId())).toThrow('transactions');
  expect(() => readBlock(made.toHex().slice(0, -2), made.getId())).toThrow();
  expect(() => readBlock(made.toHex().slice(0, 160), made.getId())).toThrow('transactions');
});
