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
  const text = '{"amount":9007199254740993,"list":[123456789012345678,5],"text":"9007199254740993, \\"1234567890123456789\\""}';
  expect(parse(text)).toEqual({ amount: 9007199254740993n, list: [123456789012345678n, 5], text: '9007199254740993, "1234567890123456789"' });
  expect(stringify(parse(text))).toBe(text);
  expect(stringify({ amount: 7n }, true)).toBe('{"amount":"7"}');
});

onNode('the TRON emulator', () => {
  let dir: string;
  let node: LocalTron;
  const faucet = (): TronWeb => new TronWeb({ fullHost: node.url, privateKey: FAUCET_KEY.privateKey.slice(2) });
  const control = <T = { height: number; solid: number; waiting: number }>(name: string, asked: object = {}): Promise<T> => askTron<T>(node.url, `control/${name}`, asked);
  const mine = (blocks = 1) => control('mine', { blocks });
  const info = (txid: string, house = 'wallet') => askTron<Record<string, never>>(node.url, `${house}/gettransactioninfobyid`, { value: txid });
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

  test('a token by contract().call and send, and by a transaction that tronweb builds itself; the energy is that of the main network', async () => {
    const web = faucet();
    const { address } = freshTron();
    const token = web.contract(artifact.abi as never, LOCAL_TETHER);
    const first = (await token.methods.transfer?.(address, 25_000_000).send({ feeLimit: 50_000_000 })) as string;
    await mine();
    expect(await info(first)).toMatchObject({ receipt: { result: 'SUCCESS', energy_usage_total: expect.any(Number) }, log: [{ address: hexOf(LOCAL_TETHER).slice(2) }] });
    const { transaction } = await web.transactionBuilder.triggerSmartContract(LOCAL_TETHER, 'transfer(address,uint256)', { feeLimit: 50_000_000, txLocal: true }, [{ type: 'address', value: address }, { type: 'uint256', value: 1_000_000 }]);
    const signed = await web.trx.sign(transaction);
    expect(await web.trx.sendRawTransaction(signed)).toMatchObject({ result: true });
    expect(await web.trx.sendRawTransaction(signed)).toMatchObject({ code: 'DUP_TRANSACTION_ERROR' });
    await mine();
    expect(await web.trx.sendRawTransaction(signed)).toMatchObject({ code: 'DUP_TRANSACTION_ERROR' });
    expect(await tronBalance(node.url, address, 'USDT')).toBe('26');
    const used = (await info(transaction.txID)) as unknown as { receipt: { energy_usage_total: number; energy_fee: number } };
    expect(used.receipt.energy_usage_total).toBeGreaterThan(60_000);
    expect(used.receipt.energy_usage_total).toBeLessThan(70_000);
    expect(used.receipt.energy_fee).toBe(used.receipt.energy_usage_total * 100);
    const { energy_required: energy } = await web.transactionBuilder.estimateEnergy(LOCAL_TETHER, 'transfer(address,uint256)', {}, [{ type: 'address', value: address }, { type: 'uint256', value: 1 }]);
    expect(energy).toBe(used.receipt.energy_usage_total);
  });

  test('what was asked before changes no price: the solid state is that of the head', async () => {
    const { key, address } = freshTron();
    await payTron(node.url, address, 'TRX', '100');
    await payTron(node.url, address, 'USDT', '5');
    await mine();
    for (let n = 0; n < 3; n++) await tronBalance(node.url, address, 'USDT');
    await sendTron(node.url, await signedTron(node.url, key, 'TriggerSmartContract', { contract_address: hexOf(LOCAL_TETHER), data: tokenCall('transfer', freshTron().address, 5n) }));
    await mine(19);
    const [head, solid] = await Promise.all(['wallet', 'walletsolidity'].map((house) => askTron<{ balance: number }>(node.url, `${house}/getaccount`, { address })));
    expect(solid).toEqual(head);
    expect(head?.balance).toBeLessThan(90_000_000);
  });

  test('refusals in the node\'s words: expired, another chain\'s block, a stranger\'s signature, TRX to a contract, no account', async () => {
    const web = faucet();
    const { address, key } = freshTron();
    const signed = async (change: (raw: { ref_block_hash: string; expiration: number }) => void): Promise<object> => {
      const transaction = await web.transactionBuilder.sendTrx(address, 1);
      change(transaction.raw_data as never);
      const pb = utils.transaction.txJsonToPb(transaction);
      const again = { ...transaction, txID: utils.transaction.txPbToTxID(pb).replace('0x', ''), raw_data_hex: utils.transaction.txPbToRawDataHex(pb).toLowerCase() };
      return web.trx.sendRawTransaction(await web.trx.sign(again as never));
    };
    expect(await signed((raw) => (raw.ref_block_hash = '00'.repeat(8)))).toMatchObject({ code: 'TAPOS_ERROR' });
    expect(await signed((raw) => (raw.expiration -= 120_000))).toMatchObject({ code: 'TRANSACTION_EXPIRATION_ERROR' });
    const forged = utils.crypto.signTransaction('11'.repeat(32), await web.transactionBuilder.sendTrx(address, 1));
    const said = await web.trx.sendRawTransaction(forged as never);
    expect([(said as { code?: string }).code, words(said)]).toEqual(['SIGERROR', expect.stringContaining('not contained of permission')]);
    await expect(payTron(node.url, LOCAL_TETHER, 'TRX', '1')).rejects.toThrow('Cannot transfer TRX to a smartContract');
    await expect(signedTron(node.url, key, 'TransferContract', { to_address: hexOf(LOCAL_TETHER), amount: 1n }).then((one) => sendTron(node.url, one))).rejects.toThrow('no OwnerAccount');
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
    expect(await info(starves.txid)).toMatchObject({ result: 'FAILED', receipt: { result: 'OUT_OF_ENERGY', energy_fee: 1_000_000 } });
    for (const { txid } of [reverts, starves]) expect(await info(txid)).not.toHaveProperty('log');
  });

  test('whoever gave the permission away signs no more', async () => {
    const [{ key, address }, thief] = [freshTron(), freshTron()];
    await payTron(node.url, address, 'TRX', '200');
    await mine();
    const keys = [{ address: hexOf(thief.address), weight: 1 }];
    const value = { owner: { type: 0, permission_name: 'owner', threshold: 1, keys }, actives: [{ type: 2, permission_name: 'active', threshold: 1, operations: '7fff1fc0033e03'.padEnd(64, '0'), keys }] };
    await sendTron(node.url, await signedTron(node.url, key, 'AccountPermissionUpdateContract', value));
    await mine();
    const theirs = { to_address: hexOf(thief.address), amount: 1n };
    await expect(signedTron(node.url, key, 'TransferContract', theirs).then((one) => sendTron(node.url, one))).rejects.toThrow('SIGERROR');
    await expect(signedTron(node.url, thief.key, 'TransferContract', { ...theirs, owner_address: hexOf(address) }).then((one) => sendTron(node.url, one))).resolves.toHaveLength(64);
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
});
