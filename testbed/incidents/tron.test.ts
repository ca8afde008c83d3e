/**
 * Known attacks and accidents of TRON (by their numbers in the list of incidents), on the emulator with the real
 * scanner and database.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NEW_ACCOUNT } from '../../db/entities/accounts';
import { insertUser, setFrozen } from '../../db/stores/users';
import type { TronIntent } from '../../domain/contract/ports';
import artifact from '../emulators/evm/contracts/Tether.json';
import { FAUCET, FAUCET_KEY, LOCAL_TETHER } from '../emulators/tron/accounts';
import { freshTron, selectorOf, tokenCall, tronBalance } from '../emulators/tron/faucet';
import { askTron } from '../emulators/tron/start';
import { hexOf } from '../emulators/tron/wire';
import { TronStage, noTron } from '../stage/tron-stage';
import type { Key } from '../stage/tron-stage';

jest.setTimeout(120_000);
if (noTron) process.stderr.write(`${noTron}\n`);

/** Pays `value` to `to`, and then fails where the third word says so. */
const PAYS = '60006000600060006020356000355af150604035601857005b60006000fd';
/** Calls the address of the first word with the rest and all its coins, and does not mind when that fails. */
const MINDS_NOT = '60203603602060003760006000602036036000346000355af15000';
const maker = (code: string): string => `60${(code.length / 2).toString(16).padStart(2, '0')}80600b6000396000f3${code}`;
const word = (value: string | bigint): string =>
  (typeof value === 'bigint' ? value.toString(16) : hexOf(value).slice(2)).padStart(64, '0');

/** A way to a node: it can say that there is no transaction that it is asked about, or hang up. */
async function forgetful(
  target: string,
): Promise<{ readonly url: string; hides: boolean; down: boolean; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => void parts.push(part));
    request.on('end', () => {
      if (node.down) return void request.socket.destroy();
      if (node.hides && /gettransaction(info)?byid$/.test(request.url ?? '')) return void response.end('{}');
      fetch(target + (request.url ?? ''), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: Buffer.concat(parts),
      }).then(
        async (answer) => void response.writeHead(answer.status).end(await answer.text()),
        () => request.socket.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const node = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hides: false,
    down: false,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return node;
}

(noTron ? describe.skip : describe)('incidents of TRON', () => {
  const stage = new TronStage();
  beforeAll(() => stage.start());
  afterAll(() => stage.end());
  beforeEach(() => stage.open());
  afterEach(() => stage.close());

  /** Somebody else with TRX. */
  const other = async (trx = '5000'): Promise<{ key: Key; address: string }> => {
    const made = freshTron();
    await stage.pay(made.address, 'TRX', trx);
    await stage.mine();
    return made;
  };
  const call = (
    key: Key,
    contract: string,
    data: string,
    over: { value?: bigint; feeLimit?: bigint } = {},
  ): Promise<string> =>
    stage.send(
      key,
      'TriggerSmartContract',
      { contract_address: hexOf(contract), data, ...(over.value !== undefined && { call_value: over.value }) },
      over.feeLimit,
    );
  const deploy = async (code: string): Promise<string> =>
    (await stage.control<{ address: string }>('deploy', { code })).address;
  const info = (txid: string | null): Promise<{ result?: string; receipt?: { result?: string } }> =>
    askTron(stage.node.url, 'wallet/gettransactioninfobyid', { value: txid });
  /** Proof that the scanner went past everything before: an honest deposit behind it. */
  const onlyThis = async (user: string, expected: string): Promise<void> => {
    const txid = await stage.pay(await stage.addressOf(user), 'TRX', '7');
    await stage.settle();
    await stage.until('the honest deposit is credited', async () =>
      (await stage.deposits()).some((row) => row.txid === txid && row.state !== 'SEEN' && row.state !== 'CONFIRMING'),
    );
    expect(await stage.available(user)).toBe(expected);
  };

  test(
    'E15 what failed credits nothing, whatever its data says: reverted, out of energy, and a ' +
      'transfer of TRX that did not happen',
    async () => {
      await stage.startWallets();
      const [address, { key }] = [await stage.addressOf('u1'), await other()];
      const reverted = await call(key, LOCAL_TETHER, tokenCall('transfer', address, 9_000_000n));
      await stage.mine();
      const starved = await call(key, LOCAL_TETHER, tokenCall('transfer', address, 9_000_000n), {
        feeLimit: 1_000_000n,
      });
      await stage.mine();
      await stage.control('spoil', { result: 'FAILED' });
      const spoilt = await stage.pay(address, 'TRX', '50');
      await stage.mine();
      expect([
        (await info(reverted)).receipt?.result,
        (await info(starved)).receipt?.result,
        (await info(spoilt)).result,
      ]).toEqual(['REVERT', 'OUT_OF_ENERGY', 'FAILED']);
      await onlyThis('u1', '7');
      expect(await stage.deposits()).toHaveLength(1);
    },
  );

  test('E16 a TRC-10 token and a token contract of the same name are nothing; what a contract moves is credited from its log', async () => {
    await stage.startWallets();
    const [address, { key, address: friend }] = [await stage.addressOf('u1'), await other()];
    // The account must exist for a TRC-10.
    await stage.pay(address, 'TRX', '5');
    await stage.mine();
    for (const name of ['1000001', '1000002'])
      await stage.send(FAUCET_KEY, 'TransferAssetContract', {
        asset_name: Buffer.from(name).toString('hex'),
        to_address: hexOf(address),
        amount: 99_000_000n,
      });
    const fake = await deploy(artifact.bytecode);
    await call(FAUCET_KEY, fake, tokenCall('mint', address, 99_000_000n));
    // A friend may take from the faucet's dollars: no transaction of his names the receiver as its own.
    await call(FAUCET_KEY, LOCAL_TETHER, tokenCall('approve', friend, 30_000_000n));
    await stage.mine();
    const taken = await call(
      key,
      LOCAL_TETHER,
      selectorOf('transferFrom(address,address,uint256)') + word(FAUCET) + word(address) + word(12_000_000n),
    );
    await stage.settle();
    await stage.until('the dollars are credited', async () => (await stage.available('u1', 'USDT')) === '12');
    await onlyThis('u1', '12');
    expect((await stage.deposits()).map(({ txid, asset }) => [asset, txid === taken])).toEqual([
      ['TRX', false],
      ['USDT', true],
      ['TRX', false],
    ]);
  });

  /** Whoever may sign for the address from now on is somebody else. */
  const giveAway = async (index: number, thief: string): Promise<string> => {
    const keys = [{ address: hexOf(thief), weight: 1 }];
    const value = {
      owner: { type: 0, permission_name: 'owner', threshold: 1, keys },
      actives: [
        { type: 2, permission_name: 'active', threshold: 1, operations: '7fff1fc0033e03'.padEnd(64, '0'), keys },
      ],
    };
    return stage.send(stage.depositKey(index), 'AccountPermissionUpdateContract', value);
  };

  test(
    'E17 an address that somebody else can sign for is frozen: its coins are not swept, and ' +
      'nothing more is credited to it',
    async () => {
      await stage.startWallets();
      const [address, healthy] = [await stage.addressOf('u1'), await stage.addressOf('u2')];
      // No operator's coins yet: what is credited waits to be swept.
      await stage.pay(address, 'TRX', '300');
      await stage.settle();
      await stage.until('credited', async () => (await stage.available('u1')) === '300');
      await giveAway(0, freshTron().address);
      await stage.mine();
      await expect(
        stage.send(stage.depositKey(0), 'TransferContract', { to_address: hexOf(stage.hot), amount: 1n }),
      ).rejects.toThrow('SIGERROR');
      await stage.pay(address, 'TRX', '40');
      await stage.pay(address, 'USDT', '50');
      await stage.pay(healthy, 'TRX', '20');
      await stage.settle();
      await stage.until('frozen', async () => stage.alerts.some(({ code }) => code === 'ADDRESS_FROZEN'));
      await stage.operatorFunds();
      await stage.until(
        'the healthy one is swept',
        async () => (await stage.deposits()).some(({ state }) => state === 'SWEPT'),
        () => stage.mine(),
      );
      await stage.settle();
      expect([await stage.available('u1'), await stage.available('u1', 'USDT'), await stage.available('u2')]).toEqual([
        '300',
        '0',
        '20',
      ]);
      expect((await stage.deposits()).map(({ amount, state }) => [Number(amount), state])).toEqual(
        expect.arrayContaining([
          [300, 'CREDITED'],
          [40, 'CONFIRMING'],
          [50, 'CONFIRMING'],
          [20, 'SWEPT'],
        ]),
      );
      expect(
        await stage.rows('SELECT 1 FROM chain_transactions WHERE from_address = ? OR to_address = ?', [
          address,
          address,
        ]),
      ).toEqual([]);
      expect(await stage.rows("SELECT action, subject FROM admin_audit WHERE admin_id <> 'operator'")).toEqual([
        { action: 'address.frozen', subject: `tron/${address}` },
      ]);
      await expect(stage.addressOf('u1')).rejects.toMatchObject({ code: 'ASSET_PAUSED' });
      // After a start it is still so, without asking the chain.
      await stage.stopWallets();
      await stage.startWallets();
      await stage.settle();
      expect(await stage.available('u1')).toBe('300');
      expect(stage.alerts.filter(({ code }) => code === 'ADDRESS_FROZEN')).toHaveLength(1);
    },
  );

  test('E17 an address that is given away is found although nobody pays it or sweeps it', async () => {
    await stage.startWallets();
    for (const user of ['u1', 'u2', 'u3', 'u4']) await stage.addressOf(user);
    const address = await stage.addressOf('u4');
    await stage.control('permission', { address, to: freshTron().address, beside: true });
    await stage.until('frozen', async () =>
      stage.alerts.some(({ code, details }) => code === 'ADDRESS_FROZEN' && details?.address === address),
    );
    await expect(stage.addressOf('u4')).rejects.toMatchObject({ code: 'ASSET_PAUSED' });
    expect(await stage.addressOf('u3')).toMatch(/^T/);
  });

  test.each([
    ['instead of our key', false],
    ['beside our key', true],
  ])(
    'E17 a hot wallet that somebody else can sign for, %s, sends nothing and nothing is sent to it',
    async (_how, beside) => {
      await stage.startWallets();
      await funded();
      const [{ address: thief }, to] = [freshTron(), freshTron().address];
      // Signed and sent in an earlier life of the wallets, and forgotten by the node.
      await stage.withdraw('w1', 'TRX', to, '100');
      await stage.until('on its way', async () => (await stage.withdrawal('w1')).state === 'BROADCAST');
      await stage.stopWallets();
      await stage.control('drop');
      await stage.control('permission', { address: stage.hot, to: thief, beside });
      await stage.startWallets();
      await stage.withdraw('w2', 'TRX', to, '50');
      await stage.pay(await stage.addressOf('u1'), 'TRX', '60');
      await stage.settle();
      await stage.until(
        'credited',
        async () => (await stage.available('u1')) === '398',
        () => stage.mine(),
      );
      await stage.settle();
      expect(stage.alerts.filter(({ code }) => code === 'HOT_WALLET_COMPROMISED')).toEqual([
        expect.objectContaining({ details: expect.objectContaining({ address: stage.hot }) }),
      ]);
      expect(await tronBalance(stage.node.url, to, 'TRX')).toBe('0');
      expect(
        await stage.rows(
          "SELECT id FROM chain_transactions WHERE state IN ('SIGNED', 'BROADCAST') AND purpose <> 'withdrawal'",
        ),
      ).toEqual([]);
      expect(
        await stage.rows("SELECT id FROM chain_transactions WHERE id LIKE 'withdrawal:w2%' AND state <> 'PLANNED'"),
      ).toEqual([]);
      expect((await stage.control<{ waiting: number }>('mine', { blocks: 0 })).waiting).toBe(0);
      expect(stage.wallets?.status()[0]?.faults.watch).toContain('it may be signed for by');
    },
  );

  /** u1 with dollars and TRX in the hot wallet. */
  const funded = async (): Promise<void> => {
    await stage.operatorFunds();
    const address = await stage.addressOf('u1');
    await stage.pay(address, 'TRX', '500');
    await stage.settle();
    await stage.until(
      'swept',
      async () => (await stage.deposits())[0]?.state === 'SWEPT',
      () => stage.mine(),
    );
  };

  test(
    'E18 taken and forgotten by the node, it is sent again as it was; ended, it is made anew ' +
      'with another id, and paid once',
    async () => {
      await stage.startWallets({ goodForMs: 60_000 });
      await funded();
      const to = freshTron().address;
      await stage.withdraw('w1', 'TRX', to, '100');
      const first = await stage.until('on its way', async () =>
        (await stage.withdrawal('w1')).state === 'BROADCAST' ? (await stage.withdrawal('w1')).txid : undefined,
      );
      await stage.control('drop');
      await stage.until('sent again', async () => (await stage.control('mine', { blocks: 0 })).waiting === 1);
      expect((await stage.withdrawal('w1')).txid).toBe(first);
      // It waits until it has ended, and no block takes it any more.
      await stage.later(120_000);
      const anew = await stage.until(
        'made anew',
        async () => ((await stage.withdrawal('w1')).txid !== first ? (await stage.withdrawal('w1')).txid : undefined),
        () => stage.mine(),
      );
      await stage.confirmed('w1');
      expect(await tronBalance(stage.node.url, to, 'TRX')).toBe('100');
      expect([
        (await info(first)).result,
        Object.keys(await info(first)).length,
        Object.keys(await info(anew)).length > 0,
      ]).toEqual([undefined, 0, true]);
      expect(await stage.differences()).toEqual([]);
    },
  );

  test('E18 ended while its account is frozen, it is made anew only once the account is open', async () => {
    await stage.startWallets({ goodForMs: 60_000 });
    await funded();
    const { dataSource } = stage.database;
    await insertUser(dataSource, {
      id: 'u1',
      email: 'u1@example.org',
      passwordHash: '',
      role: 'user',
      kycState: 'APPROVED',
      locale: 'en',
      createdAt: 1,
      ...NEW_ACCOUNT,
    });
    const to = freshTron().address;
    await stage.withdraw('w1', 'TRX', to, '100');
    const first = await stage.until('on its way', async () =>
      (await stage.withdrawal('w1')).state === 'BROADCAST' ? (await stage.withdrawal('w1')).txid : undefined,
    );
    await stage.control('drop');
    await setFrozen(dataSource.manager, 'u1', 5);
    await stage.later(120_000);
    await stage.settle();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect([(await stage.withdrawal('w1')).txid, await tronBalance(stage.node.url, to, 'TRX')]).toEqual([first, '0']);
    await setFrozen(dataSource.manager, 'u1', null);
    await stage.until(
      'made anew',
      async () => (await stage.withdrawal('w1')).txid !== first,
      () => stage.mine(),
    );
    await stage.confirmed('w1');
    expect(await tronBalance(stage.node.url, to, 'TRX')).toBe('100');
    expect(await stage.differences()).toEqual([]);
  });

  test('E18 while the chain stands still nothing is made anew, however late it is by our clocks', async () => {
    await stage.startWallets({ goodForMs: 60_000 });
    await funded();
    const to = freshTron().address;
    await stage.withdraw('w1', 'TRX', to, '100');
    const first = await stage.until('on its way', async () =>
      (await stage.withdrawal('w1')).state === 'BROADCAST' ? (await stage.withdrawal('w1')).txid : undefined,
    );
    await stage.mine();
    // Mined, and no block becomes solid for longer than it was good for. A second one is forgotten: a block may hold
    // it all the same.
    await stage.control('faults', { solidStops: true });
    await stage.withdraw('w2', 'TRX', to, '50');
    const second = await stage.until('on its way too', async () =>
      (await stage.withdrawal('w2')).state === 'BROADCAST' ? (await stage.withdrawal('w2')).txid : undefined,
    );
    await stage.control('drop');
    await stage.later(300_000);
    await stage.mine(10);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect([(await stage.withdrawal('w1')).txid, (await stage.withdrawal('w2')).txid]).toEqual([first, second]);
    await stage.control('faults', { solidStops: false });
    await stage.confirmed('w1');
    await stage.confirmed('w2');
    expect([(await stage.withdrawal('w1')).txid === first, (await stage.withdrawal('w2')).txid === second]).toEqual([
      true,
      false,
    ]);
    expect(await tronBalance(stage.node.url, to, 'TRX')).toBe('150');
  });

  test('E18 a node that has the transaction and cannot say what became of it is no reason to pay again', async () => {
    await stage.startWallets({ goodForMs: 60_000 });
    await funded();
    const to = freshTron().address;
    await stage.control('faults', { infosLate: true });
    await stage.withdraw('w1', 'TRX', to, '100');
    const first = await stage.until('on its way', async () =>
      (await stage.withdrawal('w1')).state === 'BROADCAST' ? (await stage.withdrawal('w1')).txid : undefined,
    );
    await stage.mine();
    await stage.later(300_000);
    await stage.settle();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect((await stage.withdrawal('w1')).txid).toBe(first);
    await stage.control('faults', { infosLate: false });
    await stage.confirmed('w1');
    expect(await tronBalance(stage.node.url, to, 'TRX')).toBe('100');
  });

  test(
    'E18 E9 a payout that one node hides is not made anew while another one knows it, nor ' +
      'while no second one says that it does not',
    async () => {
      const [one, two] = [await forgetful(stage.node.url), await forgetful(stage.node.url)];
      try {
        await stage.startWallets({ goodForMs: 60_000, rpcUrls: [one.url, two.url] });
        await funded();
        const to = freshTron().address;
        one.hides = true;
        await stage.withdraw('w1', 'TRX', to, '100');
        const first = await stage.until('on its way', async () =>
          (await stage.withdrawal('w1')).state === 'BROADCAST' ? (await stage.withdrawal('w1')).txid : undefined,
        );
        await stage.mine();
        await stage.later(300_000);
        await stage.settle();
        await new Promise((resolve) => setTimeout(resolve, 400));
        expect((await stage.withdrawal('w1')).txid).toBe(first);
        two.down = true;
        await stage.mine();
        await new Promise((resolve) => setTimeout(resolve, 400));
        expect((await stage.withdrawal('w1')).txid).toBe(first);
        [one.hides, two.down] = [false, false];
        await stage.confirmed('w1');
        expect(await tronBalance(stage.node.url, to, 'TRX')).toBe('100');
      } finally {
        await Promise.all([one, two].map((node) => node.close()));
      }
    },
  );

  test('E18 a payout that was mined and failed burns its energy once and goes back to a person', async () => {
    await stage.startWallets();
    await funded();
    await stage.pay(await stage.addressOf('u1'), 'USDT', '90');
    await stage.settle();
    await stage.until(
      'swept',
      async () => (await stage.deposits()).filter(({ state }) => state === 'SWEPT').length === 2,
      () => stage.mine(),
    );
    await stage.control('spoil', { result: 'OUT_OF_ENERGY' });
    await stage.withdraw('w1', 'USDT', freshTron().address, '40');
    await stage.until(
      'asked again',
      async () => (await stage.withdrawal('w1')).state === 'REQUESTED',
      () => stage.mine(),
    );
    await stage.settle();
    expect(await stage.rows("SELECT state FROM chain_transactions WHERE purpose = 'withdrawal'")).toEqual([
      { state: 'FAILED' },
    ]);
    expect(stage.alerts.map(({ code }) => code)).toContain('TRANSACTION_FAILED');
    expect(await stage.differences()).toEqual([]);
  });

  test(
    'E6 coins that a contract paid and took back credit nothing, also when the node forgets to ' +
      'say so; those that it paid do, once',
    async () => {
      await stage.startWallets();
      const [address, { key }] = [await stage.addressOf('u1'), await other()];
      const [pays, mindsNot] = [await deploy(maker(PAYS)), await deploy(maker(MINDS_NOT))];
      const attack = word(pays) + word(address) + word(90_000_000n) + word(1n);
      const marked = await call(key, mindsNot, attack, { value: 90_000_000n });
      await stage.mine();
      expect((await info(marked)).receipt?.result).toBe('SUCCESS');
      await onlyThis('u1', '7');
      expect(await stage.deposits()).toHaveLength(1);

      await stage.control('faults', { marksForgotten: true });
      const unmarked = await call(key, mindsNot, attack, { value: 90_000_000n });
      await stage.settle();
      await stage.until('seen', async () => (await stage.deposits()).some(({ txid }) => txid === unmarked));
      await stage.settle();
      expect(await stage.available('u1')).toBe('7');

      // Forty that arrived: credited, although the forged ninety wait beside them.
      const real = await call(key, mindsNot, word(pays) + word(address) + word(40_000_000n) + word(0n), {
        value: 40_000_000n,
      });
      await stage.settle();
      await stage.until('credited', async () => (await stage.available('u1')) === '47');
      await stage.stopWallets();
      await stage.startWallets();
      await stage.settle();
      expect(await stage.available('u1')).toBe('47');
      expect((await stage.deposits()).map(({ txid, state }) => [txid, state])).toEqual(
        expect.arrayContaining([
          [real, 'CREDITED'],
          [unmarked, 'CONFIRMING'],
        ]),
      );
    },
  );

  test('E37 more sun than a number of JavaScript can hold, to the last one', async () => {
    await stage.startWallets();
    const address = await stage.addressOf('u1');
    await stage.pay(address, 'TRX', '9007199254.740993');
    await stage.pay(address, 'USDT', '9007199254.740995');
    await stage.settle();
    await stage.until('credited', async () => (await stage.available('u1', 'USDT')) === '9007199254.740995');
    expect(await stage.available('u1')).toBe('9007199254.740993');
    expect(await stage.differences()).toEqual([]);
  });

  test(
    'E38 the same intent gives the same bytes, from another envelope and after a start too; ' +
      'other bytes only when these have ended',
    async () => {
      const at = Date.now() + stage.shiftMs;
      const envelope = { blockBytes: '00ab', blockHash: '00112233445566aa', timestamp: at, expiration: at + 60_000 };
      const intent = {
        intentId: 'withdrawal:w1:0',
        network: 'tron',
        purpose: 'withdrawal',
        asset: 'TRX',
        from: 'hot',
        to: freshTron().address,
        amount: '5',
        feeLimit: '0',
        envelope,
      } as TronIntent;
      const signed = await stage.signer.signTron(intent);
      const later = { ...envelope, timestamp: at + 1000, expiration: at + 61_000 };
      expect(await stage.signer.signTron({ ...intent, envelope: later })).toEqual(signed);
      await expect(stage.signer.signTron({ ...intent, amount: '6' })).rejects.toMatchObject({
        code: 'IDEMPOTENCY_KEY_REUSED',
      });
      const again = {
        ...intent,
        intentId: 'withdrawal:w1:0#1',
        envelope: { ...envelope, timestamp: at + 61_000, expiration: at + 121_000 },
      };
      const refused = (one: TronIntent, why: string) =>
        expect(stage.signer.signTron(one)).rejects.toMatchObject({
          code: 'FORBIDDEN',
          details: { signer: expect.stringContaining(why) },
        });
      await refused(again, 'may still be mined');
      stage.shiftMs += 91_000;
      await refused({ ...again, envelope: later }, 'begins after the end');
      await refused({ ...again, amount: '6' }, 'pays the same');
      expect((await stage.signer.signTron(again)).txid).not.toBe(signed.txid);
      await refused({ ...again, intentId: 'withdrawal:w1:0#2' }, 'may still be mined');
      await refused({ ...again, intentId: 'withdrawal:w2:0#1' }, 'nothing to replace');
    },
  );
});
