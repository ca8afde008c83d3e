/** Coins that contracts send, and coins that they only seem to send, on nodes that trace and on nodes that do not. */
import { ONE, parseAmount } from '../../domain/money/amount';
import { EvmStage, pause, until } from '../stage/evm-stage';
import { proxyOf } from '../stage/node-proxy';

let stage: EvmStage;
beforeEach(async () => {
  stage = await EvmStage.open();
});
afterEach(() => stage.close());

const ETHER = (amount: string): bigint => parseAmount(amount);
const credited = (amount: string): Promise<true> =>
  until(
    `${amount} are credited`,
    async () => (await stage.available('u1', 'ETH')) === amount,
    () => stage.mine(),
  ).then(() => true);

describe.each([
  ['with traces', true],
  ['by balances', false],
] as const)('%s', (_, traces) => {
  test('E5 paid by a contract, three times in one transaction and beside a plain payment: every coin is credited once', async () => {
    await stage.start({ traces });
    const address = await stage.addressOf('u1');
    await stage.world.contractPays(address, ['0.1', '0.2', '0.3']);
    await stage.world.ether(address, '1');
    await credited('1.6');
    await stage.stop();
    await stage.start({ traces });
    await stage.final();
    await stage.final();
    expect(await stage.available('u1', 'ETH')).toBe('1.6');
    expect(await stage.deposits()).toHaveLength(traces ? 4 : 2);
    await stage.booksAreTheChain();
  });

  test('E5 paid by a contract that ends itself: credited once', async () => {
    await stage.start({ traces });
    const bomb = await stage.deploy('Bomb');
    await stage.call('Bomb', bomb, 'pay', [await stage.addressOf('u1')], ETHER('0.5'));
    await credited('0.5');
    await stage.final();
    expect(await stage.available('u1', 'ETH')).toBe('0.5');
    await stage.booksAreTheChain();
  });

  test("E5 swept, topped up for a token, and paid by a contract again: our own moves are nobody's deposit", async () => {
    await stage.operatorFunds('1');
    await stage.start({ traces });
    const address = await stage.addressOf('u1');
    await stage.world.tether(stage.usdt, address, '100');
    await until(
      'swept',
      async () => (await stage.deposits())[0]?.state === 'SWEPT',
      () => stage.mine(),
    );
    await stage.world.contractPays(address, ['2']);
    await until(
      'swept too',
      async () => ((all) => all.length === 2 && all.every(({ state }) => state === 'SWEPT'))(await stage.deposits()),
      () => stage.mine(),
    );
    await stage.world.contractPays(address, ['3']);
    await credited('5');
    await stage.final();
    await until(
      'nothing is under way',
      async () =>
        (await stage.rows("SELECT 1 FROM chain_transactions WHERE state IN ('PLANNED', 'SIGNED', 'BROADCAST')"))
          .length === 0,
      () => stage.mine(),
    );
    await stage.final();
    expect(await stage.available('u1', 'ETH')).toBe('5');
    expect((await stage.deposits()).filter(({ asset }) => asset === 'ETH').map(({ amount }) => amount)).toEqual([
      '2',
      '3',
    ]);
    await stage.booksAreTheChain();
  });

  test(
    'E5 E8 paid by a contract in a block that is lost after it counted: taken back, and ' +
      'credited once where it is mined again',
    async () => {
      await stage.start({ traces });
      const address = await stage.addressOf('u1');
      const before = await stage.world.head();
      await stage.world.contractPays(address, ['2']);
      await credited('2');
      const { height } = await stage.world.head();
      await stage.world.reorganise(height - before.height);
      await until('taken back', async () => (await stage.available('u1', 'ETH')) === '0');
      await stage.world.contractPays(address, ['2']);
      await credited('2');
      await stage.final();
      expect(await stage.available('u1', 'ETH')).toBe('2');
      await stage.booksAreTheChain();
    },
  );

  test('E6 the payment below a call that was reverted never was: nothing is credited', async () => {
    await stage.start({ traces });
    const trap = await stage.deploy('Trap');
    const txid = await stage.call('Trap', trap, 'attack', [await stage.addressOf('u1')], ONE);
    expect(await stage.world.rpc('eth_getTransactionReceipt', [txid])).toMatchObject({ status: '0x1' });
    await stage.final();
    await pause(200);
    expect(await stage.deposits()).toEqual([]);
    expect(await stage.engine.balancesOf('u1')).toEqual([]);
    await stage.booksAreTheChain();
  });

  test('E5 coins below the smallest deposit are written down once, however often the address is looked at', async () => {
    await stage.start({ traces });
    await stage.world.contractPays(await stage.addressOf('u1'), ['0.0001']);
    await stage.final();
    await stage.final();
    expect(await stage.deposits()).toMatchObject([{ state: 'IGNORED', amount: '0.0001' }]);
  });
});

test('E5 more addresses than one round looks at: each is looked at', async () => {
  await stage.start({ traces: false });
  const users = Array.from({ length: 450 }, (_, at) => `user-${at}`);
  for (const user of users) await stage.addressOf(user);
  const last = users.at(-1) ?? '';
  await stage.world.contractPays(await stage.addressOf(last), ['0.5']);
  await stage.world.contractPays(await stage.addressOf('user-0'), ['0.25']);
  await until(
    'both',
    async () => (await stage.available(last, 'ETH')) === '0.5' && (await stage.available('user-0', 'ETH')) === '0.25',
    () => stage.mine(),
  );
});

test('E5 E9 a balance that the preferred node made up: a large one waits for the second node', async () => {
  const [one, two] = [await proxyOf(stage.anvil.url), await proxyOf(stage.anvil.url)];
  await stage.start({ rpcUrls: [one.url, two.url], traces: false, largeFrom: { ETH: '5' } });
  const address = await stage.addressOf('u1');
  one.tamper = ({ method, params }, result) =>
    method === 'eth_getBalance' && String(params[0]).toLowerCase() === address.toLowerCase()
      ? `0x${(50n * ONE).toString(16)}`
      : result;
  await stage.final();
  await until(
    'it says so',
    async () => stage.faults().includes('waits for a second node'),
    () => stage.mine(),
  );
  expect(await stage.engine.balancesOf('u1')).toEqual([]);
  await stage.stop();
  await Promise.all([one.close(), two.close()]);
});
