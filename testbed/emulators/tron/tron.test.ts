/** The emulator, asked by an unmodified tronweb. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { TronWeb, utils } from 'tronweb';
import artifact from '../evm/contracts/Tether.json';
import { FAUCET_KEY, LOCAL_TETHER } from './accounts';
import { freshTron, payTron, sendTron, signedTron, tokenCall, tronBalance } from './faucet';
import { installTron } from './install';
import { parse, stringify } from './json';
import { askTron, startTron } from './start';
import type { LocalTron } from './start';
import { hexOf } from './wire';

jest.setTimeout(60_000);

const packages = resolve(__dirname, '..', '..', '..', '.local', 'tools', 'tron');
const absent = installTron(packages);
if (absent) process.stderr.write(`${absent}\n`);
const onNode = absent ? describe.skip : describe;

test('whole numbers of 64 bits pass through JSON as they are, and digits in texts stay texts', () => {
  const text =
    '{"amount":9007199254740993,"list":[123456789012345678,5],"text":"9007199254740993, \\"1234567890123456789\\""}';
  expect(parse(text)).toEqual({
    amount: 9007199254740993n,
    list: [123456789012345678n, 5],
    text: '9007199254740993, "1234567890123456789"',
  });
  expect(stringify(parse(text))).toBe(text);
  expect(stringify({ amount: 7n }, true)).toBe('{"amount":"7"}');
});

onNode('the TRON emulator', () => {
  let dir: string;
  let node: LocalTron;
  const faucet = (): TronWeb => new TronWeb({ fullHost: node.url, privateKey: FAUCET_KEY.privateKey.slice(2) });
  const control = <T = { height: number; solid: number; waiting: number }>(
    name: string,
    asked: object = {},
  ): Promise<T> => askTron<T>(node.url, `control/${name}`, asked);
  const mine = (blocks = 1) => control('mine', { blocks });
  const info = (txid: string, house = 'wallet') =>
    askTron<Record<string, never>>(node.url, `${house}/gettransactioninfobyid`, { value: txid });
  let port: number;
  const start = async (): Promise<void> => {
    node = await startTron({ dir: join(dir, 'chain'), port, packages, blockMs: 0, logFile: join(dir, 'log') });
  };
  const words = (said: object): string => Buffer.from((said as { message?: string }).message ?? '', 'hex').toString();

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tron-'));
    port = await new Promise<number>((done) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const found = (probe.address() as AddressInfo).port;
        probe.close(() => done(found));
      });
    });
    await start();
  });
  afterAll(async () => {
    await node?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('tronweb is connected, pays TRX to a new account, and sees it solid after 18 more blocks', async () => {
    const web = faucet();
    expect(await web.isConnected()).toMatchObject({ fullNode: true, solidityNode: true });
    const { address } = freshTron();
    const sent = await web.trx.sendTransaction(address, 5_000_000);
    expect(sent).toMatchObject({ result: true, txid: sent.transaction.txID });
    await mine();
    expect(await info(sent.txid)).toMatchObject({ fee: 1_100_000, receipt: { net_fee: 100_000 } });
    await mine(17);
    expect(await web.trx.getTransactionInfo(sent.txid)).toEqual({});
    expect(await web.trx.getBalance(address)).toBe(0);
    await mine();
    expect(await web.trx.getTransactionInfo(sent.txid)).toMatchObject({ id: sent.txid });
    expect(await web.trx.getBalance(address)).toBe(5_000_000);
    expect((await web.trx.getTransaction(sent.txid)).ret).toEqual([{ contractRet: 'SUCCESS' }]);
  });

  test(
    'a token by contract().call and send, and by a transaction that tronweb builds itself; the ' +
      'energy is that of the main network',
    async () => {
      const web = faucet();
      const { address } = freshTron();
      const token = web.contract(artifact.abi as never, LOCAL_TETHER);
      const first = (await token.methods.transfer?.(address, 25_000_000).send({ feeLimit: 50_000_000 })) as string;
      await mine();
      expect(await info(first)).toMatchObject({
        receipt: { result: 'SUCCESS', energy_usage_total: expect.any(Number) },
        log: [{ address: hexOf(LOCAL_TETHER).slice(2) }],
      });
      const { transaction } = await web.transactionBuilder.triggerSmartContract(
        LOCAL_TETHER,
        'transfer(address,uint256)',
        { feeLimit: 50_000_000, txLocal: true },
        [
          { type: 'address', value: address },
          { type: 'uint256', value: 1_000_000 },
        ],
      );
      const signed = await web.trx.sign(transaction);
      expect(await web.trx.sendRawTransaction(signed)).toMatchObject({ result: true });
      expect(await web.trx.sendRawTransaction(signed)).toMatchObject({ code: 'DUP_TRANSACTION_ERROR' });
      await mine();
      expect(await web.trx.sendRawTransaction(signed)).toMatchObject({ code: 'DUP_TRANSACTION_ERROR' });
      expect(await tronBalance(node.url, address, 'USDT')).toBe('26');
      const used = (await info(transaction.txID)) as unknown as {
        receipt: { energy_usage_total: number; energy_fee: number };
      };
      expect(used.receipt.energy_usage_total).toBeGreaterThan(60_000);
      expect(used.receipt.energy_usage_total).toBeLessThan(70_000);
      expect(used.receipt.energy_fee).toBe(used.receipt.energy_usage_total * 100);
      const { energy_required: energy } = await web.transactionBuilder.estimateEnergy(
        LOCAL_TETHER,
        'transfer(address,uint256)',
        {},
        [
          { type: 'address', value: address },
          { type: 'uint256', value: 1 },
        ],
      );
      expect(energy).toBe(used.receipt.energy_usage_total);
    },
  );

  test('what was asked before changes no price: the solid state is that of the head', async () => {
    const { key, address } = freshTron();
    await payTron(node.url, address, 'TRX', '100');
    await payTron(node.url, address, 'USDT', '5');
    await mine();
    for (let n = 0; n < 3; n++) await tronBalance(node.url, address, 'USDT');
    await sendTron(
      node.url,
      await signedTron(node.url, key, 'TriggerSmartContract', {
        contract_address: hexOf(LOCAL_TETHER),
        data: tokenCall('transfer', freshTron().address, 5n),
      }),
    );
    await mine(19);
    const [head, solid] = await Promise.all(
      ['wallet', 'walletsolidity'].map((house) =>
        askTron<{ balance: number }>(node.url, `${house}/getaccount`, { address }),
      ),
    );
    expect(solid).toEqual(head);
    expect(head?.balance).toBeLessThan(90_000_000);
  });

  test("refusals in the node's words: expired, another chain's block, a stranger's signature, TRX to a contract, no account", async () => {
    const web = faucet();
    const { address, key } = freshTron();
    const signed = async (change: (raw: { ref_block_hash: string; expiration: number }) => void): Promise<object> => {
      const transaction = await web.transactionBuilder.sendTrx(address, 1);
      change(transaction.raw_data as never);
      const pb = utils.transaction.txJsonToPb(transaction);
      const again = {
        ...transaction,
        txID: utils.transaction.txPbToTxID(pb).replace('0x', ''),
        raw_data_hex: utils.transaction.txPbToRawDataHex(pb).toLowerCase(),
      };
      return web.trx.sendRawTransaction(await web.trx.sign(again as never));
    };
    expect(await signed((raw) => (raw.ref_block_hash = '00'.repeat(8)))).toMatchObject({ code: 'TAPOS_ERROR' });
    expect(await signed((raw) => (raw.expiration -= 120_000))).toMatchObject({ code: 'TRANSACTION_EXPIRATION_ERROR' });
    const forged = utils.crypto.signTransaction('11'.repeat(32), await web.transactionBuilder.sendTrx(address, 1));
    const said = await web.trx.sendRawTransaction(forged as never);
    expect([(said as { code?: string }).code, words(said)]).toEqual([
      'SIGERROR',
      expect.stringContaining('not contained of permission'),
    ]);
    await expect(payTron(node.url, LOCAL_TETHER, 'TRX', '1')).rejects.toThrow('Cannot transfer TRX to a smartContract');
    await expect(
      signedTron(node.url, key, 'TransferContract', { to_address: hexOf(LOCAL_TETHER), amount: 1n }).then((one) =>
        sendTron(node.url, one),
      ),
    ).rejects.toThrow('no OwnerAccount');
  });

  test('out of energy burns the whole limit, a revert only what ran; neither leaves a log', async () => {
    const { key, address } = freshTron();
    await payTron(node.url, address, 'TRX', '100');
    await mine();
    const call = { contract_address: hexOf(LOCAL_TETHER), data: tokenCall('transfer', freshTron().address, 5n) };
    const reverts = await signedTron(node.url, key, 'TriggerSmartContract', call);
    await sendTron(node.url, reverts);
    await mine();
    const starves = await signedTron(node.url, key, 'TriggerSmartContract', call, { feeLimit: 1_000_000n });
    await sendTron(node.url, starves);
    await mine();
    expect(await info(reverts.txid)).toMatchObject({ result: 'FAILED', receipt: { result: 'REVERT' } });
    expect(await info(starves.txid)).toMatchObject({
      result: 'FAILED',
      receipt: { result: 'OUT_OF_ENERGY', energy_fee: 1_000_000 },
    });
    for (const { txid } of [reverts, starves]) expect(await info(txid)).not.toHaveProperty('log');
  });

  test('whoever gave the permission away signs no more', async () => {
    const [{ key, address }, thief] = [freshTron(), freshTron()];
    await payTron(node.url, address, 'TRX', '200');
    await mine();
    const keys = [{ address: hexOf(thief.address), weight: 1 }];
    const value = {
      owner: { type: 0, permission_name: 'owner', threshold: 1, keys },
      actives: [
        { type: 2, permission_name: 'active', threshold: 1, operations: '7fff1fc0033e03'.padEnd(64, '0'), keys },
      ],
    };
    await sendTron(node.url, await signedTron(node.url, key, 'AccountPermissionUpdateContract', value));
    await mine();
    const theirs = { to_address: hexOf(thief.address), amount: 1n };
    await expect(
      signedTron(node.url, key, 'TransferContract', theirs).then((one) => sendTron(node.url, one)),
    ).rejects.toThrow('SIGERROR');
    await expect(
      signedTron(node.url, thief.key, 'TransferContract', { ...theirs, owner_address: hexOf(address) }).then((one) =>
        sendTron(node.url, one),
      ),
    ).resolves.toHaveLength(64);
  });

  test('blocks that were not solid can be lost; state and blocks outlive a stop', async () => {
    const { address } = freshTron();
    await payTron(node.url, address, 'TRX', '3');
    await mine();
    await control('reorg', { depth: 1, lose: true });
    expect(await tronBalance(node.url, address, 'TRX')).toBe('0');
    await payTron(node.url, address, 'TRX', '4');
    await mine(20);
    const before = await askTron<{ blockID: string }>(node.url, 'wallet/getnowblock');
    const solid = await askTron<{ blockID: string }>(node.url, 'walletsolidity/getnowblock');
    await expect(control('reorg', { depth: 19, lose: true })).rejects.toThrow('solid');
    await node.stop();
    await start();
    expect((await askTron<{ blockID: string }>(node.url, 'wallet/getnowblock')).blockID).toBe(before.blockID);
    expect((await askTron<{ blockID: string }>(node.url, 'walletsolidity/getnowblock')).blockID).toBe(solid.blockID);
    expect(await tronBalance(node.url, address, 'TRX')).toBe('4');
  });

  describe('stake', () => {
    type Web = ReturnType<typeof faucet>;
    const TRX = 1_000_000;
    const DAY_MS = 86_400_000;
    /** Somebody with TRX, and tronweb in his hands. */
    const holder = async (trx: string): Promise<{ web: Web; address: string }> => {
      const { key, address } = freshTron();
      await payTron(node.url, address, 'TRX', trx);
      await mine();
      return { web: new TronWeb({ fullHost: node.url, privateKey: key.privateKey.slice(2) }), address };
    };
    /** Signed by tronweb and mined; throws a refusal in the node's words. */
    const done = async (web: Web, built: Promise<unknown>): Promise<string> => {
      const said = await web.trx.sendRawTransaction(await web.trx.sign((await built) as never));
      if (said.result !== true) throw new Error(`${said.code}: ${words(said)}`);
      await mine();
      return said.txid;
    };
    const account = (address: string) =>
      askTron<Record<string, unknown> & { account_resource?: Record<string, number> }>(node.url, 'wallet/getaccount', {
        address,
      });
    const resource = (address: string) =>
      askTron<Record<string, number>>(node.url, 'wallet/getaccountresource', { address });

    test('TRX that is staked gives energy by its share of all that is staked; used, it comes back evenly over a day', async () => {
      const { web, address } = await holder('9000');
      await expect(done(web, web.transactionBuilder.freezeBalanceV2(999_999, 'ENERGY', address))).rejects.toThrow(
        'must be greater than or equal to 1 TRX',
      );
      await expect(done(web, web.transactionBuilder.freezeBalanceV2(9001 * TRX, 'ENERGY', address))).rejects.toThrow(
        'less than or equal to accountBalance',
      );
      await done(web, web.transactionBuilder.freezeBalanceV2(8000 * TRX, 'ENERGY', address));
      expect(await account(address)).toMatchObject({
        balance: 1000 * TRX,
        frozenV2: [{}, { type: 'ENERGY', amount: 8000 * TRX }, { type: 'TRON_POWER' }],
      });
      const { EnergyLimit = 0, TotalEnergyLimit = 0, TotalEnergyWeight = 0 } = await resource(address);
      expect(EnergyLimit).toBe(Math.floor((8000 * TotalEnergyLimit) / TotalEnergyWeight));
      await payTron(node.url, address, 'USDT', '5');
      await mine();
      const txid = await sendTron(
        node.url,
        await signedTron(node.url, FAUCET_KEY, 'TriggerSmartContract', {
          contract_address: hexOf(LOCAL_TETHER),
          data: tokenCall('transfer', address, 1n),
        }),
      );
      await mine();
      expect(await info(txid)).toMatchObject({ receipt: { energy_fee: 6_428_500 } });
      const token = web.contract(artifact.abi as never, LOCAL_TETHER);
      const paid = (await token.methods
        .transfer?.(web.address.fromPrivateKey(FAUCET_KEY.privateKey.slice(2)) as string, 1_000_000)
        .send({ feeLimit: 50_000_000 })) as string;
      await mine();
      const { energy_usage: used = 0, energy_fee: burnt } = (await info(paid)).receipt as unknown as Record<
        string,
        number
      >;
      expect([used, burnt]).toEqual([64_285, undefined]);
      expect((await resource(address)).EnergyUsed).toBe(used);
      await control('advance', { ms: DAY_MS / 2 });
      await mine();
      const half = (await resource(address)).EnergyUsed ?? 0;
      expect(half).toBeGreaterThan(used / 2 - 10);
      expect(half).toBeLessThanOrEqual(used / 2);
      await control('advance', { ms: DAY_MS / 2 });
      await mine();
      expect((await resource(address)).EnergyUsed).toBeUndefined();
    });

    test(
      'what is staked is lent to an account and taken back, with what was used of it; more than ' +
        'there is, to a contract, to nobody and to oneself it is not',
      async () => {
        const [{ web, address }, { web: his, address: friend }] = [await holder('9000'), await holder('2')];
        await done(web, web.transactionBuilder.freezeBalanceV2(8000 * TRX, 'ENERGY', address));
        const lend = (sun: number, to: string, lock = false, period?: number) =>
          done(web, web.transactionBuilder.delegateResource(sun, to, 'ENERGY', address, lock, period));
        await expect(lend(8001 * TRX, friend)).rejects.toThrow('available FreezeEnergyV2 balance');
        await expect(lend(TRX, LOCAL_TETHER)).rejects.toThrow('to contract addresses');
        await expect(lend(TRX, freshTron().address)).rejects.toThrow('not exists');
        await lend(7000 * TRX, friend);
        expect(await account(address)).toMatchObject({
          frozenV2: [{}, { amount: 1000 * TRX }, {}],
          account_resource: { delegated_frozenV2_balance_for_energy: 7000 * TRX },
        });
        expect(await account(friend)).toMatchObject({
          account_resource: { acquired_delegated_frozenV2_balance_for_energy: 7000 * TRX },
        });
        expect(
          await askTron(node.url, 'wallet/getdelegatedresourcev2', { fromAddress: address, toAddress: friend }),
        ).toMatchObject({ delegatedResource: [{ frozen_balance_for_energy: 7000 * TRX }] });
        expect(await askTron(node.url, 'wallet/getcandelegatedmaxsize', { owner_address: address, type: 1 })).toEqual({
          max_size: 1000 * TRX,
        });
        await payTron(node.url, friend, 'USDT', '5');
        await mine();
        const paid = (await his
          .contract(artifact.abi as never, LOCAL_TETHER)
          .methods.transfer?.(address, 1_000_000)
          .send({ feeLimit: 50_000_000 })) as string;
        await mine();
        // To somebody who has none it takes twice as much: all that was lent, and the rest is burnt.
        const { energy_usage: used = 0 } = (await info(paid)).receipt as unknown as Record<string, number>;
        expect(used).toBeGreaterThan(0);
        await expect(
          done(web, web.transactionBuilder.undelegateResource(7001 * TRX, friend, 'ENERGY', address)),
        ).rejects.toThrow('insufficient delegatedFrozenBalance');
        await done(web, web.transactionBuilder.undelegateResource(7000 * TRX, friend, 'ENERGY', address));
        expect((await resource(friend)).EnergyLimit).toBeUndefined();
        const { EnergyUsed = 0 } = await resource(address);
        expect(EnergyUsed).toBeGreaterThan(used - 100);
        // What was used is not lent again before it has come back.
        const { max_size: free = 0 } = await askTron<{ max_size?: number }>(node.url, 'wallet/getcandelegatedmaxsize', {
          owner_address: address,
          type: 1,
        });
        expect(free).toBeLessThan(1100 * TRX);
        await expect(
          done(web, web.transactionBuilder.undelegateResource(TRX, friend, 'ENERGY', address)),
        ).rejects.toThrow('delegated Resource does not exist');
      },
    );

    test('what is locked is not taken back before its time', async () => {
      const [{ web, address }, { address: friend }] = [await holder('3000'), await holder('2')];
      await done(web, web.transactionBuilder.freezeBalanceV2(2000 * TRX, 'ENERGY', address));
      await done(web, web.transactionBuilder.delegateResource(500 * TRX, friend, 'ENERGY', address, true, 100));
      const back = () => done(web, web.transactionBuilder.undelegateResource(500 * TRX, friend, 'ENERGY', address));
      await expect(back()).rejects.toThrow('unlock_balance=0');
      await control('advance', { ms: 301_000 });
      await mine();
      await back();
      expect((await account(address)).frozenV2).toMatchObject([{}, { amount: 2000 * TRX }, {}]);
    });

    test(
      'unstaked TRX is had after fourteen days, and not before; what waited long enough is paid ' +
        'out with the next unstaking too',
      async () => {
        const { web, address } = await holder('500');
        await done(web, web.transactionBuilder.freezeBalanceV2(300 * TRX, 'BANDWIDTH', address));
        expect((await resource(address)).NetLimit).toBeGreaterThan(0);
        await expect(
          done(web, web.transactionBuilder.unfreezeBalanceV2(301 * TRX, 'BANDWIDTH', address)),
        ).rejects.toThrow('Invalid unfreeze_balance');
        await expect(done(web, web.transactionBuilder.unfreezeBalanceV2(TRX, 'ENERGY', address))).rejects.toThrow(
          'no frozenBalance(Energy)',
        );
        await done(web, web.transactionBuilder.unfreezeBalanceV2(100 * TRX, 'BANDWIDTH', address));
        const [waiting] = (await account(address)).unfrozenV2 as {
          unfreeze_amount: number;
          unfreeze_expire_time: number;
        }[];
        expect(waiting?.unfreeze_amount).toBe(100 * TRX);
        await expect(done(web, web.transactionBuilder.withdrawExpireUnfreeze(address))).rejects.toThrow(
          'no unFreeze balance to withdraw',
        );
        await control('advance', { ms: 14 * DAY_MS });
        await mine();
        expect(await askTron(node.url, 'wallet/getcanwithdrawunfreezeamount', { owner_address: address })).toEqual({
          amount: 100 * TRX,
        });
        const second = await done(web, web.transactionBuilder.unfreezeBalanceV2(50 * TRX, 'BANDWIDTH', address));
        expect(await info(second)).toMatchObject({ withdraw_expire_amount: 100 * TRX });
        await control('advance', { ms: 14 * DAY_MS });
        await mine();
        const claimed = await done(web, web.transactionBuilder.withdrawExpireUnfreeze(address));
        expect(await info(claimed)).toMatchObject({ withdraw_expire_amount: 50 * TRX });
        expect((await account(address)).unfrozenV2).toBeUndefined();
        // All of it is there again after a start: blocks are carried out anew.
        const before = await account(address);
        await node.stop();
        await start();
        expect(await account(address)).toEqual(before);
      },
    );
  });
});
