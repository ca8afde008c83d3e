import type { ChainBlockRow, DepositAddressRow, DepositRow } from '../../db/entities/deposits';
import { keySpaceOf } from '../../db/stores/child-numbers';
import type { DepositStore } from '../../db/stores/deposits';
import { countingIds, fixedClock } from '../../domain/clock-and-ids';
import type { Command } from '../../domain/contract/commands';
import { createEventBus } from '../../domain/contract/event-bus';
import type { Engine } from '../../domain/contract/ports';
import { ONE } from '../../domain/money/amount';
import type { Network, Rail } from '../../domain/registry';
import { DEPOSIT } from '../../domain/lifecycle/deposit';
import { creditReference } from '../../domain/references';
import type { Chain, ChainTransfer } from '../chains/chain';
import { OwnAddresses } from './addresses';
import { NetworkHalted, RING, createScanner } from './scanner';

const network: Network = {
  id: 'ethereum',
  name: 'Ethereum',
  kind: 'evm',
  chainId: 1,
  gasAsset: 'ETH',
  confirmations: 3,
  venueNetwork: 'ETH',
  memo: 'none',
};
const rails: Rail[] = [
  {
    asset: 'ETH',
    network: 'ethereum',
    contract: null,
    decimals: 18,
    minDeposit: '0.1',
    depositFee: '0',
    minWithdrawal: '1',
    withdrawalFee: '0',
  },
];
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const USER = '0xuser';

interface FakeBlock {
  readonly hash: string;
  readonly transfers: readonly ChainTransfer[];
}
const pays = (txid: string, amount = ONE): ChainTransfer => ({
  txid,
  position: 'native',
  asset: 'ETH',
  from: '0xother',
  to: USER,
  amount,
});
/** Blocks `<fork><height>`; the named ones carry a transfer. */
const blocks = (fork: string, count: number, transfers: Record<number, ChainTransfer> = {}): FakeBlock[] =>
  Array.from({ length: count }, (_, height) => ({
    hash: `${fork}${height}`,
    transfers: transfers[height] ? [transfers[height]] : [],
  }));

function fakeWorld() {
  const rows: DepositRow[] = [];
  const commands: Command[] = [];
  let ring: ChainBlockRow[] = [];
  let genesis: string | undefined;
  let addresses: DepositAddressRow[] = [
    { network: 'ethereum', index: 0, address: USER, userId: 'u1', place: 0, createdAt: 0, frozenAt: null },
  ];
  const world = {
    chain: blocks('a', 1),
    head: 0,
    rows,
    commands,
    dieAt: '' as string,
    stale: undefined as DepositRow[] | undefined,
    ring: () => ring,
    issue: (row: DepositAddressRow) => (addresses = [...addresses, row]),
  };
  const store: DepositStore = {
    addresses: async (_, place = -1) => addresses.filter((row) => row.place > place),
    fill: async () => undefined,
    otherOwners: async () => [],
    held: async () => [],
    release: () => Promise.reject(new Error('not here')),
    ownerOf: async () => null,
    issue: () => Promise.reject(new Error('not here')),
    freeze: () => Promise.reject(new Error('not here')),
    arrivedAt: () => Promise.reject(new Error('not here')),
    ring: async () => ring,
    genesis: async () => genesis,
    pinGenesis: async (_, hash) => void (genesis = hash),
    saveBlock: async (block, found) => {
      if (ring.some(({ height }) => height === block.height)) throw new Error('Duplicate entry');
      ring = [...ring, block];
      for (const row of found) {
        const known = rows.find((candidate) => creditReference(candidate) === creditReference(row));
        if (!known) rows.push(row);
        else
          Object.assign(
            known,
            { blockHash: row.blockHash, blockHeight: row.blockHeight },
            known.state === 'ORPHANED' && { state: row.state, confirmations: 1 },
          );
      }
      if (world.dieAt === 'saved') throw new Error('the answer was lost');
    },
    saveDeposits: () => Promise.reject(new Error('not here')),
    explained: () => Promise.reject(new Error('not here')),
    above: async (_, height) =>
      (world.stale ?? rows).filter((row) => row.blockHeight > height && row.state !== 'ORPHANED'),
    forgetAbove: async (_, height) => {
      ring = ring.filter((block) => block.height <= height);
      if (world.dieAt === 'forgotten') throw new Error('killed');
    },
    isCredited: async (reference) => commands.some((command) => command.reference === reference),
    reversals: async (row) =>
      new Set(
        commands
          .filter((command) => command.kind === 'deposit.reverse' && command.depositId === row.id)
          .map((command) => command.reference),
      ).size,
    inStates: async (_, states) => rows.filter((row) => states.includes(row.state)),
    advance: async (which, event, besides) => {
      const row = rows.find(({ id, state }) => id === which.id && (which.state ?? state) === state);
      const state = row && DEPOSIT[row.state][event];
      return Boolean(state && Object.assign(row, besides, { state }));
    },
  };
  const chain = {
    head: async () => world.head,
    header: async (height: number) => {
      const block = world.chain[height];
      if (!block) throw new Error(`no block ${height}`);
      return { height, hash: block.hash, parentHash: world.chain[height - 1]?.hash ?? '' };
    },
    transfers: async ({ height }: { height: number }, watched: (address: string) => boolean) =>
      (world.chain[height]?.transfers ?? []).filter((transfer) => watched(transfer.to)),
  } as unknown as Chain;
  // Does what the engine does: one effect for each reference.
  const engine = {
    submit: async (command: Command) => {
      const again = commands.some((before) => before.reference === command.reference);
      commands.push(command);
      const row = rows.find((candidate) => 'depositId' in command && candidate.id === command.depositId);
      if (row && !again) row.state = command.kind === 'deposit.credit' ? 'CREDITED' : 'ORPHANED';
      return {};
    },
  } as unknown as Engine;
  const start = async (listed = rails) => {
    const own = await OwnAddresses.load(keySpaceOf(network, []), () => USER, store, fixedClock());
    return createScanner({
      chain,
      network,
      rails: listed,
      assets: [{ code: 'ETH', name: 'Ether', scale: 8 }],
      store,
      own,
      hotAddress: '0xhot',
      engine,
      events: createEventBus(() => undefined),
      clock: fixedClock(),
      ids: countingIds(),
      logger: silent,
    });
  };
  const show = (fork: FakeBlock[], head = fork.length - 1): void => {
    world.chain = fork;
    world.head = head;
  };
  return { world, start, show, references: () => commands.map((command) => command.reference) };
}

/** The common past of two forks. */
const after = (past: FakeBlock[], length: number, next: FakeBlock[]): FakeBlock[] => [
  ...past.slice(0, length),
  ...next.slice(length),
];

test('credited once it is deep enough, by a reference that names the output alone', async () => {
  const { world, start, show, references } = fakeWorld();
  show(blocks('a', 5));
  const scanner = await start();
  await scanner.round();
  show(blocks('a', 7, { 5: pays('t1') }));
  await scanner.round();
  expect(world.rows).toMatchObject([{ state: 'CONFIRMING', confirmations: 2 }]);
  show(blocks('a', 8, { 5: pays('t1') }));
  await scanner.round();
  await scanner.round();
  expect(references()).toEqual(['deposit:ethereum:t1:native']);
  expect(world.rows).toMatchObject([{ state: 'CREDITED' }]);
});

test('read by two at once, a credit is taken back once: who saw the row before the other took it back takes nothing more', async () => {
  const { world, start, show, references } = fakeWorld();
  show(blocks('a', 12, { 5: pays('t1') }));
  const [one, other] = [await start(), await start()];
  await one.round();
  await other.round();
  show(after(world.chain, 4, blocks('b', 12)));
  // Both have read that it is credited; then the other one is quicker.
  world.stale = world.rows.map((row) => ({ ...row }));
  await one.round();
  await other.round();
  expect(references().filter((reference) => reference.includes(':reverse:'))).toEqual([
    'deposit:ethereum:t1:native:reverse:0',
  ]);
});

test('a block that was saved though the answer was lost, or by another process: it goes on from there', async () => {
  const { world, start, show, references } = fakeWorld();
  show(blocks('a', 5));
  const [scanner, other] = [await start(), await start()];
  await scanner.round();
  await other.round();
  show(blocks('a', 9, { 5: pays('t1') }));
  world.dieAt = 'saved';
  await expect(scanner.round()).rejects.toThrow('lost');
  world.dieAt = '';
  // The other one has not seen that block: it is there.
  await expect(other.round()).rejects.toThrow('Duplicate');
  for (const one of [scanner, other]) await one.round();
  expect([scanner.height(), other.height(), references()]).toEqual([8, 8, ['deposit:ethereum:t1:native']]);
});

test('a node that is behind is no reorganisation', async () => {
  const { world, start, show, references } = fakeWorld();
  const chain = blocks('a', 20, { 15: pays('t1') });
  show(chain);
  const scanner = await start();
  await scanner.round();
  expect(world.rows).toMatchObject([{ state: 'CREDITED' }]);
  for (const head of [10, 3, 0, 18]) {
    show(chain, head);
    await scanner.round();
  }
  show(chain);
  await scanner.round();
  expect(world.rows).toMatchObject([{ state: 'CREDITED' }]);
  expect(references()).toHaveLength(1);
});

test('taken back, credited again, and back on the first chain: each credit and reversal once', async () => {
  const { world, start, show, references } = fakeWorld();
  const one = blocks('a', 12, { 8: pays('t1') });
  const two = after(one, 6, blocks('b', 13));
  show(one);
  const scanner = await start();
  await scanner.round();
  show(two);
  await scanner.round();
  expect(world.rows).toMatchObject([{ state: 'ORPHANED' }]);
  // The very same blocks are the chain again.
  show([...one, ...blocks('a', 15).slice(12)]);
  await scanner.round();
  expect(world.rows).toMatchObject([{ state: 'CREDITED', blockHash: 'a8' }]);
  expect(references()).toEqual([
    'deposit:ethereum:t1:native',
    'deposit:ethereum:t1:native:reverse:0',
    'deposit:ethereum:t1:native:1',
  ]);
});

test('killed between forgetting lost blocks and taking their deposits back: the next start takes them back', async () => {
  const { world, start, show } = fakeWorld();
  const one = blocks('a', 12, { 8: pays('t1') });
  show(one);
  await (await start()).round();
  show(after(one, 6, blocks('b', 13)));
  world.dieAt = 'forgotten';
  await expect((await start()).round()).rejects.toThrow('killed');
  world.dieAt = '';
  expect(world.rows).toMatchObject([{ state: 'CREDITED' }]);
  await (await start()).round();
  expect(world.rows).toMatchObject([{ state: 'ORPHANED' }]);
});

test('another genesis, and a change deeper than what is remembered, stop the network and reverse nothing', async () => {
  const { world, start, show } = fakeWorld();
  const one = blocks('a', 400, { 390: pays('t1') });
  show(one, 396);
  const scanner = await start();
  await scanner.round();
  expect(world.rows).toMatchObject([{ state: 'CREDITED' }]);
  show(after(one, 300, blocks('b', 401)), 400);
  await expect(scanner.round()).rejects.toThrow(NetworkHalted);
  show(blocks('c', 401));
  await expect((await start()).round()).rejects.toThrow('began with block c0');
  show(blocks('c', 5));
  await expect(scanner.round()).rejects.toThrow(NetworkHalted);
  expect(world.rows).toMatchObject([{ state: 'CREDITED' }]);
});

test('top-ups of our own and amounts below the minimum are no deposits', async () => {
  const { world, start, show, references } = fakeWorld();
  show(blocks('a', 12, { 8: { ...pays('t1'), from: '0xHOT' }, 9: pays('t2', ONE / 11n) }));
  await (await start()).round();
  expect(world.rows).toMatchObject([{ txid: 't2', state: 'IGNORED' }]);
  expect(references()).toEqual([]);
});

test('an address that another process has issued is watched too', async () => {
  const { world, start, show } = fakeWorld();
  show(blocks('a', 5));
  const scanner = await start();
  await scanner.round();
  world.issue({
    network: 'ethereum',
    index: 1,
    address: '0xsecond',
    userId: 'u2',
    place: 1,
    createdAt: 0,
    frozenAt: null,
  });
  show(blocks('a', 10, { 6: { ...pays('t1'), to: '0xsecond' } }));
  await scanner.round();
  expect(world.rows).toMatchObject([{ userId: 'u2', state: 'CREDITED' }]);
});

test('a step deeper than the usual ring of hashes: its deposit is credited there, and taken back where the chain changes as deep', async () => {
  const deep = RING + 50;
  const { world, start, show, references } = fakeWorld();
  const scanner = await start(
    rails.map((rail) => ({
      ...rail,
      confirmationSteps: [
        { from: '0', confirmations: 1 },
        { from: '1', confirmations: deep },
      ],
    })),
  );
  const past = blocks('a', 5);
  const goesOn = (count: number): FakeBlock[] => blocks('a', count, { 5: pays('t1') });
  show(past);
  await scanner.round();
  for (let count = 6; count < 5 + deep; count += 99) {
    show(goesOn(count));
    await scanner.round();
  }
  show(goesOn(4 + deep));
  for (let rounds = 0; rounds < 4; rounds++) await scanner.round();
  expect(world.rows).toMatchObject([{ state: 'CONFIRMING', confirmations: deep - 1, confirmationsNeeded: deep }]);
  show(goesOn(5 + deep));
  await scanner.round();
  expect(world.rows).toMatchObject([{ state: 'CREDITED' }]);
  show(after(goesOn(5 + deep), 5, blocks('b', 5 + deep)));
  await scanner.round();
  expect(world.rows).toMatchObject([{ state: 'ORPHANED' }]);
  expect(references()).toEqual(['deposit:ethereum:t1:native', 'deposit:ethereum:t1:native:reverse:0']);
});
