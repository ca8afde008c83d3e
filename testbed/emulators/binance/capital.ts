import { randomBytes } from 'node:crypto';
import { ChangeSet } from './account';
import { must, read, show } from './decimal';
import { ApiError, missing } from './errors';
import type { Exchange } from './exchange';
import type { Deposit, JournalRecord, Withdrawal } from './types';

const POLL_MS = 400;
/** Fee, smallest amount and step of a withdrawal. */
const TERMS: Record<string, { fee: string; minimum: string; step: string }> = {
  ETH: { fee: '0.00050000', minimum: '0.00100000', step: '0.00000001' },
  BNB: { fee: '0.00010000', minimum: '0.00200000', step: '0.00000001' },
  POL: { fee: '0.10000000', minimum: '1.00000000', step: '0.00000001' },
  BTC: { fee: '0.00010000', minimum: '0.00100000', step: '0.00000001' },
  TRX: { fee: '1.00000000', minimum: '2.00000000', step: '0.00000100' },
  USDT: { fee: '1.00000000', minimum: '5.00000000', step: '0.00000100' },
};
/** After a reorganisation so many blocks are read again; deposits that are known stay one. */
const READ_AGAIN = 64;

export interface FollowedBlock {
  readonly height: number;
  readonly hash: string;
  readonly parentHash: string;
}

/** Deposits and withdrawals of the emulator, tied to a local chain of some kind. */
export abstract class Capital<Block extends FollowedBlock = FollowedBlock> {
  private height = -1;
  /** Of the block at that height; empty when it is not known. */
  private hash = '';
  private timer: NodeJS.Timeout | undefined;
  private busy = false;
  private stopped = false;

  constructor(
    protected readonly exchange: Exchange,
    /** The venue's word for it. */
    readonly network: string,
    readonly confirmations: number,
  ) {}

  /** Where our account's coins are to be sent. */
  abstract get depositAddress(): string;
  abstract get coins(): string[];
  protected abstract readonly addressRegex: string;
  /** The one spelling of an address, or undefined when it is none. */
  protected abstract canonical(address: string): string | undefined;
  protected abstract open(): Promise<void>;
  protected abstract close(): void;
  protected abstract head(): Promise<number>;
  protected abstract block(height: number): Promise<Block>;
  /** Tells `seen` of each deposit in the block. */
  protected abstract scan(block: Block): Promise<void>;
  /** 0 while the chain does not hold it. */
  protected abstract confirmationsOf(deposit: Deposit, head: number): Promise<number>;
  /** Pays what was asked for: signed bytes are on the disk before they are sent, and only they are ever sent. */
  protected abstract pay(head: number): Promise<void>;

  remember(record: JournalRecord): void {
    if (record.k === 'scan' && record.network === this.network)
      [this.height, this.hash] = [record.height, record.hash ?? ''];
  }

  async start(): Promise<void> {
    await this.open();
    if (this.height < 0) this.height = await this.head();
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
    this.close();
  }

  private async round(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      const head = await this.head();
      await this.follow(head);
      await this.confirm(head);
      await this.pay(head);
    } finally {
      this.busy = false;
    }
  }

  /**
   * Reads every block up to the head, by hash: where a block does not follow the one before it, some are read again.
   */
  private async follow(head: number): Promise<void> {
    const from = this.hash;
    if (head < this.height) this.rewind(head);
    while (this.height < head) {
      const block = await this.block(this.height + 1);
      if (this.hash !== '' && block.parentHash !== this.hash) {
        this.rewind(head);
        continue;
      }
      await this.scan(block);
      [this.height, this.hash] = [block.height, block.hash];
    }
    if (this.hash !== from)
      this.exchange.journal.note({ k: 'scan', network: this.network, height: this.height, hash: this.hash });
  }

  private rewind(head: number): void {
    this.height = Math.max(0, Math.min(this.height, head) - READ_AGAIN);
    this.hash = '';
  }

  protected async seen(coin: string, txId: string, id: string, amount: string, block: number): Promise<void> {
    if (this.exchange.account.deposits.has(id)) return;
    // The venue keeps eight decimals.
    const kept = show(must(amount));
    if (must(kept) === 0n) return;
    const deposit: Deposit = {
      id,
      coin,
      network: this.network,
      address: this.depositAddress,
      amount: kept,
      txId,
      insertTime: Date.now(),
      status: 0,
      confirmations: 1,
      block,
    };
    await this.exchange.record({ k: 'deposit', deposit, changes: {} });
  }

  private async confirm(head: number): Promise<void> {
    for (const deposit of [...this.exchange.account.deposits.values()]) {
      if (deposit.status !== 0 || deposit.network !== this.network) continue;
      const confirmations = await this.confirmationsOf(deposit, head);
      deposit.confirmations = confirmations;
      if (confirmations < this.confirmations) continue;
      const changes = new ChangeSet().free(deposit.coin, must(deposit.amount));
      await this.exchange.record({
        k: 'deposit',
        deposit: { ...deposit, status: 1, confirmations },
        changes: changes.changes,
      });
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
    if (amount === undefined || amount % must(terms.step) !== 0n)
      throw new ApiError(400, -4029, 'The withdrawal amount must be an integer multiple of the step size.');
    if (amount < must(terms.minimum))
      throw new ApiError(400, -4005, 'The user has not reached the minimum withdrawal amount.');
    const address = this.canonical(params.address ?? '');
    if (address === undefined) throw new ApiError(400, -4008, 'The address is invalid.');
    const orderId = params.withdrawOrderId ?? '';
    if (orderId && [...this.exchange.account.withdrawals.values()].some((known) => known.withdrawOrderId === orderId)) {
      throw new ApiError(400, -4104, 'Duplicate withdrawOrderId.');
    }
    if (this.exchange.account.balance(coin).free < amount)
      throw new ApiError(400, -4026, 'User has insufficient balance');
    const withdrawal: Withdrawal = {
      id: randomBytes(16).toString('hex'),
      withdrawOrderId: orderId,
      coin,
      network: this.network,
      address,
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

  config(): Record<string, unknown>[] {
    return this.coins.map((coin) => {
      const { free, locked } = this.exchange.account.balance(coin);
      const terms = TERMS[coin];
      const network = {
        network: this.network,
        coin,
        name: this.network,
        isDefault: true,
        depositEnable: true,
        withdrawEnable: true,
        withdrawFee: terms?.fee,
        withdrawMin: terms?.minimum,
        withdrawMax: '9999999.00000000',
        withdrawIntegerMultiple: terms?.step,
        minConfirm: this.confirmations,
        unLockConfirm: this.confirmations,
        addressRegex: this.addressRegex,
        memoRegex: '',
        sameAddress: false,
        resetAddressStatus: false,
        depositDesc: '',
        withdrawDesc: '',
        specialTips: '',
        withdrawTag: false,
        busy: false,
        estimatedArrivalTime: 5,
        depositDust: '0.00000001',
      };
      const zero = {
        freeze: '0',
        withdrawing: '0',
        ipoing: '0',
        ipoable: '0',
        storage: '0',
        isLegalMoney: false,
        trading: true,
      };
      return {
        coin,
        name: coin,
        free: show(free),
        locked: show(locked),
        ...zero,
        depositAllEnable: true,
        withdrawAllEnable: true,
        networkList: [network],
      };
    });
  }
}
