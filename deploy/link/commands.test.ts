import { COMMANDS } from '../../domain/contract/commands';
import type { Command, CommandBody, CommandKind } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import { houses, linkWorld } from './testing';
import type { Link } from './connect';

const terms = { symbol: 'ETHUSDT', side: 'BUY', type: 'LIMIT', quantity: '1', price: '2000' } as const;

/** What an API process sends, every field given. */
const REMOTE: readonly CommandBody[] = [
  { kind: 'order.place', userId: 'ann', clientOrderId: 'c1', ...terms, timeInForce: 'GTC', trailingDelta: 50 },
  {
    kind: 'order.oco',
    userId: 'ann',
    clientOrderId: 'c1',
    symbol: 'ETHUSDT',
    side: 'SELL',
    quantity: '1',
    price: '2100',
    stopPrice: '1900',
    stopLimitPrice: '1890',
    selfTradePreventionMode: 'DECREMENT',
  },
  { kind: 'order.cancel', userId: 'ann', orderId: 'o1' },
  { kind: 'order.cancelAll', userId: 'ann', symbol: 'ETHUSDT' },
  { kind: 'order.amend', userId: 'ann', orderId: 'o1', quantity: '1' },
  { kind: 'order.replace', userId: 'ann', clientOrderId: 'c2', orderId: 'o1', ...terms, icebergQty: '0.5' },
  { kind: 'swap.accept', swapId: 's1', userId: 'ann', quoteId: 'q1' },
  {
    kind: 'withdrawal.request',
    withdrawalId: 'w1',
    userId: 'ann',
    asset: 'ETH',
    network: 'ethereum',
    address: '0x1',
    memo: '7',
    amount: '1',
    fee: '0.01',
    confirmation: {
      credentialId: 'c',
      authenticatorData: 'a',
      clientDataJSON: 'd',
      signature: 's',
      expiresAt: 1,
    },
  },
  {
    kind: 'withdrawal.approve',
    withdrawalId: 'w1',
    adminId: 'root',
    seen: { network: 'ethereum', asset: 'ETH', address: '0x1', amount: '1' },
  },
  { kind: 'withdrawal.refuse', withdrawalId: 'w1', adminId: 'root', reason: '' },
  { kind: 'withdrawal.cancel', withdrawalId: 'w1', userId: 'ann' },
  { kind: 'market.set', symbol: 'ETHUSDT', adminId: 'root', state: 'HALT', internalOnly: false },
  { kind: 'venue.open', adminId: 'root', newEpoch: false, why: 'looked at it' },
  { kind: 'asset.pause', asset: 'ETH', why: null, adminId: 'root' },
];

const kinds = Object.keys(COMMANDS) as CommandKind[];
const world = linkWorld();
const here = houses();
let link: Link;
beforeAll(async () => {
  await world.serve(here.ports);
  link = world.connect();
  await link.ready();
});
afterAll(() => world.close());
beforeEach(() => void here.asked.splice(0));

/** `passed`, or the code of the refusal. */
const outcomeOf = (command: unknown): Promise<string> =>
  link.ports.engine.submit(command as Command).then(
    () => 'passed',
    (error: unknown) => (error instanceof DomainError ? error.code : String(error)),
  );

test('the commands of users and admins are all in the table above', () => {
  expect(REMOTE.map(({ kind }) => kind).toSorted()).toEqual(
    kinds.filter((kind) => COMMANDS[kind].who !== 'internal').toSorted(),
  );
});

test.each(REMOTE)('$kind passes as it is', async (body) => {
  expect(await outcomeOf({ ...body, reference: 'r' })).toBe('passed');
  expect(here.asked).toEqual([{ ...body, reference: 'r' }]);
});

test.each(REMOTE)(
  '$kind with a field missing, of another type or too many is refused before the engine',
  async (body) => {
    const schema = COMMANDS[body.kind].schema;
    const found: string[] = [];
    const { kind, ...fields } = body;
    for (const [name, given] of Object.entries(fields)) {
      const { [name]: _left, ...without } = fields as Record<string, unknown>;
      const others = ['x'.repeat(5000), true, 7, [], { x: 1 }].filter(
        (other) => typeof other === 'string' || typeof other !== typeof given,
      );
      for (const other of others)
        if ((await outcomeOf({ ...without, kind, [name]: other, reference: 'r' })) === 'passed')
          found.push(`${name}: ${JSON.stringify(other).slice(0, 20)}`);
      const isOptional = schema.safeParse(without).success;
      if (!isOptional && (await outcomeOf({ ...without, kind, reference: 'r' })) === 'passed')
        found.push(`without ${name}`);
    }
    if ((await outcomeOf({ ...body, reference: 'r', extra: 1 })) === 'passed') found.push('extra');
    for (const reference of [undefined, 5, '', 'a b', 'x'.repeat(191)])
      if ((await outcomeOf({ ...body, reference })) === 'passed') found.push(`reference ${String(reference)}`);
    expect(found).toEqual([]);
    expect(here.asked).toEqual([]);
  },
);

test.each([
  ...kinds.filter((kind) => COMMANDS[kind].who === 'internal'),
  'constructor',
  '__proto__',
  'order.place ',
  ['order.place'],
  null,
])('an API process cannot send %s', async (kind) => {
  expect(await outcomeOf({ kind, reference: 'r', userId: 'ann', adminId: 'root', amount: '1' })).toBe('FORBIDDEN');
  expect(here.asked).toEqual([]);
});

test.each(REMOTE.filter((body) => 'adminId' in body))('$kind needs its admin by name', async (body) => {
  expect(await outcomeOf({ ...body, adminId: null, reference: 'r' })).toBe('FORBIDDEN');
  expect(here.asked).toEqual([]);
});
