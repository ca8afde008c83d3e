import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Contract, HDNodeWallet, Interface, Mnemonic, Transaction, formatUnits, getAddress, isAddress, parseUnits, toBeHex, zeroPadValue } from 'ethers';
import type { Block, JsonRpcProvider, Log } from 'ethers';
import { localProvider } from '../evm/accounts';
import { faucet } from '../evm/faucet';
import { ChangeSet } from './account';
import { must, read, show } from './decimal';
import { ApiError, missing } from './errors';
import type { Exchange } from './exchange';
import type { ChainConfig, Deposit, JournalRecord, Withdrawal } from './types';

const POLL_MS = 400;
const TOKEN = new Interface(['event Transfer(address indexed from, address indexed to, uint256 value)', 'function transfer(address to, uint256 value)', 'function balanceOf(address) view returns (uint256)']);
const TRANSFER = TOKEN.getEvent('Transfer')?.topicHash ?? '';
/** Fee, smallest amount and step of a withdrawal. */
const TERMS: Record<string, { fee: string; minimum: string; step: string }> = {
  ETH: { fee: '0.00050000', minimum: '0.00100000', step: '0.00000001' },
  BNB: { fee: '0.00010000', minimum: '0.00200000', step: '0.00000001' },
  POL: { fee: '0.10000000', minimum: '1.00000000', step: '0.00000001' },
  USDT: { fee: '1.00000000', minimum: '5.00000000', step: '0.00000100' },
};
/** Kept in the payout wallet: the rest of the world, from which bought coins come. */
const RESERVE: Record<string, string> = { coin: '10000', USDT: '20000000' };
const PAYOUT_GAS = 120_000n;
const FINAL_AFTER = 3;
/** After a reorganisation so many blocks are read again; deposits that are known stay one. */
const READ_AGAIN = 64;
/** Of so many of the newest payouts the node may have lost the transaction (a kill, a reorganisation). */
const WATCHED = 50;

/** Deposits and withdrawals of the emulator, tied to a local chain. */
export class Capital {
  private readonly wallet: HDNodeWallet;
  private provider: JsonRpcProvider | undefined;
  private height = -1;
  /** Of the block at that height; empty when it is not known. */
  private hash = '';
  private readonly nonces = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private busy = false;
  private stopped = false;

  constructor(
    private readonly exchange: Exchange,
    private readonly chain: ChainConfig,
    dir: string,
  ) {
    mkdirSync(dir, { recursive: true });
    const file = join(dir, `wallet-${chain.network}.json`);
    if (!existsSync(file)) writeFileSync(file, JSON.stringify({ mnemonic: Mnemonic.fromEntropy(randomBytes(16)).phrase }), { mode: 0o600 });
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

  get network(): string {
    return this.chain.network;
  }

  get confirmations(): number {
    return this.chain.confirmations;
  }

  get coins(): string[] {
    return [this.coin, ...Object.keys(this.chain.tokens)];
  }

  remember(record: JournalRecord): void {
    if (record.k === 'scan' && record.network === this.chain.network) [this.height, this.hash] = [record.height, record.hash ?? ''];
  }

  async start(): Promise<void> {
    this.provider = await localProvider(this.chain.rpcUrl);
    if (this.height < 0) this.height = await this.provider.getBlockNumber();
    const loop = async (): Promise<void> => {
      try {
        await this.round();
      } catch {
        // The chain is away for a moment; the next round goes on.
      }
      if (!this.stopped) this.timer = setTimeout(() => void loop(), POLL_MS);
    };
    void loop();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.provider?.destroy();
  }

  private async round(): Promise<void> {
    if (this.busy || !this.provider) return;
    this.busy = true;
    try {
      const head = await this.provider.getBlockNumber();
      await this.follow(this.provider, head);
      await this.confirm(this.provider, head);
      await this.pay(this.provider, head);
    } finally {
      this.busy = false;
    }
  }

  /** Reads every block up to the head, by hash: where a block does not follow the one before it, some are read again. */
  private async follow(provider: JsonRpcProvider, head: number): Promise<void> {
    const from = this.hash;
    if (head < this.height) this.rewind(head);
    while (this.height < head) {
      const block = await provider.getBlock(this.height + 1, true);
      if (!block) throw new Error(`no block ${this.height + 1}`);
      if (this.hash !== '' && block.parentHash !== this.hash) {
        this.rewind(head);
        continue;
      }
      await this.scan(provider, block);
      [this.height, this.hash] = [block.number, block.hash ?? ''];
    }
    if (this.hash !== from) this.exchange.journal.note({ k: 'scan', network: this.chain.network, height: this.height, hash: this.hash });
  }

  private rewind(head: number): void {
    this.height = Math.max(0, Math.min(this.height, head) - READ_AGAIN);
    this.hash = '';
  }

  private async scan(provider: JsonRpcProvider, block: Block): Promise<void> {
    const own = this.depositAddress;
    for (const tx of block.prefetchedTransactions) {
      if (tx.to !== own || tx.value === 0n) continue;
      if ((await provider.getTransactionReceipt(tx.hash))?.status === 1) await this.seen(this.coin, tx.hash, `${tx.hash}:native`, formatUnits(tx.value, 18), block.number);
    }
    for (const [coin, { contract, decimals }] of Object.entries(this.chain.tokens)) {
      const logs: Log[] = await provider.getLogs({ address: contract, blockHash: block.hash ?? '', topics: [TRANSFER, null, zeroPadValue(own, 32)] });
      for (const log of logs) {
        // Its place in its own transaction: that in the block is another one after a reorganisation.
        const receipt = await provider.getTransactionReceipt(log.transactionHash);
        const place = receipt?.logs.findIndex(({ index }) => index === log.index) ?? -1;
        if (place < 0) throw new Error(`no receipt of ${log.transactionHash}`);
        await this.seen(coin, log.transactionHash, `${log.transactionHash}:${place}`, formatUnits(BigInt(log.data), decimals), block.number);
      }
    }
  }

  private async seen(coin: string, txId: string, id: string, amount: string, block: number): Promise<void> {
    if (this.exchange.account.deposits.has(id)) return;
    // The venue keeps eight decimals.
    const kept = show(must(amount));
    if (must(kept) === 0n) return;
    const deposit: Deposit = { id, coin, network: this.chain.network, address: this.depositAddress, amount: kept, txId, insertTime: Date.now(), status: 0, confirmations: 1, block };
    await this.exchange.record({ k: 'deposit', deposit, changes: {} });
  }

  private async confirm(provider: JsonRpcProvider, head: number): Promise<void> {
    for (const deposit of [...this.exchange.account.deposits.values()]) {
      if (deposit.status !== 0 || deposit.network !== this.chain.network) continue;
      const receipt = await provider.getTransactionReceipt(deposit.txId);
      const confirmations = receipt?.status === 1 ? head - receipt.blockNumber + 1 : 0;
      deposit.confirmations = confirmations;
      if (confirmations < this.chain.confirmations) continue;
      const changes = new ChangeSet().free(deposit.coin, must(deposit.amount));
      await this.exchange.record({ k: 'deposit', deposit: { ...deposit, status: 1, confirmations }, changes: changes.changes });
      this.exchange.emit('position', changes.assets);
      this.exchange.emit('balance', deposit.coin, deposit.amount);
    }
  }

  async withdraw(params: Record<string, string>): Promise<{ id: string }> {
    for (const name of ['coin', 'address', 'amount']) if (!params[name]) throw missing(name);
    const coin = params.coin ?? '';
    const terms = TERMS[coin];
    if (!terms || !this.coins.includes(coin)) throw new ApiError(400, -4018, 'coin not exist');
    const amount = read(params.amount);
    if (amount === undefined || amount % must(terms.step) !== 0n) throw new ApiError(400, -4029, 'The withdrawal amount must be an integer multiple of the step size.');
    if (amount < must(terms.minimum)) throw new ApiError(400, -4005, 'The user has not reached the minimum withdrawal amount.');
    if (!isAddress(params.address ?? '')) throw new ApiError(400, -4008, 'The address is invalid.');
    const orderId = params.withdrawOrderId ?? '';
    if (orderId && [...this.exchange.account.withdrawals.values()].some((known) => known.withdrawOrderId === orderId)) {
      throw new ApiError(400, -4104, 'Duplicate withdrawOrderId.');
    }
    if (this.exchange.account.balance(coin).free < amount) throw new ApiError(400, -4026, 'User has insufficient balance');
    const withdrawal: Withdrawal = {
      id: randomBytes(16).toString('hex'),
      withdrawOrderId: orderId,
      coin,
      network: this.chain.network,
      address: getAddress(params.address ?? ''),
      amount: show(amount - must(terms.fee)),
      transactionFee: terms.fee,
      applyTime: Date.now(),
      status: 4,
      txId: '',
      raw: '',
    };
    const changes = new ChangeSet().free(coin, -amount);
    await this.exchange.record({ k: 'withdrawal', withdrawal, changes: changes.changes });
    this.exchange.emit('position', changes.assets);
    this.exchange.emit('balance', coin, show(-amount));
    return { id: withdrawal.id };
  }

  /** Pays what was asked for: signed bytes are on the disk before they are sent, and only they are ever sent. */
  private async pay(provider: JsonRpcProvider, head: number): Promise<void> {
    const rows = [...this.exchange.account.withdrawals.values()].filter(({ network }) => network === this.chain.network);
    const mined = await provider.getTransactionCount(this.payer.address, 'latest');
    // Completed ones too: a node that was killed may have lost them, and the next one waits for their nonce.
    const unmined = rows.filter(({ raw }) => raw !== '').slice(-WATCHED).map(({ raw }) => ({ raw, nonce: this.nonceOf(raw) })).filter(({ nonce }) => nonce >= mined);
    for (const { raw } of unmined) await provider.broadcastTransaction(raw).catch(() => undefined);
    for (const row of rows) if (row.status === 4 && row.raw !== '') await this.finish(provider, row, head);
    let nonce = Math.max(mined, ...unmined.map((payout) => payout.nonce + 1));
    for (const row of rows.filter(({ status, raw }) => status === 4 && raw === '')) {
      await this.fillReserve(provider, row);
      const raw = await this.payer.signTransaction(await this.payment(provider, row, nonce++));
      await this.exchange.record({ k: 'withdrawal', withdrawal: { ...row, raw, txId: Transaction.from(raw).hash ?? '' }, changes: {} });
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
    await this.exchange.record({ k: 'withdrawal', withdrawal: { ...row, status: 6, completeTime: Date.now() }, changes: {} });
  }

  private async payment(provider: JsonRpcProvider, { coin, address, amount }: Withdrawal, nonce: number): Promise<Record<string, unknown>> {
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
    if (gas < parseUnits('1000', 18)) await provider.send('anvil_setBalance', [this.payer.address, toBeHex(parseUnits(RESERVE.coin ?? '0', 18) * 10n)]);
    const token = this.chain.tokens[coin];
    if (!token) return;
    const has = (await new Contract(token.contract, TOKEN, provider).getFunction('balanceOf').staticCall(this.payer.address)) as bigint;
    if (has < must(amount) / 10n ** BigInt(18 - token.decimals)) {
      await faucet({ rpcUrl: this.chain.rpcUrl, usdt: token.contract, coin: this.coin, usdtDecimals: token.decimals }, this.payer.address, coin, RESERVE[coin] ?? amount);
    }
  }

  config(): Record<string, unknown>[] {
    return this.coins.map((coin) => {
      const { free, locked } = this.exchange.account.balance(coin);
      const terms = TERMS[coin];
      const network = {
        network: this.chain.network,
        coin,
        name: this.chain.network,
        isDefault: true,
        depositEnable: true,
        withdrawEnable: true,
        withdrawFee: terms?.fee,
        withdrawMin: terms?.minimum,
        withdrawMax: '9999999.00000000',
        withdrawIntegerMultiple: terms?.step,
        minConfirm: this.chain.confirmations,
        unLockConfirm: this.chain.confirmations,
        addressRegex: '^(0x)[0-9A-Fa-f]{40}$',
        memoRegex: '',
      };
      const zero = { freeze: '0', withdrawing: '0', ipoing: '0', ipoable: '0', storage: '0', isLegalMoney: false, trading: true };
      return { coin, name: coin, free: show(free), locked: show(locked), ...zero, depositAllEnable: true, withdrawAllEnable: true, networkList: [network] };
    });
  }
}

