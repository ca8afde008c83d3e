import fc from 'fast-check';
import { parseAmount, parseSigned } from '../domain/money/amount';
import { Books, post } from './post';
import type { Posting } from './post';
import * as transfers from './transfers';

const seed = Number(process.env.SEED ?? 20251121);
console.info(`transfers: seed ${seed}`);

const amount = fc.bigInt({ min: 0n, max: 10n ** 30n });
type Amounts = readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint];
const amounts: fc.Arbitrary<Amounts> = fc.tuple(amount, amount, amount, amount, amount, amount, amount);
const user = { userId: 'u', network: 'ethereum', asset: 'ETH' };

/** Every reason money moves, made of any amounts at all. */
const TRANSFERS: { [name in keyof typeof transfers]: (n: Amounts, flag: boolean) => Posting[] } = {
  operatorContribution: (n) => transfers.operatorContribution('ETH', n[0], 'hot/ethereum'),
  depositCredit: (n) => transfers.depositCredit({ ...user, amount: n[0], credited: n[1], fee: n[2] }),
  depositReversal: (n) => transfers.depositReversal({ ...user, amount: n[0], taken: n[1], owed: n[2], fee: n[3] }),
  debtRepayment: (n) => transfers.debtRepayment('u', 'ETH', n[0]),
  costReservation: (n) => transfers.costReservation('ETH', n[0]),
  costSettlement: (n) => transfers.costSettlement('ETH', n[0], n[1], 'hot/ethereum'),
  custodyMove: (n) => transfers.custodyMove('ETH', n[0], 'deposit/ethereum', 'binance'),
  pullBack: (n, flag) => transfers.pullBack('binance', 'ETH', n[0], n[1], flag),
  hold: (n) => transfers.hold('u', 'ETH', n[0]),
  release: (n) => transfers.release('u', 'ETH', n[0]),
  pullBackFeeLost: (n) => transfers.pullBackFeeLost('ETH', n[0]),
  withdrawalPaid: (n, flag) =>
    transfers.withdrawalPaid({
      ...user,
      amount: n[0],
      fee: n[1],
      pullBackFee: n[2],
      gas: { asset: flag ? 'ETH' : 'GAS', reserved: n[3], actual: n[4] },
    }),
  payoutFailed: (n) => transfers.payoutFailed('ethereum', { asset: 'ETH', reserved: n[0], actual: n[1] }),
  insideTransfer: (n) =>
    transfers.insideTransfer({ fromUserId: 'u', toUserId: 'v', asset: 'ETH', amount: n[0], fee: n[1] }),
  swapTrade: (n, flag) =>
    transfers.swapTrade({
      venue: 'binance',
      userId: 'u',
      into: flag ? 'available' : 'held',
      from: 'ETH',
      to: 'USDT',
      userPays: n[0],
      userGets: n[1],
      venuePays: n[2],
      venueGives: n[3],
      commission: n[4],
      venueFee: { asset: flag ? 'USDT' : 'BNB', amount: n[5] + n[6] },
    }),
  operatorGrant: (n) => transfers.operatorGrant('u', 'JVZ', n[0]),
  orderTrade: (n) =>
    transfers.orderTrade({
      buyer: 'u',
      seller: 'v',
      base: { asset: 'ETH', quantity: n[0], fee: n[1] },
      quote: { asset: 'USDT', paid: n[2], received: n[3], fee: n[4] },
    }),
  bundleTrade: (n, flag) =>
    transfers.bundleTrade({
      venue: 'binance',
      from: 'USDT',
      to: 'ETH',
      members: [
        { userId: 'u', pays: n[0], gets: n[1], fee: n[2] },
        { userId: 'v', pays: n[3], gets: n[4], fee: n[5] },
      ],
      venuePays: n[6],
      venueGives: n[0] + n[3],
      venueFee: { asset: flag ? 'ETH' : 'BNB', amount: n[5] },
    }),
  venueDifference: (n, flag) => transfers.venueDifference('binance', 'ETH', flag ? n[0] : -n[0]),
};

test.each(Object.keys(transfers) as (keyof typeof transfers)[])(
  '%s sums to zero in each asset, whatever the amounts',
  (name) => {
    fc.assert(
      fc.property(amounts, fc.boolean(), (drawn, flag) => {
        const sums = new Map<string, bigint>();
        for (const posting of TRANSFERS[name](drawn, flag))
          sums.set(posting.asset, (sums.get(posting.asset) ?? 0n) + posting.amount);
        expect([...sums.values()].every((sum) => sum === 0n)).toBe(true);
      }),
      { seed, numRuns: 300 },
    );
  },
);

/** One entry of the walk below, and the balances it must leave, by hand. */
class Walk {
  readonly books = new Books();
  private n = 0;

  enter(postings: Posting[], expected: Record<string, string>): void {
    expect(post(this.books, { reference: `walk:${++this.n}`, reason: 'walk', postings })).toBeUndefined();
    for (const [at, text] of Object.entries(expected)) {
      const [account = '', asset = ''] = at.split(' ');
      const found = account === 'position' ? this.books.position(asset) : this.books.balance(account, asset);
      expect({ at, entry: this.n, found }).toEqual({ at, entry: this.n, found: parseSigned(text) });
    }
  }

  /** Everything that is not zero. */
  all(): Record<string, bigint> {
    return Object.fromEntries(
      [...this.books.entries()]
        .filter(({ amount: left }) => left !== 0n)
        .map((row) => [`${row.account} ${row.asset}`, row.amount]),
    );
  }
}

const n = parseAmount;

test("one user's life from a fresh world, by hand-computed figures", () => {
  const walk = new Walk();
  // The operator begins with 2 ETH for gas and nothing else.
  walk.enter(transfers.operatorContribution('ETH', n('2'), 'hot/ethereum'), {
    'custody/hot/ethereum ETH': '-2',
    'equity/operator ETH': '2',
    'position ETH': '2',
  });
  // The user pays in 2 ETH and a crumb finer than eight decimals.
  walk.enter(
    transfers.depositCredit({
      userId: 'u',
      network: 'ethereum',
      asset: 'ETH',
      amount: n('2.000000001'),
      credited: n('2'),
      fee: 0n,
    }),
    {
      'user/u/available ETH': '2',
      'suspense/dust ETH': '0.000000001',
      'custody/deposit/ethereum ETH': '-2.000000001',
      'position ETH': '2',
    },
  );
  // Sweep: 0.01 set aside, 0.0004 burnt out of the deposit address itself, the rest to the hot wallet.
  walk.enter(transfers.costReservation('ETH', n('0.01')), {
    'position ETH': '1.99',
    'suspense/reserved-costs ETH': '0.01',
  });
  walk.enter(
    [
      ...transfers.custodyMove('ETH', n('1.999600001'), 'deposit/ethereum', 'hot/ethereum'),
      ...transfers.costSettlement('ETH', n('0.01'), n('0.0004'), 'deposit/ethereum'),
    ],
    {
      'custody/deposit/ethereum ETH': '0',
      'custody/hot/ethereum ETH': '-3.999600001',
      'position ETH': '1.9996',
      'suspense/reserved-costs ETH': '0',
    },
  );
  // On to the venue: 2 ETH, 0.0005 gas out of the hot wallet.
  walk.enter(transfers.costReservation('ETH', n('0.01')), { 'position ETH': '1.9896' });
  walk.enter(
    [
      ...transfers.custodyMove('ETH', n('2'), 'hot/ethereum', 'transit'),
      ...transfers.costSettlement('ETH', n('0.01'), n('0.0005'), 'hot/ethereum'),
    ],
    {
      'custody/transit ETH': '-2',
      'custody/hot/ethereum ETH': '-1.999100001',
      'position ETH': '1.9991',
    },
  );
  walk.enter(transfers.custodyMove('ETH', n('2'), 'transit', 'binance'), {
    'custody/transit ETH': '0',
    'custody/binance ETH': '-2',
  });
  // Swap 1.5 ETH at 3000: the venue gives 4500 and takes 4.5; the user was quoted 4477.5; commission 9, the rest is
  // spread.
  walk.enter(transfers.hold('u', 'ETH', n('1.5')), { 'user/u/available ETH': '0.5', 'user/u/held ETH': '1.5' });
  walk.enter(
    transfers.swapTrade({
      venue: 'binance',
      userId: 'u',
      into: 'available',
      from: 'ETH',
      to: 'USDT',
      userPays: n('1.5'),
      userGets: n('4477.5'),
      venuePays: n('1.5'),
      venueGives: n('4500'),
      commission: n('9'),
      venueFee: { asset: 'USDT', amount: n('4.5') },
    }),
    {
      'user/u/held ETH': '0',
      'user/u/available USDT': '4477.5',
      'custody/binance ETH': '-0.5',
      'custody/binance USDT': '-4495.5',
      'revenue/swap-commission USDT': '9',
      'revenue/swap-spread USDT': '13.5',
      'expense/venue-fee USDT': '-4.5',
      'position USDT': '18',
    },
  );
  // Withdraw 1000 USDT for a fee of 6; the venue keeps 2 for sending 1002 back.
  walk.enter(transfers.hold('u', 'USDT', n('1006')), { 'user/u/available USDT': '3471.5', 'user/u/held USDT': '1006' });
  walk.enter(transfers.pullBack('binance', 'USDT', n('1002'), n('2'), true), {
    'custody/binance USDT': '-3493.5',
    'custody/transit USDT': '-1000',
    'suspense/pull-back-fees USDT': '-2',
    'position USDT': '18',
  });
  walk.enter(transfers.custodyMove('USDT', n('1000'), 'transit', 'hot/ethereum'), {
    'custody/transit USDT': '0',
    'custody/hot/ethereum USDT': '-1000',
  });
  // The payout burns 0.0007 ETH of the 0.002 that were set aside; its own fee pays for the pull-back.
  walk.enter(transfers.costReservation('ETH', n('0.002')), { 'position ETH': '1.9971' });
  walk.enter(
    transfers.withdrawalPaid({
      userId: 'u',
      network: 'ethereum',
      asset: 'USDT',
      amount: n('1000'),
      fee: n('6'),
      pullBackFee: n('2'),
      gas: { asset: 'ETH', reserved: n('0.002'), actual: n('0.0007') },
    }),
    { 'user/u/held USDT': '0', 'position USDT': '22', 'position ETH': '1.9984' },
  );
  expect(walk.all()).toEqual({
    'equity/operator ETH': n('2'),
    'expense/network-fee ETH': -n('0.0016'),
    'custody/hot/ethereum ETH': -n('1.998400001'),
    'custody/binance ETH': -n('0.5'),
    'user/u/available ETH': n('0.5'),
    'suspense/dust ETH': n('0.000000001'),
    'custody/binance USDT': -n('3493.5'),
    'user/u/available USDT': n('3471.5'),
    'revenue/swap-commission USDT': n('9'),
    'revenue/swap-spread USDT': n('13.5'),
    'revenue/withdrawal-fee USDT': n('6'),
    'expense/venue-fee USDT': -n('4.5'),
    'expense/network-fee USDT': -n('2'),
  });
});

test('a deposit that leaves the chain after it was spent: what is there is taken, the rest is owed and repaid first', () => {
  const walk = new Walk();
  walk.enter(
    transfers.depositCredit({
      userId: 'u',
      network: 'ethereum',
      asset: 'ETH',
      amount: n('2'),
      credited: n('2'),
      fee: 0n,
    }),
    { 'user/u/available ETH': '2' },
  );
  walk.enter(transfers.hold('u', 'ETH', n('1.5')), {});
  walk.enter(
    transfers.depositReversal({
      userId: 'u',
      network: 'ethereum',
      asset: 'ETH',
      amount: n('2'),
      taken: n('0.5'),
      owed: n('1.5'),
      fee: 0n,
    }),
    {
      'user/u/available ETH': '0',
      'user/u/debt ETH': '-1.5',
      'user/u/held ETH': '1.5',
      'custody/deposit/ethereum ETH': '0',
    },
  );
  walk.enter(transfers.release('u', 'ETH', n('1.5')), { 'user/u/available ETH': '1.5' });
  walk.enter(transfers.debtRepayment('u', 'ETH', n('1.5')), { 'user/u/debt ETH': '0', 'user/u/available ETH': '0' });
  expect(walk.all()).toEqual({});
});
