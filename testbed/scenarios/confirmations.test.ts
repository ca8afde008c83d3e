/** How deep a deposit must be follows what its transaction brought, on real chains whose blocks the test mines. */
import { listDepositTerms, loadRegistry } from '../../db/stores/registry';
import { firstListing, seed } from '../../db/seed';
import { testDatabase } from '../../db/testing';
import type { ConfirmationStep, Registry } from '../../domain/registry';
import { strangersAddress } from '../emulators/bitcoin/faucet';
import { BitcoinStage, noBitcoin, scriptFor } from '../stage/bitcoin-stage';
import { EvmStage, N, pause, until } from '../stage/evm-stage';

jest.setTimeout(120_000);

const STEPS: readonly ConfirmationStep[] = [
  { from: '0', confirmations: 1 },
  { from: '1', confirmations: 3 },
  { from: '5', confirmations: 6 },
];
const withSteps =
  (asset: string, confirmationSteps: readonly ConfirmationStep[] = STEPS) =>
  (listing: Registry): Registry => ({
    ...listing,
    rails: listing.rails.map((rail) => (rail.asset === asset ? { ...rail, confirmationSteps } : rail)),
  });

describe('on Ethereum', () => {
  let stage: EvmStage;
  const open = async (steps = STEPS): Promise<void> => {
    stage = await EvmStage.open({ listing: withSteps('ETH', steps) });
  };
  afterEach(() => stage.close());
  const available = (): Promise<string[]> =>
    Promise.all(['u1', 'u2', 'u3'].map((user) => stage.available(user, 'ETH')));
  const mineAndRead = async (blocks = 1): Promise<void> => {
    await stage.mine(blocks);
    await stage.catchUp();
  };

  test('each waits for the blocks of its own amount, and shows how many those are; tokens without steps for the usual ones', async () => {
    await open();
    await stage.start();
    for (const [user, amount] of [
      ['u1', '0.5'],
      ['u2', '1'],
      ['u3', '5'],
    ] as const)
      await stage.world.ether(await stage.addressOf(user), amount);
    await stage.world.tether(stage.usdt, await stage.addressOf('u1'), '1000000');
    await mineAndRead();
    expect(await available()).toEqual(['0.5', '0', '0']);
    const shown = (await stage.deposits()).map(({ userId, asset, state, confirmations, confirmationsNeeded }) => [
      userId,
      asset,
      state,
      Number(confirmations),
      Number(confirmationsNeeded),
    ]);
    expect(shown.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
      ['u1', 'ETH', 'CREDITED', 1, 1],
      ['u1', 'USDT', 'CONFIRMING', 1, N],
      ['u2', 'ETH', 'CONFIRMING', 1, 3],
      ['u3', 'ETH', 'CONFIRMING', 1, 6],
    ]);
    await mineAndRead();
    expect([...(await available()), await stage.available('u1', 'USDT')]).toEqual(['0.5', '0', '0', '0']);
    await mineAndRead();
    expect([...(await available()), await stage.available('u1', 'USDT')]).toEqual(['0.5', '1', '0', '1000000']);
    await mineAndRead(2);
    expect(await available()).toEqual(['0.5', '1', '0']);
    await mineAndRead();
    expect(await available()).toEqual(['0.5', '1', '5']);
    await stage.booksAreTheChain();
  });

  test('one sum in ten pieces of one transaction waits as long as the whole; what came by another transaction does not', async () => {
    await open();
    await stage.start();
    const address = await stage.addressOf('u1');
    await stage.world.contractPays(
      address,
      Array.from({ length: 10 }, () => '0.5'),
    );
    await stage.world.ether(address, '0.75');
    await mineAndRead();
    expect(await stage.available('u1', 'ETH')).toBe('0.75');
    expect((await stage.deposits()).map(({ confirmationsNeeded }) => Number(confirmationsNeeded)).toSorted()).toEqual([
      1,
      ...Array.from({ length: 10 }, () => 6),
    ]);
    await mineAndRead(4);
    expect(await stage.available('u1', 'ETH')).toBe('0.75');
    await mineAndRead();
    expect(await stage.available('u1', 'ETH')).toBe('5.75');
    await stage.booksAreTheChain();
  });

  test('coins that were credited early stay where they are until they are as deep as everything else', async () => {
    await open();
    await stage.operatorFunds('1');
    await stage.start();
    await stage.world.ether(await stage.addressOf('u1'), '0.5');
    await mineAndRead(N - 1);
    expect(await stage.available('u1', 'ETH')).toBe('0.5');
    await pause(200);
    expect(await stage.rows('SELECT 1 FROM sweeps')).toEqual([]);
    await mineAndRead();
    await until(
      'swept',
      async () => (await stage.deposits())[0]?.state === 'SWEPT',
      () => stage.mine(),
    );
    await stage.booksAreTheChain();
  });

  test('an operator who asks for more means what is on its way, too', async () => {
    await open();
    await stage.start();
    await stage.world.ether(await stage.addressOf('u1'), '1');
    await mineAndRead(2);
    await stage.stop();
    stage.registry = withSteps('ETH', [{ from: '0', confirmations: 5 }])(stage.registry);
    await stage.start();
    await mineAndRead(2);
    expect([await stage.available('u1', 'ETH'), Number((await stage.deposits())[0]?.confirmationsNeeded)]).toEqual([
      '0',
      5,
    ]);
    await mineAndRead();
    expect(await stage.available('u1', 'ETH')).toBe('1');
  });
});

const absent = noBitcoin();
(absent ? describe.skip : describe)('on Bitcoin', () => {
  let stage: BitcoinStage;
  beforeEach(async () => {
    stage = await BitcoinStage.open({ listing: withSteps('BTC') });
    await stage.start();
  });
  afterEach(() => stage.close());

  test('outputs of one transaction count together for each owner, those below the smallest deposit not at all', async () => {
    const [one, two] = [await stage.addressOf('u1'), await stage.addressOf('u2')];
    const coin = await stage.othersCoin(1, '20');
    const payments = [
      [one, 300_000_000n],
      [one, 200_000_000n],
      [one, 5000n],
      [two, 90_000_000n],
    ].map(([to, value]) => ({ script: scriptFor(String(to)), value: BigInt(value ?? 0) }));
    await stage.ask('sendrawtransaction', (await stage.othersPay(coin, payments)).rawTransaction);
    await stage.mine();
    await stage.catchUp();
    expect([await stage.available('u1'), await stage.available('u2')]).toEqual(['0', '0.9']);
    expect(
      (await stage.deposits())
        .filter(({ state }) => state !== 'IGNORED')
        .map(({ userId, confirmationsNeeded }) => [userId, Number(confirmationsNeeded)])
        .toSorted(),
    ).toEqual([
      ['u1', 6],
      ['u1', 6],
      ['u2', 1],
    ]);
    await stage.mine(4);
    await stage.catchUp();
    expect(await stage.available('u1')).toBe('0');
    await stage.mine();
    await stage.catchUp();
    expect(await stage.available('u1')).toBe('5');
  });

  test(
    'a coin that was credited early is spent when it is as deep as change must be; the payment ' +
      'waits, and nothing is asked of the venue',
    async () => {
      const address = await stage.addressOf('u1');
      await stage.ask('sendtoaddress', address, '0.6');
      await stage.mine(N);
      await stage.ask('sendtoaddress', address, '0.9');
      await stage.mine();
      await stage.catchUp();
      expect(await stage.available('u1')).toBe('1.5');
      const to = strangersAddress();
      await stage.withdraw('early', to, '1.2');
      await until(
        'waits',
        async () =>
          (await stage.rows<{ reason: string }>("SELECT reason FROM withdrawals WHERE id = 'early'"))[0]?.reason ===
          'AWAITING_CHANGE',
      );
      await stage.mine();
      await stage.catchUp();
      expect(await stage.rows('SELECT 1 FROM chain_transactions')).toEqual([]);
      await stage.confirmed('early');
      expect(await stage.rows('SELECT 1 FROM venue_transfers')).toEqual([]);
    },
  );
});

test(
  'steps of the settings are the listing, in every process; taken out of the settings they ' +
    'are gone; of what is not listed there are none',
  async () => {
    const database = await testDatabase();
    try {
      const { dataSource } = database;
      await seed(dataSource, firstListing({}, { confirmations: 3 }), 1);
      const listed = async (): Promise<unknown> => (await loadRegistry(dataSource)).rails[0]?.confirmationSteps;
      expect(await listed()).toBeNull();
      await listDepositTerms(dataSource, [{ network: 'bitcoin', asset: 'BTC', steps: STEPS }]);
      expect(await listed()).toEqual(STEPS);
      await expect(listDepositTerms(dataSource, [{ network: 'bitcoin', asset: 'ETH', steps: STEPS }])).rejects.toThrow(
        'ETH on bitcoin, which is not listed',
      );
      expect(await listed()).toEqual(STEPS);
      await listDepositTerms(dataSource, []);
      expect(await listed()).toBeNull();
    } finally {
      await database.close();
    }
  },
);
