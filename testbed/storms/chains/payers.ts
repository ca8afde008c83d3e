/** People who pay coins in and take them out again, on every network, while the storm goes on. */
import { randomBytes } from 'node:crypto';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import type { WorldAddress } from '../../world';
import { sleep } from '../../services/process';
import { ApiRefusal, DOCUMENT, PatientClient, until } from '../../stage/client';
import { approveIdentity, approvePayout, outsideOf } from '../../stage/life';
import type { OutsideWorld } from '../../stage/life';
import type { Dice } from '../../stage/random';

export interface Rail {
  readonly network: string;
  readonly asset: string;
  /** Paid in at a time, at most; what is taken out is a part of what is there, of at least `least`. */
  readonly most: string;
  readonly least: string;
}

export const RAILS: readonly Rail[] = [
  { network: 'ethereum', asset: 'ETH', most: '0.5', least: '0.02' },
  { network: 'ethereum', asset: 'USDT', most: '300', least: '20' },
  { network: 'bsc', asset: 'BNB', most: '0.6', least: '0.05' },
  { network: 'bsc', asset: 'USDT', most: '200', least: '20' },
  { network: 'bitcoin', asset: 'BTC', most: '0.02', least: '0.002' },
  { network: 'tron', asset: 'TRX', most: '400', least: '30' },
  { network: 'tron', asset: 'USDT', most: '250', least: '20' },
];

export interface PaidIn {
  readonly network: string;
  readonly asset: string;
  readonly txid: string;
}

export interface TakenOut {
  readonly id: string;
  readonly network: string;
  readonly asset: string;
  readonly to: string;
  readonly amount: string;
}

export interface Ledger {
  readonly paidIn: PaidIn[];
  readonly takenOut: TakenOut[];
  /** How often something was refused, by its code. */
  readonly refused: Record<string, number>;
}

/** Amounts with four digits, so that every network can express them. */
const fraction = (text: string, share: number): string => {
  const whole = (parseAmount(text) * BigInt(Math.max(1, Math.floor(share * 1000)))) / 1000n;
  return formatAmount(whole - (whole % parseAmount('0.0001')));
};

export class Payer {
  private readonly user: PatientClient;
  private readonly addresses = new Map<string, string>();

  constructor(
    private readonly world: WorldAddress,
    private readonly admin: PatientClient,
    private readonly rails: readonly Rail[],
    private readonly ledger: Ledger,
    private readonly dice: Dice,
    private readonly name: string,
  ) {
    this.user = new PatientClient(world.url);
  }

  async begin(): Promise<void> {
    const [email, password] = [`${this.name}@javizen.local`, `the words of ${this.name}`];
    await this.user.openAccount(this.world, email, password);
    await this.user.sendIdentity('Ada Lovelace', DOCUMENT);
    await approveIdentity(this.admin, email);
    for (const network of new Set(this.rails.map((rail) => rail.network)))
      this.addresses.set(
        network,
        (await this.user.call<{ address: string }>('POST', '/deposit-addresses', { network })).address,
      );
  }

  /** Until the time is over. Whatever the outside does not take now is let be. */
  async live(end: number): Promise<void> {
    while (Date.now() < end) {
      const rail = this.dice.pick(this.rails);
      const outside = outsideOf(this.world, rail.network);
      await (this.dice.next() < 0.6 ? this.payIn(rail, outside) : this.takeOut(rail, outside)).catch((error: unknown) =>
        this.note(error),
      );
      await sleep(this.dice.between(300, 2000));
    }
  }

  private note(error: unknown): void {
    const code = error instanceof ApiRefusal ? error.code : 'the outside';
    this.ledger.refused[code] = (this.ledger.refused[code] ?? 0) + 1;
  }

  private async payIn({ network, asset, most, least }: Rail, outside: OutsideWorld): Promise<void> {
    const amount = fraction(most, this.dice.between(0.2, 1));
    const { txid } = await outside.pay(
      this.addresses.get(network) ?? '',
      asset,
      parseAmount(amount) < parseAmount(least) ? least : amount,
    );
    this.ledger.paidIn.push({ network, asset, txid });
  }

  private async takeOut({ network, asset, least }: Rail, outside: OutsideWorld): Promise<void> {
    const { items } = await this.user.call<{ items: { asset: string; available: string }[] }>('GET', '/balances');
    const available = items.find((row) => row.asset === asset)?.available ?? '0';
    const amount = fraction(available, this.dice.between(0.1, 0.6));
    if (parseAmount(amount) < parseAmount(least)) return;
    const to = outside.newAddress();
    const { id } = await this.user.call<{ id: string }>(
      'POST',
      '/withdrawals',
      { asset, network, address: to, amount },
      { 'idempotency-key': randomBytes(8).toString('hex') },
    );
    this.ledger.takenOut.push({ id, network, asset, to, amount });
    // One in ten is refused by the admin.
    if (this.dice.next() < 0.1)
      await this.admin.call('POST', `/admin/withdrawals/${id}/refuse`, { reason: 'the storm says so' });
    else await until('the approval', async () => approvePayout(this.world, this.admin, id).then(() => true), 60_000);
  }

  close(): void {
    this.user.close();
  }
}
