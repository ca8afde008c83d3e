import { randomBytes } from 'node:crypto';
import { Transaction, address as codec, networks, payments } from 'bitcoinjs-lib';
import { askBitcoin } from './start';

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Gives coins of the local Bitcoin away and waits until they are mined. Amount is a decimal string. */
export async function bitcoinFaucet(
  url: string,
  to: string,
  amount: string,
): Promise<{ txid: string; blockNumber: number }> {
  const txid = await askBitcoin<string>(url, 'sendtoaddress', to, amount);
  for (let tries = 0; tries < 300; tries++) {
    const { blockhash } = await askBitcoin<{ blockhash?: string }>(url, 'getrawtransaction', txid, true);
    if (blockhash)
      return {
        txid,
        blockNumber: (await askBitcoin<{ height: number }>(url, 'getblockheader', blockhash, true)).height,
      };
    await pause(100);
  }
  throw new Error(`the faucet's transaction ${txid} was not mined`);
}

/** What a transaction pays to an address, as a decimal string. */
export async function paidBy(url: string, txid: string, to: string): Promise<string> {
  const script = Buffer.from(codec.toOutputScript(to, networks.regtest));
  const outs = Transaction.fromHex(await askBitcoin<string>(url, 'getrawtransaction', txid)).outs.filter((out) =>
    script.equals(out.script),
  );
  const satoshi = outs
    .reduce((sum, { value }) => sum + value, 0n)
    .toString()
    .padStart(9, '0');
  return `${satoshi.slice(0, -8)}.${satoshi.slice(-8)}`.replace(/\.?0+$/, '');
}

/** An address of somebody else, to which only this machine ever pays. */
export const strangersAddress = (): string =>
  payments.p2wpkh({ hash: randomBytes(20), network: networks.regtest }).address ?? '';
