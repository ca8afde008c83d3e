/**
 * Our own encoder of the kinds of transaction that we make: what the library built must be these bytes, or nothing is
 * signed.
 */

/** What a stake gives. */
export type Resource = 'BANDWIDTH' | 'ENERGY';

/** What a transaction does. Addresses are 41 and forty hexadecimal digits. */
export type Payment =
  | { readonly kind: 'coin'; readonly from: string; readonly to: string; readonly sun: bigint }
  | {
      readonly kind: 'token';
      readonly from: string;
      readonly contract: string;
      readonly to: string;
      readonly units: bigint;
      /** Sun: the most energy may cost. */ readonly feeLimit: bigint;
    }
  /** TRX becomes stake, or stops being it and waits. */
  | { readonly kind: 'stake' | 'unstake'; readonly from: string; readonly resource: Resource; readonly sun: bigint }
  /** What has waited long enough becomes TRX again. */
  | { readonly kind: 'claim'; readonly from: string }
  /** The energy of so much of our stake is another account's, without a lock, or ours again. */
  | { readonly kind: 'delegate' | 'undelegate'; readonly from: string; readonly to: string; readonly sun: bigint };

/** What makes it of one chain and one time: a block it stands on, and when it ends. Times in milliseconds. */
export interface Envelope {
  /** Bytes 6 and 7 of the block's number, and 8 to 15 of its id. */
  readonly blockBytes: string;
  readonly blockHash: string;
  readonly timestamp: number;
  readonly expiration: number;
}

/** `transfer(address,uint256)` */
const TRANSFER = 'a9059cbb';
const VARINT = 0;
const BYTES = 2;

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    // Seven bits at a time: a byte, whatever the value.
    if (rest < 128n) return [...bytes, byteOf(rest)];
    bytes.push(byteOf(rest & 127n) | 128);
  }
}

const byteOf = (bits: bigint): number => Number(bits);
const number = (field: number, value: bigint): number[] =>
  value === 0n ? [] : [...varint(BigInt(field * 8 + VARINT)), ...varint(value)];
const bytes = (field: number, value: readonly number[]): number[] => [
  ...varint(BigInt(field * 8 + BYTES)),
  ...varint(BigInt(value.length)),
  ...value,
];
const hex = (field: number, value: string): number[] => bytes(field, [...Buffer.from(value, 'hex')]);

/** Call data of a token's transfer. */
export const transferData = (to: string, units: bigint): string =>
  TRANSFER + to.slice(-40).padStart(64, '0') + units.toString(16).padStart(64, '0');

const ENERGY = 1n;
const resourceOf = (resource: Resource): bigint => (resource === 'ENERGY' ? ENERGY : 0n);

/** The contract's number and name, and its fields. */
function contractOf(payment: Payment): { type: bigint; name: string; value: number[] } {
  const from = hex(1, payment.from);
  switch (payment.kind) {
    case 'coin':
      return { type: 1n, name: 'TransferContract', value: [...from, ...hex(2, payment.to), ...number(3, payment.sun)] };
    case 'token':
      return {
        type: 31n,
        name: 'TriggerSmartContract',
        value: [...from, ...hex(2, payment.contract), ...hex(4, transferData(payment.to, payment.units))],
      };
    case 'stake':
      return {
        type: 54n,
        name: 'FreezeBalanceV2Contract',
        value: [...from, ...number(2, payment.sun), ...number(3, resourceOf(payment.resource))],
      };
    case 'unstake':
      return {
        type: 55n,
        name: 'UnfreezeBalanceV2Contract',
        value: [...from, ...number(2, payment.sun), ...number(3, resourceOf(payment.resource))],
      };
    case 'claim':
      return { type: 56n, name: 'WithdrawExpireUnfreezeContract', value: from };
    case 'delegate':
      return {
        type: 57n,
        name: 'DelegateResourceContract',
        value: [...from, ...number(2, ENERGY), ...number(3, payment.sun), ...hex(4, payment.to)],
      };
    default:
      return {
        type: 58n,
        name: 'UnDelegateResourceContract',
        value: [...from, ...number(2, ENERGY), ...number(3, payment.sun), ...hex(4, payment.to)],
      };
  }
}

/** The bytes that are signed. */
export function encodeRaw(payment: Payment, { blockBytes, blockHash, timestamp, expiration }: Envelope): Buffer {
  const { type, name, value } = contractOf(payment);
  const contract = [
    ...number(1, type),
    ...bytes(2, [...bytes(1, [...Buffer.from(`type.googleapis.com/protocol.${name}`)]), ...bytes(2, value)]),
  ];
  const feeLimit = payment.kind === 'token' ? payment.feeLimit : 0n;
  return Buffer.from([
    ...hex(1, blockBytes),
    ...hex(4, blockHash),
    ...number(8, BigInt(expiration)),
    ...bytes(11, contract),
    ...number(14, BigInt(timestamp)),
    ...number(18, feeLimit),
  ]);
}

/** A signed transaction as a node takes it. */
export const encodeSigned = (raw: Uint8Array, signature: string): string =>
  Buffer.from([...bytes(1, [...raw]), ...hex(2, signature)]).toString('hex');

/** The parts of signed bytes of ours; throws on bytes of any other form. */
export function decodeSigned(signed: string): {
  readonly raw: Buffer;
  readonly signature: string;
  readonly envelope: Envelope;
} {
  const [raw, signature] = [field(Buffer.from(signed, 'hex'), 1), field(Buffer.from(signed, 'hex'), 2)];
  if (!Buffer.isBuffer(raw) || !Buffer.isBuffer(signature)) throw new Error('this is no signed transaction');
  const [blockBytes, blockHash, expiration, timestamp] = [field(raw, 1), field(raw, 4), field(raw, 8), field(raw, 14)];
  if (
    !Buffer.isBuffer(blockBytes) ||
    !Buffer.isBuffer(blockHash) ||
    typeof expiration !== 'number' ||
    typeof timestamp !== 'number'
  )
    throw new Error('this is no transaction');
  return {
    raw,
    signature: signature.toString('hex'),
    envelope: { blockBytes: blockBytes.toString('hex'), blockHash: blockHash.toString('hex'), timestamp, expiration },
  };
}

/** The first field of this number: bytes, or a number that is exact. */
function field(message: Buffer, wanted: number): Buffer | number | undefined {
  let at = 0;
  const read = (): number => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = message[at++];
      if (byte === undefined || shift > 49n) throw new Error('cut off');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(value);
      shift += 7n;
    }
  };
  while (at < message.length) {
    const key = read();
    const value = read();
    if ((key & 7) !== VARINT && (key & 7) !== BYTES) throw new Error('a field of an unknown kind');
    const part = (key & 7) === BYTES ? message.subarray(at, (at += value)) : value;
    if (key >> 3 === wanted) return part;
  }
  return undefined;
}
