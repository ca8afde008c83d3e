import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SigningKey, formatUnits } from 'ethers';
import { faucetPayment, freshTron, sendTron } from '../tron/faucet';
import { askTron } from '../tron/start';
import { addressOfKey, base58Of, hexOf } from '../tron/wire';
import { Capital } from './capital';
import type { FollowedBlock } from './capital';
import type { Exchange } from './exchange';
import type { Deposit, TronChainConfig, Withdrawal } from './types';

const DECIMALS = 6;
const TRANSFER = 'ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
/** Nearly a day: as long as the chain lets a payout wait. */
const PAYOUT_LIFE_MS = 80_000_000n;

interface Info {
  readonly id: string;
  readonly result?: string;
  readonly log?: readonly { address: string; topics: string[]; data?: string }[];
}
interface TronBlock extends FollowedBlock {
  readonly transactions: readonly {
    txID: string;
    ret: { contractRet: string }[];
    raw_data: { contract: { type: string; parameter: { value: Record<string, unknown> } }[] };
  }[];
  readonly infos: readonly Info[];
}

/** Deposits and withdrawals tied to the local TRON. Solid blocks alone are read. */
export class TronCapital extends Capital<TronBlock> {
  private readonly own: string;
  protected readonly addressRegex = '^T[1-9A-HJ-NP-Za-km-z]{33}$';

  constructor(
    exchange: Exchange,
    private readonly chain: TronChainConfig,
    dir: string,
  ) {
    super(exchange, chain.network, 1);
    mkdirSync(dir, { recursive: true });
    const file = join(dir, `wallet-${chain.network}.json`);
    if (!existsSync(file)) writeFileSync(file, JSON.stringify({ key: freshTron().key.privateKey }), { mode: 0o600 });
    const { key } = JSON.parse(readFileSync(file, 'utf8')) as { key: string };
    this.own = addressOfKey(new SigningKey(key).publicKey);
  }

  get depositAddress(): string {
    return base58Of(this.own);
  }

  get coins(): string[] {
    return ['TRX', 'USDT'];
  }

  protected canonical(text: string): string | undefined {
    try {
      return text.startsWith('T') ? base58Of(hexOf(text)) : undefined;
    } catch {
      return undefined;
    }
  }

  protected async open(): Promise<void> {
    await this.head();
  }

  protected close(): void {
    // Each question is a connection of its own.
  }

  private ask<T>(path: string, asked: object = {}): Promise<T> {
    return askTron<T>(this.chain.rpcUrl, path, asked);
  }

  protected async head(): Promise<number> {
    const { block_header } = await this.ask<{ block_header: { raw_data: { number?: number } } }>(
      'walletsolidity/getnowblock',
    );
    return block_header.raw_data.number ?? 0;
  }

  protected async block(num: number): Promise<TronBlock> {
    const block = await this.ask<{
      blockID: string;
      block_header: { raw_data: { parentHash: string } };
      transactions?: TronBlock['transactions'];
    }>('walletsolidity/getblockbynum', { num });
    const infos = await this.ask<Info[]>('walletsolidity/gettransactioninfobyblocknum', { num });
    return {
      height: num,
      hash: block.blockID,
      parentHash: block.block_header.raw_data.parentHash,
      transactions: block.transactions ?? [],
      infos: Array.isArray(infos) ? infos : [],
    };
  }

  protected async scan({ height, transactions, infos }: TronBlock): Promise<void> {
    for (const { txID, ret, raw_data } of transactions) {
      const [contract] = raw_data.contract;
      const { to_address, amount } = contract?.parameter.value ?? {};
      if (contract?.type !== 'TransferContract' || to_address !== this.own || ret[0]?.contractRet !== 'SUCCESS')
        continue;
      await this.seen('TRX', txID, `${txID}:native`, formatUnits(BigInt(amount as number | bigint), DECIMALS), height);
    }
    const contract = hexOf(this.chain.usdt).slice(2);
    for (const { id, result, log = [] } of infos) {
      for (const [index, { address, topics, data }] of log.entries()) {
        if (
          result === 'FAILED' ||
          address !== contract ||
          topics[0] !== TRANSFER ||
          topics[2]?.slice(-40) !== this.own.slice(2)
        )
          continue;
        await this.seen('USDT', id, `${id}:${index}`, formatUnits(BigInt(`0x${data ?? '0'}`), DECIMALS), height);
      }
    }
  }

  protected async confirmationsOf({ txId }: Deposit): Promise<number> {
    return (await this.isSolid(txId)) ? 1 : 0;
  }

  private async isSolid(txid: string): Promise<boolean> {
    return (await this.ask<{ id?: string }>('walletsolidity/gettransactioninfobyid', { value: txid })).id === txid;
  }

  protected async pay(): Promise<void> {
    for (const row of [...this.exchange.account.withdrawals.values()].filter(
      ({ network, status }) => network === this.network && status === 4,
    )) {
      const signed = row.raw === '' ? await this.sign(row) : row;
      if (await this.isSolid(signed.txId))
        await this.exchange.record({
          k: 'withdrawal',
          withdrawal: { ...signed, status: 6, completeTime: Date.now() },
          changes: {},
        });
      else await sendTron(this.chain.rpcUrl, { txid: signed.txId, hex: signed.raw }).catch(() => undefined);
    }
  }

  /** The rest of the world pays. Its bytes are on the disk before they are sent, and only they are ever sent. */
  private async sign(row: Withdrawal): Promise<Withdrawal> {
    const { txid, hex } = await faucetPayment(this.chain.rpcUrl, row.address, row.coin, row.amount, PAYOUT_LIFE_MS);
    const signed = { ...row, raw: hex, txId: txid };
    await this.exchange.record({ k: 'withdrawal', withdrawal: signed, changes: {} });
    return signed;
  }
}
