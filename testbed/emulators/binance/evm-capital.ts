import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Contract,
  HDNodeWallet,
  Interface,
  Mnemonic,
  Transaction,
  formatUnits,
  getAddress,
  isAddress,
  parseUnits,
  toBeHex,
  zeroPadValue,
} from 'ethers';
import type { Block, JsonRpcProvider, Log } from 'ethers';
import { localProvider } from '../evm/accounts';
import { faucet } from '../evm/faucet';
import { Capital } from './capital';
import type { FollowedBlock } from './capital';
import { must } from './decimal';
import type { Exchange } from './exchange';
import type { ChainConfig, Deposit, Withdrawal } from './types';

const TOKEN = new Interface([
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'function transfer(address to, uint256 value)',
  'function balanceOf(address) view returns (uint256)',
]);
const TRANSFER = TOKEN.getEvent('Transfer')?.topicHash ?? '';
/** Kept in the payout wallet: the rest of the world, from which bought coins come. */
const RESERVE: Record<string, string> = { coin: '10000', USDT: '20000000' };
const PAYOUT_GAS = 120_000n;
const FINAL_AFTER = 3;
/** Of so many of the newest payouts the node may have lost the transaction (a kill, a reorganisation). */
const WATCHED = 50;

interface EvmBlock extends FollowedBlock {
  readonly block: Block;
}

/** Deposits and withdrawals tied to a local chain of the Ethereum kind. */
export class EvmCapital extends Capital<EvmBlock> {
  private readonly wallet: HDNodeWallet;
  private provider: JsonRpcProvider | undefined;
  private readonly nonces = new Map<string, number>();
  protected readonly addressRegex = '^(0x)[0-9A-Fa-f]{40}$';

  constructor(
    exchange: Exchange,
    private readonly chain: ChainConfig,
    dir: string,
  ) {
    super(exchange, chain.network, chain.confirmations);
    mkdirSync(dir, { recursive: true });
    const file = join(dir, `wallet-${chain.network}.json`);
    if (!existsSync(file))
      writeFileSync(file, JSON.stringify({ mnemonic: Mnemonic.fromEntropy(randomBytes(16)).phrase }), { mode: 0o600 });
    const { mnemonic } = JSON.parse(readFileSync(file, 'utf8')) as { mnemonic: string };
    this.wallet = HDNodeWallet.fromPhrase(mnemonic, undefined, "m/44'/60'/0'/0");
  }

  /** Where our account's coins are to be sent. */
  get depositAddress(): string {
    return this.wallet.deriveChild(0).address;
  }

  private get payer(): HDNodeWallet {
    return this.wallet.deriveChild(1);
  }

  private get coin(): string {
    return this.chain.coin ?? 'ETH';
  }

  get coins(): string[] {
    return [this.coin, ...Object.keys(this.chain.tokens)];
  }

  protected canonical(address: string): string | undefined {
    return isAddress(address) ? getAddress(address) : undefined;
  }

  protected async open(): Promise<void> {
    this.provider = await localProvider(this.chain.rpcUrl);
  }

  protected close(): void {
    this.provider?.destroy();
  }

  private get node(): JsonRpcProvider {
    if (!this.provider) throw new Error('not open');
    return this.provider;
  }

  protected head(): Promise<number> {
    return this.node.getBlockNumber();
  }

  protected async block(height: number): Promise<EvmBlock> {
    const block = await this.node.getBlock(height, true);
    if (!block) throw new Error(`no block ${height}`);
    return { height, hash: block.hash ?? '', parentHash: block.parentHash, block };
  }

  protected async confirmationsOf(deposit: Deposit, head: number): Promise<number> {
    const receipt = await this.node.getTransactionReceipt(deposit.txId);
    return receipt?.status === 1 ? head - receipt.blockNumber + 1 : 0;
  }

  protected async scan({ block }: EvmBlock): Promise<void> {
    const provider = this.node;
    const own = this.depositAddress;
    for (const tx of block.prefetchedTransactions) {
      if (tx.to !== own || tx.value === 0n) continue;
      if ((await provider.getTransactionReceipt(tx.hash))?.status === 1)
        await this.seen(this.coin, tx.hash, `${tx.hash}:native`, formatUnits(tx.value, 18), block.number);
    }
    for (const [coin, { contract, decimals }] of Object.entries(this.chain.tokens)) {
      const logs: Log[] = await provider.getLogs({
        address: contract,
        blockHash: block.hash ?? '',
        topics: [TRANSFER, null, zeroPadValue(own, 32)],
      });
      for (const log of logs) {
        // Its place in its own transaction: that in the block is another one after a reorganisation.
        const receipt = await provider.getTransactionReceipt(log.transactionHash);
        const place = receipt?.logs.findIndex(({ index }) => index === log.index) ?? -1;
        if (place < 0) throw new Error(`no receipt of ${log.transactionHash}`);
        await this.seen(
          coin,
          log.transactionHash,
          `${log.transactionHash}:${place}`,
          formatUnits(BigInt(log.data), decimals),
          block.number,
        );
      }
    }
  }

  protected async pay(head: number): Promise<void> {
    const provider = this.node;
    const rows = [...this.exchange.account.withdrawals.values()].filter(
      ({ network }) => network === this.chain.network,
    );
    const mined = await provider.getTransactionCount(this.payer.address, 'latest');
    // Completed ones too: a node that was killed may have lost them, and the next one waits for their nonce.
    const unmined = rows
      .filter(({ raw }) => raw !== '')
      .slice(-WATCHED)
      .map(({ raw }) => ({ raw, nonce: this.nonceOf(raw) }))
      .filter(({ nonce }) => nonce >= mined);
    for (const { raw } of unmined) await provider.broadcastTransaction(raw).catch(() => undefined);
    for (const row of rows) if (row.status === 4 && row.raw !== '') await this.finish(provider, row, head);
    let nonce = Math.max(mined, ...unmined.map((payout) => payout.nonce + 1));
    for (const row of rows.filter(({ status, raw }) => status === 4 && raw === '')) {
      await this.fillReserve(provider, row);
      const raw = await this.payer.signTransaction(await this.payment(provider, row, nonce++));
      await this.exchange.record({
        k: 'withdrawal',
        withdrawal: { ...row, raw, txId: Transaction.from(raw).hash ?? '' },
        changes: {},
      });
      await provider.broadcastTransaction(raw).catch(() => undefined);
    }
  }

  private nonceOf(raw: string): number {
    const nonce = this.nonces.get(raw) ?? Transaction.from(raw).nonce;
    this.nonces.set(raw, nonce);
    return nonce;
  }

  private async finish(provider: JsonRpcProvider, row: Withdrawal, head: number): Promise<void> {
    const receipt = await provider.getTransactionReceipt(row.txId);
    if (!receipt || head - receipt.blockNumber + 1 < FINAL_AFTER) return;
    await this.exchange.record({
      k: 'withdrawal',
      withdrawal: { ...row, status: 6, completeTime: Date.now() },
      changes: {},
    });
  }

  private async payment(
    provider: JsonRpcProvider,
    { coin, address, amount }: Withdrawal,
    nonce: number,
  ): Promise<Record<string, unknown>> {
    const token = this.chain.tokens[coin];
    const fees = await provider.getFeeData();
    const priority = 1_000_000_000n;
    const shared = {
      chainId: this.chain.chainId,
      type: 2,
      nonce,
      gasLimit: PAYOUT_GAS,
      maxPriorityFeePerGas: priority,
      maxFeePerGas: (fees.maxFeePerGas ?? priority) * 2n + priority,
    };
    if (!token) return { ...shared, to: address, value: parseUnits(amount, 18) };
    const units = must(amount) / 10n ** BigInt(18 - token.decimals);
    return { ...shared, to: token.contract, value: 0n, data: TOKEN.encodeFunctionData('transfer', [address, units]) };
  }

  private async fillReserve(provider: JsonRpcProvider, { coin, amount }: Withdrawal): Promise<void> {
    const gas = await provider.getBalance(this.payer.address);
    if (gas < parseUnits('1000', 18))
      await provider.send('anvil_setBalance', [this.payer.address, toBeHex(parseUnits(RESERVE.coin ?? '0', 18) * 10n)]);
    const token = this.chain.tokens[coin];
    if (!token) return;
    const has = (await new Contract(token.contract, TOKEN, provider)
      .getFunction('balanceOf')
      .staticCall(this.payer.address)) as bigint;
    if (has < must(amount) / 10n ** BigInt(18 - token.decimals)) {
      await faucet(
        { rpcUrl: this.chain.rpcUrl, usdt: token.contract, coin: this.coin, usdtDecimals: token.decimals },
        this.payer.address,
        coin,
        RESERVE[coin] ?? amount,
      );
    }
  }
}
