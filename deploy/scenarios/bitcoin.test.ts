/** Our parts for Bitcoin against a real node: paid, seen in the block's bytes, spent by a PSBT, made dearer, lost and found again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountKeysOf, accountOf, hexOf, scriptOf } from '../../wallets/chains/bitcoin/addresses';
import { readBlock, spentIn, transfersIn } from '../../wallets/chains/bitcoin/blocks';
import { bumped, outpointOf, planPayments } from '../../wallets/chains/bitcoin/coins';
import type { Coin, Plan } from '../../wallets/chains/bitcoin/coins';
import { buildPsbt, checkPsbt, signPsbt } from '../../wallets/chains/bitcoin/psbt';
import { installBcoin } from '../local/bitcoin/install';
import { askBitcoin, startBitcoin } from '../local/bitcoin/start';
import type { LocalBitcoin } from '../local/bitcoin/start';
import { LOCAL } from '../services';
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
  const children = new Map(Array.from({ length: 30 }, (_, n) => [hexOf(account.own(0, n).script), n]));
  const transactions = new Map<string, string>();
  let dir: string;
  let node: LocalBitcoin;
  const ask = <T>(method: string, ...params: unknown[]): Promise<T> => askBitcoin<T>(node.url, method, ...params);

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'bitcoin-'));
    node = await startBitcoin({ dir: join(dir, 'chain'), port: await freePort(), packages, user: 'u', password: 'p', blockSeconds: 0, logFile: join(dir, 'log') });
  });
  afterAll(async () => {
    await node?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const newest = async () => {
    const hash = await ask<string>('mine');
    const block = readBlock(await ask<string>('getblock', hash, 0), hash);
    for (const transaction of block.block.transactions ?? []) transactions.set(transaction.getId(), transaction.toHex());
    return block;
  };
  const watched = (script: string): string | undefined => {
    const child = children.get(script);
    return child === undefined ? undefined : account.own(0, child).address;
  };
  /** Pays users of ours and answers the coins that our reading of the block finds. */
  const received = async (amounts: [child: number, amount: string][]): Promise<Coin[]> => {
    for (const [child, amount] of amounts) await ask('sendtoaddress', account.own(0, child).address, amount);
    return transfersIn(await newest(), 'BTC', watched).map(({ txid, position, to, amount }) => {
      const child = [...children.values()].find((n) => account.own(0, n).address === to) ?? -1;
      return { txid, index: Number(position.slice('out:'.length)), value: amount / 10n ** 10n, branch: 0, child };
    });
  };
  const signed = (plan: Plan, mostFee: bigint) => {
    const psbt = buildPsbt(plan, { account, network, fingerprint, changeIndex: 0, transaction: (txid) => transactions.get(txid) ?? '' });
    return signPsbt(checkPsbt(psbt, { account, network, payments: plan.payments, mostFee }), key);
  };
  const script = (address: string): Uint8Array => scriptOf(address, network) ?? new Uint8Array();
  const payments = [
    { script: script('2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm'), value: 100_000_000n },
    { script: script('bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6'), value: 20_000_000n },
  ];

  test('deposits are read from bytes, paid out in a batch, replaced at a higher fee, mined once', async () => {
    const coins = await received([[3, '0.5'], [7, '0.7'], [7, '0.00000330'], [9, '1.2']]);
    expect(coins.map(({ child, value }) => [child, value]).toSorted()).toEqual([[3, 50_000_000n], [7, 330n], [7, 70_000_000n], [9, 120_000_000n]].toSorted());
    const plan = planPayments(coins, payments, 5000n);
    const first = signed(plan, 10_000n);
    expect(await ask('sendrawtransaction', first.rawTransaction)).toBe(first.txid);
    const { vsize, fees } = await ask<{ vsize: number; fees: { base: number } }>('getmempoolentry', first.txid);
    expect([BigInt(vsize) <= plan.vsize, fees.base * 1e8]).toEqual([true, Number(plan.fee)]);
    const dearer = bumped(plan, coins, 20_000n);
    const second = signed(dearer, 50_000n);
    expect(await ask('sendrawtransaction', second.rawTransaction)).toBe(second.txid);
    expect(await ask('getrawmempool')).toEqual([second.txid]);
    await expect(ask('sendrawtransaction', first.rawTransaction)).rejects.toMatchObject({ code: -26 });
    const spent = spentIn(await newest(), (outpoint) => coins.some((coin) => outpointOf(coin) === outpoint));
    expect(spent.map(({ outpoint }) => outpoint).toSorted()).toEqual(dearer.inputs.map(outpointOf).toSorted());
    expect(spent.every(({ by }) => by === second.txid)).toBe(true);
  });

  test('the least replacement that we reckon is one that the node takes; less it refuses', async () => {
    const coins = await received([[11, '0.9'], [12, '0.8']]);
    const plan = planPayments(coins, [{ script: script(account.own(0, 1).address), value: 80_000_000n }], 3000n);
    const least = bumped(plan, coins, 1000n);
    await ask('sendrawtransaction', signed(plan, 10_000n).rawTransaction);
    const less = { ...least, change: least.change + 300n, fee: least.fee - 300n };
    await expect(ask('sendrawtransaction', signed(less, 10_000n).rawTransaction)).rejects.toMatchObject({ code: -26 });
    const { rawTransaction, txid } = signed(least, 10_000n);
    expect(await ask('sendrawtransaction', rawTransaction)).toBe(txid);
    await newest();
  });

  test('a deposit whose block is lost is gone, and comes again in another', async () => {
    const [coin] = await received([[20, '0.4']]);
    const tip = await ask<string>('getbestblockhash');
    await ask('invalidateblock', tip);
    const again = await newest();
    expect(again.hash).not.toBe(tip);
    expect(transfersIn(again, 'BTC', watched)).toMatchObject([{ txid: coin?.txid, position: `out:${coin?.index}`, amount: 4n * 10n ** 17n }]);
  });
});
