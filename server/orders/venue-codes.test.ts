import { DomainError } from '../../domain/contract/errors';
import { withVenueCode } from './venue-codes';

test.each([
  [new DomainError('POST_ONLY_REJECTED'), { venueCode: -2010, words: 'Order would immediately match and take.' }],
  [new DomainError('WOULD_TRIGGER'), { venueCode: -2010, words: 'Stop price would trigger immediately.' }],
  [
    new DomainError('INSUFFICIENT_FUNDS', { asset: 'ETH', missing: '1' }),
    { venueCode: -2010, words: 'Account has insufficient balance for requested action.', asset: 'ETH', missing: '1' },
  ],
  [
    new DomainError('BAD_ORDER', { reason: 'OCO_PRICES' }),
    {
      venueCode: -1158,
      words: 'The relationship of the prices for the orders is not correct.',
      reason: 'OCO_PRICES',
    },
  ],
  [new DomainError('BAD_ORDER', { field: 'price' }), { venueCode: -1102, field: 'price' }],
  [
    new DomainError('FILTER_FAILURE', { filter: 'LOT_SIZE' }),
    { venueCode: -1013, words: 'Filter failure: LOT_SIZE', filter: 'LOT_SIZE' },
  ],
  [
    new DomainError('FILTER_FAILURE', { reason: 'NOT_LOWER' }),
    { venueCode: -2038, words: 'The new quantity must be lower than the open one.', reason: 'NOT_LOWER' },
  ],
])('%s has the code and words of the venue', (error, details) => {
  expect(withVenueCode(error)).toMatchObject({ code: error.code });
  expect((withVenueCode(error) as DomainError).details).toEqual(details);
});

test('what the venue has no code for, and faults, stay as they are', () => {
  for (const error of [new DomainError('MARKET_HALTED', { market: 'ETHUSDT' }), new Error('a fault'), undefined])
    expect(withVenueCode(error)).toBe(error);
});
