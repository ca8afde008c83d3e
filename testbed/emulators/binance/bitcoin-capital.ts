import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BIP32Factory } from 'bip32';
import type { BIP32Interface } from 'bip32';
import { Block, Psbt, Transaction, address as codec, networks, payments } from 'bitcoinjs-lib';
import * as secp256k1 from 'tiny-secp256k1';
import { askBitcoin } from '../bitcoin/start';
import { Capital } from './capital';
import type { FollowedBlock } from './capital';
import { must, show } from './decimal';
import type { Exchange } from './exchange';
import type { BitcoinChainConfig, Deposit, Withdrawal } from './types';

const NETWORK = networks.regtest;
const COIN = 'BTC';
/** Satoshi: what the venue leaves to the miners of each payout. */
const PAYOUT_FEE = 2000n;
const FINAL_AFTER = 3;
/** Our decimals have eight places here. */
const SATOSHI = 10n ** 10n;

interface BitcoinBlock extends FollowedBlock {
  readonly block: Block;
}

/** Deposits and withdrawals tied to the local Bitcoin. */
export class BitcoinCapital extends Capital<BitcoinBlock> {
  private readonly root: BIP32Interface;
  protected readonly addressRegex = '^(bcrt1|2|m|n)[0-9A-Za-z]{25,87}$';

  constructor(
    exchange: Exchange,
    private readonly chain: BitcoinChainConfig,
    dir: string,
  ) {
    super(exchange, chain.network, chain.confirmations);
    mkdirSync(dir, { recursive: true });
    const file = join(dir, `wallet-${chain.network}.json`);
    if (!existsSync(file))
      writeFileSync(file, JSON.stringify({ seed: randomBytes(32).toString('hex') }), { mode: 0o600 });
    const { seed } = JSON.parse(readFileSync(file, 'utf8')) as { seed: string };
    this.root = BIP32Factory(secp256k1).fromSeed(Buffer.from(seed, 'hex'), NETWORK).derivePath("m/84'/1'/0'/0");
  }

  get depositAddress(): string {
    return addressOf(this.root.derive(0));
  }

  /** Holds for a moment what the rest of the world gives for a payout. */
  private get payer(): BIP32Interface {
    return this.root.derive(1);
  }

  get coins(): string[] {
    return [COIN];
  }

  protected canonical(text: string): string | undefined {
    try {
      return codec.fromOutputScript(codec.toOutputScript(text, NETWORK), NETWORK);
    } catch {
      return undefined;
    }
  }

  protected async open(): Promise<void> {
    await this.head();
  }

  protected close(): void {
    // Each call is a connection of its own.
  }

  private ask<T>(method: string, ...params: unknown[]): Promise<T> {
    return askBitcoin<T>(this.chain.rpcUrl, method, ...params);
  }

  protected head(): Promise<number> {
    return this.ask<number>('getblockcount');
  }

  protected async block(height: number): Promise<BitcoinBlock> {
    const hash = await this.ask<string>('getblockhash', height);
    const block = Block.fromHex(await this.ask<string>('getblock', hash, 0));
    return {
      height,
      hash,
      parentHash: Buffer.from(block.prevHash ?? [])
        .reverse()
        .toString('hex'),
      block,
    };
  }

  protected async scan({ block, height }: BitcoinBlock): Promise<void> {
    const own = Buffer.from(codec.toOutputScript(this.depositAddress, NETWORK));
    for (const transaction of block.transactions ?? []) {
      for (const [index, { script, value }] of transaction.outs.entries()) {
        if (!own.equals(script)) continue;
        const txid = transaction.getId();
        await this.seen(COIN, txid, `${txid}:${index}`, show(value * SATOSHI), height);
      }
    }
  }

  protected async confirmationsOf(deposit: Deposit): Promise<number> {
    return this.confirmed(deposit.txId);
  }

  private async confirmed(txid: string): Promise<number> {
    const { confirmations = 0 } = await this.ask<{ confirmations?: number }>('getrawtransaction', txid, true).catch(
      () => ({ confirmations: 0 }),
    );
    return confirmations;
  }

  protected async pay(): Promise<void> {
    for (const row of [...this.exchange.account.withdrawals.values()].filter(
      ({ network, status }) => network === this.network && status === 4,
    )) {
      const signed = row.raw === '' ? await this.sign(row) : row;
      if ((await this.confirmed(signed.txId)) >= FINAL_AFTER)
        await this.exchange.record({
          k: 'withdrawal',
          withdrawal: { ...signed, status: 6, completeTime: Date.now() },
          changes: {},
        });
      // What brought the coins, and the payout: a node may have lost either.
      else for (const raw of signed.raw.split(' ')) await this.ask('sendrawtransaction', raw).catch(() => undefined);
    }
  }

  /**
   * The world pays the payer, whose coin pays the withdrawal: killed in between, one coin too many lies with the payer
   * and nothing was paid twice.
   */
  private async sign(row: Withdrawal): Promise<Withdrawal> {
    const value = must(row.amount) / SATOSHI;
    const maker = await this.ask<string>('sendtoaddress', addressOf(this.payer), show((value + PAYOUT_FEE) * SATOSHI));
    const given = await this.ask<string>('getrawtransaction', maker);
    const mine = codec.toOutputScript(addressOf(this.payer), NETWORK);
    const psbt = new Psbt({ network: NETWORK });
    const index = Transaction.fromHex(given).outs.findIndex(({ script }) => Buffer.from(script).equals(mine));
    psbt.addInput({
      hash: maker,
      index,
      sequence: 0xfffffffd,
      witnessUtxo: { script: mine, value: value + PAYOUT_FEE },
    });
    psbt.addOutput({ address: row.address, value });
    const transaction = psbt.signInput(0, this.payer).finalizeAllInputs().extractTransaction();
    const signed = { ...row, raw: `${given} ${transaction.toHex()}`, txId: transaction.getId() };
    await this.exchange.record({ k: 'withdrawal', withdrawal: signed, changes: {} });
    return signed;
  }
}

const addressOf = (key: BIP32Interface): string =>
  payments.p2wpkh({ pubkey: key.publicKey, network: NETWORK }).address ?? '';
