/**
 * Blocks, what waits for the next one, and what is solid. Everything is written down and carried out again at a start.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SigningKey } from 'ethers';
import artifact from '../evm/contracts/Tether.json';
import { FAUCET } from './accounts';
import { Ledger, Refused, int } from './ledger';
import type { Energy, Op, Outcome, Permission } from './ledger';
import { addressOfKey, base58Of, bytesOfTransaction, sha256, transactionFrom } from './wire';
import type { Json, Transaction } from './wire';

/** Named here so that the same chain comes out of every start. */
const GENESIS_MS = 1_700_000_000_000;
/**
 * USDT as on the main network: 64,285 and 130,285 units of energy for a receiver that has some and one that has none.
 */
const TETHER: Energy = { share: 38_596n, base: 15_261n };
const LONGEST_LIFE_MS = 86_400_000n;
/** A block's witness signs it on the real chain; here nobody does. */
const NO_SIGNATURE = '00'.repeat(65);

export interface Block {
  readonly number: number;
  readonly id: string;
  readonly parent: string;
  readonly at: number;
  readonly ops: readonly Op[];
  readonly done: readonly (Outcome & { readonly transaction: Transaction })[];
}

export interface ChainOptions {
  readonly packages: string;
  /** Where the blocks are written; without it they are gone at the end. */
  readonly dir?: string;
  /** Blocks on top of a block that make it solid. */
  readonly solidity: number;
}

export class TronChain {
  readonly blocks: Block[] = [];
  readonly byId = new Map<string, { block: Block; at: number }>();
  pending: { transaction: Transaction; size: number }[] = [];
  head!: Ledger;
  solid!: Ledger;
  private solidAt = 0;
  private shiftMs = 0;
  /** Faults. */
  solidStops = false;
  nextResult: string | undefined;

  private constructor(private readonly options: ChainOptions) {}

  static async open(options: ChainOptions): Promise<TronChain> {
    const chain = new TronChain(options);
    chain.blocks.push(await chain.blockOf(0, GENESIS_MS, [], '00'.repeat(32)));
    await chain.beginAgain();
    for (const line of chain.written()) {
      const entry = JSON.parse(line) as { cut: number } | { at: number; ops: Op[] };
      if ('cut' in entry) await chain.cut(entry.cut);
      else await chain.add(entry.at, entry.ops);
    }
    await chain.catchUp();
    // Clients cannot name block 0: its number is left out, as proto3 leaves every zero out.
    if (chain.tip.number === 0) await chain.mine();
    return chain;
  }

  private get file(): string | undefined {
    return this.options.dir && join(this.options.dir, 'blocks.jsonl');
  }

  private written(): string[] {
    if (this.options.dir) mkdirSync(this.options.dir, { recursive: true });
    if (!this.file || !existsSync(this.file)) return [];
    const lines = readFileSync(this.file, 'utf8').split('\n');
    // The last one was cut off by a kill, or is empty.
    return lines.slice(0, -1).filter((line) => line !== '');
  }

  private write(entry: object): void {
    if (this.file) appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
  }

  private async genesis(): Promise<Ledger> {
    const ledger = await Ledger.open(this.options.packages);
    const faucet = ledger.create(FAUCET, GENESIS_MS);
    await ledger.machine.add(FAUCET, 10n ** 17n);
    // TRC-10 tokens that call themselves like something of worth: 1000001 and 1000002, as bytes of text.
    for (const token of ['1000001', '1000002']) faucet.assets.set(Buffer.from(token).toString('hex'), 10n ** 15n);
    const tether = await ledger.deploy(FAUCET, artifact.bytecode, GENESIS_MS, TETHER);
    // All the dollars there are, too: `mint(address,uint256)`.
    const data = `40c10f19${FAUCET.slice(2).padStart(64, '0')}${(10n ** 18n).toString(16).padStart(64, '0')}`;
    await ledger.machine.call({ from: FAUCET, to: tether, data, value: 0n, gas: 1_000_000n, keep: true });
    return ledger;
  }

  private async beginAgain(): Promise<void> {
    [this.head, this.solid, this.solidAt] = [await this.genesis(), await this.genesis(), 0];
  }

  get tip(): Block {
    return this.blocks.at(-1) as Block;
  }

  /** Height of the newest block that cannot be lost. */
  get solidHeight(): number {
    return this.solidAt;
  }

  /** The time that the next block would bear. */
  now(): number {
    return Math.max(Date.now() + this.shiftMs, this.tip.at + 1);
  }

  advance(ms: number): void {
    this.shiftMs += ms;
  }

  private async blockOf(
    number: number,
    at: number,
    ops: readonly Op[],
    parent: string,
    done: Block['done'] = [],
  ): Promise<Block> {
    const ids = done.map(({ transaction }) => transaction.txID).join('');
    const hash = sha256(Buffer.from(JSON.stringify([number, at, parent, ids]))).toString('hex');
    return { number, at, parent, ops, done, id: number.toString(16).padStart(16, '0') + hash.slice(16) };
  }

  private async add(at: number, ops: readonly Op[]): Promise<Block> {
    const number = this.blocks.length;
    const done = await this.head.carryOut(ops, read, at, number);
    const block = await this.blockOf(number, at, ops, this.tip.id, done);
    this.blocks.push(block);
    done.forEach(({ transaction }, index) => this.byId.set(transaction.txID, { block, at: index }));
    return block;
  }

  /** Moves the solid state up to where it belongs. */
  private async catchUp(): Promise<void> {
    if (this.solidStops) return;
    while (this.solidAt < this.tip.number - this.options.solidity) {
      const block = this.blocks[++this.solidAt] as Block;
      await this.solid.carryOut(block.ops, read, block.at, block.number);
    }
  }

  /** A block of what waits; `ops` are carried out in it besides. `empty`: what waits goes on waiting. */
  async mine({ ops = [], empty = false }: { ops?: readonly Op[]; empty?: boolean } = {}): Promise<Block> {
    const at = this.now();
    const taken: Op[] = [...ops];
    const waiting = empty ? [] : this.pending.splice(0);
    // Each is tried on the state that the ones before it leave behind: so they are carried out one by one.
    const number = this.blocks.length;
    const done: Block['done'][number][] = await this.head.carryOut(ops, read, at, number);
    for (const { transaction, size } of waiting) {
      try {
        this.inTime(transaction, at);
        await this.head.validate(transaction, size, at);
      } catch (error) {
        if (error instanceof Refused) continue;
        throw error;
      }
      const op: Op = {
        k: 'tx',
        raw: bytesOfTransaction(transaction).toString('hex'),
        size,
        ...(this.nextResult !== undefined && { spoilt: this.nextResult }),
      };
      this.nextResult = undefined;
      taken.push(op);
      done.push(...(await this.head.carryOut([op], read, at, number)));
    }
    const block = await this.blockOf(number, at, taken, this.tip.id, done);
    this.write({ at, ops: taken });
    this.blocks.push(block);
    done.forEach(({ transaction }, index) => this.byId.set(transaction.txID, { block, at: index }));
    await this.catchUp();
    return block;
  }

  /** Loses the blocks above `height`; the states are made anew from the first block on. */
  private async cut(height: number): Promise<Transaction[]> {
    const kept = this.blocks.slice(1, height + 1);
    const lost = this.blocks.slice(height + 1).flatMap(({ done }) => done.map(({ transaction }) => transaction));
    this.blocks.length = 1;
    this.byId.clear();
    await this.beginAgain();
    for (const { at, ops } of kept) await this.add(at, ops);
    return lost;
  }

  /**
   * Replaces the newest blocks by empty ones, one more than there were. What was in them waits again, or is lost.
   * Never below what is solid.
   */
  async reorganise(depth: number, lose: boolean): Promise<void> {
    const height = this.tip.number - depth;
    if (height < this.solidAt || depth < 1) throw new Error(`block ${height + 1} is solid`);
    const lost = await this.cut(height);
    this.write({ cut: height });
    if (!lose)
      this.pending.push(...lost.map((transaction) => ({ transaction, size: bytesOfTransaction(transaction).length })));
    for (let n = 0; n <= depth; n++) await this.mine({ empty: true });
  }

  /** Takes a transaction, or throws Refused as a node does. */
  async broadcast(transaction: Transaction): Promise<void> {
    this.signedRightly(transaction);
    if (this.byId.has(transaction.txID) || this.pending.some(({ transaction: { txID } }) => txID === transaction.txID))
      throw new Refused('DUP_TRANSACTION_ERROR', 'Dup transaction.');
    this.inTime(transaction, this.tip.at);
    const { ref_block_bytes: place, ref_block_hash: hash } = transaction.raw_data;
    const named = this.blocks
      .slice(-65_536)
      .findLast(({ number }) => (number & 0xffff).toString(16).padStart(4, '0') === place);
    if (named?.id.slice(16, 32) !== hash) throw new Refused('TAPOS_ERROR', 'Tapos check error.');
    const size = bytesOfTransaction(transaction).length;
    await this.head.validate(transaction, size, this.tip.at);
    this.pending.push({ transaction, size });
  }

  private inTime({ raw_data: { expiration } }: Transaction, at: number): void {
    const end = int(expiration);
    if (end <= BigInt(at) || end > BigInt(at) + LONGEST_LIFE_MS)
      throw new Refused(
        'TRANSACTION_EXPIRATION_ERROR',
        `Transaction expired, transaction expiration time is ${end}, but headBlockTime is ${at}`,
      );
  }

  /** Every signature is of a key of the permission that is named, once, and together they weigh enough. */
  private signedRightly({ txID, raw_data, signature }: Transaction): void {
    const no = (why: string): never => {
      throw new Refused('SIGERROR', `Validate signature error: ${why}`);
    };
    const { parameter, Permission_id: id = 0n, type } = raw_data.contract[0];
    const owner = String(parameter.value.owner_address ?? '');
    const account = this.head.accounts.get(owner);
    const permission = account && (id === 0n ? account.owner : account.actives.find((one) => one.id === id));
    if (signature.length === 0) no('miss sig or contract');
    // An account that nobody has paid yet has the permissions it would be born with.
    const keys =
      (permission as Permission | undefined)?.keys ??
      (id === 0n && !account ? [{ address: owner, weight: 1n }] : no("permission isn't exit"));
    if (id !== 0n && type === 'AccountPermissionUpdateContract') no('Permission denied');
    const seen = new Set<string>();
    let weight = 0n;
    for (const text of signature) {
      const signer = signerOf(txID, text) ?? no(`Signature size is ${text.length / 2}`);
      if (seen.has(signer)) no(`${base58Of(signer)} has signed twice!`);
      seen.add(signer);
      weight +=
        keys.find(({ address }) => address === signer)?.weight ??
        no(`${text} is signed by ${base58Of(signer)} but it is not contained of permission.`);
    }
    if (weight < (permission?.threshold ?? 1n)) no('signature weight is not enough');
  }

  /** A block as the HTTP API shows it. */
  show({ number, id, parent, at, done }: Block, detail = true): Json {
    const root = sha256(Buffer.from(done.map(({ transaction }) => transaction.txID).join(''), 'hex')).toString('hex');
    const raw = {
      ...(number > 0 && { number }),
      txTrieRoot: root,
      witness_address: FAUCET,
      parentHash: parent,
      version: 34,
      timestamp: at,
    };
    const transactions = done.map(({ ret, transaction }) => ({ ret: [{ contractRet: ret }], ...transaction }));
    return {
      blockID: id,
      block_header: { raw_data: raw, witness_signature: NO_SIGNATURE },
      ...(detail && transactions.length > 0 && { transactions }),
    };
  }
}

const read = (raw: string): Transaction => transactionFrom(Buffer.from(raw, 'hex'));

/** Whose signature this is; undefined when it is none. Its last byte is 27 or 28, or 0 or 1. */
function signerOf(txID: string, text: string): string | undefined {
  try {
    const bytes = Buffer.from(text.replace(/^0x/, ''), 'hex');
    if (bytes.length !== 65) return undefined;
    const v = (bytes[64] ?? 0) < 27 ? (bytes[64] ?? 0) + 27 : (bytes[64] ?? 0);
    const [r, s] = [`0x${bytes.subarray(0, 32).toString('hex')}`, `0x${bytes.subarray(32, 64).toString('hex')}`];
    return addressOfKey(SigningKey.recoverPublicKey(`0x${txID}`, { r, s, v }));
  } catch {
    return undefined;
  }
}
