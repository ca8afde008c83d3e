/** The real node in its process, spoken to as a Bitcoin Core would be. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { BIP32Factory } from 'bip32';
import * as bitcoin from 'bitcoinjs-lib';
import * as secp256k1 from 'tiny-secp256k1';
import { installBcoin } from './install';
import { askBitcoin, startBitcoin } from './start';
import type { LocalBitcoin } from './start';

jest.setTimeout(120_000);

const packages = resolve(__dirname, '..', '..', '..', '.local', 'tools', 'bitcoin');
const missing = installBcoin(packages);
if (missing) process.stderr.write(`${missing}\n`);
const onNode = missing ? describe.skip : describe;

const network = bitcoin.networks.regtest;
const root = BIP32Factory(secp256k1).fromSeed(Buffer.alloc(32, 7), network);
const key = (n: number) => root.derivePath(`m/84'/1'/0'/0/${n}`);
const address = (n: number): string => bitcoin.payments.p2wpkh({ pubkey: key(n).publicKey, network }).address ?? '';

onNode('a local Bitcoin', () => {
  let dir: string;
  let port: number;
  let node: LocalBitcoin;
  const start = async (): Promise<void> => {
    node = await startBitcoin({
      dir: join(dir, 'chain'),
      port,
      packages,
      user: 'u',
      password: 'p',
      blockSeconds: 0,
      logFile: join(dir, 'log'),
    });
  };
  const ask = <T>(method: string, ...params: unknown[]): Promise<T> => askBitcoin<T>(node.url, method, ...params);
  const refused = (code: number, method: string, ...params: unknown[]) =>
    expect(ask(method, ...params)).rejects.toMatchObject({ code });
  const mine = async (n = 1): Promise<string> =>
    (await ask<string[]>('generatetoaddress', n, address(99))).at(-1) ?? '';

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'bitcoin-'));
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

  /** A coin of key `n`, confirmed. */
  const coin = async (n: number, amount: string): Promise<{ txid: string; vout: number; value: bigint }> => {
    const txid = await ask<string>('sendtoaddress', address(n), amount);
    await mine();
    const script = Buffer.from(bitcoin.address.toOutputScript(address(n), network)).toString('hex');
    const raw = bitcoin.Transaction.fromHex(await ask<string>('getrawtransaction', txid));
    const vout = raw.outs.findIndex((out) => Buffer.from(out.script).toString('hex') === script);
    return { txid, vout, value: raw.outs[vout]?.value ?? 0n };
  };
  const spend = (
    from: { txid: string; vout: number; value: bigint },
    n: number,
    fee: bigint,
    to = address(50),
  ): bitcoin.Transaction => {
    const psbt = new bitcoin.Psbt({ network });
    psbt.addInput({
      hash: from.txid,
      index: from.vout,
      sequence: 0xfffffffd,
      witnessUtxo: { script: bitcoin.address.toOutputScript(address(n), network), value: from.value },
    });
    psbt.addOutput({ address: to, value: from.value - fee });
    return psbt.signInput(0, key(n)).finalizeAllInputs().extractTransaction();
  };

  test('it is a regtest with witnesses, in the words of Core', async () => {
    expect(await ask('getblockchaininfo')).toMatchObject({ chain: 'regtest', initialblockdownload: false });
    expect(await ask('getnetworkinfo')).toMatchObject({ relayfee: 0.00001 });
    expect(await ask<number>('getblockcount')).toBeGreaterThanOrEqual(450);
    await refused(-32601, 'constructor');
    await refused(-8, 'getblockhash', 1_000_000);
    await refused(-5, 'getblock', '00'.repeat(32));
    await refused(-5, 'generatetoaddress', 1, 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4');
    await expect(askBitcoin(node.url.replace('u:p', 'u:wrong'), 'getblockcount')).rejects.toThrow('password');
  });

  test('a block is the same as bytes, as names and as JSON; amounts have eight decimals', async () => {
    const txid = await ask<string>('sendtoaddress', address(0), '0.00000547');
    expect(await ask('getmempoolentry', txid)).toMatchObject({ depends: [] });
    const hash = await mine();
    const bytes = bitcoin.Block.fromHex(await ask<string>('getblock', hash, 0));
    const named = await ask<{ tx: string[]; height: number; previousblockhash: string }>('getblock', hash, 1);
    const shown = await ask<{
      tx: { txid: string; vout: { value: number; scriptPubKey: { hex: string; type: string } }[] }[];
    }>('getblock', hash, 2);
    expect(bytes.getId()).toBe(hash);
    expect(bytes.transactions?.map((tx) => tx.getId())).toEqual(named.tx);
    expect(shown.tx.map((tx) => tx.txid)).toEqual(named.tx);
    expect(shown.tx[1]?.vout.map(({ value }) => value)).toContain(0.00000547);
    expect(named.tx).toContain(txid);
    expect(await ask('getblockhash', named.height)).toBe(hash);
    expect(await ask('getblockheader', hash)).toMatchObject({
      height: named.height,
      confirmations: 1,
      previousblockhash: named.previousblockhash,
    });
    expect(await ask('getrawtransaction', txid, 1)).toMatchObject({ txid, confirmations: 1, blockhash: hash });
    const raw = await fetch(`http://127.0.0.1:${port}`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('u:p')}` },
      body: JSON.stringify([{ id: 1, method: 'getmempoolinfo', params: [] }]),
    });
    expect(await raw.text()).toContain('"mempoolminfee":0.00001000');
  });

  test('sending: once, again, changed, unsigned, too early, without a fee', async () => {
    const from = await coin(1, '1');
    const tx = spend(from, 1, 1000n);
    expect(await ask('testmempoolaccept', [tx.toHex()])).toMatchObject([
      { txid: tx.getId(), allowed: true, fees: { base: 0.00001 } },
    ]);
    expect(await ask('getrawmempool')).toEqual([]);
    expect(await ask('sendrawtransaction', tx.toHex())).toBe(tx.getId());
    expect(await ask('sendrawtransaction', tx.toHex())).toBe(tx.getId());
    expect(await ask('gettxout', from.txid, from.vout)).toBeNull();
    await mine();
    await refused(-27, 'sendrawtransaction', tx.toHex());
    await refused(-25, 'sendrawtransaction', spend(from, 1, 5000n).toHex());
    const next = await coin(2, '1');
    const tampered = spend(next, 2, 1000n);
    (tampered.outs[0] as { value: bigint }).value -= 1n;
    await refused(-26, 'sendrawtransaction', tampered.toHex());
    await refused(-26, 'sendrawtransaction', spend(next, 2, 10n).toHex());
    await refused(-22, 'sendrawtransaction', '00');
    await mine();
    expect(await ask('gettxout', next.txid, next.vout)).toMatchObject({ value: 1, confirmations: 2 });
  });

  test("replacement by fee: by Core's three rules, and a trial changes nothing", async () => {
    const from = await coin(3, '1');
    const first = spend(from, 3, 1000n);
    await ask('sendrawtransaction', first.toHex());
    for (const fee of [900n, 1050n]) await refused(-26, 'sendrawtransaction', spend(from, 3, fee).toHex());
    const better = spend(from, 3, 3000n);
    expect(await ask('testmempoolaccept', [better.toHex()])).toMatchObject([{ allowed: true }]);
    expect(await ask('getrawmempool')).toEqual([first.getId()]);
    await ask('sendrawtransaction', better.toHex());
    expect(await ask('getrawmempool')).toEqual([better.getId()]);
    await refused(-26, 'sendrawtransaction', first.toHex());
    await mine();
    await refused(-25, 'sendrawtransaction', first.toHex());
  });

  test('a reorganisation: what was mined waits again; a double spend in the longer chain makes it vanish', async () => {
    const from = await coin(4, '1');
    const tx = spend(from, 4, 1000n);
    await ask('sendrawtransaction', tx.toHex());
    const lost = await mine();
    await ask('invalidateblock', lost);
    expect(await ask('getrawmempool')).toEqual([tx.getId()]);
    const again = await mine();
    expect(again).not.toBe(lost);
    expect(await ask<{ tx: string[] }>('getblock', again, 1)).toMatchObject({
      tx: expect.arrayContaining([tx.getId()]),
    });
    await mine(2);
    await ask('invalidateblock', again);
    const other = spend(from, 4, 2000n, address(51));
    const { hash } = await ask<{ hash: string }>('generateblock', address(99), [other.toHex()]);
    await mine(3);
    expect(await ask('getblockheader', hash)).toMatchObject({ confirmations: 4 });
    await refused(-5, 'getrawtransaction', tx.getId());
    await refused(-25, 'sendrawtransaction', tx.toHex());
  });

  test('the fee estimate is what it was told, or none', async () => {
    expect(await ask('estimatesmartfee', 6)).toEqual({ feerate: 0.00005, blocks: 6 });
    await ask('setfeerate', null);
    expect(await ask('estimatesmartfee', 6)).toMatchObject({ errors: [expect.any(String)] });
    await ask('setfeerate', 5000);
  });

  test('chain and waiting transactions are there after a stop and after a kill', async () => {
    const tx = spend(await coin(5, '1'), 5, 1000n);
    const tip = await ask<string>('getbestblockhash');
    await ask('sendrawtransaction', tx.toHex());
    await node.stop();
    await start();
    expect([await ask('getbestblockhash'), await ask('getrawmempool')]).toEqual([tip, [tx.getId()]]);
    const newest = await mine();
    const { pid } = node;
    process.kill(pid, 'SIGKILL');
    for (let alive = true; alive; await new Promise((done) => setTimeout(done, 20))) {
      try {
        process.kill(pid, 0);
      } catch {
        alive = false;
      }
    }
    await start();
    expect(await ask('getbestblockhash')).toBe(newest);
    expect(await ask('getrawtransaction', tx.getId(), 1)).toMatchObject({ confirmations: 1 });
  });
});

test('where the packages cannot be fetched, a sentence says so and nothing is left behind', () => {
  const dir = mkdtempSync(join(tmpdir(), 'no-bitcoin-'));
  try {
    expect(installBcoin(join(dir, 'packages'), undefined, { PATH: dir })).toMatch(/^There is no local Bitcoin/);
    expect(readdirSync(dir)).toEqual([]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
