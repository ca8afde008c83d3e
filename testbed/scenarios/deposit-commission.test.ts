/**
 * A commission on deposits, on a real chain: what arrives, what the user gets and is told, what the stage earns, and
 * what can be tried against it.
 */
import { firstListing, seed } from '../../db/seed';
import { depositsOf } from '../../db/stores/history';
import { listDepositTerms, loadRegistry } from '../../db/stores/registry';
import { readBookFacts } from '../../db/stores/audit';
import { testDatabase } from '../../db/testing';
import { depositView } from '../../domain/contract/api/deposits';
import type { DepositView } from '../../domain/contract/api/deposits';
import { formatAmount } from '../../domain/money/amount';
import type { Rail, Registry } from '../../domain/registry';
import { auditBooks } from '../../ledger/audit';
import { presentDeposit } from '../../server/deposits/present';
import { EvmStage, N, until } from '../stage/evm-stage';

jest.setTimeout(60_000);

let stage: EvmStage;
const listing =
  (terms: Partial<Rail>) =>
  (fresh: Registry): Registry => ({
    ...fresh,
    rails: fresh.rails.map((rail) => (rail.asset === 'ETH' ? { ...rail, ...terms } : rail)),
  });
const open = async (terms: Partial<Rail>): Promise<void> => {
  stage = await EvmStage.open({ listing: listing(terms) });
};
/** As the API answers it. */
const shown = async (userId: string): Promise<DepositView[]> =>
  (await depositsOf(stage.database.dataSource, userId, { limit: 50 })).rows.map((row) =>
    depositView.parse(presentDeposit(row)),
  );
const revenue = async (): Promise<string> =>
  formatAmount(
    (await readBookFacts(stage.database.dataSource)).balances.find(
      ({ account, asset }) => account === 'revenue/deposit-fee' && asset === 'ETH',
    )?.amount ?? 0n,
  );
const booksAreRight = async (): Promise<void> => {
  expect(auditBooks(await readBookFacts(stage.database.dataSource))).toEqual([]);
  await stage.booksAreTheChain();
};
const pay = async (amount: string, user = 'u1'): Promise<void> => {
  await stage.world.ether(await stage.addressOf(user), amount);
  await stage.final();
};

describe('a commission', () => {
  afterEach(() => stage.close());

  test.each([
    ['of a flat sum', { depositFee: '0.01' }, '1.99', '0.01'],
    ['of a share', { depositFeeRate: '0.005' }, '1.99', '0.01'],
    ['of both', { depositFee: '0.01', depositFeeRate: '0.005' }, '1.98', '0.02'],
  ])(
    '%s: the user gets the rest and is told of both, the house has earned it, and all coins lie where the books say',
    async (_, terms, credited, fee) => {
      await open(terms);
      await stage.operatorFunds('1');
      await stage.start();
      await stage.world.ether(await stage.addressOf('u1'), '2');
      await stage.mine();
      await stage.catchUp();
      expect(await shown('u1')).toMatchObject([{ state: 'CONFIRMING', amount: '2', credited: null, fee: null }]);
      await stage.mine(N);
      await until(
        'swept',
        async () => (await stage.deposits())[0]?.state === 'SWEPT',
        () => stage.mine(),
      );
      expect(await shown('u1')).toMatchObject([{ state: 'SWEPT', amount: '2', credited, fee }]);
      expect([await stage.available('u1', 'ETH'), await revenue()]).toEqual([credited, fee]);
      await until(
        'booked',
        async () => (await stage.rows("SELECT 1 FROM chain_transactions WHERE state <> 'CONFIRMED'")).length === 0,
        () => stage.mine(),
      );
      await booksAreRight();
    },
  );

  test('larger than a deposit takes no deposit: it is shown and not credited, and its coins are not touched', async () => {
    await open({ depositFee: '0.5', minDeposit: '0.001' });
    await stage.operatorFunds('1');
    await stage.start();
    for (const amount of ['0.1', '0.5', '0.500000009']) await pay(amount);
    expect((await shown('u1')).map(({ state, credited }) => [state, credited])).toEqual([
      ['IGNORED', null],
      ['IGNORED', null],
      ['IGNORED', null],
    ]);
    expect([await stage.engine.balancesOf('u1'), await revenue(), await stage.rows('SELECT 1 FROM sweeps')]).toEqual([
      [],
      '0',
      [],
    ]);
    await pay('0.50000001', 'u2');
    expect([await stage.available('u2', 'ETH'), await revenue()]).toEqual(['0.00000001', '0.5']);
  });

  test("is taken of each of many small ones; what is finer than the books is dust and nobody's gain", async () => {
    await open({ depositFee: '0.001', depositFeeRate: '0.1' });
    await stage.start();
    const address = await stage.addressOf('u1');
    await stage.world.contractPays(address, ['0.010000001', '0.01', '0.01']);
    await stage.final();
    // 0.001 and a tenth of each, on steps of 10^-8.
    expect([await stage.available('u1', 'ETH'), await revenue()]).toEqual(['0.024', '0.006']);
    await booksAreRight();
  });

  test('is given back as it was taken when the deposit leaves the chain, whatever it is by then', async () => {
    await open({ depositFee: '0.01' });
    await stage.operatorFunds('1');
    await stage.start();
    await stage.world.ether(await stage.addressOf('u1'), '2');
    await stage.mine(N);
    await until('credited', async () => (await stage.available('u1', 'ETH')) === '1.99');
    await stage.stop();
    await stage.engine.stop();
    await stage.reopen(listing({ depositFee: '0.3', depositFeeRate: '0.1' }));
    await stage.start();
    await stage.world.reorganise(N);
    await until(
      'taken back',
      async () => (await stage.deposits())[0]?.state === 'ORPHANED',
      () => stage.mine(),
    );
    expect([await stage.available('u1', 'ETH'), await revenue()]).toEqual(['0', '0']);
    expect(
      (await readBookFacts(stage.database.dataSource)).balances.filter(
        ({ account, amount }) => account.endsWith('/debt') && amount !== 0n,
      ),
    ).toEqual([]);
    expect(await shown('u1')).toMatchObject([{ credited: null, fee: null }]);
    await booksAreRight();
  });
});

test(
  'by settings: written into the listing for every process, and refused where nothing would ' +
    'be left of the smallest deposit',
  async () => {
    const database = await testDatabase();
    try {
      const { dataSource } = database;
      await seed(dataSource, firstListing({}, { confirmations: 3 }), 1);
      const rail = async (): Promise<Rail | undefined> => (await loadRegistry(dataSource)).rails[0];
      expect(await rail()).toMatchObject({ minDeposit: '0.0001', depositFee: '0', depositFeeRate: '0' });
      const btc = { network: 'bitcoin', asset: 'BTC' };
      await listDepositTerms(dataSource, [{ ...btc, minimum: '0.0005', fee: '0.0001', feeRate: '0.001' }]);
      expect(await rail()).toMatchObject({ minDeposit: '0.0005', depositFee: '0.0001', depositFeeRate: '0.001' });
      for (const terms of [
        { fee: '0.0005' },
        { fee: '1' },
        { minimum: '0.0001' },
        { fee: '0', feeRate: '0.9', minimum: '0.00000001' },
      ]) {
        await expect(listDepositTerms(dataSource, [{ ...btc, ...terms }])).rejects.toThrow(
          'nothing is left after the commission',
        );
      }
      // What is left out stays as it is.
      await listDepositTerms(dataSource, []);
      expect(await rail()).toMatchObject({ minDeposit: '0.0005', depositFee: '0.0001', depositFeeRate: '0.001' });
    } finally {
      await database.close();
    }
  },
);
