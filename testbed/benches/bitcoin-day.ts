/**
 * A made day of Bitcoin behind a node's JSON-RPC, in a process of its own: blocks of transactions shaped as real ones
 * are, with no work and no signatures in them. Told by its parent: seed, blocks, bytes a block, and scripts to be paid
 * now and then.
 */
import { createHash, randomFillSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Dice } from './draw';

export interface DayWanted {
  readonly seed: number;
  readonly blocks: number;
  readonly blockBytes: number;
  /** Payments to watched scripts in each block. */
  readonly paid: number;
  /** Scripts in hex. */
  readonly scripts: readonly string[];
}

export interface DayMade {
  readonly port: number;
  readonly bytes: number;
  readonly transactions: number;
  readonly outputs: number;
}

interface Made {
  readonly hash: string;
  readonly bytes: Buffer;
}

const GENESIS = '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206';
const hash = (...parts: readonly Uint8Array[]): Buffer => {
  const inner = createHash('sha256');
  for (const part of parts) inner.update(part);
  return createHash('sha256').update(inner.digest()).digest();
};
const shown = (bytes: Buffer): string => Buffer.from(bytes).reverse().toString('hex');
const number32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const count = (value: number): Buffer =>
  value < 0xfd ? Buffer.from([value]) : Buffer.from([0xfd, value & 255, value >>> 8]);

/** Bytes that look drawn, from one pool: what they are does not matter, that they differ does. */
class Bytes {
  private readonly pool = randomFillSync(Buffer.alloc(1 << 20));

  constructor(private readonly dice: Dice) {}

  some(length: number): Buffer {
    const at = this.dice.below(this.pool.length - length);
    return Buffer.from(this.pool.subarray(at, at + length));
  }
}

/** Half pay witness programs of version 0, the rest taproot, script hashes and key hashes, as on the main network. */
function strangersScript(dice: Dice, bytes: Bytes): Buffer {
  const kind = dice.below(100);
  if (kind < 50) return Buffer.concat([Buffer.from([0, 20]), bytes.some(20)]);
  if (kind < 75) return Buffer.concat([Buffer.from([0x51, 32]), bytes.some(32)]);
  if (kind < 87) return Buffer.concat([Buffer.from([0xa9, 20]), bytes.some(20), Buffer.from([0x87])]);
  if (kind < 97) return Buffer.concat([Buffer.from([0x76, 0xa9, 20]), bytes.some(20), Buffer.from([0x88, 0xac])]);
  return Buffer.concat([Buffer.from([0x6a, 20]), bytes.some(20)]);
}

function outputOf(script: Buffer, value: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(value));
  return Buffer.concat([head, count(script.length), script]);
}

/** One with witnesses, three times in four; two outputs mostly, now and then a batch. */
function transaction(
  dice: Dice,
  bytes: Bytes,
  ours: Buffer | undefined,
): { bytes: Buffer; id: Buffer; outputs: number } {
  const inputs = 1 + dice.below(3);
  const outputs = dice.below(30) === 0 ? 10 + dice.below(60) : 2;
  const hasWitness = dice.below(4) > 0;
  const ins = Array.from({ length: inputs }, () => {
    const script = hasWitness ? Buffer.alloc(0) : bytes.some(107);
    return Buffer.concat([
      bytes.some(32),
      number32(dice.below(3)),
      count(script.length),
      script,
      Buffer.from('fdffffff', 'hex'),
    ]);
  });
  const outs = Array.from({ length: outputs }, (_, at) =>
    outputOf(at === 0 && ours ? ours : strangersScript(dice, bytes), 1000 + dice.below(100_000_000)),
  );
  const body = Buffer.concat([count(inputs), ...ins, count(outputs), ...outs]);
  const [version, lock] = [number32(2), number32(0)];
  const witness = hasWitness
    ? ins.map(() => Buffer.concat([Buffer.from([2, 71]), bytes.some(71), Buffer.from([33]), bytes.some(33)]))
    : [];
  const whole = hasWitness
    ? Buffer.concat([version, Buffer.from([0, 1]), body, ...witness, lock])
    : Buffer.concat([version, body, lock]);
  return { bytes: whole, id: hash(version, body, lock), outputs };
}

function coinbase(height: number): { bytes: Buffer; id: Buffer } {
  const script = Buffer.from([4, ...number32(height)]);
  const bytes = Buffer.concat([
    number32(1),
    count(1),
    Buffer.alloc(32),
    number32(0xffffffff),
    count(script.length),
    script,
    number32(0xffffffff),
    count(1),
    outputOf(Buffer.from([0x51]), 312_500_000),
    number32(0),
  ]);
  return { bytes, id: hash(bytes) };
}

function rootOf(ids: readonly Buffer[]): Buffer {
  let level = ids;
  while (level.length > 1)
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, at) =>
      hash(level[at * 2] as Buffer, level[at * 2 + 1] ?? (level[at * 2] as Buffer)),
    );
  return level[0] as Buffer;
}

function makeDay({ seed, blocks, blockBytes, paid, scripts }: DayWanted): {
  made: Made[];
  transactions: number;
  outputs: number;
} {
  const dice = new Dice(seed);
  const bytes = new Bytes(dice);
  const made: Made[] = [];
  let parent: Buffer = Buffer.from(GENESIS, 'hex').reverse();
  let [transactions, outputs] = [0, 0];
  for (let height = 1; height <= blocks; height++) {
    const first = coinbase(height);
    const [parts, ids] = [[first.bytes], [first.id]];
    for (let size = 0, at = 0; size < blockBytes; at++) {
      const ours =
        at % 50 === 0 && at / 50 < paid ? Buffer.from(scripts[dice.below(scripts.length)] ?? '', 'hex') : undefined;
      const one = transaction(dice, bytes, ours);
      size += one.bytes.length;
      parts.push(one.bytes);
      ids.push(one.id);
      outputs += one.outputs;
    }
    transactions += ids.length;
    const header = Buffer.concat([
      number32(0x20000000),
      parent,
      rootOf(ids),
      number32(1_700_000_000 + height * 600),
      number32(0x207fffff),
      number32(height),
    ]);
    parent = hash(header);
    made.push({ hash: shown(parent), bytes: Buffer.concat([header, count(ids.length), ...parts]) });
  }
  return { made, transactions, outputs };
}

/** What the scanner asks of Bitcoin Core. */
function answer(made: readonly Made[], method: string, params: readonly unknown[]): unknown {
  const hashes = [GENESIS, ...made.map((block) => block.hash)];
  if (method === 'getblockcount') return made.length;
  if (method === 'getblockhash') return hashes[Number(params[0])] ?? null;
  const height = hashes.indexOf(String(params[0]));
  if (method === 'getblockheader')
    return {
      hash: params[0],
      height,
      confirmations: made.length - height + 1,
      ...(height > 0 && { previousblockhash: hashes[height - 1] }),
    };
  if (method === 'getblock') return made[height - 1]?.bytes.toString('hex') ?? null;
  throw new Error(`not here: ${method}`);
}

process.once('message', (wanted: DayWanted) => {
  const { made, transactions, outputs } = makeDay(wanted);
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => void parts.push(part));
    request.on('end', () => {
      const { id, method, params } = JSON.parse(Buffer.concat(parts).toString()) as {
        id: unknown;
        method: string;
        params: unknown[];
      };
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ result: answer(made, method, params), error: null, id }));
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const day: DayMade = {
      port: (server.address() as AddressInfo).port,
      bytes: made.reduce((sum, block) => sum + block.bytes.length, 0),
      transactions,
      outputs,
    };
    process.send?.(day);
  });
});
process.on('disconnect', () => process.exit(0));
