import { utils } from 'tronweb';
import { txidOf } from './addresses';
import { encodeRaw, transferData } from './wire';
import type { Envelope, Payment } from './wire';

/** A transaction that could not be built exactly: the library and our own encoder differ. Nothing of it is signed. */
export class NotExact extends Error {
  override readonly name = 'NotExact';
}

/** The library counts in numbers: what it cannot hold it would write wrongly, so it is not asked. */
function numberOf(count: bigint): number {
  const number = Number(count);
  if (!Number.isSafeInteger(number)) throw new NotExact(`${count} is more than the library can count`);
  return number;
}

/** The same as the library says it: the contract's name and its fields. */
function contractOf(payment: Payment): { type: string; value: Record<string, unknown> } {
  const owner_address = payment.from;
  switch (payment.kind) {
    case 'coin':
      return {
        type: 'TransferContract',
        value: { owner_address, to_address: payment.to, amount: numberOf(payment.sun) },
      };
    case 'token':
      return {
        type: 'TriggerSmartContract',
        value: { owner_address, contract_address: payment.contract, data: transferData(payment.to, payment.units) },
      };
    case 'stake':
      return {
        type: 'FreezeBalanceV2Contract',
        value: { owner_address, frozen_balance: numberOf(payment.sun), resource: payment.resource },
      };
    case 'unstake':
      return {
        type: 'UnfreezeBalanceV2Contract',
        value: { owner_address, unfreeze_balance: numberOf(payment.sun), resource: payment.resource },
      };
    case 'claim':
      return { type: 'WithdrawExpireUnfreezeContract', value: { owner_address } };
    case 'delegate':
      return {
        type: 'DelegateResourceContract',
        value: {
          owner_address,
          receiver_address: payment.to,
          balance: numberOf(payment.sun),
          resource: 'ENERGY',
          lock: false,
          lock_period: 0,
        },
      };
    default:
      return {
        type: 'UnDelegateResourceContract',
        value: { owner_address, receiver_address: payment.to, balance: numberOf(payment.sun), resource: 'ENERGY' },
      };
  }
}

/**
 * The bytes to sign and their id: built by the library, and byte for byte what our own encoder makes. Throws NotExact.
 */
export function buildTron(payment: Payment, envelope: Envelope): { raw: Buffer; txid: string } {
  const { type, value } = contractOf(payment);
  const raw_data = {
    contract: [{ parameter: { value, type_url: `type.googleapis.com/protocol.${type}` }, type }],
    ref_block_bytes: envelope.blockBytes,
    ref_block_hash: envelope.blockHash,
    expiration: envelope.expiration,
    timestamp: envelope.timestamp,
    ...(payment.kind === 'token' && { fee_limit: numberOf(payment.feeLimit) }),
  };
  const built = utils.transaction.txPbToRawDataHex(utils.transaction.txJsonToPb({ raw_data } as never)).toLowerCase();
  const raw = encodeRaw(payment, envelope);
  if (built !== raw.toString('hex'))
    throw new NotExact('the library and our own encoder make different bytes of one payment');
  return { raw, txid: txidOf(raw) };
}
