import { fairTurns } from './turns';

const never = new AbortController().signal;

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Turns whose work is ended by hand and takes as long as it is said to. */
function stage(mostWaiting: number) {
  let now = 0;
  const order: string[] = [];
  const ends = new Map<string, () => void>();
  const turns = fairTurns(mostWaiting, () => now);
  const ask = (user: string): Promise<string> =>
    turns(user, never, async () => {
      order.push(user);
      await new Promise<void>((resolve) => ends.set(user, resolve));
      return user;
    });
  return {
    order,
    ask,
    wait: (ms: number) => {
      now += ms;
    },
    end: async (user: string, ms: number): Promise<void> => {
      await settled();
      now += ms;
      ends.get(user)?.();
      await settled();
    },
  };
}

test('next is who used the least, and of those the earliest', async () => {
  const { ask, end, order } = stage(20);
  const bomber = ask('bomber');
  await end('bomber', 5000);
  await bomber;
  const all = [ask('first'), ask('bomber'), ask('second'), ask('third')];
  for (const user of ['first', 'second', 'third', 'bomber']) await end(user, 10);
  await Promise.all(all);
  expect(order).toEqual(['bomber', 'first', 'second', 'third', 'bomber']);
});

test('a full line gives way to who used less, and to nobody else', async () => {
  const { ask, end, wait } = stage(2);
  for (const bomber of ['b1', 'b2', 'b3']) {
    const done = ask(bomber);
    await end(bomber, 5000);
    await done;
  }
  const running = ask('b1');
  await settled();
  const [kept, gaveWay] = [ask('b2'), ask('b3')];
  const dropped = expect(gaveWay).rejects.toMatchObject({ code: 'BUSY' });
  const honest = ask('honest');
  await dropped;
  await expect(ask('b3')).rejects.toMatchObject({ code: 'BUSY' });
  await expect(ask('b2')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
  for (const user of ['b1', 'honest', 'b2']) await end(user, 1);
  expect(await Promise.all([running, honest, kept])).toEqual(['b1', 'honest', 'b2']);
  wait(3600_001);
});

test('work that fails gives its turn on', async () => {
  const turns = fairTurns();
  const failed = turns('a', never, async () => {
    throw new Error('no');
  });
  const after = turns('b', never, async () => 'done');
  await expect(failed).rejects.toThrow('no');
  expect(await after).toBe('done');
});
