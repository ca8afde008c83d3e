import { COMMANDS } from '../../domain/contract/commands';
import { RESERVED_COSTS, held } from '../../ledger/accounts';
import { memoryFaults } from './memory-faults';
import { HANDLERS, MODULES, emptyState } from './modules';
import type { EngineState } from './modules';
import { registry } from './testing';

const empty = (): EngineState => emptyState({ registry });

test('every kind of command is carried out by one module, by the schema and the sender of its file in domain', () => {
  expect(Object.keys(HANDLERS).toSorted()).toEqual(Object.keys(COMMANDS).toSorted());
  for (const [kind, { who, schema }] of Object.entries(COMMANDS))
    expect(HANDLERS[kind as keyof typeof HANDLERS]).toMatchObject({ who, schema });
  expect(new Set(MODULES.map(({ name }) => name)).size).toBe(MODULES.length);
});

test('an empty memory has no fault', () => {
  expect(memoryFaults(empty())).toEqual([]);
});

test.each<[string, (state: EngineState) => void, string]>([
  [
    'coins that are held for nothing',
    ({ books }) => books.add({ account: held('ann'), asset: 'ETH', amount: 5n * 10n ** 17n }),
    'user/ann/held ETH: open business holds -0.5 more than the books',
  ],
  [
    'a cost that is reserved in memory alone',
    ({ costs }) => costs.set('c1', { asset: 'ETH', amount: 10n ** 18n }),
    `${RESERVED_COSTS} ETH: open business holds 1 more than the books`,
  ],
  ['a cost of nothing', ({ costs }) => costs.set('c1', { asset: 'ETH', amount: 0n }), 'cost c1 reserves nothing'],
  [
    'coins reserved for a transfer of nothing',
    ({ reserves }) => reserves.set('t1', { asset: 'ETH', amount: 0n }),
    'transfer t1 reserves nothing',
  ],
  [
    'a stop that waits and is not open',
    ({ markets }) => markets.get('ETHUSDT')?.triggers.add(7),
    'order 7 of ETHUSDT waits and is not open',
  ],
  [
    'a hedge order in flight that is not at the venue',
    ({ markets }) => void ((markets.get('ETHUSDT') as NonNullable<ReturnType<typeof markets.get>>).inFlight[0] = 'b1'),
    'hedge order b1 of ETHUSDT is in flight and not at the venue',
  ],
])('%s is found', (_what, plant, sentence) => {
  const state = empty();
  plant(state);
  expect(memoryFaults(state)).toEqual([sentence]);
});
