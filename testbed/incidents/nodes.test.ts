/** Nodes that lie, lag, lose and contradict each other; chains that are taken for one another. */
import { ONE, parseAmount } from '../../domain/money/amount';
import { freshAddress, stranger } from '../emulators/evm/stranger';
import { EvmStage, N, pause, until } from '../stage/evm-stage';
import { proxyOf } from '../stage/node-proxy';
import type { NodeProxy } from '../stage/node-proxy';

let stage: EvmStage;
const proxies: NodeProxy[] = [];
/** A way to the house's node that can be spoilt. */
const proxy = async (url = stage.anvil.url): Promise<NodeProxy> => {
  const made = await proxyOf(url);
  proxies.push(made);
  return made;
};
const blocksRead = (): Promise<{ height: string }[]> =>
  stage.rows<{ height: string }>('SELECT height FROM chain_blocks WHERE height >= 0 ORDER BY height');
const nodeStates = (): string[] => stage.wallets?.status()[0]?.nodes.map(({ state }) => state) ?? [];

beforeEach(async () => {
  stage = await EvmStage.open();
});
afterEach(async () => {
  await stage.close();
  for (const made of proxies.splice(0)) await made.close();
});

/** No height between the first and the last that was read is missing. */
async function noneIsMissing(): Promise<void> {
  const heights = (await blocksRead()).map(({ height }) => Number(height));
  expect(heights).toEqual(Array.from({ length: heights.length }, (_, at) => (heights[0] ?? 0) + at));
}

/** Pays u1 while the node is spoilt; nothing may be credited until it is well, and everything after it. */
async function whileSpoilt(tamper: NodeProxy['tamper'], fault: string): Promise<void> {
  const node = await proxy();
  await stage.start({ rpcUrls: [node.url] });
  const address = await stage.addressOf('u1');
  await stage.mine();
  await stage.catchUp();
  node.tamper = tamper;
  await stage.world.ether(address, '1');
  await stage.world.tether(stage.usdt, address, '50');
  await stage.mine(N + 2);
  await until('it says so', async () => stage.faults().includes(fault));
  await pause(200);
  expect(await stage.engine.balancesOf('u1')).toEqual([]);
  await noneIsMissing();
  node.tamper = (_, result) => result;
  await until(
    'credited',
    async () => (await stage.available('u1', 'ETH')) === '1' && (await stage.available('u1', 'USDT')) === '50',
    () => pause(100),
  );
  await noneIsMissing();
  await stage.booksAreTheChain();
}

describe('one node', () => {
  test('E9 null blocks: the scanner stops, skips none, and goes on when the node is well', async () => {
    await whileSpoilt(({ method }, result) => (method === 'eth_getBlockByHash' ? null : result), 'is gone');
  });

  test('E9 a block without the receipts of some transactions is not read', async () => {
    await whileSpoilt(
      ({ method }, result) => (method === 'eth_getBlockReceipts' ? (result as unknown[]).slice(1) : result),
      'no receipt',
    );
  });

  test('E9 receipts without some of their logs are noticed by the block itself', async () => {
    await whileSpoilt(
      ({ method }, result) =>
        method === 'eth_getBlockReceipts' ? (result as object[]).map((receipt) => ({ ...receipt, logs: [] })) : result,
      'logs are missing',
    );
  });

  test('E9 a log that is told twice is not paid twice', async () => {
    const twice = (receipt: { logs: object[] }): object => ({
      ...receipt,
      logs: receipt.logs.flatMap((log) => [log, log]),
    });
    await whileSpoilt(
      ({ method }, result) =>
        method === 'eth_getBlockReceipts' ? (result as { logs: object[] }[]).map(twice) : result,
      'a log twice',
    );
  });

  test('E9 an older head is no reorganisation: nothing is taken back, nothing is skipped', async () => {
    const node = await proxy();
    await stage.start({ rpcUrls: [node.url] });
    await stage.world.ether(await stage.addressOf('u1'), '1');
    await stage.final();
    expect(await stage.available('u1', 'ETH')).toBe('1');
    node.tamper = ({ method }, result) => (method === 'eth_blockNumber' ? '0x2' : result);
    await stage.mine(3);
    await pause(300);
    expect(await stage.available('u1', 'ETH')).toBe('1');
    node.tamper = (_, result) => result;
    await stage.catchUp();
    await noneIsMissing();
    expect(stage.codes()).not.toContain('DEPOSIT_REVERSED');
  });

  test('E9 E10 a node that changes to another chain halts the network', async () => {
    const node = await proxy();
    await stage.start({ rpcUrls: [node.url] });
    await stage.mine();
    await stage.catchUp();
    node.down = true;
    await until('it is away', async () => stage.faults() !== '');
    node.tamper = ({ method }, result) => (method === 'eth_chainId' ? '0x38' : result);
    node.down = false;
    await until('halted', async () => stage.wallets?.status()[0]?.state === 'halted');
    expect(stage.codes()).toContain('NETWORK_HALTED');
  });
});

describe('several nodes', () => {
  test('E9 when the preferred one hangs up, the next one is asked, and the preferred one again when it is back', async () => {
    const [one, two] = [await proxy(), await proxy()];
    await stage.start({ rpcUrls: [one.url, two.url] });
    await stage.world.ether(await stage.addressOf('u1'), '1');
    await stage.final();
    expect(nodeStates()).toEqual(['used', 'ready']);
    one.down = true;
    await stage.world.ether(await stage.addressOf('u1'), '2');
    await until(
      'credited',
      async () => (await stage.available('u1', 'ETH')) === '3',
      () => stage.mine(),
    );
    await until('it is known', async () => nodeStates().join() === 'silent,used');
    one.down = false;
    await until('it is back', async () => nodeStates().join() === 'used,ready');
    await noneIsMissing();
    await stage.booksAreTheChain();
  });

  test(
    'E9 a preferred node that takes every call and answers none: the next one is asked, and ' +
      'the preferred one again when it answers',
    async () => {
      const [one, two] = [await proxy(), await proxy()];
      await stage.start({ rpcUrls: [one.url, two.url] });
      const address = await stage.addressOf('u1');
      await stage.mine();
      await stage.catchUp();
      expect(nodeStates()[0]).toBe('used');
      one.hangs = true;
      await stage.world.ether(address, '1');
      await stage.mine(N);
      await until('credited by the second', async () => (await stage.available('u1', 'ETH')) === '1');
      expect(nodeStates()).toEqual(['silent', 'used']);
      expect(stage.wallets?.status()[0]?.nodes[0]?.fault).toContain('does not answer');
      one.hangs = false;
      await until(
        'the preferred one again',
        async () => nodeStates()[0] === 'used',
        () => stage.mine(),
      );
      // It hangs from the start: the network opens on the other one.
      await stage.stop();
      one.hangs = true;
      await stage.start({ rpcUrls: [one.url, two.url] });
      await stage.world.ether(address, '2');
      await stage.mine(N);
      await until(
        'credited after a start',
        async () => (await stage.available('u1', 'ETH')) === '3',
        () => stage.mine(),
      );
      expect(nodeStates()).toEqual(['silent', 'used']);
      await noneIsMissing();
      await stage.booksAreTheChain();
    },
  );

  test('E9 a preferred node that falls behind is left aside while another goes on', async () => {
    const [one, two] = [await proxy(), await proxy()];
    await stage.start({ rpcUrls: [one.url, two.url] });
    await stage.mine();
    await stage.catchUp();
    const stuck = `0x${(await stage.world.head()).height.toString(16)}`;
    one.tamper = ({ method }, result) => (method === 'eth_blockNumber' ? stuck : result);
    await stage.world.ether(await stage.addressOf('u1'), '1');
    await until(
      'credited',
      async () => (await stage.available('u1', 'ETH')) === '1',
      () => stage.mine(),
    );
    expect(nodeStates()).toEqual(['behind', 'used']);
  });

  test('E9 a head that no block stands behind is no head: the node that claims it is not believed', async () => {
    const [one, two] = [await proxy(), await proxy()];
    two.tamper = ({ method }, result) => (method === 'eth_blockNumber' ? '0xffffff' : result);
    await stage.start({ rpcUrls: [one.url, two.url] });
    await stage.world.ether(await stage.addressOf('u1'), '1');
    await until(
      'credited',
      async () => (await stage.available('u1', 'ETH')) === '1',
      () => stage.mine(),
    );
    await until('it is known', async () => nodeStates().join() === 'used,silent');
  });

  test('E9 a large deposit waits for a second node that sees it; a small one does not', async () => {
    const [one, two] = [await proxy(), await proxy()];
    await stage.start({ rpcUrls: [one.url, two.url], largeFrom: { ETH: '5' } });
    const [small, large] = [await stage.addressOf('u1'), await stage.addressOf('u2')];
    two.down = true;
    await stage.world.ether(small, '1');
    await stage.world.ether(large, '5');
    await until(
      'the small one',
      async () => (await stage.available('u1', 'ETH')) === '1',
      () => stage.mine(),
    );
    await stage.final();
    expect(await stage.available('u2', 'ETH')).toBe('0');
    expect(stage.faults()).toContain('waits for a second node');
    two.down = false;
    await until(
      'the large one',
      async () => (await stage.available('u2', 'ETH')) === '5',
      () => stage.mine(),
    );
    await until(
      'nothing fails',
      async () => stage.faults() === '',
      () => stage.mine(),
    );
  });

  test('E9 a large deposit that the preferred node made up is never credited', async () => {
    const [one, two] = [await proxy(), await proxy()];
    await stage.start({ rpcUrls: [one.url, two.url], largeFrom: { ETH: '5' } });
    const address = await stage.addressOf('u1');
    const txid = await stage.world.ether(stage.world.address, '1');
    const forged = (transaction: { hash: string }): object =>
      transaction.hash === txid
        ? { ...transaction, to: address, value: `0x${(1000n * ONE).toString(16)}` }
        : transaction;
    one.tamper = ({ method }, result) => {
      if (method === 'debug_traceBlockByHash')
        return (result as { txHash: string; result: object }[]).map((row) =>
          row.txHash === txid
            ? {
                ...row,
                result: {
                  type: 'CALL',
                  from: stage.world.address,
                  to: address,
                  value: `0x${(1000n * ONE).toString(16)}`,
                },
              }
            : row,
        );
      return method === 'eth_getBlockByHash' && result
        ? { ...result, transactions: (result as { transactions: { hash: string }[] }).transactions.map(forged) }
        : result;
    };
    await stage.mine();
    await until('it was believed so far', async () => (await stage.deposits()).length === 1);
    await stage.final();
    await until('it says so', async () => stage.faults().includes('waits for a second node to see it (only'));
    expect(await stage.engine.balancesOf('u1')).toEqual([]);
  });

  test('E9 nodes on different forks: nothing is credited or taken back, and it is said, until they agree', async () => {
    const [one, two] = [await proxy(), await proxy()];
    await stage.start({ rpcUrls: [one.url, two.url] });
    await stage.world.ether(await stage.addressOf('u1'), '1');
    await stage.final();
    const held = await stage.world.head();
    await stage.world.ether(await stage.addressOf('u1'), '2');
    await stage.mine();
    await stage.catchUp();
    // The preferred node tells of another block at a height that was read: a fork of its own.
    const fork = `0x${'ab'.repeat(32)}`;
    const from = held.height - 1;
    one.tamper = ({ method, params }, result) =>
      method === 'eth_getBlockByNumber' && Number(params[0]) >= from && result ? { ...result, hash: fork } : result;
    await until('it says so', async () => stage.faults().includes('do not agree on block'));
    await stage.mine(N);
    await pause(300);
    expect(await stage.available('u1', 'ETH')).toBe('1');
    expect(stage.codes()).not.toContain('DEPOSIT_REVERSED');
    one.tamper = (_, result) => result;
    await until(
      'credited',
      async () => (await stage.available('u1', 'ETH')) === '3',
      () => stage.mine(),
    );
    await noneIsMissing();
    await stage.booksAreTheChain();
  });

  test('E9 a deposit whose block another node does not have in its place is not credited', async () => {
    const [one, two] = [await proxy(), await proxy()];
    await stage.start({ rpcUrls: [one.url, two.url] });
    await stage.world.ether(await stage.addressOf('u1'), '1');
    await stage.mine();
    const { height } = await stage.world.head();
    two.tamper = ({ method, params }, result) =>
      method === 'eth_getBlockByNumber' && Number(params[0]) === height && result
        ? { ...result, hash: `0x${'cd'.repeat(32)}` }
        : result;
    await stage.mine(N + 1);
    await until('it says so', async () => stage.faults().includes(`do not agree on block ${height}`));
    expect(await stage.available('u1', 'ETH')).toBe('0');
    two.tamper = (_, result) => result;
    await until(
      'credited',
      async () => (await stage.available('u1', 'ETH')) === '1',
      () => stage.mine(),
    );
  });

  test('E9 a payout that one node alone calls failed does not go back to review: it waits, says so, and is paid once', async () => {
    const [one, two] = [await proxy(), await proxy()];
    await stage.start({ rpcUrls: [one.url, two.url] });
    await stage.tenEther();
    const receiver = freshAddress();
    one.tamper = ({ method }, result) =>
      method === 'eth_getTransactionReceipt' && result ? { ...result, status: '0x0' } : result;
    await stage.withdraw('w1', 'ETH', receiver, '2');
    await until(
      'it says so',
      async () => stage.faults().includes('failed waits for a second node to say so'),
      () => stage.mine(),
    );
    // The other one does not answer at all: that is no second voice.
    two.refuse = ({ method }) =>
      method === 'eth_getTransactionReceipt' ? { code: -32000, message: 'busy' } : undefined;
    await stage.mine(N + 2);
    await pause(500);
    expect([await stage.stateOf('w1'), await stage.onChain(receiver, 'ETH')]).toEqual(['BROADCAST', 2n * ONE]);
    expect(stage.codes()).not.toContain('PAYOUT_FAILED');
    two.refuse = () => undefined;
    await pause(300);
    expect(await stage.stateOf('w1')).toBe('BROADCAST');
    one.tamper = (_, result) => result;
    await stage.confirmed('w1');
    await until(
      'nothing fails',
      async () => stage.faults() === '',
      () => stage.mine(),
    );
    expect(await stage.rows("SELECT id, state FROM chain_transactions WHERE purpose = 'withdrawal'")).toEqual([
      { id: 'withdrawal:w1:0', state: 'CONFIRMED' },
    ]);
    expect(await stage.onChain(receiver, 'ETH')).toBe(2n * ONE);
    await stage.booksAreTheChain();
  });

  test('E9 E12 a payout that two nodes saw fail in one block goes back to review', async () => {
    const [one, two] = [await proxy(), await proxy()];
    await stage.start({ rpcUrls: [one.url, two.url] });
    await stage.tenEther();
    const receiver = freshAddress();
    await stage.withdraw('w1', 'ETH', receiver, '2');
    await until('sent', async () => (await stage.stateOf('w1')) === 'BROADCAST');
    // From now on the receiver refuses every call.
    await stage.world.rpc('anvil_setCode', [receiver, '0x60006000fd']);
    two.down = true;
    await stage.mine(N + 2);
    await until(
      'it says so',
      async () => stage.faults().includes('failed waits for a second node to say so'),
      () => stage.mine(),
    );
    expect(await stage.stateOf('w1')).toBe('BROADCAST');
    two.down = false;
    await until(
      'back in review',
      async () => (await stage.stateOf('w1')) === 'REQUESTED',
      () => stage.mine(),
    );
    expect(await stage.onChain(receiver, 'ETH')).toBe(0n);
    await stage.booksAreTheChain();
  });

  test('E9 every node has lost a block: it is a reorganisation, and taken back as with one node', async () => {
    const [one, two] = [await proxy(), await proxy()];
    await stage.start({ rpcUrls: [one.url, two.url] });
    await stage.world.ether(await stage.addressOf('u1'), '2');
    await stage.mine(N);
    await until('credited', async () => (await stage.available('u1', 'ETH')) === '2');
    await stage.world.reorganise(N);
    await until('taken back', async () => (await stage.deposits())[0]?.state === 'ORPHANED');
    expect(await stage.available('u1', 'ETH')).toBe('0');
  });
});

describe('chains that are not the right one', () => {
  test('E10 a node of another chain among the nodes: the start is refused', async () => {
    const other = await stage.node(1);
    await expect(stage.start({ rpcUrls: [stage.anvil.url, other.url] })).rejects.toThrow('on chain 1, not 31337');
    await expect(stage.start({ rpcUrls: [other.url, stage.anvil.url] })).rejects.toThrow('on chain 1, not 31337');
  });

  test('E10 the same chain id and another first block among the nodes: the start is refused', async () => {
    // Two chains that begin in the same second begin with the same block.
    await pause(1100);
    const other = await stage.node();
    await expect(stage.start({ rpcUrls: [stage.anvil.url, other.url] })).rejects.toThrow('began with block');
  });

  test('E9 large deposits need two nodes: with one the start is refused', async () => {
    await expect(stage.start({ largeFrom: { ETH: '5' } })).rejects.toThrow('the settings name one node');
  });

  test('E10 coins sent to the same address on another chain are not credited here; our bytes are no good there', async () => {
    const other = await stage.node(56);
    const there = stranger(other);
    await stage.start();
    await stage.tenEther();
    const address = await stage.addressOf('u1');
    await there.ether(address, '7');
    await there.mine(N + 2);
    await stage.withdraw('w1', 'ETH', stage.world.address, '1');
    await stage.confirmed('w1');
    const [row] = await stage.rows<{ raw: string }>(
      "SELECT raw_transaction AS raw FROM chain_transactions WHERE purpose = 'withdrawal'",
    );
    await there.ether(stage.hot, '5');
    await there.mine();
    await expect(there.send(row?.raw ?? '')).rejects.toThrow('chain id');
    expect(await there.etherOf(stage.hot)).toBe('5.0');
    expect(await stage.available('u1', 'ETH')).toBe('8.997');
    expect(await stage.deposits()).toHaveLength(1);
    expect(parseAmount(await there.etherOf(address))).toBe(7n * ONE);
  });
});
