/** TRON's transactions as bytes: what is signed is these, whatever the JSON around them says. */
import { createHash } from 'node:crypto';
import { decodeBase58, encodeBase58, keccak256, toBeHex } from 'ethers';

export type Json = Record<string, unknown>;
type Kind = 'int' | 'bool' | 'bytes' | 'text' | 'role' | 'resource' | Schema;
type Field = readonly [no: number, name: string, kind: Kind, many?: boolean];
type Schema = readonly Field[];

/** Enumerations are written by their names. */
const NAMES: Readonly<Record<'role' | 'resource', readonly string[]>> = {
  role: ['Owner', 'Witness', 'Active'],
  resource: ['BANDWIDTH', 'ENERGY', 'TRON_POWER'],
};
const isName = (kind: Kind): kind is 'role' | 'resource' => kind === 'role' || kind === 'resource';
const KEY: Schema = [
  [1, 'address', 'bytes'],
  [2, 'weight', 'int'],
];
const PERMISSION: Schema = [
  [1, 'type', 'role'],
  [2, 'id', 'int'],
  [3, 'permission_name', 'text'],
  [4, 'threshold', 'int'],
  [5, 'parent_id', 'int'],
  [6, 'operations', 'bytes'],
  [7, 'keys', KEY, true],
];

/** The contracts that the emulator carries out, by name: their number on the wire and their fields. */
export const CONTRACTS: Readonly<Record<string, { readonly type: bigint; readonly fields: Schema }>> = {
  TransferContract: {
    type: 1n,
    fields: [
      [1, 'owner_address', 'bytes'],
      [2, 'to_address', 'bytes'],
      [3, 'amount', 'int'],
    ],
  },
  TransferAssetContract: {
    type: 2n,
    fields: [
      [1, 'asset_name', 'bytes'],
      [2, 'owner_address', 'bytes'],
      [3, 'to_address', 'bytes'],
      [4, 'amount', 'int'],
    ],
  },
  TriggerSmartContract: {
    type: 31n,
    fields: [
      [1, 'owner_address', 'bytes'],
      [2, 'contract_address', 'bytes'],
      [3, 'call_value', 'int'],
      [4, 'data', 'bytes'],
      [5, 'call_token_value', 'int'],
      [6, 'token_id', 'int'],
    ],
  },
  FreezeBalanceV2Contract: {
    type: 54n,
    fields: [
      [1, 'owner_address', 'bytes'],
      [2, 'frozen_balance', 'int'],
      [3, 'resource', 'resource'],
    ],
  },
  UnfreezeBalanceV2Contract: {
    type: 55n,
    fields: [
      [1, 'owner_address', 'bytes'],
      [2, 'unfreeze_balance', 'int'],
      [3, 'resource', 'resource'],
    ],
  },
  WithdrawExpireUnfreezeContract: { type: 56n, fields: [[1, 'owner_address', 'bytes']] },
  DelegateResourceContract: {
    type: 57n,
    fields: [
      [1, 'owner_address', 'bytes'],
      [2, 'resource', 'resource'],
      [3, 'balance', 'int'],
      [4, 'receiver_address', 'bytes'],
      [5, 'lock', 'bool'],
      [6, 'lock_period', 'int'],
    ],
  },
  UnDelegateResourceContract: {
    type: 58n,
    fields: [
      [1, 'owner_address', 'bytes'],
      [2, 'resource', 'resource'],
      [3, 'balance', 'int'],
      [4, 'receiver_address', 'bytes'],
    ],
  },
  AccountPermissionUpdateContract: {
    type: 46n,
    fields: [
      [1, 'owner_address', 'bytes'],
      [2, 'owner', PERMISSION],
      [3, 'witness', PERMISSION],
      [4, 'actives', PERMISSION, true],
    ],
  },
};
const ANY: Schema = [
  [1, 'type_url', 'text'],
  [2, 'value', 'bytes'],
];
const CONTRACT: Schema = [
  [1, 'type', 'int'],
  [2, 'parameter', ANY],
  [5, 'Permission_id', 'int'],
];
const RAW: Schema = [
  [1, 'ref_block_bytes', 'bytes'],
  [3, 'ref_block_num', 'int'],
  [4, 'ref_block_hash', 'bytes'],
  [8, 'expiration', 'int'],
  [10, 'data', 'bytes'],
  [11, 'contract', CONTRACT, true],
  [14, 'timestamp', 'int'],
  [18, 'fee_limit', 'int'],
];
const TRANSACTION: Schema = [
  [1, 'raw_data', 'bytes'],
  [2, 'signature', 'bytes', true],
];

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}

const sized = (no: number, bytes: Buffer): Buffer =>
  Buffer.concat([varint(BigInt(no * 8 + 2)), varint(BigInt(bytes.length)), bytes]);

function encodeOne([no, name, kind]: Field, value: unknown): Buffer {
  if (kind === 'int' || kind === 'bool' || isName(kind)) {
    const number =
      isName(kind) && NAMES[kind].includes(String(value))
        ? BigInt(NAMES[kind].indexOf(String(value)))
        : BigInt(value as string | number | boolean);
    return number === 0n ? Buffer.alloc(0) : Buffer.concat([varint(BigInt(no * 8)), varint(number)]);
  }
  const bytes =
    kind === 'text'
      ? Buffer.from(String(value))
      : kind === 'bytes'
        ? bytesOf(name, String(value))
        : encode(kind, value as Json);
  return bytes.length === 0 && typeof kind === 'string' ? bytes : sized(no, bytes);
}

/** Hexadecimal, or an address in base 58. */
function bytesOf(name: string, text: string): Buffer {
  const hex = /^T[1-9A-HJ-NP-Za-km-z]{33}$/.test(text) ? hexOf(text) : text;
  if (!/^([0-9a-fA-F]{2})*$/.test(hex)) throw new Error(`${name} is not hexadecimal`);
  return Buffer.from(hex, 'hex');
}

function encode(schema: Schema, value: Json): Buffer {
  const parts = schema.flatMap((field) => {
    const given = value[field[1]];
    if (given === undefined || given === null) return [];
    return (field[3] ? (given as unknown[]) : [given]).map((one) => encodeOne(field, one));
  });
  return Buffer.concat(parts);
}

function decode(schema: Schema, bytes: Buffer): Json {
  const result: Json = {};
  let at = 0;
  const read = (): bigint => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 63n) throw new Error('cut off');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
      shift += 7n;
    }
  };
  while (at < bytes.length) {
    const key = Number(read());
    const field = schema.find(([no]) => no === key >> 3);
    if (!field || (key & 7) !== (typeof field[2] === 'string' && !['bytes', 'text'].includes(field[2]) ? 0 : 2))
      throw new Error(`a field ${key >> 3} that the emulator does not know`);
    const [, name, kind, many] = field;
    let value: unknown = read();
    if (isName(kind)) value = NAMES[kind][Number(value)];
    if (kind === 'bool') value = value === 1n;
    if ((key & 7) === 2) {
      const part = bytes.subarray(at, (at += Number(value)));
      value =
        kind === 'text' ? part.toString() : kind === 'bytes' ? part.toString('hex') : decode(kind as Schema, part);
    }
    if (many) result[name] = [...((result[name] as unknown[] | undefined) ?? []), value];
    else result[name] = value;
  }
  return result;
}

export const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

export interface RawData extends Json {
  readonly ref_block_bytes: string;
  readonly ref_block_hash: string;
  readonly expiration: bigint;
  readonly contract: readonly [
    {
      readonly type: string;
      readonly parameter: { readonly value: Json; readonly type_url: string };
      readonly Permission_id?: bigint;
    },
  ];
}

/** A transaction as everybody sees it, made from its bytes. */
export interface Transaction {
  readonly txID: string;
  readonly raw_data: RawData;
  readonly raw_data_hex: string;
  readonly signature: readonly string[];
}

/** Encodes what the JSON of a `raw_data` says; its own `raw_data_hex` and `txID` count for nothing. */
export function rawBytes(raw: Json): Buffer {
  const contracts = (raw.contract as { type: string; parameter: { value: Json }; Permission_id?: unknown }[]).map(
    ({ type, parameter, Permission_id }) => {
      const known = CONTRACTS[type];
      if (!known) throw new Error(`${type} is not carried out by this emulator`);
      return {
        type: known.type,
        parameter: {
          type_url: `type.googleapis.com/protocol.${type}`,
          value: encode(known.fields, parameter.value).toString('hex'),
        },
        Permission_id,
      };
    },
  );
  return encode(RAW, { ...raw, contract: contracts });
}

export function transactionOf(raw: Buffer, signature: readonly string[]): Transaction {
  const decoded = decode(RAW, raw);
  const contract = (decoded.contract as { type?: bigint; parameter: { value: string }; Permission_id?: bigint }[]).map(
    ({ type, parameter, Permission_id }) => {
      const [name, known] = Object.entries(CONTRACTS).find(([, { type: number }]) => number === type) ?? [];
      if (!name || !known) throw new Error(`contract ${type} is not carried out by this emulator`);
      const value = decode(known.fields, Buffer.from(parameter.value ?? '', 'hex'));
      return {
        parameter: { value, type_url: `type.googleapis.com/protocol.${name}` },
        type: name,
        ...(Permission_id && { Permission_id }),
      };
    },
  );
  if (contract.length !== 1) throw new Error('a transaction has one contract');
  return {
    txID: sha256(raw).toString('hex'),
    raw_data: { ...decoded, contract } as unknown as RawData,
    raw_data_hex: raw.toString('hex'),
    signature,
  };
}

/** The whole transaction as bytes. */
export const bytesOfTransaction = ({
  raw_data_hex: raw_data,
  signature,
}: Pick<Transaction, 'raw_data_hex' | 'signature'>): Buffer => encode(TRANSACTION, { raw_data, signature });

export function transactionFrom(bytes: Buffer): Transaction {
  const { raw_data = '', signature = [] } = decode(TRANSACTION, bytes) as { raw_data?: string; signature?: string[] };
  return transactionOf(Buffer.from(raw_data, 'hex'), signature);
}

/** 41 and twenty bytes, in lower case, of either spelling; throws when it is no address. */
export function hexOf(text: string): string {
  if (/^41[0-9a-fA-F]{40}$/.test(text)) return text.toLowerCase();
  const hex = /^T[1-9A-HJ-NP-Za-km-z]{33}$/.test(text) ? toBeHex(decodeBase58(text), 25).slice(2) : '';
  const body = Buffer.from(hex.slice(0, 42), 'hex');
  if (body[0] !== 0x41 || sha256(sha256(body)).subarray(0, 4).toString('hex') !== hex.slice(42))
    throw new Error(`${text} is no address`);
  return hex.slice(0, 42);
}

export function base58Of(hex: string): string {
  const body = Buffer.from(hex, 'hex');
  return encodeBase58(Buffer.concat([body, sha256(sha256(body)).subarray(0, 4)]));
}

/** The address of an uncompressed public key (65 bytes, hexadecimal with 0x). */
export const addressOfKey = (publicKey: string): string => `41${keccak256(`0x${publicKey.slice(4)}`).slice(-40)}`;
