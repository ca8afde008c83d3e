/**
 * Cold storage on real local chains: coins go there above a ceiling, and come back by the hands of those who hold the
 * keys.
 */
import { readBookFacts } from '../../db/stores/audit';
import { parseAmount, parseSigned } from '../../domain/money/amount';
import type { VenueCapital } from '../../domain/contract/ports';
import { auditBooks } from '../../ledger/audit';
import { createBitcoinNode } from '../../wallets/chains/bitcoin/node';
import { bitcoinPlaces } from '../stage/readers';
import { bitcoinKeyholders, evmKeyholder } from '../emulators/keyholders';
import { LOCAL_TETHER } from '../emulators/tron/accounts';
import { freshTron, tokenCall, tronBalance } from '../emulators/tron/faucet';
import { hexOf } from '../emulators/tron/wire';
import { BitcoinStage, noBitcoin } from '../stage/bitcoin-stage';
import { EvmStage, until } from '../stage/evm-stage';
import { TronStage, noTron } from '../stage/tron-stage';

jest.setTimeout(120_000);
const policy = { sweepFrom: '0', sweepEveryMs: 0, floor: '0', ceiling: '0', above: 'cold' as const };

describe('an address list', () => {
  const keeper = evmKeyholder();
  const cold = { addresses: [keeper.address.toLowerCase()] };
  let stage: EvmStage;
  beforeEach(async () => {
    stage = await EvmStage.open({ cold });
  });
  afterEach(() => stage.close());
  const storage = () => stage.wallets?.coldStorage ?? Promise.reject(new Error('stopped'));
  const stateOf = async (id: string) => (await (await storage()).view()).transfers.find((row) => row.id === id);
  /** What somebody with the key does, far from this stage. */
  const sentByKeeper = async (to: string, ether: string): Promise<string> => {
    const txid = await keeper.send(stage.anvil.url, to, ether);
    await stage.mine();
    return txid;
  };
  const coldIsTheChain = async (): Promise<void> => {
    expect(await stage.custody('cold/ethereum', 'ETH')).toBe(await stage.onChain(keeper.address, 'ETH'));
    await stage.booksAreTheChain();
  };

  test('above the ceiling coins go there; announced, they come back, with their gas as our cost', async () => {
    await stage.start({ cold, policies: { ETH: { ...policy, ceiling: '4', floor: '2' } }, gasReserve: '1' });
    await stage.tenEther();
    await until(
      'coins are in cold storage',
      async () => (await stage.custody('cold/ethereum', 'ETH')) > 0n,
      () => stage.mine(),
    );
    // 11 less the reserve of 1, down to the middle of 2 and 4.
    expect(await stage.custody('cold/ethereum', 'ETH')).toBeGreaterThan(parseAmount('6.9'));
    await coldIsTheChain();
    const { id } = await (
      await storage()
    ).plan({ network: 'ethereum', asset: 'ETH', amount: '2', why: 'withdrawals', adminId: 'a1' });
    const txid = await sentByKeeper(stage.hot, '2');
    await (await storage()).announce(id, txid, 'a1');
    await until(
      'it has arrived',
      async () => (await stateOf(id))?.state === 'DONE',
      () => stage.mine(),
    );
    expect(await stateOf(id)).toMatchObject({ amount: '2', txid });
    await coldIsTheChain();
    expect(auditBooks(await readBookFacts(stage.database.dataSource))).toEqual([]);
  });

  test('what is announced and is not what was said, is not booked; nothing is booked twice', async () => {
    await stage.start({ cold, policies: { ETH: policy }, gasReserve: '1' });
    await stage.tenEther();
    await until(
      'coins are in cold storage',
      async () => (await stage.custody('cold/ethereum', 'ETH')) > 0n,
      () => stage.mine(),
    );
    const plan = async (amount: string) =>
      (await (await storage()).plan({ network: 'ethereum', asset: 'ETH', amount, why: 'withdrawals', adminId: 'a1' }))
        .id;
    const [first, second] = [await plan('1'), await plan('1')];
    const elsewhere = await sentByKeeper('0x00000000000000000000000000000000000000aa', '0.5');
    await (await storage()).announce(first, elsewhere, 'a1');
    await until(
      'it is refused',
      async () => (await stateOf(first))?.state === 'FAILED',
      () => stage.mine(),
    );
    const txid = await sentByKeeper(stage.hot, '1.5');
    // Mistyped at first; and without the 0x that explorers of other chains leave out.
    await (await storage()).announce(second, `0x${'12'.repeat(32)}`, 'a1');
    await until(
      'it is not there',
      async () => (await stateOf(second))?.reason === 'NOT_IN_THE_CHAIN',
      () => stage.mine(),
    );
    await (await storage()).announce(second, txid.slice(2).toUpperCase(), 'a1');
    const third = await plan('1');
    await expect((await storage()).announce(third, txid, 'a1')).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    await until(
      'it has arrived',
      async () => (await stateOf(second))?.state === 'DONE',
      () => stage.mine(),
    );
    // What was really sent counts.
    expect(await stateOf(second)).toMatchObject({ amount: '1.5' });
    await (await storage()).cancel(third, 'a1');
    await expect((await storage()).cancel(second, 'a1')).rejects.toMatchObject({ code: 'COLD_TRANSFER_STATE' });
    await expect(plan('100')).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    await expect(
      (await storage()).plan({ network: 'ethereum', asset: 'ETH', amount: '0', why: 'x', adminId: 'a1' }),
    ).rejects.toMatchObject({ code: 'BAD_AMOUNT' });
    expect(await stage.rows("SELECT action FROM admin_audit WHERE action LIKE 'cold.%'")).toHaveLength(7);
  });

  test('the signer sends to its own cold addresses alone, whatever the exchange is told', async () => {
    const thief = evmKeyholder().address;
    await stage.start({ cold: { addresses: [thief] }, policies: { ETH: policy }, gasReserve: '1' });
    await stage.tenEther();
    await until(
      'the signer has refused',
      async () => stage.codes().includes('SIGNER_REFUSED'),
      () => stage.mine(),
    );
    expect(await stage.onChain(thief, 'ETH')).toBe(0n);
  });

  test('below the floor the hot wallet is filled from the venue, once', async () => {
    const asked: { amount: string }[] = [];
    const closed = async (): Promise<never> => Promise.reject(new Error('closed'));
    const venue: VenueCapital = {
      venue: 'binance',
      depositAddress: closed,
      deposits: closed,
      balances: closed,
      withdrawal: async () => null,
      withdrawalTerms: async () => ({ fee: '0.001', minimum: '0.01', step: '0.00000001' }),
      withdraw: async ({ amount }) => {
        asked.push({ amount });
        return { outcome: 'done' };
      },
    };
    await stage.operatorFunds('1');
    await stage.engine.submit({
      kind: 'operator.contribute',
      reference: 'at the venue',
      asset: 'ETH',
      amount: '5',
      custody: 'binance',
    });
    stage.engine.venueBalances(new Map([['ETH', parseAmount('5')]]));
    await stage.start(
      { cold, policies: { ETH: { ...policy, floor: '1', ceiling: '3' } }, gasReserve: '1' },
      stage.signer,
      venue,
    );
    await until('it is asked for', async () => asked.length > 0);
    expect(asked).toEqual([{ amount: '2.001' }]);
    await stage.catchUp();
    expect(asked).toHaveLength(1);
  });
});

(noTron ? describe.skip : describe)('an address list on TRON', () => {
  let keeper = freshTron();
  const stage = new TronStage();
  beforeAll(() => stage.start());
  afterAll(() => stage.end());
  beforeEach(async () => {
    keeper = freshTron();
    stage.cold = { addresses: [keeper.address] };
    await stage.open();
  });
  afterEach(() => stage.close());
  const storage = () => stage.wallets?.coldStorage ?? Promise.reject(new Error('stopped'));
  const stateOf = async (id: string) => (await (await storage()).view()).transfers.find((row) => row.id === id);
  const ended = (id: string, state: string): Promise<unknown> =>
    stage.until(
      `it is ${state}`,
      async () => (await stateOf(id))?.state === state,
      () => stage.mine(),
    );
  const inCold = (asset: string, least: bigint): Promise<unknown> =>
    stage.until(
      `${asset} is in cold storage`,
      async () => parseSigned(await stage.custody('cold/tron', asset)) > least,
      () => stage.mine(),
    );
  /** What somebody with the key does, far from this stage. */
  const trxByKeeper = async (to: string, sun: bigint): Promise<string> => {
    const txid = await stage.send(keeper.key, 'TransferContract', { to_address: hexOf(to), amount: sun });
    await stage.mine();
    return txid;
  };
  const dollarsByKeeper = async (to: string, units: bigint): Promise<string> => {
    const txid = await stage.send(keeper.key, 'TriggerSmartContract', {
      contract_address: hexOf(LOCAL_TETHER),
      data: tokenCall('transfer', to, units),
    });
    await stage.mine();
    return txid;
  };
  const policies = { TRX: { ...policy, ceiling: '3000', floor: '1000' }, USDT: policy };
  const begin = async (): Promise<void> => {
    await stage.startWallets({ policies, gasReserve: '500' });
    await stage.operatorFunds('1500');
    const address = await stage.addressOf('u1');
    await stage.pay(address, 'TRX', '9000');
    await stage.pay(address, 'USDT', '400');
    await stage.settle();
    await inCold('TRX', 0n);
    await inCold('USDT', 0n);
  };

  test('TRX and dollars go there above the ceiling; announced, they come back, and what the keeper paid for it is our cost', async () => {
    await begin();
    expect(await stage.custody('cold/tron', 'USDT')).toBe('400');
    expect(await stage.differences()).toEqual([]);
    const plan = async (asset: string, amount: string) =>
      (await (await storage()).plan({ network: 'tron', asset, amount, why: 'withdrawals', adminId: 'a1' })).id;
    const dollars = await plan('USDT', '150');
    await stage.stopWallets();
    await stage.startWallets({
      policies: { ...policies, USDT: { ...policy, ceiling: '1000', floor: '0' } },
      gasReserve: '500',
    });
    await (await storage()).announce(dollars, await dollarsByKeeper(stage.hot, 150_000_000n), 'a1');
    await ended(dollars, 'DONE');
    expect(await stateOf(dollars)).toMatchObject({ amount: '150' });
    expect(await stage.custody('hot/tron', 'USDT')).toBe('150');
    const coins = await plan('TRX', '700');
    await (await storage()).announce(coins, await trxByKeeper(stage.hot, 700_000_000n), 'a1');
    await ended(coins, 'DONE');
    // Energy was burnt of the keeper's TRX.
    expect(Number((await stateOf(dollars))?.fee)).toBeGreaterThan(6);
    expect(await stage.differences()).toEqual([]);
    expect(auditBooks(await readBookFacts(stage.database.dataSource))).toEqual([]);
  });

  test(
    'what is announced and moved nothing to us, failed, or was announced before is not booked; ' +
      'what was really sent counts',
    async () => {
      await begin();
      const plan = async (amount: string) =>
        (await (await storage()).plan({ network: 'tron', asset: 'TRX', amount, why: 'withdrawals', adminId: 'a1' })).id;
      const [first, second, third] = [await plan('100'), await plan('100'), await plan('100')];
      // Coins that leave cold storage for elsewhere are a difference, as they should be.
      const elsewhere = await trxByKeeper(freshTron().address, 1n);
      await (await storage()).announce(first, elsewhere, 'a1');
      await ended(first, 'FAILED');
      await stage.control('spoil', { result: 'FAILED' });
      const failed = await trxByKeeper(stage.hot, 100_000_000n);
      await (await storage()).announce(second, failed, 'a1');
      await ended(second, 'FAILED');
      const txid = await trxByKeeper(stage.hot, 120_000_000n);
      await (await storage()).announce(third, txid, 'a1');
      await ended(third, 'DONE');
      expect(await stateOf(third)).toMatchObject({ amount: '120' });
      await expect((await storage()).announce(await plan('1'), txid, 'a1')).rejects.toMatchObject({
        code: 'IDEMPOTENCY_KEY_REUSED',
      });
      const odd = (await stage.differences()) as { place: string; unexplained: bigint }[];
      expect(odd.map(({ place }) => place)).toEqual(['cold/tron']);
    },
  );

  test('the signer sends to its own cold addresses alone, whatever the exchange is told', async () => {
    const thief = freshTron().address;
    await stage.startWallets({ policies, gasReserve: '500', cold: { addresses: [thief] } });
    await stage.operatorFunds('9000');
    await stage.until(
      'the signer has refused',
      async () => stage.alerts.some(({ code }) => code === 'SIGNER_REFUSED'),
      () => stage.mine(),
    );
    expect(await tronBalance(stage.node.url, thief, 'TRX')).toBe('0');
  });
});

const onNode = noBitcoin() ? describe.skip : describe;
onNode('two signatures of three', () => {
  const { place: cold, sign } = bitcoinKeyholders();
  let stage: BitcoinStage;
  beforeEach(async () => {
    stage = await BitcoinStage.open({ cold });
  });
  afterEach(() => stage.close());
  const storage = () => stage.wallets?.coldStorage ?? Promise.reject(new Error('stopped'));
  const custody = async (place: string) =>
    parseSigned((await stage.engine.custody()).find((row) => row.place === place)?.amount ?? '0');
  const stateOf = async (id: string) => (await (await storage()).view()).transfers.find((row) => row.id === id);
  const unexplained = async (): Promise<bigint[]> => {
    const node = createBitcoinNode({ rpcUrl: stage.node.url, network: 'regtest', asset: 'BTC' });
    const network = stage.registry.networks.find(({ kind }) => kind === 'bitcoin');
    return (await bitcoinPlaces(stage.database.dataSource, network, node)).map((place) => place.unexplained ?? -1n);
  };

  test('coins go there by our key, and come back by two of three others, one PSBT after the other', async () => {
    await stage.start({ cold, policies: { BTC: policy }, gasReserve: '0.1' });
    const { hotAddress } = await stage.signer.identity('bitcoin');
    await stage.ask('sendtoaddress', hotAddress, '0.2');
    await stage.engine.submit({
      kind: 'operator.contribute',
      reference: 'c1',
      asset: 'BTC',
      amount: '0.2',
      custody: 'hot/bitcoin',
    });
    await stage.ask('sendtoaddress', await stage.addressOf('u1'), '1');
    await until(
      'coins are in cold storage',
      async () => (await custody('cold/bitcoin')) > 0n,
      () => stage.mine(),
    );
    await stage.final();
    expect(await custody('cold/bitcoin')).toBeGreaterThan(parseAmount('1'));
    expect(await unexplained()).toEqual([0n, 0n, 0n]);

    const { id } = await (
      await storage()
    ).plan({ network: 'bitcoin', asset: 'BTC', amount: '0.5', why: 'withdrawals', adminId: 'a1' });
    const psbt = (await stateOf(id))?.psbt ?? '';
    await expect((await storage()).gather(id, psbt.slice(0, -8), 'a1')).rejects.toMatchObject({ code: 'BAD_PSBT' });
    await (await storage()).gather(id, sign(psbt, 2), 'a1');
    expect(await stateOf(id)).toMatchObject({ state: 'WAITING_SIGNATURES', signatures: 1 });
    // A restart between two signatures loses none.
    await stage.stop();
    await stage.start({ cold, policies: { BTC: { ...policy, ceiling: '2' } }, gasReserve: '0.1' });
    await (await storage()).gather(id, sign(psbt, 0), 'a1');
    expect(await stateOf(id)).toMatchObject({ state: 'SENDING', signatures: 2, psbt: null });
    await stage.mine();
    expect(await unexplained()).toEqual([0n, 0n, 0n]);
    await until(
      'it has arrived',
      async () => (await stateOf(id))?.state === 'DONE',
      () => stage.mine(),
    );
    await stage.catchUp();
    expect(await custody('hot/bitcoin')).toBeGreaterThanOrEqual(parseAmount('0.5'));
    expect(await unexplained()).toEqual([0n, 0n, 0n]);
    expect(auditBooks(await readBookFacts(stage.database.dataSource))).toEqual([]);
    await expect((await storage()).gather(id, sign(psbt, 1), 'a1')).rejects.toMatchObject({
      code: 'COLD_TRANSFER_STATE',
    });
  });
});
