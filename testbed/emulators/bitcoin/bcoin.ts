/** What we use of bcoin 1.0.2, which has no types, and how it is opened as a Bitcoin Core on regtest would be. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** bcoin's hashes are hex in the order of the bytes; people and Core turn them round. */
export type Hash = string;

export interface Script {
  toRaw(): Buffer;
  toASM(): string;
}
export interface Input {
  readonly prevout: { readonly hash: Hash; readonly index: number; txid(): string };
  readonly script: Script;
  readonly witness: { readonly items: Buffer[] };
  readonly sequence: number;
}
export interface Tx {
  readonly version: number;
  readonly locktime: number;
  readonly inputs: Input[];
  readonly outputs: { readonly value: number; readonly script: Script }[];
  hash(encoding: 'hex'): Hash;
  txid(): string;
  wtxid(): string;
  toRaw(): Buffer;
  isCoinbase(): boolean;
  getSize(): number;
  getVirtualSize(): number;
  getWeight(): number;
  getOutputValue(): number;
}
export interface Coin {
  readonly value: number;
  readonly height: number;
  readonly coinbase: boolean;
  readonly script: Script;
  readonly hash: Hash;
  readonly index: number;
}
export interface Block {
  readonly txs: Tx[];
  hash(encoding: 'hex'): Hash;
  rhash(): string;
  toRaw(): Buffer;
  getSize(): number;
  getWeight(): number;
}
/** A block's place in the chain. */
export interface Place {
  readonly hash: Hash;
  readonly height: number;
  readonly version: number;
  readonly prevBlock: Hash;
  readonly merkleRoot: Hash;
  readonly time: number;
  readonly bits: number;
  readonly nonce: number;
  readonly chainwork: { toString(radix: 'hex', padding: number): string };
  rhash(): string;
  toRaw(): Buffer;
}
export interface MempoolEntry {
  readonly tx: Tx;
  readonly fee: number;
  readonly time: number;
  readonly height: number;
}
interface Job {
  readonly attempt: { items: unknown[]; fees: number };
  addTX(tx: Tx, view: unknown): boolean;
  refresh(): void;
  mineAsync(): Promise<Block>;
}
export interface Node {
  readonly chain: {
    readonly tip: Place;
    readonly height: number;
    readonly options: { checkpoints: boolean };
    add(block: Block): Promise<Place | null>;
    getBlock(hash: Hash): Promise<Block | null>;
    getEntry(hash: Hash): Promise<Place | null>;
    getHash(height: number): Promise<Hash | null>;
    getNextHash(hash: Hash): Promise<Hash | null>;
    getMedianTime(place: Place): Promise<number>;
    getCoin(hash: Hash, index: number): Promise<Coin | null>;
    getCoinsByAddress(addresses: unknown[]): Promise<Coin[]>;
    getCoinView(tx: Tx): Promise<unknown>;
    hasCoins(tx: Tx): Promise<boolean>;
    invalidate(hash: Hash): Promise<void>;
    removeInvalid(hash: Hash): void;
  };
  readonly mempool: {
    readonly map: Map<Hash, MempoolEntry>;
    readonly cache: { flush(): Promise<void> };
    addTX(tx: Tx): Promise<unknown>;
    evictEntry(entry: MempoolEntry): void;
    getEntry(hash: Hash): MempoolEntry | undefined;
    getCoin(hash: Hash, index: number): Coin | null;
    getSpent(hash: Hash, index: number): MempoolEntry | undefined;
    getDescendants(entry: MempoolEntry): MempoolEntry[];
    isSpent(hash: Hash, index: number): boolean;
    removeOrphan(hash: Hash): void;
  };
  readonly miner: {
    readonly cpu: { createJob(tip: Place | null, address: unknown): Promise<Job> };
    readonly options: { maxWeight: number };
  };
  readonly pool: { forceSync: () => void };
  ensure(): Promise<void>;
  open(): Promise<void>;
  close(): Promise<void>;
  getMeta(hash: Hash): Promise<{ tx: Tx; block: Hash; height: number; time: number } | null>;
  on(name: 'error', listener: (error: Error) => void): void;
}
interface Ring {
  getAddress(): unknown;
}
interface Mutable {
  addOutput(address: unknown, value: number): void;
  fund(coins: Coin[], options: { rate: number; height: number; changeAddress: unknown }): Promise<void>;
  sign(ring: Ring): number;
  toTX(): Tx;
}

export interface Bcoin {
  readonly node: Node;
  /** The key that mines here; it holds nothing of worth. */
  readonly miner: Ring;
  newTransaction(): Mutable;
  /** Throws when it is no transaction. */
  readTransaction(raw: Buffer): Tx;
  /** Throws when it is no address of regtest. */
  readAddress(text: string): unknown;
}

const MINER_KEY = Buffer.alloc(32, 1);

/** Opens the node in `dir`. `packages` is where bcoin is installed. Nothing listens but what we open ourselves. */
export async function openBcoin(packages: string, dir: string): Promise<Bcoin> {
  const load = createRequire(join(packages, 'package.json'));
  useScript(load, 'mrmr/lib/murmur3', 'mrmr/lib/murmur3-browser');
  openRanges(load);
  const networks = load('bcoin/lib/protocol/networks') as { regtest: { addressPrefix: object } };
  // As Bitcoin Core has them.
  Object.assign(networks.regtest.addressPrefix, { pubkeyhash: 0x6f, scripthash: 0xc4, bech32: 'bcrt' });
  const FullNode = load('bcoin/lib/node/fullnode') as new (options: object) => Node;
  const TX = load('bcoin/lib/primitives/tx') as { fromRaw(raw: Buffer): Tx };
  const MTX = load('bcoin/lib/primitives/mtx') as new () => Mutable;
  const Address = load('bcoin/lib/primitives/address') as { fromString(text: string, network: string): unknown };
  const KeyRing = load('bcoin/lib/primitives/keyring') as { fromOptions(options: object): Ring };
  const options = {
    network: 'regtest',
    prefix: dir,
    memory: false,
    workers: false,
    listen: false,
    logLevel: 'none',
    logFile: false,
    indexTX: true,
    indexAddress: true,
    persistentMempool: true,
    apiKey: 'unused',
    requireStandard: false,
    limitFree: true,
    relayPriority: false,
    mempoolFullFee: 0,
  };
  // Its own RPC is not Core's: it is made, and never opened.
  const node = new FullNode(options);
  const http = (node as unknown as { http?: { open: () => Promise<void>; close: () => Promise<void> } }).http;
  if (http) Object.assign(http, { open: async () => undefined, close: async () => undefined });
  node.on('error', () => undefined);
  await node.ensure();
  await node.open();
  node.pool.forceSync = () => undefined;
  node.chain.options.checkpoints = false;
  return {
    node,
    miner: KeyRing.fromOptions({ key: MINER_KEY, compressed: true, witness: true }),
    newTransaction: () => new MTX(),
    readTransaction: (raw) => TX.fromRaw(raw),
    readAddress: (text) => Address.fromString(text, 'regtest'),
  };
}

/** The part of a package that is written in JavaScript, in place of the one that would have to be compiled. */
function useScript(load: NodeJS.Require, native: string, script: string): void {
  const id = load.resolve(native);
  load.cache[id] = {
    id,
    filename: id,
    path: id,
    loaded: true,
    exports: load(script) as unknown,
    children: [],
    paths: [],
    require: load,
    isPreloading: false,
    parent: null,
  };
}

/**
 * bcoin writes null where a range of its database has no bound. The driver that runs on today's Node takes null for a
 * bound, and would find nothing: no coins of an address, no waiting transactions after a restart.
 */
function openRanges(load: NodeJS.Require): void {
  const { prototype } = load('leveldown') as { prototype: { iterator(options: object): unknown } };
  const { iterator } = prototype;
  prototype.iterator = function withoutNulls(options) {
    return iterator.call(this, Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null)));
  };
}
