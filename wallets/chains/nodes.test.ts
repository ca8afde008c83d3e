import { fixedClock } from '../../domain/clock-and-ids';
import type { BlockHeader, Chain } from './chain';
import { SMALL_ANSWER_MS, createNodes } from './nodes';
import type { Nodes } from './nodes';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
type Node = Pick<Chain, 'check' | 'head' | 'header' | 'transfers' | 'broadcast' | 'address'>;
const well = (head: number): Node => ({
  check: async () => undefined,
  head: async () => head,
  header: async (height): Promise<BlockHeader> => ({ height, hash: `h${height}`, parentHash: '' }),
  transfers: async () => [],
  broadcast: async () => ({ taken: true }),
  address: (text) => text,
});
const hanging = (over: Partial<Node> = {}): Node => ({
  ...well(0),
  check: never,
  head: never,
  header: never,
  transfers: never,
  broadcast: never,
  ...over,
});
const together = (one: Node, ...others: Node[]): Nodes<Node> =>
  createNodes(
    [{ name: 'one', chain: one }, ...others.map((chain, at) => ({ name: `other${at}`, chain }))],
    { network: 'ethereum', maxLag: 3, surveyMs: 1000 },
    { clock: fixedClock(), logger: silent },
  );
const states = (nodes: Nodes<Node>): string[] => nodes.states().map(({ state }) => state);

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('E9 of a node that hangs nothing small is waited for longer than a small answer takes, then the next is asked', async () => {
  const nodes = together(hanging({ check: async () => undefined, header: well(0).header }), well(7));
  const head = nodes.chain.head();
  await jest.advanceTimersByTimeAsync(SMALL_ANSWER_MS);
  expect(await head).toBe(7);
  expect(states(nodes)).toEqual(['silent', 'used']);
  // From then on it is not asked first: nothing waits.
  expect(await nodes.chain.head()).toBe(7);
  expect(await nodes.chain.header(5)).toMatchObject({ hash: 'h5' });
});

test('E9 a node that hangs when a network is opened holds it up no longer than that either', async () => {
  const nodes = together(hanging(), well(7));
  const opened = nodes.open();
  await jest.advanceTimersByTimeAsync(SMALL_ANSWER_MS);
  await opened;
  expect(states(nodes)).toEqual(['silent', 'used']);
});

test('E9 asked for their blocks, one that hangs is silent, and the others are heard', async () => {
  const nodes = together(well(7), hanging(), well(7));
  const voices = nodes.voices({ height: 5, hash: 'h5' });
  await jest.advanceTimersByTimeAsync(SMALL_ANSWER_MS);
  expect(await voices).toEqual({ same: ['one', 'other1'], other: [], silent: ['other0'] });
});

test('E9 a slow node that has another block is waited for, and heard', async () => {
  const slow = {
    ...well(7),
    header: (height: number) =>
      new Promise<BlockHeader>((resolve) =>
        setTimeout(
          () => resolve({ height, hash: height === 0 ? 'h0' : 'another', parentHash: '' }),
          height === 0 ? 0 : SMALL_ANSWER_MS * 2,
        ),
      ),
  };
  const nodes = together(well(7), slow);
  const voices = nodes.voices({ height: 5, hash: 'h5' });
  await jest.advanceTimersByTimeAsync(SMALL_ANSWER_MS * 2);
  expect(await voices).toEqual({ same: ['one'], other: ['other0'], silent: [] });
});

test('one node alone has all the time that its library gives it: there is nobody else to ask', async () => {
  const slow = {
    ...well(7),
    head: () => new Promise<number>((resolve) => setTimeout(() => resolve(7), SMALL_ANSWER_MS * 3)),
  };
  const head = together(slow).chain.head();
  await jest.advanceTimersByTimeAsync(SMALL_ANSWER_MS * 3);
  expect(await head).toBe(7);
});

test('what is sent is given its time: a node that answers late has taken it', async () => {
  const late = {
    ...well(7),
    broadcast: () =>
      new Promise<{ taken: true }>((resolve) => setTimeout(() => resolve({ taken: true }), SMALL_ANSWER_MS * 2)),
  };
  const nodes = together(late, well(7));
  const sent = nodes.chain.broadcast('0x');
  await jest.advanceTimersByTimeAsync(SMALL_ANSWER_MS * 2);
  expect(await sent).toEqual({ taken: true });
});
