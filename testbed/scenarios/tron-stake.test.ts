/** The operator's stake on TRON: energy of our own for payouts and sweeps, in the books and on the emulator. */
import type { TronIntent } from '../../domain/contract/ports';
import { FAUCET as FAUCET_HEX, LOCAL_TETHER } from '../emulators/tron/accounts';
import { freshTron, tronBalance } from '../emulators/tron/faucet';
import { askTron } from '../emulators/tron/start';
import { base58Of } from '../emulators/tron/wire';
import { SOLIDITY, TronStage, noTron } from '../stage/tron-stage';

jest.setTimeout(120_000);
if (noTron) process.stderr.write(`${noTron}\n`);

const DAY_MS = 86_400_000;
/** Has dollars, so that a payment to it takes the lesser energy. */
const FAUCET = base58Of(FAUCET_HEX);

(noTron ? describe.skip : describe)('stake on TRON', () => {
  const stage = new TronStage();
  beforeAll(() => stage.start());
  afterAll(() => stage.end());
  beforeEach(() => stage.open());
  afterEach(() => stage.close());

  const swept = (count: number): Promise<unknown> =>
    stage.until(
      `${count} swept`,
      async () => (await stage.deposits()).filter(({ state }) => state === 'SWEPT').length === count,
      () => stage.mine(),
    );
  const ended = (id: string, state = 'DONE'): Promise<unknown> =>
    stage.until(
      `${id} is ${state}`,
      async () => (await stage.wished(id)).state === state,
      () => stage.mine(),
    );
  const staked = async (amount = '40000', resource: 'ENERGY' | 'BANDWIDTH' = 'ENERGY'): Promise<void> => {
    await stage.operatorFunds('50000');
    await stage.wish('s1', 'stake', resource, amount);
    await ended('s1');
  };
  const sent = (purpose: string): Promise<{ id: string; state: string; amount: string; fee: string | null }[]> =>
    stage.rows(
      'SELECT id, state, amount, fee_paid AS fee FROM chain_transactions WHERE purpose = ? ORDER BY created_at',
      [purpose],
    );
  const account = (address: string) =>
    askTron<{
      frozenV2?: { amount?: number }[];
      account_resource?: { delegated_frozenV2_balance_for_energy?: number };
    }>(stage.node.url, 'wallet/getaccount', { address });
  /** A user whose address there is already, as TRX made it. */
  const known = async (user: string): Promise<string> => {
    const address = await stage.addressOf(user);
    await stage.pay(address, 'TRX', '20');
    await stage.settle();
    return address;
  };

  test('what is staked is ours, in a place of its own, and pays the energy of payouts', async () => {
    await stage.startWallets();
    await staked();
    expect([await stage.custody('staked/tron'), Number((await sent('stake-energy'))[0]?.amount)]).toEqual([
      '40000',
      40_000,
    ]);
    expect((await account(stage.hot)).frozenV2?.[1]?.amount).toBe(40_000_000_000);
    expect(await stage.differences()).toEqual([]);
    await stage.pay(await known('u1'), 'USDT', '300');
    await stage.settle();
    await swept(2);
    await stage.withdraw('w1', 'USDT', FAUCET, '40');
    await stage.confirmed('w1');
    // Bandwidth at most: sixty-four thousand units of energy would be 6.4 TRX.
    expect(Number((await sent('withdrawal'))[0]?.fee)).toBeLessThan(0.5);
    const [cost] = await stage.rows<{ amount: string }>(
      "SELECT amount FROM costs WHERE reference LIKE 'cost:withdrawal:w1%'",
    );
    expect(Number(cost?.amount)).toBeLessThan(0.5);
    expect(await stage.differences()).toEqual([]);
  });

  test('two payouts at once do not count on the same energy', async () => {
    await stage.startWallets();
    await staked('8000');
    await stage.pay(await known('u1'), 'USDT', '300');
    await stage.settle();
    await swept(2);
    await stage.later(DAY_MS);
    await stage.settle();
    await stage.withdraw('w1', 'USDT', FAUCET, '40');
    await stage.withdraw('w2', 'USDT', FAUCET, '30');
    for (const id of ['w1', 'w2']) await stage.confirmed(id);
    const costs = await stage.rows<{ amount: string; actual: string }>(
      "SELECT amount, actual FROM costs WHERE reference LIKE 'cost:withdrawal:%' ORDER BY amount",
    );
    expect(costs.map(({ amount, actual }) => Number(actual) <= Number(amount))).toEqual([true, true]);
    expect(Number(costs[1]?.actual)).toBeGreaterThan(4);
    expect(await stage.differences()).toEqual([]);
  });

  test('a sweep of dollars is lent the energy that it takes, and gives it back; nothing is burnt and no TRX is sent there', async () => {
    await stage.startWallets();
    await staked();
    const address = await known('u1');
    await swept(1);
    // The free bytes of its day are there again.
    await stage.later(DAY_MS);
    await stage.settle();
    await stage.pay(address, 'USDT', '75');
    await stage.settle();
    await swept(2);
    await stage.until(
      'taken back',
      async () => (await sent('undelegate'))[0]?.state === 'CONFIRMED',
      () => stage.mine(),
    );
    expect([(await sent('topup')).length, (await sent('delegate')).length, (await sent('undelegate')).length]).toEqual([
      0, 1, 1,
    ]);
    expect(Number((await sent('sweep')).at(-1)?.fee)).toBe(0);
    const { frozenV2, account_resource: lent } = await account(stage.hot);
    expect([frozenV2?.[1]?.amount, lent?.delegated_frozenV2_balance_for_energy]).toEqual([40_000_000_000, undefined]);
    expect(await tronBalance(stage.node.url, stage.hot, 'USDT')).toBe('75');
    expect(await stage.differences()).toEqual([]);
  });

  test('killed after the energy was lent, it goes on where it was', async () => {
    await stage.startWallets();
    await staked();
    const address = await known('u1');
    await swept(1);
    // The free bytes of its day are there again.
    await stage.later(DAY_MS);
    await stage.settle();
    await stage.pay(address, 'USDT', '75');
    await stage.settle();
    await stage.until('lent', async () => (await sent('delegate'))[0]?.state === 'BROADCAST');
    await stage.stopWallets();
    await stage.mine();
    await stage.startWallets();
    await swept(2);
    await stage.stopWallets();
    await stage.startWallets();
    await stage.until(
      'taken back',
      async () => (await sent('undelegate'))[0]?.state === 'CONFIRMED',
      () => stage.mine(),
    );
    expect([(await sent('delegate')).length, (await sent('undelegate')).length, (await sent('topup')).length]).toEqual([
      1, 1, 0,
    ]);
    expect(await stage.differences()).toEqual([]);
  });

  test('where there is too little stake, or an operator does not want it, TRX is sent, and only for what is missing', async () => {
    await stage.startWallets({ lendEnergy: false });
    await staked();
    const [one, two] = [await known('u1'), await known('u2')];
    await swept(2);
    await stage.control('energy', { address: two, amount: 40_000 });
    await stage.pay(one, 'USDT', '75');
    await stage.pay(two, 'USDT', '75');
    await stage.settle();
    await swept(4);
    const topups = await stage.rows<{ address: string; amount: string }>(
      "SELECT to_address AS address, amount FROM chain_transactions WHERE purpose = 'topup'",
    );
    const [all, rest] = [one, two].map((address) => Number(topups.find((row) => row.address === address)?.amount));
    // Forty thousand units at 100 sun, and half as much again.
    expect((all ?? 0) - (rest ?? 0)).toBeCloseTo(6, 1);
    expect((await sent('delegate')).length).toBe(0);
    expect(await stage.differences()).toEqual([]);
  });

  test('unstaked, it is ours and waits for fourteen days; then it is TRX again', async () => {
    await stage.startWallets();
    await staked('500', 'BANDWIDTH');
    await stage.wish('s2', 'unstake', 'BANDWIDTH', '600');
    await stage.until(
      'it says why',
      async () => (await stage.wished('s2')).reason === 'LENT_OR_NOT_STAKED',
      () => stage.mine(),
    );
    await stage.wish('s3', 'unstake', 'BANDWIDTH', '200');
    await ended('s3', 'UNSTAKING');
    expect(await stage.custody('staked/tron')).toBe('500');
    expect(await stage.differences()).toEqual([]);
    await stage.later(13 * DAY_MS);
    await stage.settle();
    expect((await sent('claim')).length).toBe(0);
    await stage.later(DAY_MS);
    await ended('s3');
    expect([await stage.custody('staked/tron'), (await sent('claim')).map(({ state }) => state)]).toEqual([
      '300',
      ['CONFIRMED'],
    ]);
    expect(await stage.differences()).toEqual([]);
  });

  test('mined and not booked yet, a stake and what comes back of it are named by the comparison', async () => {
    await stage.startWallets();
    await stage.operatorFunds('50000');
    const killedAfter = async (purpose: string): Promise<void> => {
      await stage.until('on its way', async () => (await sent(purpose)).some(({ state }) => state === 'BROADCAST'));
      await stage.stopWallets();
      await stage.mine(SOLIDITY + 1);
      expect((await sent(purpose)).map(({ state }) => state)).toEqual(['BROADCAST']);
      expect(await stage.differencesNow()).toEqual([]);
      await stage.startWallets();
      await stage.until(
        'booked',
        async () => (await sent(purpose))[0]?.state === 'CONFIRMED',
        () => stage.mine(),
      );
      expect(await stage.differences()).toEqual([]);
    };
    await stage.wish('s1', 'stake', 'ENERGY', '300');
    await killedAfter('stake-energy');
    await stage.wish('s2', 'unstake', 'ENERGY', '120');
    await killedAfter('unstake-energy');
    await stage.later(14 * DAY_MS);
    await stage.mine(SOLIDITY + 1);
    await killedAfter('claim');
    await ended('s2');
    expect(await stage.custody('staked/tron')).toBe('180');
  });

  test("users' coins are not staked, whatever an operator wishes; nor is more than the signer's own limit", async () => {
    await stage.startWallets();
    await stage.operatorFunds('1000');
    await stage.pay(await stage.addressOf('u1'), 'TRX', '90000');
    await stage.settle();
    await swept(1);
    await stage.wish('s1', 'stake', 'ENERGY', '20000');
    await stage.until(
      'it says why',
      async () => (await stage.wished('s1')).reason === 'NEEDS_OPERATOR_FUNDS',
      () => stage.mine(),
    );
    await stage.operatorFunds('60001');
    await ended('s1');
    await stage.wish('s2', 'stake', 'ENERGY', '35000');
    await ended('s2', 'FAILED');
    expect([await stage.wished('s2'), await stage.custody('staked/tron')]).toEqual([
      { state: 'FAILED', reason: 'the signer refused it' },
      '20000',
    ]);
    expect(stage.alerts.map(({ code }) => code)).toContain('SIGNER_REFUSED');
    expect(await stage.differences()).toEqual([]);
  });

  test('the signer stakes of the hot wallet within its limit, and lends to deposit addresses alone', async () => {
    const at = Date.now() + stage.shiftMs;
    const right: TronIntent = {
      intentId: 'stake:a',
      network: 'tron',
      purpose: 'stake-energy',
      asset: 'TRX',
      from: 'hot',
      to: stage.hot,
      amount: '30000',
      feeLimit: '0',
      envelope: { blockBytes: '00ab', blockHash: '00112233445566aa', timestamp: at, expiration: at + 60_000 },
    };
    const lend: TronIntent = { ...right, intentId: 'delegate:a', purpose: 'delegate', amount: '7000' };
    let n = 0;
    const refused = (one: TronIntent, why: string) =>
      expect(stage.signer.signTron({ ...one, intentId: `x:${++n}` })).rejects.toMatchObject({
        code: 'FORBIDDEN',
        details: { signer: expect.stringContaining(why) },
      });
    await refused({ ...right, amount: '50000.000001' }, 'above the stake');
    await refused({ ...right, asset: 'USDT' }, 'its own coin');
    await refused({ ...right, from: 0 }, 'of the hot wallet');
    await refused({ ...right, feeLimit: '5' }, 'takes no energy');
    await refused({ ...right, to: freshTron().address }, 'hot wallet alone');
    await refused({ ...right, amount: '0' }, 'nothing to stake');
    await refused({ ...right, purpose: 'claim' }, 'nothing to stake');
    await refused({ ...lend, to: freshTron().address }, 'to a deposit address alone');
    await refused({ ...lend, to: freshTron().address, toIndex: 0 }, 'to a deposit address alone');
    await refused({ ...lend, to: LOCAL_TETHER, toIndex: 0 }, 'to a deposit address alone');
    await stage.signer.signTron(right);
    // Thirty thousand are staked by its own log, whatever was mined.
    await refused({ ...right, amount: '20001' }, 'more staked than');
    await stage.signer.signTron({ ...right, intentId: 'unstake:a', purpose: 'unstake-energy', amount: '30000' });
    await refused({ ...right, amount: '20001' }, 'more staked than');
    stage.shiftMs += 15 * DAY_MS;
    const later = { ...right.envelope, timestamp: at + 15 * DAY_MS, expiration: at + 15 * DAY_MS + 60_000 };
    await stage.signer.signTron({ ...right, intentId: 'stake:b', amount: '20001', envelope: later });
    stage.shiftMs -= 15 * DAY_MS;
  });
});
