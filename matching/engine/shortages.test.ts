import { createEventBus } from '../../domain/contract/event-bus';
import { DomainError } from '../../domain/contract/errors';
import { createShortages } from './shortages';

test('an operator hears of missing funds once an hour for each asset, and of nothing else', () => {
  const events = createEventBus(() => undefined);
  const heard: string[] = [];
  events.on('alert', ({ code, details }) => void heard.push(`${code} ${String(details?.asset)}`));
  let now = 0;
  const refused = createShortages({ events, clock: { now: () => now } });
  const missing = (asset: string): DomainError => new DomainError('NEEDS_OPERATOR_FUNDS', { asset, missing: '1' });
  for (const refusal of [
    missing('ETH'),
    missing('ETH'),
    missing('BTC'),
    new DomainError('FUNDS_IN_TRANSIT', { asset: 'ETH' }),
    new DomainError('INSUFFICIENT_FUNDS', { asset: 'ETH' }),
    new Error('broken'),
  ])
    refused(refusal);
  expect(heard).toEqual(['OPERATOR_FUNDS_MISSING ETH', 'OPERATOR_FUNDS_MISSING BTC', 'VENUE_FUNDS_MISSING ETH']);
  now += 3_599_999;
  refused(missing('ETH'));
  expect(heard).toHaveLength(3);
  now += 1;
  refused(missing('ETH'));
  expect(heard).toHaveLength(4);
});
