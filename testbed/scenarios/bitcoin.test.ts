/**
 * Our parts for Bitcoin against a real node: paid, seen in the block's bytes, spent by a PSBT, made dearer, lost and
 * found again.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountKeysOf, accountOf, scriptOf } from '../../wallets/chains/bitcoin/addresses';
import { readBlock, spentIn } from '../../wallets/chains/bitcoin/blocks';
import { bumped, outpointOf, planPayments } from '../../wallets/chains/bitcoin/coins';
import type { Coin, Plan } from '../../wallets/chains/bitcoin/coins';
import { createBitcoinNode } from '../../wallets/chains/bitcoin/node';
import type { BitcoinNode } from '../../wallets/chains/bitcoin/node';
import { buildPsbt, checkPsbt, signPsbt } from '../../wallets/chains/bitcoin/psbt';
import { installBcoin } from '../emulators/bitcoin/install';
import { askBitcoin, startBitcoin } from '../emulators/bitcoin/start';
import type { LocalBitcoin } from '../emulators/bitcoin/start';
import { LOCAL } from '../../deploy/config/paths';
import { freePort } from '../services/process';

jest.setTimeout(120_000);

const packages = join(LOCAL, 'tools', 'bitcoin');
const missing = installBcoin(packages);
if (missing) process.stderr.write(`${missing}\n`);
const onNode = missing ? describe.skip : describe;

onNode('Bitcoin', () => {
  const network = 'regtest' as const;
  const { key, xpub, fingerprint } = accountKeysOf(Buffer.alloc(64, 11), network);
  const account = accountOf(xpub, network);
  const children = new Map(Array.from({ length: 30 }, (_, n) => [account.own(0, n).address, n]));
  const transactions = new Map<string, string>();
  let dir: string;
  let node: LocalBitcoin;
  let chain: BitcoinNode;
  const ask = <T>(method: string, ...params: unknown[]): Promise<T> => askBitcoin<T>(node.url, method, ...params);

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'bitcoin-'));
    node = await startBitcoin({
      dir: join(dir, 'chain'),
      port: await freePort(),
      packages,
      user: 'u',
      password: 'p',
      blockSeconds: 0,
      logFile: join(dir, 'log'),
    });
    chain = createBitcoinNode({ rpcUrl: node.url, network, asset: 'BTC' });
  });
  afterAll(async () => {
    await node?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Mines a block and reads it as the scanner would: by height, by hash, by bytes. */
  const newest = async () => {
    await ask('mine');
    const header = await chain.header(await chain.head());
    for (const id of (await ask<{ tx: string[] }>('getblock', header.hash, 1)).tx)
      transactions.set(id, await chain.transaction(id));
    return { header, transfers: await chain.transfers(header, (address) => children.has(address)) };
  };
  /** Pays users of ours and answers the coins that our reading of the block finds. */
  const received = async (amounts: [child: number, amount: string][]): Promise<Coin[]> => {
    for (const [child, amount] of amounts) await ask('sendtoaddress', account.own(0, child).address, amount);
    return (await newest()).transfers.map(({ txid, position, to, amount }) => ({
      txid,
      index: Number(position.slice('out:'.length)),
      value: amount / 10n ** 10n,
      branch: 0,
      child: children.get(to) ?? -1,
    }));
  };
  const signed = (plan: Plan, mostFee: bigint) => {
    const psbt = buildPsbt(plan, {
      account,
      network,
      fingerprint,
      changeIndex: 0,
      transaction: (txid) => transactions.get(txid) ?? '',
    });
    return signPsbt(checkPsbt(psbt, { account, network, payments: plan.payments, mostFee }), key);
  };
  const script = (address: string): Uint8Array => scriptOf(address, network) ?? new Uint8Array();
  const payments = [
    { script: script('2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm'), value: 100_000_000n },
    { script: script('bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6'), value: 20_000_000n },
  ];

  test('deposits are read from bytes, paid out in a batch, replaced at a higher fee, mined once', async () => {
    const coins = await received([
      [3, '0.5'],
      [7, '0.7'],
      [7, '0.00000330'],
      [9, '1.2'],
    ]);
    expect(coins.map(({ child, value }) => [child, value]).toSorted()).toEqual(
      [
        [3, 50_000_000n],
        [7, 330n],
        [7, 70_000_000n],
        [9, 120_000_000n],
      ].toSorted(),
    );
    const plan = planPayments(coins, payments, 5000n);
    const first = signed(plan, 10_000n);
    expect(await chain.broadcast(first.rawTransaction)).toEqual({ taken: true });
    expect(await chain.broadcast(first.rawTransaction)).toEqual({ taken: true });
    expect(await chain.confirmedIn(first.txid)).toBeUndefined();
    const { vsize, fees } = await ask<{ vsize: number; fees: { base: number } }>('getmempoolentry', first.txid);
    expect([BigInt(vsize) <= plan.vsize, fees.base * 1e8]).toEqual([true, Number(plan.fee)]);
    const dearer = bumped(plan, coins, 20_000n);
    const second = signed(dearer, 50_000n);
    expect(await chain.broadcast(second.rawTransaction)).toEqual({ taken: true });
    expect(await ask('getrawmempool')).toEqual([second.txid]);
    expect(await chain.broadcast(first.rawTransaction)).toMatchObject({
      taken: false,
      reason: expect.stringContaining('insufficient fee'),
    });
    const { header } = await newest();
    expect(await chain.confirmedIn(second.txid)).toEqual({ height: header.height, hash: header.hash });
    expect(await chain.confirmedIn(first.txid)).toBeUndefined();
    expect(await chain.broadcast(second.rawTransaction)).toEqual({ taken: true });
    expect(await chain.broadcast(first.rawTransaction)).toMatchObject({ taken: false });
    const spent = spentIn(readBlock(await ask<string>('getblock', header.hash, 0), header.hash), (outpoint) =>
      coins.some((coin) => outpointOf(coin) === outpoint),
    );
    expect(spent.map(({ outpoint }) => outpoint).toSorted()).toEqual(dearer.inputs.map(outpointOf).toSorted());
    expect(spent.every(({ by }) => by === second.txid)).toBe(true);
  });

  test('the least replacement that we reckon is one that the node takes; less it refuses', async () => {
    const coins = await received([
      [11, '0.9'],
      [12, '0.8'],
    ]);
    const plan = planPayments(coins, [{ script: script(account.own(0, 1).address), value: 80_000_000n }], 3000n);
    const least = bumped(plan, coins, 1000n);
    await ask('sendrawtransaction', signed(plan, 10_000n).rawTransaction);
    const less = { ...least, change: least.change + 300n, fee: least.fee - 300n };
    await expect(ask('sendrawtransaction', signed(less, 10_000n).rawTransaction)).rejects.toMatchObject({ code: -26 });
    const { rawTransaction, txid } = signed(least, 10_000n);
    expect(await ask('sendrawtransaction', rawTransaction)).toBe(txid);
    await newest();
  });

  test('what the node says of itself: its chain, its rate to the satoshi, nothing to a stranger', async () => {
    await chain.check();
    await expect(createBitcoinNode({ rpcUrl: node.url, network: 'mainnet', asset: 'BTC' }).check()).rejects.toThrow(
      'not mainnet',
    );
    await expect(
      createBitcoinNode({ rpcUrl: node.url.replace(':p@', ':x@'), network, asset: 'BTC' }).head(),
    ).rejects.toThrow('password');
    for (const rate of [1, 12_345, 1_000_000]) {
      await ask('setfeerate', rate);
      expect(await chain.feeRate(6)).toBe(BigInt(rate));
    }
    await ask('setfeerate', null);
    expect(await chain.feeRate(6)).toBeUndefined();
    expect(await chain.broadcast('00')).toMatchObject({ taken: false });
    await expect(chain.header(1_000_000)).rejects.toThrow('out of range');
    expect(chain.address('BCRT1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KYGT080')).toBe(
      'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
    );
  });

  test('a deposit whose block is lost is gone, and comes again in another', async () => {
    const [coin] = await received([[20, '0.4']]);
    const lost = await chain.header(await chain.head());
    await ask('invalidateblock', lost.hash);
    expect(await chain.confirmedIn(coin?.txid ?? '')).toBeUndefined();
    const again = await newest();
    expect([again.header.hash === lost.hash, again.header.parentHash]).toEqual([false, lost.parentHash]);
    expect(again.transfers).toMatchObject([
      { txid: coin?.txid, position: `out:${coin?.index}`, amount: 4n * 10n ** 17n },
    ]);
  });
});
