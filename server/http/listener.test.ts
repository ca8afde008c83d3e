import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { PATIENCE, createListener } from './listener';

let port = 0;
const server = createListener(
  (req, res) => {
    req.resume();
    req.on('end', () => res.end('ok'));
  },
  { headersMs: 300, requestMs: 700, connections: 20 },
);
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** Sends the bytes one by one and answers what came back when the other side closed. */
function drip(bytes: string, everyMs: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let [told, at] = ['', 0];
  const timer = setInterval(() => {
    if (at < bytes.length) socket.write(bytes[at++] as string);
  }, everyMs);
  socket.on('data', (data) => (told += String(data)));
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', () => (clearInterval(timer), resolve(told))));
}

test.each([
  ['a head that comes a byte at a time', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(500)}`],
  ['a body that comes a byte at a time', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n${'x'.repeat(500)}`],
  ['a connection that says nothing', ''],
])('cut off: %s', async (what, bytes) => {
  // The head of the body comes whole.
  const [head = '', body] = bytes.split('\r\n\r\n');
  if (body === undefined) expect(await drip(bytes, 20)).toMatch(/^(HTTP\/1\.1 408|$)/);
  else {
    const socket = connect(port, '127.0.0.1');
    let told = '';
    socket.on('data', (data) => (told += String(data)));
    socket.write(`${head}\r\n\r\n`);
    const timer = setInterval(() => socket.write('x'), 20);
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(timer);
    expect([what, told.slice(0, 12)]).toEqual([what, 'HTTP/1.1 408']);
  }
});

test('only so many are connected at once', async () => {
  const sockets = Array.from({ length: 25 }, () => connect(port, '127.0.0.1'));
  const closed = sockets.map(
    (socket) => new Promise<void>((resolve) => socket.on('error', () => undefined).once('close', () => resolve())),
  );
  await Promise.any(closed);
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
});

test('an honest request is answered; the product waits ten seconds for a head and thirty for a body', async () => {
  expect(await (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x' })).text()).toBe('ok');
  expect(PATIENCE).toMatchObject({ headersMs: 10_000, requestMs: 30_000 });
});
