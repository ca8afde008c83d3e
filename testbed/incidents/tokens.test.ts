/**
 * Tokens that are not what they seem, moves that are no payments, amounts at the edge, and coins that cost more than
 * they bring.
 */
import { EvmStage, pause, until } from '../stage/evm-stage';

let stage: EvmStage;
const open = async (token?: Parameters<EvmStage['deploy']>[0]): Promise<void> => {
  stage = await EvmStage.open({ ...(token && { token }) });
};
afterEach(() => stage.close());

/** Nothing was written down, nothing is in anybody's books. */
async function nothingHappened(): Promise<void> {
  await stage.final();
  expect(await stage.deposits()).toEqual([]);
  expect(await stage.engine.balancesOf('u1')).toEqual([]);
}
const TEN = 10_000_000n;

test('E1 a token of the same name and symbol at another address is not ours', async () => {
  await open();
  await stage.start();
  const fake = await stage.deploy('PlainToken');
  await stage.call('PlainToken', fake, 'mint', [await stage.addressOf('u1'), 10n ** 15n]);
  await nothingHappened();
});

test('E2 a transfer that was mined and failed: what its call data says counts for nothing', async () => {
  await open('PlainToken');
  await stage.start();
  await stage.call('PlainToken', stage.usdt, 'mint', [stage.world.address, TEN]);
  await stage.call('PlainToken', stage.usdt, 'pause', [true]);
  const txid = await stage.call('PlainToken', stage.usdt, 'transfer', [await stage.addressOf('u1'), TEN]);
  expect(await stage.world.rpc('eth_getTransactionReceipt', [txid])).toMatchObject({ status: '0x0' });
  await nothingHappened();
});

test('E3 a token that answers false and moves nothing, with a status of success', async () => {
  await open('FalseToken');
  await stage.start();
  const txid = await stage.call('FalseToken', stage.usdt, 'transfer', [await stage.addressOf('u1'), TEN]);
  expect(await stage.world.rpc('eth_getTransactionReceipt', [txid])).toMatchObject({ status: '0x1' });
  await nothingHappened();
});

test('E4 a token that tells of a payment that never was: written down, not credited, and an operator is told', async () => {
  await open('LyingToken');
  await stage.start();
  await stage.call('LyingToken', stage.usdt, 'transfer', [await stage.addressOf('u1'), TEN]);
  await stage.final();
  expect(await stage.deposits()).toMatchObject([{ state: 'IGNORED', amount: '10' }]);
  expect(await stage.engine.balancesOf('u1')).toEqual([]);
  expect(stage.codes()).toContain('DEPOSIT_SUSPECT');
});

test('E4 a token that keeps a part and tells of the whole: not credited; the same token without a fee is', async () => {
  await open('FeeToken');
  await stage.start();
  await stage.call('FeeToken', stage.usdt, 'mint', [stage.world.address, TEN]);
  await stage.call('FeeToken', stage.usdt, 'transfer', [await stage.addressOf('u1'), TEN]);
  await stage.final();
  expect(await stage.deposits()).toMatchObject([{ state: 'IGNORED' }]);
  expect(stage.codes()).toContain('DEPOSIT_SUSPECT');
  // A mint moves what it says.
  await stage.call('FeeToken', stage.usdt, 'mint', [await stage.addressOf('u1'), TEN]);
  await until(
    'credited',
    async () => (await stage.available('u1', 'USDT')) === '10',
    () => stage.mine(),
  );
});

test('E11 three logs of one transaction are three deposits, read again and again and by two processes at once', async () => {
  await open('PlainToken');
  await stage.start();
  const address = await stage.addressOf('u1');
  const splitter = await stage.deploy('Splitter');
  await stage.call('PlainToken', stage.usdt, 'mint', [stage.world.address, TEN]);
  await stage.call('PlainToken', stage.usdt, 'approve', [splitter, TEN]);
  await stage.call('Splitter', splitter, 'pay', [stage.usdt, address, 1_000_000n, 3n]);
  await until(
    'credited',
    async () => (await stage.available('u1', 'USDT')) === '3',
    () => stage.mine(),
  );
  for (let again = 0; again < 3; again++) {
    await stage.stop();
    // As if nothing above the first blocks had been read.
    await stage.rows('DELETE FROM chain_blocks WHERE height > 2');
    await Promise.all([stage.start(), stage.start()]);
    await stage.final();
  }
  expect((await stage.deposits()).map(({ position, amount, state }) => [position, amount, state])).toEqual([
    ['log:0', '1', 'CREDITED'],
    ['log:1', '1', 'CREDITED'],
    ['log:2', '1', 'CREDITED'],
  ]);
  expect(await stage.available('u1', 'USDT')).toBe('3');
  await stage.booksAreTheChain();
});

test('E30 moves of nothing are not shown: nobody copies an address out of a history that strangers write', async () => {
  await open('PlainToken');
  await stage.start();
  const address = await stage.addressOf('u1');
  await stage.call('PlainToken', stage.usdt, 'transfer', [address, 0n]);
  await stage.call('PlainToken', stage.usdt, 'transferFrom', [stage.world.address, address, 0n]);
  await stage.world.ether(address, '0.0');
  await nothingHappened();
});

test('E31 a thousand payments of next to nothing: no top-up, no sweep, no gas', async () => {
  await open('PlainToken');
  await stage.operatorFunds('1');
  await stage.start();
  const address = await stage.addressOf('u1');
  const splitter = await stage.deploy('Splitter');
  await stage.call('PlainToken', stage.usdt, 'mint', [stage.world.address, TEN]);
  await stage.call('PlainToken', stage.usdt, 'approve', [splitter, TEN]);
  for (let batch = 0; batch < 10; batch++)
    await stage.call('Splitter', splitter, 'pay', [stage.usdt, address, 1n, 100n]);
  await stage.final();
  const found = await stage.deposits();
  expect(found).toHaveLength(1000);
  expect(new Set(found.map(({ state }) => state))).toEqual(new Set(['IGNORED']));
  expect([await stage.rows('SELECT 1 FROM sweeps'), await stage.rows('SELECT 1 FROM chain_transactions')]).toEqual([
    [],
    [],
  ]);
});

test("E31 a user's own ether at a token's address is credited once, and pays the gas of the token's sweep", async () => {
  await open();
  await stage.operatorFunds('1');
  await stage.start();
  const address = await stage.addressOf('u1');
  await stage.world.ether(address, '2');
  await stage.world.tether(stage.usdt, address, '100');
  await until(
    'swept',
    async () => ((all) => all.length === 2 && all.every(({ state }) => state === 'SWEPT'))(await stage.deposits()),
    () => stage.mine(),
  );
  expect(await stage.rows("SELECT 1 FROM chain_transactions WHERE purpose = 'topup'")).toEqual([]);
  expect([await stage.available('u1', 'ETH'), await stage.available('u1', 'USDT')]).toEqual(['2', '100']);
  await until(
    'booked',
    async () => (await stage.rows("SELECT 1 FROM chain_transactions WHERE state <> 'CONFIRMED'")).length === 0,
    () => stage.mine(),
  );
  await stage.booksAreTheChain();
});

describe('E32 a token that is paused', () => {
  const credited = async (): Promise<void> => {
    await open('PlainToken');
    await stage.start();
    await stage.call('PlainToken', stage.usdt, 'mint', [await stage.addressOf('u1'), TEN]);
    await until(
      'credited',
      async () => (await stage.available('u1', 'USDT')) === '10',
      () => stage.mine(),
    );
  };

  test('E32 is not swept while it is: no top-up, no gas; afterwards it is', async () => {
    await credited();
    // Away meanwhile, so that nothing is asked of the token between its switch and the gas that would pay for a sweep.
    await stage.stop();
    await stage.call('PlainToken', stage.usdt, 'pause', [true]);
    await stage.operatorFunds('1');
    await stage.start();
    await stage.final();
    await pause(300);
    expect(await stage.rows('SELECT 1 FROM chain_transactions')).toEqual([]);
    await stage.call('PlainToken', stage.usdt, 'pause', [false]);
    await until(
      'swept',
      async () => (await stage.deposits())[0]?.state === 'SWEPT',
      () => stage.mine(),
    );
    await until(
      'booked',
      async () => (await stage.rows("SELECT 1 FROM chain_transactions WHERE state <> 'CONFIRMED'")).length === 0,
      () => stage.mine(),
    );
    await stage.booksAreTheChain();
  });

  test('E32 between the signature and the block: its gas is booked, and it is not tried again at once', async () => {
    await credited();
    await stage.operatorFunds('1');
    const sent = await until(
      'the sweep is on its way',
      async () =>
        (
          await stage.rows<{ txid: string }>(
            "SELECT txid FROM chain_transactions WHERE purpose = 'sweep' AND state = 'BROADCAST'",
          )
        )[0],
      async () =>
        (await stage.rows("SELECT 1 FROM chain_transactions WHERE purpose = 'sweep'")).length === 0
          ? stage.mine()
          : undefined,
    );
    // The token's own switch, thrown in the same block and before the sweep.
    await stage.world.rpc('anvil_setStorageAt', [
      stage.usdt,
      `0x${'3'.padStart(64, '0')}`,
      `0x${'1'.padStart(64, '0')}`,
    ]);
    await stage.final();
    expect(await stage.world.rpc('eth_getTransactionReceipt', [sent.txid])).toMatchObject({ status: '0x0' });
    await until(
      'it is booked',
      async () => (await stage.rows("SELECT 1 FROM sweeps WHERE state = 'FAILED'")).length === 1,
      () => stage.mine(),
    );
    // It would be taken again now; who pauses and resumes by turns must not burn our gas.
    await stage.world.rpc('anvil_setStorageAt', [
      stage.usdt,
      `0x${'3'.padStart(64, '0')}`,
      `0x${'0'.padStart(64, '0')}`,
    ]);
    await stage.final();
    await stage.final();
    expect(await stage.rows("SELECT state FROM chain_transactions WHERE purpose = 'sweep'")).toEqual([
      { state: 'FAILED' },
    ]);
    expect(stage.codes()).toContain('TRANSACTION_FAILED');
    await stage.booksAreTheChain();
  });
});

test(
  'E37 a token of as many units as a word can hold does not stop the scanner; beside it, ' +
    'what no floating number holds is exact',
  async () => {
    await open('PlainToken');
    await stage.start();
    const [one, two] = [await stage.addressOf('u1'), await stage.addressOf('u2')];
    await stage.call('PlainToken', stage.usdt, 'mint', [one, 2n ** 256n - 1n]);
    await stage.call('PlainToken', stage.usdt, 'mint', [two, 9_007_199_254_740_993n]);
    await until(
      'credited',
      async () => (await stage.available('u2', 'USDT')) === '9007199254.740993',
      () => stage.mine(),
    );
    expect(await stage.engine.balancesOf('u1')).toEqual([]);
    expect(stage.codes()).toContain('DEPOSIT_SUSPECT');
  },
);
