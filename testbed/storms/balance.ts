/**
 * Orders for the whole balance, many at the same moment, by two API processes: one is accepted, the others are
 * refused, and after a cancel the balance is whole again. Loopback only, bounded in rounds.
 */
import { randomBytes } from 'node:crypto';
import { DEMO_ADMIN } from '../world/demo-accounts';
import { parseAmount } from '../../domain/money/amount';
import { faucet } from '../emulators/evm/faucet';
import { chainOf } from '../world';
import type { WorldAddress } from '../world';
import { ApiRefusal, Client, DOCUMENT, until } from '../stage/client';

export const WHOLE = '1';
const PARALLEL = 50;

export interface Rounds {
  readonly rounds: number;
  readonly orders: number;
  readonly accepted: number;
  readonly refused: number;
  /** Milliseconds until an answer. */
  readonly answers: { readonly half: number; readonly most: number };
  readonly ordersASecond: number;
  readonly problems: string[];
}

interface Order {
  readonly id: string;
  readonly status: string;
}

/** Users with an approved identity and exactly `WHOLE` ETH, which came to them on the chain. */
export async function usersWithEther(
  world: WorldAddress,
  count: number,
  client: new (url: string) => Client = Client,
): Promise<Client[]> {
  const admin = new Client(world.url);
  await admin.logIn(DEMO_ADMIN, world.adminPassword);
  const users: Client[] = [];
  for (let n = 0; n < count; n++) {
    const user = new client(world.url);
    const [email, password] = [
      `whole-${randomBytes(5).toString('hex')}@javizen.local`,
      'a password that is long enough',
    ];
    await user.openAccount(world, email, password);
    await user.sendIdentity('Ada Lovelace', DOCUMENT);
    const { items } = await admin.call<{ items: { id: string; email: string }[] }>('GET', '/admin/kyc?limit=100');
    await admin.call('POST', `/admin/kyc/${items.find((item) => item.email === email)?.id ?? ''}/approve`, {});
    const { address } = await user.call<{ address: string }>('POST', '/deposit-addresses', { network: 'ethereum' });
    await faucet(chainOf(world), address, 'ETH', WHOLE);
    users.push(user);
  }
  for (const user of users) await until('the deposit', async () => (await etherOf(user)).available === WHOLE);
  return users;
}

export async function etherOf(user: Client): Promise<{ available: string; held: string }> {
  const { items } = await user.call<{ items: { asset: string; available: string; held: string }[] }>(
    'GET',
    '/balances',
  );
  const { available = '0', held = '0' } = items.find(({ asset }) => asset === 'ETH') ?? {};
  return { available, held };
}

/** Sells the whole balance at twice the price, so that it rests: what is held is all there is. */
export async function wholeOrder(user: Client): Promise<object> {
  const ticker = await until('fresh prices', async () =>
    (await user.call<{ items: { symbol: string; ask: string; mode: string }[] }>('GET', '/tickers')).items.find(
      (row) => row.symbol === 'ETHUSDT' && row.mode === 'mirrored',
    ),
  );
  const price = ((parseAmount(ticker.ask) / 10n ** 18n) * 2n).toString();
  return { symbol: 'ETHUSDT', side: 'SELL', type: 'LIMIT', timeInForce: 'GTC', price, quantity: WHOLE };
}

const place = (at: Client, order: object, key: string): Promise<Order> =>
  at.call<Order>('POST', '/orders', order, { 'idempotency-key': key });

/** Runs the rounds, each on the next user; stops at ten problems. `apis` are the addresses of the two processes. */
export async function wholeBalanceRounds(
  users: readonly Client[],
  apis: readonly [string, string],
  rounds: number,
  say: (line: string) => void = () => undefined,
): Promise<Rounds> {
  const sides = users.map((user) => [user.at(apis[0]), user.at(apis[1])] as const);
  const order = await wholeOrder(users[0] as Client);
  const took: number[] = [];
  const problems: string[] = [];
  let [accepted, refused, storming] = [0, 0, 0];
  for (let round = 0; round < rounds && problems.length < 10; round++) {
    const both = sides[round % sides.length] as readonly [Client, Client];
    const began = performance.now();
    const outcomes = await Promise.all(
      Array.from({ length: PARALLEL }, (_, n) => one(both[n % 2] as Client, order, took)),
    );
    storming += performance.now() - began;
    const won = outcomes.filter((outcome) => 'order' in outcome);
    const lost = outcomes.filter((outcome) => 'code' in outcome && outcome.code === 'INSUFFICIENT_FUNDS');
    accepted += won.length;
    refused += lost.length;
    if (won.length !== 1 || lost.length !== PARALLEL - 1)
      problems.push(
        `round ${round}: ${won.length} accepted; ${outcomes
          .flatMap((outcome) => ('code' in outcome ? [outcome.code] : []))
          .filter((code) => code !== 'INSUFFICIENT_FUNDS')
          .join(' ')}`,
      );
    problems.push(...(await afterwards(both, order, won)).map((problem) => `round ${round}: ${problem}`));
    if ((round + 1) % 100 === 0) say(`${round + 1} of ${rounds} rounds`);
  }
  took.sort((a, b) => a - b);
  const at = (part: number): number => Math.round(took[Math.min(took.length - 1, Math.floor(took.length * part))] ?? 0);
  return {
    rounds,
    orders: took.length,
    accepted,
    refused,
    answers: { half: at(0.5), most: at(0.99) },
    ordersASecond: Math.round((took.length / storming) * 1000),
    problems,
  };
}

type Outcome = { key: string; order: Order } | { code: string };

async function one(at: Client, order: object, took: number[]): Promise<Outcome> {
  const key = `whole-${randomBytes(8).toString('hex')}`;
  const began = performance.now();
  try {
    return { key, order: await place(at, order, key) };
  } catch (error) {
    return { code: error instanceof ApiRefusal ? error.code : String(error) };
  } finally {
    took.push(performance.now() - began);
  }
}

/**
 * Held is all there is, at both; the other process answers the same key with the same order; a cancel makes it whole
 * again.
 */
async function afterwards(
  [one, other]: readonly [Client, Client],
  order: object,
  won: readonly Outcome[],
): Promise<string[]> {
  const problems: string[] = [];
  const expectEther = async (available: string, held: string): Promise<void> => {
    for (const [name, at] of [
      ['first', one],
      ['second', other],
    ] as const) {
      const found = await etherOf(at);
      if (found.available !== available || found.held !== held)
        problems.push(
          `at the ${name} process ${found.available} available and ${found.held} held instead of ${available} and ${held}`,
        );
    }
  };
  if (won.length > 0) await expectEther('0', WHOLE);
  for (const outcome of won) {
    if (!('order' in outcome)) continue;
    const again = await Promise.all([place(one, order, outcome.key), place(other, order, outcome.key)]);
    if (again.some(({ id }) => id !== outcome.order.id))
      problems.push(`the same key is another order at another process`);
    const { status } = await other.call<Order>('DELETE', `/orders/${outcome.order.id}`);
    if (status !== 'CANCELED') problems.push(`a cancelled order is ${status}`);
  }
  await expectEther(WHOLE, '0');
  return problems;
}
