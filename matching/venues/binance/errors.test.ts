import { failureOf } from './errors';

const rest = (status: number, data: unknown, headers = {}) => ({ response: { status, data, headers } });

test.each([
  ['a refusal', rest(400, { code: -2010, msg: 'Account has insufficient balance for requested action.' }), 'refused'],
  ['a filter', rest(400, { code: -1013, msg: 'Filter failure: LOT_SIZE' }), 'refused'],
  ['our id is open already', rest(400, { code: -2010, msg: 'Duplicate order sent.' }), 'unknown'],
  ['-1007', rest(503, { code: -1007, msg: 'Timeout' }), 'unknown'],
  ['any other 5xx with a code', rest(500, { code: -9999, msg: 'Something new' }), 'unknown'],
  ['a gateway page', rest(502, '<html></html>'), 'unknown'],
  ['a lost connection', new Error('socket hang up'), 'unknown'],
  ['WebSocket refusal', { status: 400, error: { code: -1021, msg: 'outside of the recvWindow' } }, 'refused'],
  ['WebSocket 5xx with a code', { status: 500, error: { code: -3044, msg: 'busy' } }, 'unknown'],
  [
    'too many requests',
    rest(429, { code: -1003, msg: 'Too much request weight used' }, { 'retry-after': '7' }),
    'banned',
  ],
  ['a ban', rest(418, { code: -1003, msg: 'banned' }, { 'retry-after': '120' }), 'banned'],
  ['too many orders', rest(429, { code: -1015, msg: 'Too many new orders' }), 'refused'],
])('%s', (_, error, kind) => {
  expect(failureOf(error, 1000).kind).toBe(kind);
});

test('a ban lasts as long as the venue says', () => {
  expect(failureOf(rest(418, { code: -1003, msg: 'banned' }, { 'retry-after': '120' }), 1000)).toMatchObject({
    until: 121_000,
  });
});
