/** Bitcoin: payments that are withdrawn, doubled, tiny, immature or of another kind; and nodes that lie about blocks. */
import { accountOf } from '../../wallets/chains/bitcoin/addresses';
import type { Coin } from '../../wallets/chains/bitcoin/coins';
import { strangersAddress } from '../emulators/bitcoin/faucet';
import { otherKinds } from '../emulators/bitcoin/other-kinds';
import { BitcoinHouse, N, noBitcoin, others, scriptFor } from '../stage/bitcoin-stage';
import { pause, until } from '../stage/evm-stage';
import { proxyOf } from '../stage/node-proxy';
import type { NodeProxy } from '../stage/node-proxy';

jest.setTimeout(120_000);

const absent = noBitcoin();
if (absent) process.stderr.write(`${absent}\n`);
const onNode = absent ? describe.skip : describe;

onNode('incidents on Bitcoin', () => {
  let house: BitcoinHouse;
  beforeEach(async () => {
    house = await BitcoinHouse.open();
  });
  afterEach(() => house.close());

  test('E19 a payment that is replaced before it is mined was never one', async () => {
    await house.start();
    const coin = await house.othersCoin(1, '1');
    const first = await house.othersPay(
      coin,
      [{ script: scriptFor(await house.addressOf('u1')), value: 50_000_000n }],
      2000n,
    );
    await house.ask('sendrawtransaction', first.rawTransaction);
    await house.catchUp();
    expect(await house.deposits()).toEqual([]);
    const denial = await house.othersPay(coin, [{ script: scriptFor(strangersAddress()), value: 50_000_000n }], 9000n);
    await house.ask('sendrawtransaction', denial.rawTransaction);
    await house.final();
    expect(await house.deposits()).toEqual([]);
    expect(await house.available('u1')).toBe('0');
  });

  test('E20 blocks that are read again and again: each output once', async () => {
    await house.start();
    const script = scriptFor(await house.addressOf('u1'));
    const coin = await house.othersCoin(2, '1');
    await house.ask(
      'sendrawtransaction',
      (
        await house.othersPay(coin, [
          { script, value: 30_000_000n },
          { script, value: 30_000_000n },
        ])
      ).rawTransaction,
    );
    await house.final();
    for (let again = 0; again < 3; again++) {
      await house.stop();
      // As if nothing above an early block had been read.
      await house.rows(
        'DELETE FROM chain_blocks WHERE height > (SELECT MIN(b.height) + 2 FROM (SELECT height FROM chain_blocks WHERE height >= 0) b) AND height >= 0',
      );
      await house.start();
      await house.final();
    }
    expect((await house.deposits()).map(({ state }) => state)).toEqual(['CREDITED', 'CREDITED']);
    expect([await house.available('u1'), (await house.rows('SELECT 1 FROM coins')).length]).toEqual(['0.6', 2]);
  });

  test('E21 ten thousand outputs of 330 satoshi: written down, not credited, never an input of ours', async () => {
    await house.start();
    const address = await house.addressOf('u1');
    const dust = Array.from({ length: 2000 }, () => ({ script: scriptFor(address), value: 330n }));
    const raw: string[] = [];
    for (let child = 20; child < 25; child++)
      raw.push((await house.othersPay(await house.othersCoin(child, '1'), dust, 1000n)).rawTransaction);
    await house.mineOnly(raw);
    await house.ask('sendtoaddress', address, '0.5');
    await until(
      'the real one counts',
      async () => (await house.available('u1')) === '0.5',
      () => house.mine(),
    );
    expect(
      await house.rows<{ state: string; n: string }>(
        'SELECT state, COUNT(*) AS n FROM deposits GROUP BY state ORDER BY state',
      ),
    ).toMatchObject([{ state: 'CREDITED' }, { state: 'IGNORED', n: '10000' }]);
    await house.withdraw('w1', strangersAddress(), '0.2');
    await house.confirmed('w1');
    expect(await house.rows('SELECT 1 FROM coins WHERE amount < 0.0001 AND spent_by IS NOT NULL')).toEqual([]);
  });

  test('E22 what a block itself creates is not credited and not spent, mature or not', async () => {
    await house.start();
    const address = await house.addressOf('u1');
    await house.ask('generatetoaddress', 1, address);
    await house.final();
    await house.mine(100);
    await house.catchUp();
    expect([await house.deposits(), await house.rows('SELECT 1 FROM coins')]).toEqual([[], []]);
  });

  test('E23 the same key behind every other kind of output: only the script that was given out is paid', async () => {
    // The library warns of witnesses to come.
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    await house.start();
    const { depositXpub } = await house.signer.identity('bitcoin');
    await house.addressOf('u1');
    const { publicKey, script } = accountOf(depositXpub, 'regtest').own(0, 0);
    const kinds = otherKinds(publicKey, script).map((output) => ({ script: output, value: 1_000_000n }));
    const coin: Coin = await house.othersCoin(3, '1');
    const right = { script, value: 2_000_000n };
    await house.mineOnly([(await house.othersPay(coin, [...kinds, right])).rawTransaction]);
    await house.final();
    expect(await house.deposits()).toMatchObject([
      { position: `out:${kinds.length}`, amount: '0.02', state: 'CREDITED' },
    ]);
  });

  test('E37 an amount that no floating number of coins holds is exact', async () => {
    await house.start();
    const coin = await house.othersCoin(4, '20.5');
    await house.ask(
      'sendrawtransaction',
      (await house.othersPay(coin, [{ script: scriptFor(await house.addressOf('u1')), value: 2_030_000_003n }]))
        .rawTransaction,
    );
    await house.final();
    expect(await house.available('u1')).toBe('20.30000003');
  });

  describe('nodes', () => {
    const proxies: NodeProxy[] = [];
    const proxy = async (): Promise<NodeProxy> => {
      const made = await proxyOf(house.node.url);
      proxies.push(made);
      return made;
    };
    afterEach(async () => {
      await house.stop();
      for (const made of proxies.splice(0)) await made.close();
    });
    const states = (): string =>
      house.wallets
        ?.status()[0]
        ?.nodes.map(({ state }) => state)
        .join() ?? '';

    test('E9 bytes that are not the block: the scanner stops, and reads it when the node is well', async () => {
      const node = await proxy();
      await house.start({ rpcUrls: [node.url] });
      await house.ask('sendtoaddress', await house.addressOf('u1'), '0.5');
      // A payment is taken out of the block, and its header left as it was.
      node.tamper = ({ method }, result) => (method === 'getblock' ? `${String(result).slice(0, -400)}` : result);
      await house.mine(N + 1);
      await until('it says so', async () => house.faults() !== '');
      await pause(200);
      expect(await house.available('u1')).toBe('0');
      node.tamper = (_, result) => result;
      await until('credited', async () => (await house.available('u1')) === '0.5');
    });

    test('E9 the preferred one hangs up: the next one is asked; a large deposit waits for both', async () => {
      const [one, two] = [await proxy(), await proxy()];
      await house.start({ rpcUrls: [one.url, two.url], largeFrom: { BTC: '0.4' } });
      const [small, large] = [await house.addressOf('u1'), await house.addressOf('u2')];
      one.down = true;
      await house.ask('sendtoaddress', small, '0.1');
      await house.ask('sendtoaddress', large, '0.5');
      await until(
        'the small one',
        async () => (await house.available('u1')) === '0.1',
        () => house.mine(),
      );
      expect(states()).toBe('silent,used');
      expect(await house.available('u2')).toBe('0');
      await until('it says so', async () => house.faults().includes('waits for a second node'));
      one.down = false;
      await until(
        'the large one',
        async () => (await house.available('u2')) === '0.5',
        () => house.mine(),
      );
      await until('it is back', async () => states() === 'used,ready');
    });

    test('E9 nodes on different forks: nothing is taken back until they agree', async () => {
      const [one, two] = [await proxy(), await proxy()];
      await house.start({ rpcUrls: [one.url, two.url] });
      await house.ask('sendtoaddress', await house.addressOf('u1'), '0.5');
      await house.final();
      expect(await house.available('u1')).toBe('0.5');
      const height = await house.ask<number>('getblockcount');
      const fork = await house.ask<string>('getblockhash', height - 5);
      one.tamper = ({ method, params }, result) =>
        method === 'getblockhash' && Number(params[0]) > height - N - 2 ? fork : result;
      await until('it says so', async () => house.faults().includes('do not agree on block'));
      await house.mine(2);
      await pause(200);
      expect(await house.available('u1')).toBe('0.5');
      one.tamper = (_, result) => result;
      await house.catchUp();
      expect(await house.available('u1')).toBe('0.5');
    });

    test('E10 a node of another Bitcoin: the start is refused', async () => {
      await expect(house.start({ bitcoin: 'mainnet' })).rejects.toThrow('which is not mainnet');
      const node = await proxy();
      node.tamper = ({ method, params }, result) =>
        method === 'getblockhash' && params[0] === 0 ? others.own(0, 0).address : result;
      await expect(house.start({ rpcUrls: [house.node.url, node.url] })).rejects.toThrow('which is not regtest');
    });
  });
});
