/**
 * Bitcoin: payments that are withdrawn, doubled, tiny, immature or of another kind; and nodes that lie about blocks.
 */
import { accountOf } from '../../wallets/chains/bitcoin/addresses';
import type { Coin } from '../../wallets/chains/bitcoin/coins';
import { strangersAddress } from '../emulators/bitcoin/faucet';
import { otherKinds } from '../emulators/bitcoin/other-kinds';
import { BitcoinStage, N, noBitcoin, others, scriptFor } from '../stage/bitcoin-stage';
import { pause, until } from '../stage/evm-stage';
import { proxyOf } from '../stage/node-proxy';
import type { NodeProxy } from '../stage/node-proxy';

jest.setTimeout(120_000);

const absent = noBitcoin();
if (absent) process.stderr.write(`${absent}\n`);
const onNode = absent ? describe.skip : describe;

onNode('incidents on Bitcoin', () => {
  let stage: BitcoinStage;
  beforeEach(async () => {
    stage = await BitcoinStage.open();
  });
  afterEach(() => stage.close());

  test('E19 a payment that is replaced before it is mined was never one', async () => {
    await stage.start();
    const coin = await stage.othersCoin(1, '1');
    const first = await stage.othersPay(
      coin,
      [{ script: scriptFor(await stage.addressOf('u1')), value: 50_000_000n }],
      2000n,
    );
    await stage.ask('sendrawtransaction', first.rawTransaction);
    await stage.catchUp();
    expect(await stage.deposits()).toEqual([]);
    const denial = await stage.othersPay(coin, [{ script: scriptFor(strangersAddress()), value: 50_000_000n }], 9000n);
    await stage.ask('sendrawtransaction', denial.rawTransaction);
    await stage.final();
    expect(await stage.deposits()).toEqual([]);
    expect(await stage.available('u1')).toBe('0');
  });

  test('E20 blocks that are read again and again: each output once', async () => {
    await stage.start();
    const script = scriptFor(await stage.addressOf('u1'));
    const coin = await stage.othersCoin(2, '1');
    await stage.ask(
      'sendrawtransaction',
      (
        await stage.othersPay(coin, [
          { script, value: 30_000_000n },
          { script, value: 30_000_000n },
        ])
      ).rawTransaction,
    );
    await stage.final();
    for (let again = 0; again < 3; again++) {
      await stage.stop();
      // As if nothing above an early block had been read.
      await stage.rows(
        'DELETE FROM chain_blocks WHERE height > (SELECT MIN(b.height) + 2 FROM (SELECT height ' +
          'FROM chain_blocks WHERE height >= 0) b) AND height >= 0',
      );
      await stage.start();
      await stage.final();
    }
    expect((await stage.deposits()).map(({ state }) => state)).toEqual(['CREDITED', 'CREDITED']);
    expect([await stage.available('u1'), (await stage.rows('SELECT 1 FROM utxos')).length]).toEqual(['0.6', 2]);
  });

  test('E21 ten thousand outputs of 330 satoshi: written down, not credited, never an input of ours', async () => {
    await stage.start();
    const address = await stage.addressOf('u1');
    const dust = Array.from({ length: 2000 }, () => ({ script: scriptFor(address), value: 330n }));
    const raw: string[] = [];
    for (let child = 20; child < 25; child++)
      raw.push((await stage.othersPay(await stage.othersCoin(child, '1'), dust, 1000n)).rawTransaction);
    await stage.mineOnly(raw);
    await stage.ask('sendtoaddress', address, '0.5');
    await until(
      'the real one counts',
      async () => (await stage.available('u1')) === '0.5',
      () => stage.mine(),
    );
    expect(
      await stage.rows<{ state: string; n: string }>(
        'SELECT state, COUNT(*) AS n FROM deposits GROUP BY state ORDER BY state',
      ),
    ).toMatchObject([{ state: 'CREDITED' }, { state: 'IGNORED', n: '10000' }]);
    await stage.withdraw('w1', strangersAddress(), '0.2');
    await stage.confirmed('w1');
    expect(await stage.rows('SELECT 1 FROM utxos WHERE amount < 0.0001 AND spent_by IS NOT NULL')).toEqual([]);
  });

  test('E22 what a block itself creates is not credited and not spent, mature or not', async () => {
    await stage.start();
    const address = await stage.addressOf('u1');
    await stage.ask('generatetoaddress', 1, address);
    await stage.final();
    await stage.mine(100);
    await stage.catchUp();
    expect([await stage.deposits(), await stage.rows('SELECT 1 FROM utxos')]).toEqual([[], []]);
  });

  test('E23 the same key behind every other kind of output: only the script that was given out is paid', async () => {
    // The library warns of witnesses to come.
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    await stage.start();
    const { depositXpub } = await stage.signer.identity('bitcoin');
    await stage.addressOf('u1');
    const { publicKey, script } = accountOf(depositXpub, 'regtest').own(0, 0);
    const kinds = otherKinds(publicKey, script).map((output) => ({ script: output, value: 1_000_000n }));
    const coin: Coin = await stage.othersCoin(3, '1');
    const right = { script, value: 2_000_000n };
    await stage.mineOnly([(await stage.othersPay(coin, [...kinds, right])).rawTransaction]);
    await stage.final();
    expect(await stage.deposits()).toMatchObject([
      { position: `out:${kinds.length}`, amount: '0.02', state: 'CREDITED' },
    ]);
  });

  test('E37 an amount that no floating number of coins holds is exact', async () => {
    await stage.start();
    const coin = await stage.othersCoin(4, '20.5');
    await stage.ask(
      'sendrawtransaction',
      (await stage.othersPay(coin, [{ script: scriptFor(await stage.addressOf('u1')), value: 2_030_000_003n }]))
        .rawTransaction,
    );
    await stage.final();
    expect(await stage.available('u1')).toBe('20.30000003');
  });

  describe('nodes', () => {
    const proxies: NodeProxy[] = [];
    const proxy = async (): Promise<NodeProxy> => {
      const made = await proxyOf(stage.node.url);
      proxies.push(made);
      return made;
    };
    afterEach(async () => {
      await stage.stop();
      for (const made of proxies.splice(0)) await made.close();
    });
    const states = (): string =>
      stage.wallets
        ?.status()[0]
        ?.nodes.map(({ state }) => state)
        .join() ?? '';

    test('E9 bytes that are not the block: the scanner stops, and reads it when the node is well', async () => {
      const node = await proxy();
      await stage.start({ rpcUrls: [node.url] });
      await stage.ask('sendtoaddress', await stage.addressOf('u1'), '0.5');
      // A payment is taken out of the block, and its header left as it was.
      node.tamper = ({ method }, result) => (method === 'getblock' ? `${String(result).slice(0, -400)}` : result);
      await stage.mine(N + 1);
      await until('it says so', async () => stage.faults() !== '');
      await pause(200);
      expect(await stage.available('u1')).toBe('0');
      node.tamper = (_, result) => result;
      await until('credited', async () => (await stage.available('u1')) === '0.5');
    });

    test('E9 the preferred one hangs up: the next one is asked; a large deposit waits for both', async () => {
      const [one, two] = [await proxy(), await proxy()];
      await stage.start({ rpcUrls: [one.url, two.url], largeFrom: { BTC: '0.4' } });
      const [small, large] = [await stage.addressOf('u1'), await stage.addressOf('u2')];
      one.down = true;
      await stage.ask('sendtoaddress', small, '0.1');
      await stage.ask('sendtoaddress', large, '0.5');
      await until(
        'the small one',
        async () => (await stage.available('u1')) === '0.1',
        () => stage.mine(),
      );
      expect(states()).toBe('silent,used');
      expect(await stage.available('u2')).toBe('0');
      await until('it says so', async () => stage.faults().includes('waits for a second node'));
      one.down = false;
      await until(
        'the large one',
        async () => (await stage.available('u2')) === '0.5',
        () => stage.mine(),
      );
      await until('it is back', async () => states() === 'used,ready');
    });

    test('E9 nodes on different forks: nothing is taken back until they agree', async () => {
      const [one, two] = [await proxy(), await proxy()];
      await stage.start({ rpcUrls: [one.url, two.url] });
      await stage.ask('sendtoaddress', await stage.addressOf('u1'), '0.5');
      await stage.final();
      expect(await stage.available('u1')).toBe('0.5');
      const height = await stage.ask<number>('getblockcount');
      const fork = await stage.ask<string>('getblockhash', height - 5);
      one.tamper = ({ method, params }, result) =>
        method === 'getblockhash' && Number(params[0]) > height - N - 2 ? fork : result;
      await until('it says so', async () => stage.faults().includes('do not agree on block'));
      await stage.mine(2);
      await pause(200);
      expect(await stage.available('u1')).toBe('0.5');
      one.tamper = (_, result) => result;
      await stage.catchUp();
      expect(await stage.available('u1')).toBe('0.5');
    });

    test('E10 a node of another Bitcoin: the start is refused', async () => {
      await expect(stage.start({ bitcoin: 'mainnet' })).rejects.toThrow('which is not mainnet');
      const node = await proxy();
      node.tamper = ({ method, params }, result) =>
        method === 'getblockhash' && params[0] === 0 ? others.own(0, 0).address : result;
      await expect(stage.start({ rpcUrls: [stage.node.url, node.url] })).rejects.toThrow('which is not regtest');
    });
  });
});
