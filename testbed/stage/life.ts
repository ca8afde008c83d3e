/** One user's whole life over public HTTP and the live feed, in ten steps. Tells what really happened at each. */
import { randomBytes } from 'node:crypto';
import type { AdminWithdrawalView } from '../../domain/contract/api/withdrawals';
import { signApproval } from '../../wallets/keys';
import { DEMO_ADMIN } from '../world/demo-accounts';
import { demoAdminKey } from '../world/demo-admin';
import { bitcoinFaucet, paidBy, strangersAddress } from '../emulators/bitcoin/faucet';
import { faucet } from '../emulators/evm/faucet';
import { balanceOf } from '../emulators/evm/balance';
import { freshTron, tronBalance, tronFaucet } from '../emulators/tron/faucet';
import { chainOf } from '../world';
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
  spread: { asset: string; amount: string }[];
  venueOrders: {
    id: string;
    venueOrderId: string | null;
    side: string;
    symbol: string;
    trades: { price: string; quantity: string; commission: string; commissionAsset: string }[];
  }[];
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

/** What is paid in, swapped and withdrawn on each network. */
interface Plan {
  readonly asset: string;
  readonly paidIn: string;
  readonly to: string;
  readonly swapped: string;
  readonly withdrawnAsset: string;
  readonly withdrawn: string;
}
const PLANS: Readonly<Record<string, Plan>> = {
  ethereum: { asset: 'ETH', paidIn: '2', to: 'USDT', swapped: '1.5', withdrawnAsset: 'USDT', withdrawn: '1000' },
  bsc: { asset: 'BNB', paidIn: '4', to: 'USDT', swapped: '3', withdrawnAsset: 'USDT', withdrawn: '500' },
  // Its own coin has no market here: dollars come in, a part becomes ether, dollars go out.
  polygon: { asset: 'USDT', paidIn: '2000', to: 'ETH', swapped: '500', withdrawnAsset: 'USDT', withdrawn: '1000' },
  // Its coin comes in, a part becomes dollars, and dollars go out to somebody who has none yet.
  tron: { asset: 'TRX', paidIn: '5000', to: 'USDT', swapped: '2000', withdrawnAsset: 'USDT', withdrawn: '100' },
  bitcoin: { asset: 'BTC', paidIn: '0.2', to: 'USDT', swapped: '0.1', withdrawnAsset: 'BTC', withdrawn: '0.05' },
};
export const LIFE_NETWORKS = Object.keys(PLANS);

export interface LifeOptions {
  /** Makes the user's and the admin's client; the patient one lives through kills. */
  readonly client?: (url: string) => Client;
  /** Names the life; the same name is the same user. */
  readonly name?: string;
  /** Listens to the live feed on the way. */
  readonly listen?: boolean;
  /** Where coins come in and go out; Ethereum unless told. */
  readonly network?: string;
}

/** Done before a kill took the answer away: the state that we wanted is the state it is in. */
async function unless(code: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.code !== code) throw error;
  }
}

/** The demo's life: pays coins in, swaps most of them, withdraws dollars. Rejects at the first step that fails. */
export async function live(world: WorldAddress, tell: Tell, options: LifeOptions = {}): Promise<LifeResult> {
  const name = options.name ?? randomBytes(4).toString('hex');
  const network = options.network ?? 'ethereum';
  const plan = PLANS[network];
  if (!plan) throw new Error(`nobody lives on ${network}`);
  const chain = outsideOf(world, network);
  const [email, password] = [`demo-${name}@javizen.local`, `life of ${name}`];
  const newClient = options.client ?? ((url: string) => new Client(url));
  const user = newClient(world.url);
  const admin = newClient(world.url);
  try {
    const { user: account } = await user.openAccount(world, email, password);
    tell(1, 'registered', { user: account.id, email });
    if (options.listen ?? true) await user.live();
    await unless('KYC_STATE', user.sendIdentity('Ada Lovelace', DOCUMENT));
    tell(2, 'logged in, identity sent', { document: 'passport' });
    await admin.logIn(DEMO_ADMIN, world.adminPassword);
    const application = await approveIdentity(admin, email);
    tell(3, 'an admin approved the identity', { application });
    await until('the approval', async () => (await user.call<{ state: string }>('GET', '/kyc')).state === 'APPROVED');
    tell(4, 'services are open', { told: `${user.heardOf('kyc.changed')} live event(s)` });
    const place = { world, network, plan, chain };
    const paid = await depositStep(place, user, tell);
    const swap = await swapStep(plan, user, tell);
    const withdrawal = await withdrawStep(place, user, admin, tell);
    return {
      steps: 10,
      userId: account.id,
      swapId: swap.id,
      withdrawalId: withdrawal.id,
      depositTxid: paid,
      swap,
      withdrawal,
    };
  } finally {
    user.close();
    admin.close();
  }
}

export async function approveIdentity(admin: Client, email: string): Promise<string> {
  const { items } = await admin.call<{ items: { id: string; email: string }[] }>('GET', '/admin/kyc?limit=100');
  const id = items.find((item) => item.email === email)?.id ?? '';
  await unless('KYC_STATE', admin.call('POST', `/admin/kyc/${id}/approve`, {}));
  return id;
}

export const balances = async (user: Client): Promise<string> =>
  (await user.call<{ items: { asset: string; available: string; held: string }[] }>('GET', '/balances')).items
    .map((row) => `${row.available}${row.held === '0' ? '' : `+${row.held} held`} ${row.asset}`)
    .join(', ') || 'nothing';

/** What the rest of the world does on a network. */
export interface OutsideWorld {
  pay(address: string, asset: string, amount: string): Promise<{ txid: string; blockNumber: number }>;
  newAddress(): string;
  /** What came to an address that nobody else pays. */
  arrived(address: string, asset: string, txid: string): Promise<string>;
  readonly moved: string;
}

export function outsideOf(world: WorldAddress, network: string): OutsideWorld {
  if (network === 'bitcoin') {
    const url = world.bitcoinUrl;
    if (!url) throw new Error('no local Bitcoin runs here; the start says why');
    const arrived = (address: string, _asset: string, txid: string): Promise<string> => paidBy(url, txid, address);
    return {
      pay: (address, _asset, amount) => bitcoinFaucet(url, address, amount),
      newAddress: strangersAddress,
      arrived,
      moved: 'spent on to Binance from where they lay',
    };
  }
  if (network === 'tron') {
    const url = world.tronUrl;
    if (!url) throw new Error('no local TRON runs here; the start says why');
    return {
      pay: (address, asset, amount) => tronFaucet(url, address, asset, amount),
      newAddress: () => freshTron().address,
      arrived: (address, asset) => tronBalance(url, address, asset),
      moved: 'swept on to the hot wallet',
    };
  }
  const chain = chainOf(world, network);
  return {
    pay: (address, asset, amount) => faucet(chain, address, asset, amount),
    newAddress: () => `0x${randomBytes(20).toString('hex')}`,
    arrived: (address, asset) => balanceOf(chain, address, asset),
    moved: 'swept on to the hot wallet',
  };
}

interface Place {
  readonly world: WorldAddress;
  readonly network: string;
  readonly plan: Plan;
  readonly chain: OutsideWorld;
}

async function depositStep(
  { network, plan: { asset, paidIn }, chain }: Place,
  user: Client,
  tell: Tell,
): Promise<string> {
  const { address } = await user.call<{ address: string }>('POST', '/deposit-addresses', { network });
  tell(5, 'a deposit address of their own', { network, address });
  const before = await balances(user);
  const paid = await chain.pay(address, asset, paidIn);
  tell(6, `paid in ${paidIn} ${asset}`, { transaction: paid.txid, block: String(paid.blockNumber) });
  const deposit = await until(
    'the credit',
    async () =>
      (await user.call<{ items: Deposit[] }>('GET', '/deposits')).items.find(
        (row) => row.txid === paid.txid && ['CREDITED', 'SWEPT'].includes(row.state),
      ),
    PATIENCE_MS,
  );
  await until(
    'the sweep',
    async () =>
      (await user.call<{ items: Deposit[] }>('GET', '/deposits')).items.find((row) => row.id === deposit.id)?.state ===
      'SWEPT',
    PATIENCE_MS,
  );
  tell(7, `credited, and ${chain.moved}`, {
    deposit: deposit.id,
    before,
    after: await balances(user),
    'its cost': 'the operator',
  });
  return paid.txid;
}

/**
 * Quotes and accepts until the coins have reached Binance; a refusal there holds nothing. Answers the finished swap.
 */
async function swapOnce(
  { asset, to, swapped }: Plan,
  user: Client,
): Promise<{ swap: Swap; rate: string; refusals: number }> {
  let refusals = 0;
  const key = randomBytes(8).toString('hex');
  const accepted = await until(
    'the swap',
    async () => {
      const quote = await user.call<{ id: string; rate: string }>('POST', '/quotes', {
        from: asset,
        to,
        fromAmount: swapped,
      });
      try {
        const swap = await user.call<Swap>(
          'POST',
          '/swaps',
          { quoteId: quote.id },
          { 'idempotency-key': `${key}-${refusals}` },
        );
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

async function swapStep(plan: Plan, user: Client, tell: Tell): Promise<Swap> {
  const before = await balances(user);
  let result = await swapOnce(plan, user);
  // Killed between the commit and the call, an order is never sent; the money is back, and the user asks again.
  for (let tries = 0; result.swap.state === 'RETURNED' && tries < 10; tries++) result = await swapOnce(plan, user);
  const { swap, rate, refusals } = result;
  if (swap.state !== 'COMPLETED') throw new Error(`the swap ended ${swap.state}`);
  const refused = `${refusals} while the coins were on their way`;
  tell(8, `swapped ${swap.filledFrom} ${plan.asset} to ${swap.filledTo} ${plan.to}`, {
    swap: swap.id,
    rate,
    'our commission': `${swap.commission} ${plan.to}`,
    before,
    after: await balances(user),
    refusals: refused,
  });
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

/**
 * As an admin's program does: reads what is asked, signs it with the key in its file, sends the signature. `waiting`:
 * looks among those that nobody has decided alone.
 */
export async function approvePayout(
  world: Pick<WorldAddress, 'dir'>,
  admin: Client,
  id: string,
  waiting = false,
): Promise<void> {
  const { items } = await admin.call<{ items: AdminWithdrawalView[] }>(
    'GET',
    `/admin/withdrawals?limit=100${waiting ? '&state=REQUESTED' : ''}`,
  );
  const row = items.find((one) => one.id === id);
  if (!row) throw new Error(`the withdrawal ${id} is not in the queue`);
  const payment = {
    withdrawalId: id,
    round: row.attempt,
    network: row.network,
    asset: row.asset,
    to: row.address,
    amount: row.amount,
  };
  const approval = signApproval(demoAdminKey(world.dir), payment, row.feeCap, Date.now());
  await unless('WITHDRAWAL_STATE', admin.call('POST', `/admin/withdrawals/${id}/approve`, approval));
}

async function withdrawStep(
  { world, network, plan: { withdrawn, withdrawnAsset: asset }, chain }: Place,
  user: Client,
  admin: Client,
  tell: Tell,
): Promise<{ id: string; to: string; txid: string; amount: string }> {
  const to = chain.newAddress();
  const before = await balances(user);
  const asked = await user.call<Withdrawal>(
    'POST',
    '/withdrawals',
    { asset, network, address: to, amount: withdrawn },
    { 'idempotency-key': randomBytes(8).toString('hex') },
  );
  await approvePayout(world, admin, asked.id);
  const paid = await until(
    'the payout',
    async () => {
      const row = await user.call<Withdrawal>('GET', `/withdrawals/${asked.id}`);
      return row.state === 'CONFIRMED' && row;
    },
    PATIENCE_MS,
  );
  const arrived = await chain.arrived(to, asset, paid.txid ?? '');
  if (arrived !== withdrawn) throw new Error(`${arrived} ${asset} arrived instead of ${withdrawn}`);
  tell(10, `withdrew ${withdrawn} ${asset}, approved by an admin`, {
    withdrawal: asked.id,
    to,
    transaction: paid.txid ?? '?',
    arrived: `${arrived} ${asset} on the chain`,
    fee: `${paid.fee} ${asset}, paid by the user`,
    'its cost': asset === 'BTC' ? 'out of that fee' : 'the operator',
    before,
    after: await balances(user),
  });
  return { id: asked.id, to, txid: paid.txid ?? '', amount: asked.amount };
}
