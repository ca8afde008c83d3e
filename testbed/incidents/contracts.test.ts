/** Coins that contracts send, and coins that they only seem to send, on nodes that trace and on nodes that do not. */
import { ONE, parseAmount } from '../../domain/money/amount';
import { EvmHouse, pause, until } from '../stage/evm-stage';
import { proxyOf } from '../stage/node-proxy';

let house: EvmHouse;
beforeEach(async () => {
  house = await EvmHouse.open();
});
afterEach(() => house.close());

const ETHER = (amount: string): bigint => parseAmount(amount);
const credited = (amount: string): Promise<true> =>
  until(
    `${amount} are credited`,
    async () => (await house.available('u1', 'ETH')) === amount,
    () => house.mine(),
  ).then(() => true);

describe.each([
  ['with traces', true],
  ['by balances', false],
] as const)('%s', (_, traces) => {
  test('E5 paid by a contract, three times in one transaction and beside a plain payment: every coin is credited once', async () => {
    await house.start({ traces });
    const address = await house.addressOf('u1');
    await house.world.contractPays(address, ['0.1', '0.2', '0.3']);
    await house.world.ether(address, '1');
    await credited('1.6');
    await house.stop();
    await house.start({ traces });
    await house.final();
    await house.final();
    expect(await house.available('u1', 'ETH')).toBe('1.6');
    expect(await house.deposits()).toHaveLength(traces ? 4 : 2);
    await house.booksAreTheChain();
  });

  test('E5 paid by a contract that ends itself: credited once', async () => {
    await house.start({ traces });
    const bomb = await house.deploy('Bomb');
    await house.call('Bomb', bomb, 'pay', [await house.addressOf('u1')], ETHER('0.5'));
    await credited('0.5');
    await house.final();
    expect(await house.available('u1', 'ETH')).toBe('0.5');
    await house.booksAreTheChain();
  });

  test("E5 swept, topped up for a token, and paid by a contract again: our own moves are nobody's deposit", async () => {
    await house.operatorFunds('1');
    await house.start({ traces });
    const address = await house.addressOf('u1');
    await house.world.tether(house.usdt, address, '100');
    await until(
      'swept',
      async () => (await house.deposits())[0]?.state === 'SWEPT',
      () => house.mine(),
    );
    await house.world.contractPays(address, ['2']);
    await until(
      'swept too',
      async () => ((all) => all.length === 2 && all.every(({ state }) => state === 'SWEPT'))(await house.deposits()),
      () => house.mine(),
    );
    await house.world.contractPays(address, ['3']);
    await credited('5');
    await house.final();
    await until(
      'nothing is under way',
      async () =>
        (await house.rows("SELECT 1 FROM chain_transactions WHERE state IN ('PLANNED', 'SIGNED', 'BROADCAST')"))
          .length === 0,
      () => house.mine(),
    );
    await house.final();
    expect(await house.available('u1', 'ETH')).toBe('5');
    expect((await house.deposits()).filter(({ asset }) => asset === 'ETH').map(({ amount }) => amount)).toEqual([
      '2',
      '3',
    ]);
    await house.booksAreTheChain();
  });

  test('E5 E8 paid by a contract in a block that is lost after it counted: taken back, and credited once where it is mined again', async () => {
    await house.start({ traces });
    const address = await house.addressOf('u1');
    const before = await house.world.head();
    await house.world.contractPays(address, ['2']);
    await credited('2');
    const { height } = await house.world.head();
    await house.world.reorganise(height - before.height);
    await until('taken back', async () => (await house.available('u1', 'ETH')) === '0');
    await house.world.contractPays(address, ['2']);
    await credited('2');
    await house.final();
    expect(await house.available('u1', 'ETH')).toBe('2');
    await house.booksAreTheChain();
  });

  test('E6 the payment below a call that was reverted never was: nothing is credited', async () => {
    await house.start({ traces });
    const trap = await house.deploy('Trap');
    const txid = await house.call('Trap', trap, 'attack', [await house.addressOf('u1')], ONE);
    expect(await house.world.rpc('eth_getTransactionReceipt', [txid])).toMatchObject({ status: '0x1' });
    await house.final();
    await pause(200);
    expect(await house.deposits()).toEqual([]);
    expect(await house.engine.balancesOf('u1')).toEqual([]);
    await house.booksAreTheChain();
  });

  test('E5 coins below the smallest deposit are written down once, however often the address is looked at', async () => {
    await house.start({ traces });
    await house.world.contractPays(await house.addressOf('u1'), ['0.0001']);
    await house.final();
    await house.final();
    expect(await house.deposits()).toMatchObject([{ state: 'IGNORED', amount: '0.0001' }]);
  });
});

test('E5 more addresses than one round looks at: each is looked at', async () => {
  await house.start({ traces: false });
  const users = Array.from({ length: 450 }, (_, at) => `user-${at}`);
  for (const user of users) await house.addressOf(user);
  const last = users.at(-1) ?? '';
  await house.world.contractPays(await house.addressOf(last), ['0.5']);
  await house.world.contractPays(await house.addressOf('user-0'), ['0.25']);
  await until(
    'both',
    async () => (await house.available(last, 'ETH')) === '0.5' && (await house.available('user-0', 'ETH')) === '0.25',
    () => house.mine(),
  );
});

test('E5 E9 a balance that the preferred node made up: a large one waits for the second node', async () => {
  const [one, two] = [await proxyOf(house.anvil.url), await proxyOf(house.anvil.url)];
  await house.start({ rpcUrls: [one.url, two.url], traces: false, largeFrom: { ETH: '5' } });
  const address = await house.addressOf('u1');
  one.tamper = ({ method, params }, result) =>
    method === 'eth_getBalance' && String(params[0]).toLowerCase() === address.toLowerCase()
      ? `0x${(50n * ONE).toString(16)}`
      : result;
  await house.final();
  await until(
    'it says so',
    async () => house.faults().includes('waits for a second node'),
    () => house.mine(),
  );
  expect(await house.engine.balancesOf('u1')).toEqual([]);
  await house.stop();
  await Promise.all([one.close(), two.close()]);
});
