/** Tokens that are not what they seem, moves that are no payments, amounts at the edge, and coins that cost more than they bring. */
import { EvmHouse, pause, until } from '../stage/evm-stage';

let house: EvmHouse;
const open = async (token?: Parameters<EvmHouse['deploy']>[0]): Promise<void> => {
  house = await EvmHouse.open({ ...(token && { token }) });
};
afterEach(() => house.close());

/** Nothing was written down, nothing is in anybody's books. */
async function nothingHappened(): Promise<void> {
  await house.final();
  expect(await house.deposits()).toEqual([]);
  expect(await house.engine.balancesOf('u1')).toEqual([]);
}
const TEN = 10_000_000n;

test('E1 a token of the same name and symbol at another address is not ours', async () => {
  await open();
  await house.start();
  const fake = await house.deploy('PlainToken');
  await house.call('PlainToken', fake, 'mint', [await house.addressOf('u1'), 10n ** 15n]);
  await nothingHappened();
});

test('E2 a transfer that was mined and failed: what its call data says counts for nothing', async () => {
  await open('PlainToken');
  await house.start();
  await house.call('PlainToken', house.usdt, 'mint', [house.world.address, TEN]);
  await house.call('PlainToken', house.usdt, 'pause', [true]);
  const txid = await house.call('PlainToken', house.usdt, 'transfer', [await house.addressOf('u1'), TEN]);
  expect(await house.world.rpc('eth_getTransactionReceipt', [txid])).toMatchObject({ status: '0x0' });
  await nothingHappened();
});

test('E3 a token that answers false and moves nothing, with a status of success', async () => {
  await open('FalseToken');
  await house.start();
  const txid = await house.call('FalseToken', house.usdt, 'transfer', [await house.addressOf('u1'), TEN]);
  expect(await house.world.rpc('eth_getTransactionReceipt', [txid])).toMatchObject({ status: '0x1' });
  await nothingHappened();
});

test('E4 a token that tells of a payment that never was: written down, not credited, and an operator is told', async () => {
  await open('LyingToken');
  await house.start();
  await house.call('LyingToken', house.usdt, 'transfer', [await house.addressOf('u1'), TEN]);
  await house.final();
  expect(await house.deposits()).toMatchObject([{ state: 'IGNORED', amount: '10' }]);
  expect(await house.engine.balancesOf('u1')).toEqual([]);
  expect(house.codes()).toContain('DEPOSIT_DOUBTED');
});

test('E4 a token that keeps a part and tells of the whole: not credited; the same token without a fee is', async () => {
  await open('FeeToken');
  await house.start();
  await house.call('FeeToken', house.usdt, 'mint', [house.world.address, TEN]);
  await house.call('FeeToken', house.usdt, 'transfer', [await house.addressOf('u1'), TEN]);
  await house.final();
  expect(await house.deposits()).toMatchObject([{ state: 'IGNORED' }]);
  expect(house.codes()).toContain('DEPOSIT_DOUBTED');
  // A mint moves what it says.
  await house.call('FeeToken', house.usdt, 'mint', [await house.addressOf('u1'), TEN]);
  await until(
    'credited',
    async () => (await house.available('u1', 'USDT')) === '10',
    () => house.mine(),
  );
});

test('E11 three logs of one transaction are three deposits, read again and again and by two processes at once', async () => {
  await open('PlainToken');
  await house.start();
  const address = await house.addressOf('u1');
  const splitter = await house.deploy('Splitter');
  await house.call('PlainToken', house.usdt, 'mint', [house.world.address, TEN]);
  await house.call('PlainToken', house.usdt, 'approve', [splitter, TEN]);
  await house.call('Splitter', splitter, 'pay', [house.usdt, address, 1_000_000n, 3n]);
  await until(
    'credited',
    async () => (await house.available('u1', 'USDT')) === '3',
    () => house.mine(),
  );
  for (let again = 0; again < 3; again++) {
    await house.stop();
    // As if nothing above the first blocks had been read.
    await house.rows('DELETE FROM chain_blocks WHERE height > 2');
    await Promise.all([house.start(), house.start()]);
    await house.final();
  }
  expect((await house.deposits()).map(({ position, amount, state }) => [position, amount, state])).toEqual([
    ['log:0', '1', 'CREDITED'],
    ['log:1', '1', 'CREDITED'],
    ['log:2', '1', 'CREDITED'],
  ]);
  expect(await house.available('u1', 'USDT')).toBe('3');
  await house.booksAreTheChain();
});

test('E30 moves of nothing are not shown: nobody copies an address out of a history that strangers write', async () => {
  await open('PlainToken');
  await house.start();
  const address = await house.addressOf('u1');
  await house.call('PlainToken', house.usdt, 'transfer', [address, 0n]);
  await house.call('PlainToken', house.usdt, 'transferFrom', [house.world.address, address, 0n]);
  await house.world.ether(address, '0.0');
  await nothingHappened();
});

test('E31 a thousand payments of next to nothing: no top-up, no sweep, no gas', async () => {
  await open('PlainToken');
  await house.operatorFunds('1');
  await house.start();
  const address = await house.addressOf('u1');
  const splitter = await house.deploy('Splitter');
  await house.call('PlainToken', house.usdt, 'mint', [house.world.address, TEN]);
  await house.call('PlainToken', house.usdt, 'approve', [splitter, TEN]);
  for (let batch = 0; batch < 10; batch++)
    await house.call('Splitter', splitter, 'pay', [house.usdt, address, 1n, 100n]);
  await house.final();
  const found = await house.deposits();
  expect(found).toHaveLength(1000);
  expect(new Set(found.map(({ state }) => state))).toEqual(new Set(['IGNORED']));
  expect([await house.rows('SELECT 1 FROM sweeps'), await house.rows('SELECT 1 FROM chain_transactions')]).toEqual([
    [],
    [],
  ]);
});

test("E31 a user's own ether at a token's address is credited once, and pays the gas of the token's sweep", async () => {
  await open();
  await house.operatorFunds('1');
  await house.start();
  const address = await house.addressOf('u1');
  await house.world.ether(address, '2');
  await house.world.tether(house.usdt, address, '100');
  await until(
    'swept',
    async () => ((all) => all.length === 2 && all.every(({ state }) => state === 'SWEPT'))(await house.deposits()),
    () => house.mine(),
  );
  expect(await house.rows("SELECT 1 FROM chain_transactions WHERE purpose = 'topup'")).toEqual([]);
  expect([await house.available('u1', 'ETH'), await house.available('u1', 'USDT')]).toEqual(['2', '100']);
  await until(
    'booked',
    async () => (await house.rows("SELECT 1 FROM chain_transactions WHERE state <> 'CONFIRMED'")).length === 0,
    () => house.mine(),
  );
  await house.booksAreTheChain();
});

describe('E32 a token that is paused', () => {
  const credited = async (): Promise<void> => {
    await open('PlainToken');
    await house.start();
    await house.call('PlainToken', house.usdt, 'mint', [await house.addressOf('u1'), TEN]);
    await until(
      'credited',
      async () => (await house.available('u1', 'USDT')) === '10',
      () => house.mine(),
    );
  };

  test('E32 is not swept while it is: no top-up, no gas; afterwards it is', async () => {
    await credited();
    // Away meanwhile, so that nothing is asked of the token between its switch and the gas that would pay for a sweep.
    await house.stop();
    await house.call('PlainToken', house.usdt, 'pause', [true]);
    await house.operatorFunds('1');
    await house.start();
    await house.final();
    await pause(300);
    expect(await house.rows('SELECT 1 FROM chain_transactions')).toEqual([]);
    await house.call('PlainToken', house.usdt, 'pause', [false]);
    await until(
      'swept',
      async () => (await house.deposits())[0]?.state === 'SWEPT',
      () => house.mine(),
    );
    await until(
      'booked',
      async () => (await house.rows("SELECT 1 FROM chain_transactions WHERE state <> 'CONFIRMED'")).length === 0,
      () => house.mine(),
    );
    await house.booksAreTheChain();
  });

  test('E32 between the signature and the block: its gas is booked, and it is not tried again at once', async () => {
    await credited();
    await house.operatorFunds('1');
    const sent = await until(
      'the sweep is on its way',
      async () =>
        (
          await house.rows<{ txid: string }>(
            "SELECT txid FROM chain_transactions WHERE purpose = 'sweep' AND state = 'BROADCAST'",
          )
        )[0],
      async () =>
        (await house.rows("SELECT 1 FROM chain_transactions WHERE purpose = 'sweep'")).length === 0
          ? house.mine()
          : undefined,
    );
    // The token's own switch, thrown in the same block and before the sweep.
    await house.world.rpc('anvil_setStorageAt', [
      house.usdt,
      `0x${'3'.padStart(64, '0')}`,
      `0x${'1'.padStart(64, '0')}`,
    ]);
    await house.final();
    expect(await house.world.rpc('eth_getTransactionReceipt', [sent.txid])).toMatchObject({ status: '0x0' });
    await until(
      'it is booked',
      async () => (await house.rows("SELECT 1 FROM sweeps WHERE state = 'FAILED'")).length === 1,
      () => house.mine(),
    );
    // It would be taken again now; who pauses and resumes by turns must not burn our gas.
    await house.world.rpc('anvil_setStorageAt', [
      house.usdt,
      `0x${'3'.padStart(64, '0')}`,
      `0x${'0'.padStart(64, '0')}`,
    ]);
    await house.final();
    await house.final();
    expect(await house.rows("SELECT state FROM chain_transactions WHERE purpose = 'sweep'")).toEqual([
      { state: 'FAILED' },
    ]);
    expect(house.codes()).toContain('TRANSACTION_FAILED');
    await house.booksAreTheChain();
  });
});

test('E37 a token of as many units as a word can hold does not stop the scanner; beside it, what no floating number holds is exact', async () => {
  await open('PlainToken');
  await house.start();
  const [one, two] = [await house.addressOf('u1'), await house.addressOf('u2')];
  await house.call('PlainToken', house.usdt, 'mint', [one, 2n ** 256n - 1n]);
  await house.call('PlainToken', house.usdt, 'mint', [two, 9_007_199_254_740_993n]);
  await until(
    'credited',
    async () => (await house.available('u2', 'USDT')) === '9007199254.740993',
    () => house.mine(),
  );
  expect(await house.engine.balancesOf('u1')).toEqual([]);
  expect(house.codes()).toContain('DEPOSIT_DOUBTED');
});
