import { createEventBus } from '../domain/contract/event-bus';
import type { DomainEvent } from '../domain/contract/events';
import type { Network } from '../domain/registry';
import { createApart } from './apart';

test('one that fails holds up none, and is told once, when it keeps failing; well again it begins anew', async () => {
  const alerts: DomainEvent[] = [];
  const events = createEventBus((error) => {
    throw error;
  });
  events.on('alert', (event) => void alerts.push(event));
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const apart = createApart({ events, logger: silent, network: { id: 'ethereum' } as Network }, 'sweep');
  const done: string[] = [];
  const round = async (isWell: boolean): Promise<void> => {
    await apart('s1', async () => {
      if (!isWell) throw new Error('frozen');
    });
    await apart('s2', async () => void done.push('s2'));
  };
  for (let at = 0; at < 59; at++) await round(false);
  expect([done.length, alerts]).toEqual([59, []]);
  for (let at = 0; at < 100; at++) await round(false);
  expect(alerts).toMatchObject([
    { code: 'WALLETS_FAILING', details: { network: 'ethereum', what: 'sweep', name: 's1', error: 'frozen' } },
  ]);
  await round(true);
  for (let at = 0; at < 60; at++) await round(false);
  expect(alerts).toHaveLength(2);
});
