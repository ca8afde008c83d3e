import type { LiveEvent } from '../../domain/contract/api/live';
import { createRings } from './ring';

const event = (seq: number): LiveEvent => ({ epoch: 'e', seq, name: 'kyc.changed', data: null });
const numbers = (events: LiveEvent[] | null): number[] | null => events && events.map(({ seq }) => seq);

test('what was missed, without a gap, or nothing at all', () => {
  const rings = createRings(3, () => 0);
  rings.push('u', event(1));
  expect(rings.after('u', 0)).toBeNull();
  rings.begin('u');
  expect(rings.after('u', 1)).toBeNull();
  for (let seq = 2; seq <= 9; seq++) rings.push('u', event(seq));
  expect(numbers(rings.after('u', 6))).toEqual([7, 8, 9]);
  expect(numbers(rings.after('u', 8))).toEqual([9]);
  expect(rings.after('u', 5)).toBeNull();
  expect(rings.after('other', 5)).toBeNull();
});

test('a user who has been away too long is forgotten, one who listens never', () => {
  let now = 0;
  const rings = createRings(3, () => now);
  for (const userId of ['here', 'away']) {
    rings.begin(userId);
    rings.push(userId, event(1));
  }
  now = 100;
  rings.forget(50, now, (userId) => userId === 'here');
  expect([numbers(rings.after('here', 0)), rings.after('away', 0)]).toEqual([[1], null]);
});
