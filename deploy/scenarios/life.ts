/** One user's whole life over public HTTP and the live feed, in ten steps. Tells what really happened at each. */
import { randomBytes } from 'node:crypto';
import { faucet } from '../local/evm/faucet';
import { balanceOf } from '../local/evm/balance';
import type { WorldAddress } from '../world';
import { ApiRefusal, Client, DOCUMENT, until } from './client';

export type Tell = (step: number, title: string, facts: Record<string, string>) => void;

interface Deposit {
  id: string;
  asset: string;
  amount: string;
  txid: string;
  state: string;
  confirmations: number;
}
interface Swap {
  id: string;
  state: string;
  fromAmount: string;
  filledFrom: string;
  filledTo: string;
  commission: string;
  venueOrders: { id: string; venueOrderId: string | null; side: string; symbol: string; trades: { price: string; quantity: string; commission: string; commissionAsset: string }[] }[];
}
interface Withdrawal {
  id: string;
  state: string;
  amount: string;
  fee: string;
  txid: string | null;
  confirmations: number;
  reason: string | null;
}

export interface LifeResult {
  readonly steps: number;
  readonly userId: string;
  readonly swapId: string;
  readonly withdrawalId: string;
  readonly depositTxid: string;
  readonly swap: Swap;
  readonly withdrawal: { readonly to: string; readonly txid: string; readonly amount: string };
}

/** How long a step may take when parts of the house are killed meanwhile. */
const PATIENCE_MS = 300_000;
const PAID_IN = '2';
const SWAPPED = '1.5';

export interface LifeOptions {
  /** Makes the user's and the admin's client; the patient one lives through kills. */
  readonly client?: (url: string) => Client;
  /** Names the life; the same name is the same user. */
  readonly name?: string;
  /** Listens to the live feed on the way. */
  readonly listen?: boolean;
}

/** Done before a kill took the answer away: the state that we wanted is the state it is in. */
async function unless(code: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.code !== code) throw error;
  }
}

/** The demo's life: pays in ether, sells most of it, withdraws the dollars it brought. Rejects at the first step that fails. */
export async function live(world: WorldAddress, tell: Tell, options: LifeOptions = {}): Promise<LifeResult> {
  const name = options.name ?? randomBytes(4).toString('hex');
  const [email, password] = [`demo-${name}@javizen.local`, `life of ${name}`];
  const newClient = options.client ?? ((url: string) => new Client(url));
  const user = newClient(world.url);
  const admin = newClient(world.url);
  try {
    await unless('EMAIL_TAKEN', user.register(email, password));
    const { user: account } = await user.logIn(email, password);
    tell(1, 'registered', { user: account.id, email });
    if (options.listen ?? true) await user.live();
    await unless('KYC_STATE', user.sendIdentity('Ada Lovelace', DOCUMENT));
    tell(2, 'logged in, identity sent', { document: 'passport' });
    await admin.logIn('admin@javizen.local', world.adminPassword);
    const application = await approveIdentity(admin, email);
    tell(3, 'an admin approved the identity', { application });
    await until('the approval', async () => (await user.call<{ state: string }>('GET', '/kyc')).state === 'APPROVED');
    tell(4, 'services are open', { told: `${user.heardOf('kyc.changed')} live event(s)` });
    const paid = await depositStep(world, user, tell);
    const swap = await swapStep(user, tell);
    const withdrawal = await withdrawStep(world, user, admin, tell);
    return { steps: 10, userId: account.id, swapId: swap.id, withdrawalId: withdrawal.id, depositTxid: paid, swap, withdrawal };
  } finally {
    user.close();
    admin.close();
  }
}

async function approveIdentity(admin: Client, email: string): Promise<string> {
  const { items } = await admin.call<{ items: { id: string; email: string }[] }>('GET', '/admin/kyc?limit=100');
  const id = items.find((item) => item.email === email)?.id ?? '';
  await unless('KYC_STATE', admin.call('POST', `/admin/kyc/${id}/approve`, {}));
  return id;
}

export const balances = async (user: Client): Promise<string> =>
  (await user.call<{ items: { asset: string; available: string; held: string }[] }>('GET', '/balances')).items.map((row) => `${row.available}${row.held === '0' ? '' : `+${row.held} held`} ${row.asset}`).join(', ') || 'nothing';

async function depositStep(world: WorldAddress, user: Client, tell: Tell): Promise<string> {
  const { address } = await user.call<{ address: string }>('POST', '/deposit-addresses', { network: 'ethereum' });
  tell(5, 'a deposit address of their own', { network: 'ethereum', address });
  const before = await balances(user);
  const paid = await faucet(world, address, 'ETH', PAID_IN);
  tell(6, `paid in ${PAID_IN} ETH`, { transaction: paid.txid, block: String(paid.blockNumber) });
  const deposit = await until('the credit', async () =>
    (await user.call<{ items: Deposit[] }>('GET', '/deposits')).items.find((row) => row.txid === paid.txid && ['CREDITED', 'SWEPT'].includes(row.state)),
    PATIENCE_MS,
  );
  await until('the sweep', async () => (await user.call<{ items: Deposit[] }>('GET', '/deposits')).items.find((row) => row.id === deposit.id)?.state === 'SWEPT', PATIENCE_MS);
  tell(7, 'credited, and swept on to the hot wallet', { deposit: deposit.id, before, after: await balances(user), 'gas of the sweep': 'the operator' });
  return paid.txid;
}

/** Quotes and accepts until the coins have reached Binance; a refusal there holds nothing. Answers the finished swap. */
async function swapOnce(user: Client): Promise<{ swap: Swap; rate: string; refusals: number }> {
  let refusals = 0;
  const key = randomBytes(8).toString('hex');
  const accepted = await until(
    'the swap',
    async () => {
      const quote = await user.call<{ id: string; rate: string }>('POST', '/quotes', { from: 'ETH', to: 'USDT', fromAmount: SWAPPED });
      try {
        const swap = await user.call<Swap>('POST', '/swaps', { quoteId: quote.id }, { 'idempotency-key': `${key}-${refusals}` });
        return { swap, rate: quote.rate };
      } catch (error) {
        if (!(error instanceof ApiRefusal) || !['FUNDS_IN_TRANSIT', 'QUOTE_EXPIRED'].includes(error.code)) throw error;
        refusals++;
        return undefined;
      }
    },
    PATIENCE_MS,
  );
  const finished = async (): Promise<Swap | false> => {
    const row = await user.call<Swap>('GET', `/swaps/${accepted.swap.id}`);
    return row.state !== 'EXECUTING' && row;
  };
  return { swap: await until('the fill', finished, PATIENCE_MS), rate: accepted.rate, refusals };
}

async function swapStep(user: Client, tell: Tell): Promise<Swap> {
  const before = await balances(user);
  let result = await swapOnce(user);
  // Killed between the commit and the call, an order is never sent; the money is back, and the user asks again.
  for (let tries = 0; result.swap.state === 'RETURNED' && tries < 10; tries++) result = await swapOnce(user);
  const { swap, rate, refusals } = result;
  if (swap.state !== 'COMPLETED') throw new Error(`the swap ended ${swap.state}`);
  const refused = `${refusals} while the coins were on their way`;
  tell(8, `swapped ${swap.filledFrom} ETH to ${swap.filledTo} USDT`, { swap: swap.id, rate, 'our commission': `${swap.commission} USDT`, before, after: await balances(user), refusals: refused });
  const order = swap.venueOrders[0];
  const trades = order?.trades ?? [];
  tell(9, 'the same trade ran at Binance at the same moment', {
    order: order?.venueOrderId ?? '?',
    client: order?.id ?? '?',
    trades: trades.map((trade) => `${trade.quantity} @ ${trade.price}`).join(', '),
    'fee there': `${trades.map((trade) => `${trade.commission} ${trade.commissionAsset}`).join(', ')}, paid by the house out of its spread`,
  });
  return swap;
}

async function withdrawStep(world: WorldAddress, user: Client, admin: Client, tell: Tell): Promise<{ id: string; to: string; txid: string; amount: string }> {
  const to = `0x${randomBytes(20).toString('hex')}`;
  const before = await balances(user);
  const asked = await user.call<Withdrawal>('POST', '/withdrawals', { asset: 'USDT', network: 'ethereum', address: to, amount: '1000' }, { 'idempotency-key': randomBytes(8).toString('hex') });
  await unless('WITHDRAWAL_STATE', admin.call('POST', `/admin/withdrawals/${asked.id}/approve`, {}));
  const paid = await until('the payout', async () => {
    const row = await user.call<Withdrawal>('GET', `/withdrawals/${asked.id}`);
    return row.state === 'CONFIRMED' && row;
  }, PATIENCE_MS);
  const arrived = await balanceOf(world, to, 'USDT');
  if (arrived !== '1000') throw new Error(`${arrived} USDT arrived instead of 1000`);
  tell(10, 'withdrew 1000 USDT, approved by an admin', { withdrawal: asked.id, to, transaction: paid.txid ?? '?', arrived: `${arrived} USDT on the chain`, fee: `${paid.fee} USDT, paid by the user`, gas: 'the operator', before, after: await balances(user) });
  return { id: asked.id, to, txid: paid.txid ?? '', amount: asked.amount };
}
