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

/** The bytes to sign and their id: built by the library, and byte for byte what our own encoder makes. Throws NotExact. */
export function buildTron(payment: Payment, envelope: Envelope): { raw: Buffer; txid: string } {
  const coin = payment.kind === 'coin';
  const type = coin ? 'TransferContract' : 'TriggerSmartContract';
  const value = coin
    ? { owner_address: payment.from, to_address: payment.to, amount: numberOf(payment.sun) }
    : { owner_address: payment.from, contract_address: payment.contract, data: transferData(payment.to, payment.units) };
  const raw_data = {
    contract: [{ parameter: { value, type_url: `type.googleapis.com/protocol.${type}` }, type }],
    ref_block_bytes: envelope.blockBytes,
    ref_block_hash: envelope.blockHash,
    expiration: envelope.expiration,
    timestamp: envelope.timestamp,
    ...(!coin && { fee_limit: numberOf(payment.feeLimit) }),
  };
  const built = utils.transaction.txPbToRawDataHex(utils.transaction.txJsonToPb({ raw_data } as never)).toLowerCase();
  const raw = encodeRaw(payment, envelope);
  if (built !== raw.toString('hex')) throw new NotExact('the library and our own encoder make different bytes of one payment');
  return { raw, txid: txidOf(raw) };
}
