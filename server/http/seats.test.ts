import type { IncomingMessage } from 'node:http';
import { callerAddress, countWithin, createSeats, seatsFor } from './seats';

const from = (remoteAddress: string, named?: string): IncomingMessage =>
  ({
    headers: named === undefined ? {} : { 'x-forwarded-for': named },
    socket: { remoteAddress },
  }) as unknown as IncomingMessage;

test('taken to the end, given back once', () => {
  const seats = createSeats();
  const back = seats.take([
    ['a', 2],
    ['all', 3],
  ]);
  expect([
    seats.take([
      ['a', 2],
      ['all', 3],
    ]) !== undefined,
    seats.take([
      ['a', 2],
      ['all', 3],
    ]),
  ]).toEqual([true, undefined]);
  expect([
    seats.free([
      ['b', 1],
      ['all', 3],
    ]),
    seats.free([
      ['b', 1],
      ['all', 2],
    ]),
  ]).toEqual([true, false]);
  back?.();
  back?.();
  expect([seats.take([['a', 2]]) !== undefined, seats.take([['a', 2]])]).toEqual([true, undefined]);
});

test('who is logged in is counted by user, who is nobody by address', () => {
  const config = { socketsPerAddress: 5, secureCookies: false };
  expect(seatsFor('live', from('::ffff:10.0.0.9'), config, { id: undefined, most: 20 })).toEqual([
    ['live nobody 10.0.0.9', 5],
    ['live address 10.0.0.9', 50],
  ]);
  expect(seatsFor('live', from('10.0.0.9'), config, { id: 'u1', most: 20 })).toEqual([
    ['live user u1', 20],
    ['live address 10.0.0.9', 50],
  ]);
});

test.each([
  ['without a proxy nobody names himself', { secureCookies: false }, '10.0.0.9', '1.1.1.1, 2.2.2.2', '10.0.0.9'],
  ['a proxy on this machine names who came to it', { secureCookies: true }, '127.0.0.1', '1.1.1.1, 2.2.2.2', '2.2.2.2'],
  ['who is no proxy names nobody', { secureCookies: true }, '10.0.0.9', '2.2.2.2', '10.0.0.9'],
  [
    'two proxies',
    { secureCookies: true, trustedProxies: ['10.0.0.0/8', '2.2.2.2'] },
    '10.0.0.9',
    '1.1.1.1, 2.2.2.2',
    '1.1.1.1',
  ],
  ['a proxy that names nobody', { secureCookies: true }, '127.0.0.1', undefined, '127.0.0.1'],
])('the address: %s', (_, config, socket, named, address) => {
  expect(callerAddress(from(socket, named), config)).toBe(address);
});

test('counted within a time', () => {
  let now = 0;
  const over = countWithin(3, 10, () => now);
  expect([over(1), over(1), over(1), over(1)]).toEqual([false, false, true, true]);
  now = 10;
  expect(over(1)).toBe(false);
});
