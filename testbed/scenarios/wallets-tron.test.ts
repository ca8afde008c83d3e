/** The wallets on the TRON emulator whose blocks we mine, with the real signer, the real engine and a real database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TronIntent } from '../../domain/contract/ports';
import { createTronChain } from '../../wallets/chains/tron';
import { decodeSigned } from '../../wallets/chains/tron/wire';
import { createSigner } from '../../wallets/keys';
import { rulesOf, testAdmin } from '../../wallets/keys/testing';
import { firstListing } from '../../db/seed';
import { freshMnemonic } from '../emulators/evm/stranger';
import { LOCAL_TETHER } from '../emulators/tron/accounts';
import { freshTron, tronBalance } from '../emulators/tron/faucet';
import { askTron } from '../emulators/tron/start';
import { TronStage, noTron } from '../stage/tron-stage';

jest.setTimeout(120_000);
if (noTron) process.stderr.write(`${noTron}\n`);

(noTron ? describe.skip : describe)('wallets on TRON', () => {
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
  const costs = async (): Promise<{ purpose: string; fee: string }[]> =>
    stage.rows('SELECT purpose, fee_paid AS fee FROM chain_transactions ORDER BY created_at');

  describe('deposits', () => {
    test(
      'TRX and dollars to two users, and too little to a third: credited once when solid, swept, ' +
        'and an account made for dollars alone',
      async () => {
        await stage.startWallets();
        await stage.operatorFunds();
        const [one, two, three] = [
          await stage.addressOf('u1'),
          await stage.addressOf('u2'),
          await stage.addressOf('u3'),
        ];
        expect(await stage.addressOf('u1')).toBe(one);
        await stage.pay(one, 'TRX', '250.5');
        await stage.pay(two, 'USDT', '75.000001');
        await stage.pay(three, 'TRX', '1.5');
        await stage.mine(2);
        await new Promise((resolve) => setTimeout(resolve, 200));
        expect(await stage.deposits()).toEqual([]);
        await stage.settle();
        await stage.until('credited', async () => (await stage.available('u2', 'USDT')) === '75.000001');
        await swept(2);
        await stage.stopWallets();
        await stage.startWallets();
        await stage.settle();
        expect([await stage.available('u1'), await stage.available('u2', 'USDT'), await stage.available('u3')]).toEqual(
          ['250.5', '75.000001', '0'],
        );
        expect((await stage.deposits()).map(({ asset, state }) => `${asset} ${state}`).toSorted()).toEqual([
          'TRX IGNORED',
          'TRX SWEPT',
          'USDT SWEPT',
        ]);
        expect(await tronBalance(stage.node.url, stage.hot, 'USDT')).toBe('75.000001');
        // The account was made by its top-up; the energy of the sweep was burnt of it.
        const paid = Object.fromEntries((await costs()).map(({ purpose, fee }) => [purpose, Number(fee)]));
        expect(paid.topup).toBe(1.1);
        expect(await stage.differences()).toEqual([]);
      },
    );

    test('a block that was not solid is lost: nothing was credited; mined again, it is credited once', async () => {
      await stage.startWallets();
      const address = await stage.addressOf('u1');
      const txid = await stage.pay(address, 'TRX', '30');
      await stage.mine(2);
      await stage.control('reorg', { depth: 2, lose: false });
      await stage.mine();
      await stage.settle();
      await stage.until('credited', async () => (await stage.available('u1')) === '30');
      const lost = await stage.pay(address, 'TRX', '60');
      await stage.mine(2);
      await stage.control('reorg', { depth: 2, lose: true });
      await stage.settle();
      expect(await stage.available('u1')).toBe('30');
      expect((await stage.deposits()).map((row) => row.txid)).toEqual([txid]);
      expect(lost).not.toBe(txid);
      expect(await stage.differences()).toEqual([]);
    });
  });

  /** u1 with TRX and dollars that were swept. */
  const funded = async (): Promise<void> => {
    await stage.operatorFunds();
    const address = await stage.addressOf('u1');
    await stage.pay(address, 'TRX', '800');
    await stage.pay(address, 'USDT', '300');
    await stage.settle();
    await swept(2);
  };

  describe('withdrawals', () => {
    test('TRX to a new account, dollars to somebody who has none, and to another user of ours without the chain', async () => {
      await stage.startWallets();
      await funded();
      const [to, next, inside] = [freshTron().address, freshTron().address, await stage.addressOf('u2')];
      await stage.withdraw('w1', 'TRX', to, '120.000001', '3');
      await stage.withdraw('w2', 'USDT', next, '40');
      await stage.withdraw('w3', 'USDT', inside, '25');
      for (const id of ['w1', 'w2', 'w3']) await stage.confirmed(id);
      expect([
        await tronBalance(stage.node.url, to, 'TRX'),
        await tronBalance(stage.node.url, next, 'USDT'),
        await stage.available('u2', 'USDT'),
      ]).toEqual(['120.000001', '40', '25']);
      expect((await stage.withdrawal('w3')).txid).toBeNull();
      // Shown before it was sent: the id is that of the bytes.
      const [{ txid }] = (await stage.rows<{ txid: string }>(
        "SELECT txid FROM chain_transactions WHERE subject = 'w2'",
      )) as [{ txid: string }];
      expect((await stage.withdrawal('w2')).txid).toBe(txid);
      expect(await stage.differences()).toEqual([]);
    });

    test('the same payment twice at once is paid twice', async () => {
      await stage.startWallets();
      await funded();
      const to = freshTron().address;
      await stage.withdraw('w1', 'TRX', to, '20', '3');
      await stage.withdraw('w2', 'TRX', to, '20', '3');
      for (const id of ['w1', 'w2']) await stage.confirmed(id);
      expect(await tronBalance(stage.node.url, to, 'TRX')).toBe('40');
      expect(await stage.differences()).toEqual([]);
    });

    test('killed after the signature was lost, and again between signature and broadcast: paid once, by the first bytes', async () => {
      await stage.startWallets();
      await funded();
      await stage.stopWallets();
      const asked: string[] = [];
      const to = freshTron().address;
      await stage.withdraw('w1', 'USDT', to, '60');
      for (const life of ['lost', 'dies', 'lives'] as const) {
        const signTron = async (intent: TronIntent): Promise<{ rawTransaction: string; txid: string }> => {
          const signed = await stage.signer.signTron(intent);
          asked.push(signed.txid);
          if (life !== 'lives') void stage.wallets?.stop();
          if (life === 'lost') throw new Error('the signer is away');
          return signed;
        };
        await stage.startWallets({ signer: { signTron } });
        if (life === 'lost') await stage.until('asked', async () => asked.length > 0);
        if (life === 'dies') await stage.until('stored', async () => (await stage.withdrawal('w1')).state === 'SIGNED');
        if (life === 'lives') await stage.confirmed('w1');
        await stage.stopWallets();
        // Another block to stand on, and another time: the second question has another envelope.
        await stage.mine(3);
      }
      expect(new Set(asked).size).toBe(1);
      expect(await tronBalance(stage.node.url, to, 'USDT')).toBe('60');
    });

    test('TRX for a contract goes back to a person and holds up nobody; no coins lie where nobody can spend them', async () => {
      await stage.startWallets();
      await funded();
      const refusing = (await stage.control<{ address: string }>('deploy', { code: '6001600c60003960016000f300' }))
        .address;
      await stage.withdraw('w1', 'TRX', refusing, '50', '3');
      await stage.until(
        'asked again',
        async () =>
          (await stage.withdrawal('w1')).state === 'REQUESTED' &&
          (await stage.rows("SELECT attempt FROM withdrawals WHERE id = 'w1' AND attempt > 0")).length === 1,
      );
      const to = freshTron().address;
      await stage.withdraw('w2', 'TRX', to, '20', '3');
      await stage.confirmed('w2');
      expect(await tronBalance(stage.node.url, to, 'TRX')).toBe('20');
      const check = (text: string) => stage.wallets?.addressCheck.check('tron', 'TRX', text);
      for (const bad of [to.toLowerCase(), `0x${'11'.repeat(20)}`, `41${'11'.repeat(20)}`, ` ${to}`])
        await expect(check(bad)).rejects.toMatchObject({ code: 'BAD_ADDRESS' });
      for (const denied of [LOCAL_TETHER, stage.hot, 'T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb'])
        await expect(check(denied)).rejects.toMatchObject({ code: 'ADDRESS_DENIED' });
      await expect(check(to)).resolves.toEqual({ address: to, inside: false });
    });

    test('a node that is away is waited for, and what waited is paid', async () => {
      await stage.startWallets();
      await funded();
      await stage.control('faults', { away: true });
      const to = freshTron().address;
      await stage.withdraw('w1', 'TRX', to, '33', '3');
      await stage.until('noticed', async () => stage.wallets?.status().some(({ faults }) => faults.node !== undefined));
      expect((await stage.withdrawal('w1')).txid).toBeNull();
      await stage.control('faults', { away: false });
      await stage.confirmed('w1');
      expect(await tronBalance(stage.node.url, to, 'TRX')).toBe('33');
      expect(await stage.differences()).toEqual([]);
    });
  });

  describe('the signer', () => {
    test('signs what an intent says and nothing else', async () => {
      const at = Date.now() + stage.shiftMs;
      const envelope = { blockBytes: '00ab', blockHash: '00112233445566aa', timestamp: at, expiration: at + 60_000 };
      const right: TronIntent = {
        intentId: 'withdrawal:a:0',
        network: 'tron',
        purpose: 'withdrawal',
        asset: 'USDT',
        from: 'hot',
        to: freshTron().address,
        amount: '5',
        feeLimit: '20000000',
        envelope,
      };
      const { depositXpub } = await stage.signer.identity('tron');
      expect(depositXpub).toMatch(/^xpub/);
      let n = 0;
      const refused = (over: Partial<TronIntent>, why: string) =>
        expect(stage.signer.signTron({ ...right, intentId: `withdrawal:${++n}:0`, ...over })).rejects.toMatchObject({
          code: 'FORBIDDEN',
          details: { signer: expect.stringContaining(why) },
        });
      await refused({ network: 'bitcoin' }, 'network bitcoin');
      await refused({ asset: 'BTC' }, 'not listed');
      await refused({ to: right.to.toLowerCase() }, 'no address');
      await refused({ to: LOCAL_TETHER }, 'nobody could spend');
      await refused({ to: stage.hot }, 'somebody else');
      await refused({ amount: '0.0000001' }, 'finer');
      await refused({ amount: '0' }, 'nothing to send');
      await refused({ amount: '100000.000001' }, 'above 100000');
      await refused({ feeLimit: '60000001' }, 'energy above');
      await refused({ feeLimit: '0' }, 'energy, and none');
      await refused({ from: 3 }, 'from the hot wallet');
      await refused({ purpose: 'sweep', from: 3 }, 'to the hot wallet');
      await refused({ purpose: 'topup', asset: 'TRX', toIndex: 0 }, 'a top-up');
      await refused({ envelope: { ...envelope, expiration: at + 4_000_000 } }, 'within an hour');
      await refused({ envelope: { ...envelope, blockHash: 'x' } }, 'not an intent');
      await refused({ asset: 'TRX', feeLimit: '0', amount: '9007199254.740993' }, 'more than the library can count');
      const { rawTransaction, txid } = await stage.signer.signTron(right);
      expect(decodeSigned(rawTransaction).envelope).toEqual(envelope);
      // The same bytes for another payment would pay it with the first one.
      await refused({}, 'signed for another intent');
      expect(txid).toMatch(/^[0-9a-f]{64}$/);
      // The first venue address is pinned, and no other is ever paid.
      const venue = { ...right, intentId: 'venue:1', purpose: 'venue', amount: '6' } as const;
      await stage.signer.signTron(venue);
      await refused({ purpose: 'venue', intentId: 'venue:2', to: freshTron().address }, 'not the pinned address');
    });
  });

  test('a withdrawal without its approvals is not signed, whatever our own tables say of it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tron-approvals-'));
    const tron = { gasAsset: 'TRX', rails: { TRX: { contract: null, decimals: 6 } }, maxFee: '60' };
    const signer = createSigner(
      freshMnemonic(),
      {
        networks: {},
        maxGasCost: '0',
        venueAddresses: 'first-seen',
        approvals: rulesOf({ TRX: { auto: '10', autoDaily: '15', fourEyes: '1000' } }),
        trons: { tron },
      },
      dir,
    );
    const admin = testAdmin('ada', dir);
    const at = Date.now();
    const intent = (id: string, amount: string): TronIntent => ({
      intentId: `withdrawal:${id}:0`,
      network: 'tron',
      purpose: 'withdrawal',
      asset: 'TRX',
      from: 'hot',
      to: freshTron().address,
      amount,
      feeLimit: '0',
      envelope: { blockBytes: '00ab', blockHash: '00112233445566aa', timestamp: at, expiration: at + 60_000 },
    });
    const [small, large] = [intent('w1', '10'), intent('w2', '11')];
    const refused = (one: TronIntent, why: string) =>
      expect(signer.signTron(one)).rejects.toMatchObject({
        code: 'FORBIDDEN',
        details: { signer: expect.stringContaining(why) },
      });
    await signer.signTron(small);
    await refused(large, '1 more approval');
    await refused({ ...large, approvals: [admin.approve({ ...large, amount: '12' })] }, '1 more approval');
    await refused({ ...large, approvals: [admin.approve(large, { feeCap: '1' })] }, 'cost more');
    await signer.signTron({ ...large, approvals: [admin.approve(large, { feeCap: '2' })] });
    signer.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('addresses that were made from another seed refuse the start, as after a seed that was lost and made anew', async () => {
    await stage.startWallets();
    await stage.addressOf('u1');
    await stage.stopWallets();
    const dir = mkdtempSync(join(tmpdir(), 'tron-other-'));
    const tron = { gasAsset: 'TRX', rails: { TRX: { contract: null, decimals: 6 } }, maxFee: '60' };
    const other = createSigner(
      freshMnemonic(),
      { networks: {}, maxGasCost: '0', approvals: rulesOf({}), trons: { tron } },
      dir,
    );
    await expect(stage.startWallets({ signer: { identity: other.identity } })).rejects.toMatchObject({
      name: 'WrongKey',
      message: expect.stringContaining('another seed'),
    });
    other.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('a node of another network is refused, and answers that are none are never zero', async () => {
    const {
      networks: [network],
      rails,
    } = firstListing({}, undefined, { usdt: LOCAL_TETHER });
    if (!network) throw new Error('no network');
    const on = (tron: 'main' | 'local', rpcUrl = stage.node.url) => createTronChain(network, rails, { rpcUrl, tron });
    await expect(on('main').check()).rejects.toMatchObject({ name: 'WrongChain' });
    await expect(on('local').check()).resolves.toBeUndefined();
    await expect(on('local').header(10 ** 9)).rejects.toThrow('no block');
    await expect(on('local').receipt('00'.repeat(32))).resolves.toBeUndefined();
    // An account that nobody has paid has nothing; a node that is away does not say so.
    const { address } = freshTron();
    await expect(on('local').balance(address, 'USDT')).resolves.toBe(0n);
    await stage.control('faults', { away: true });
    await expect(on('local').balance(address, 'TRX')).rejects.toThrow('503');
    await expect(on('local').head()).rejects.toThrow('503');
    await expect(askTron(stage.node.url, 'wallet/getnowblock')).rejects.toThrow('away');
  });
});
