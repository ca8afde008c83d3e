/** The rest of the world on a local TRON: pays, and is paid. */
import {
  HDNodeWallet,
  SigningKey,
  computeAddress,
  hexlify,
  id as keccak,
  parseUnits,
  formatUnits,
  randomBytes,
} from 'ethers';
import type { Mnemonic } from 'ethers';
import { FAUCET_KEY, LOCAL_TETHER } from './accounts';
import { askTron } from './start';
import { addressOfKey, base58Of, bytesOfTransaction, hexOf, rawBytes, transactionOf } from './wire';
import type { Json } from './wire';

const DECIMALS = 6;
const FEE_LIMIT = 500_000_000n;
const GOOD_FOR_MS = 600_000n;
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

interface Head {
  readonly blockID: string;
  readonly block_header: { readonly raw_data: { readonly number?: number; readonly timestamp: number } };
}

/** One contract, signed with a key, as a node takes it. */
export async function signedTron(
  url: string,
  key: SigningKey,
  type: string,
  value: Json,
  {
    feeLimit = FEE_LIMIT,
    permission,
    goodForMs = GOOD_FOR_MS,
  }: { feeLimit?: bigint; permission?: number; goodForMs?: bigint } = {},
): Promise<{ txid: string; hex: string }> {
  const {
    blockID,
    block_header: { raw_data: head },
  } = await askTron<Head>(url, 'wallet/getnowblock');
  const raw = rawBytes({
    contract: [
      {
        type,
        parameter: { value: { owner_address: addressOfKey(key.publicKey), ...value } },
        Permission_id: permission,
      },
    ],
    ref_block_bytes: ((head.number ?? 0) & 0xffff).toString(16).padStart(4, '0'),
    ref_block_hash: blockID.slice(16, 32),
    expiration: BigInt(head.timestamp) + goodForMs,
    // Two equal payments in one millisecond would be one.
    timestamp: BigInt(head.timestamp) + BigInt(hexlify(randomBytes(2))),
    ...(type === 'TriggerSmartContract' && { fee_limit: feeLimit }),
  });
  const { txID } = transactionOf(raw, []);
  const { r, s, v } = key.sign(`0x${txID}`);
  const signature = `${r.slice(2)}${s.slice(2)}${v.toString(16)}`;
  return {
    txid: txID,
    hex: bytesOfTransaction({ raw_data_hex: raw.toString('hex'), signature: [signature] }).toString('hex'),
  };
}

/** Hands signed bytes to the node; throws its words when it does not take them. */
export async function sendTron(url: string, { txid, hex }: { txid: string; hex: string }): Promise<string> {
  const said = await askTron<{ result?: boolean; code?: string; message?: string }>(url, 'wallet/broadcasthex', {
    transaction: hex,
  });
  if (said.result !== true) throw new Error(`${said.code}: ${Buffer.from(said.message ?? '', 'hex').toString()}`);
  return txid;
}

const word = (hex: string): string => hex.slice(-40).padStart(64, '0');
/** Data of a call of the USDT stand-in with an address and an amount. */
export const tokenCall = (name: 'transfer' | 'mint' | 'approve', to: string, units: bigint): string =>
  keccak(`${name}(address,uint256)`).slice(2, 10) + word(hexOf(to)) + units.toString(16).padStart(64, '0');

/** A payment of TRX or USDT out of the faucet, signed. Amount is a decimal string. */
export async function faucetPayment(
  url: string,
  to: string,
  asset: string,
  amount: string,
  goodForMs?: bigint,
): Promise<{ txid: string; hex: string }> {
  const units = parseUnits(amount, DECIMALS);
  const life = goodForMs === undefined ? {} : { goodForMs };
  if (asset === 'TRX')
    return signedTron(url, FAUCET_KEY, 'TransferContract', { to_address: hexOf(to), amount: units }, life);
  if (asset !== 'USDT') throw new Error(`the faucet of this chain has TRX and USDT, not ${asset}`);
  return signedTron(
    url,
    FAUCET_KEY,
    'TriggerSmartContract',
    { contract_address: hexOf(LOCAL_TETHER), data: tokenCall('transfer', to, units) },
    life,
  );
}

/** Pays TRX or USDT out of the faucet, without waiting. Amount is a decimal string. */
export const payTron = async (url: string, to: string, asset: string, amount: string): Promise<string> =>
  sendTron(url, await faucetPayment(url, to, asset, amount));

/** Gives coins of the local TRON away and waits until they are mined. Amount is a decimal string. */
export async function tronFaucet(
  url: string,
  to: string,
  asset: string,
  amount: string,
): Promise<{ txid: string; blockNumber: number }> {
  const txid = await payTron(url, to, asset, amount);
  for (let tries = 0; tries < 300; tries++) {
    const { blockNumber, result } = await askTron<{ blockNumber?: number; result?: string }>(
      url,
      'wallet/gettransactioninfobyid',
      { value: txid },
    );
    if (result === 'FAILED') throw new Error(`the faucet's transaction ${txid} failed`);
    if (blockNumber !== undefined) return { txid, blockNumber };
    await pause(100);
  }
  throw new Error(`the faucet's transaction ${txid} was not mined`);
}

/** What an address holds at the head of the local chain, as a decimal string. */
export async function tronBalance(url: string, address: string, asset: string): Promise<string> {
  if (asset === 'TRX')
    return trimmed(
      BigInt((await askTron<{ balance?: number | bigint }>(url, 'wallet/getaccount', { address })).balance ?? 0),
    );
  const asked = {
    owner_address: address,
    contract_address: LOCAL_TETHER,
    data: keccak('balanceOf(address)').slice(2, 10) + word(hexOf(address)),
  };
  const { constant_result: [output = '0'] = [] } = await askTron<{ constant_result?: string[] }>(
    url,
    'wallet/triggerconstantcontract',
    asked,
  );
  return trimmed(BigInt(`0x${output}`));
}

const trimmed = (units: bigint): string => formatUnits(units, DECIMALS).replace(/\.?0+$/, '');

/** The first four bytes of a call of this function: `transferFrom(address,address,uint256)`. */
export const selectorOf = (name: string): string => keccak(name).slice(2, 10);

/** The key of a deposit address of a seed: what a thief of it would have. */
export const depositKeyOf = (mnemonic: Mnemonic, index: number): SigningKey =>
  HDNodeWallet.fromMnemonic(mnemonic, `m/44'/195'/0'/0/${index}`).signingKey;

/** A key of somebody else, and its address. */
export function freshTron(): { key: SigningKey; address: string } {
  const key = new SigningKey(hexlify(randomBytes(32)));
  return { key, address: base58Of(`41${computeAddress(key.publicKey).slice(2).toLowerCase()}`) };
}
