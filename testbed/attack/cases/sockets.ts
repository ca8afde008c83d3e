/** The order socket and the live feed: origins, nonsense, many at once, slow heads. */
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { held } from '../attack';
import type { Attack } from '../attack';
import type { Stage } from '../stage';

const wsUrl = (stage: Stage): string => stage.address.url.replace('http', 'ws');
const LIVE = '/live/?EIO=4&transport=websocket';

interface Opened {
  readonly socket: WebSocket | undefined;
  readonly status: number;
}

function open(stage: Stage, path: string, headers: Record<string, string>): Promise<Opened> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${wsUrl(stage)}${path}`, { headers });
    socket.once('open', () => resolve({ socket, status: 101 }));
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      resolve({ socket: undefined, status: response.statusCode ?? 0 });
    });
    socket.on('error', () => resolve({ socket: undefined, status: 0 }));
  });
}

const FOREIGN = ['https://evil.example', 'null', 'http://127.0.0.1.evil.example', 'file://'];

const origins: Attack[] = [LIVE, '/order-socket'].flatMap((path, door) =>
  FOREIGN.map((origin, at): Attack => ({
    id: `SOCKET ${door + 1}.${at + 1}`,
    what: `${path.split('?')[0]} opened by a page of ${origin} in a trader's browser`,
    quick: at === 0,
    run: async (stage) => {
      const { socket, status } = await open(stage, path, { cookie: stage.trader.cookie, origin });
      socket?.terminate();
      held(status !== 101, 'it was opened');
      return `refused (${status || 'closed'})`;
    },
  })),
);

const doors: Attack[] = [
  {
    id: 'SOCKET 3',
    what: 'the order socket without a session, and with a made-up one',
    run: async (stage) => {
      for (const cookie of ['', 'javizen.sid=s%3Aabc.def', 'javizen.sid=']) {
        const { socket, status } = await open(stage, '/order-socket', cookie ? { cookie } : {});
        socket?.terminate();
        held(status === 401, String(status));
      }
      return '401';
    },
  },
  {
    id: 'A8.1',
    what: '30,000 messages that are none on the order socket',
    run: async (stage) => {
      const { socket } = await open(stage, '/order-socket', { cookie: stage.other.cookie });
      if (!socket) throw new Error('the socket could not be opened');
      const closed = new Promise<number>((resolve) => socket.once('close', resolve));
      let sent = 0;
      const pour = setInterval(() => {
        for (let n = 0; n < 500 && sent < 30_000 && socket.readyState === socket.OPEN; n++, sent++)
          socket.send('{"id":1,"op":"no"}');
      }, 5);
      let waited = 0;
      for (const end = performance.now() + 6000; performance.now() < end && socket.readyState === socket.OPEN;) {
        const began = performance.now();
        await stage.stranger().ask('GET', '/healthz');
        waited = Math.max(waited, performance.now() - began);
      }
      clearInterval(pour);
      const isOpen = socket.readyState === socket.OPEN;
      if (isOpen) socket.terminate();
      held(!isOpen, `it is still open after ${sent}`);
      return `closed with ${await closed} after ${sent}; others waited ${Math.round(waited)} ms at most`;
    },
  },
  {
    id: 'A8.2',
    what: '60 order sockets of one account',
    run: async (stage) => {
      const opened = await Promise.all(
        Array.from({ length: 60 }, () => open(stage, '/order-socket', { cookie: stage.other.cookie })),
      );
      const count = opened.filter(({ socket }) => socket !== undefined).length;
      for (const { socket } of opened) socket?.terminate();
      held(count <= 16, `${count} were opened`);
      return `${count} were opened`;
    },
  },
  {
    id: 'A8.3',
    what: 'a head that comes a byte at a time',
    run: async (stage) => {
      const { hostname, port } = new URL(stage.address.url);
      const began = performance.now();
      await new Promise<void>((resolve) => {
        const socket = connect(
          Number(port),
          hostname,
          () => void socket.write('GET /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: '),
        );
        const drip = setInterval(() => socket.write('a'), 1000);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          clearInterval(drip);
          resolve();
        });
        setTimeout(() => socket.destroy(), 40_000).unref();
      });
      const seconds = Math.round((performance.now() - began) / 1000);
      held(seconds < 38, `it was let live for ${seconds} s`);
      return `cut after ${seconds} s`;
    },
  },
  {
    id: 'A8.4',
    what: 'a message of 2 MB on the order socket',
    run: async (stage) => {
      const { socket } = await open(stage, '/order-socket', { cookie: stage.other.cookie });
      if (!socket) throw new Error('the socket could not be opened');
      const closed = new Promise<number>((resolve) => socket.once('close', resolve));
      socket.send(`{"id":1,"op":"place","order":"${'a'.repeat(2_000_000)}"}`);
      const code = await Promise.race([closed, new Promise<number>((resolve) => setTimeout(() => resolve(0), 5000))]);
      socket.terminate();
      held(code !== 0, 'it was read');
      return `closed with ${code}`;
    },
  },
];

export const sockets: readonly Attack[] = [...origins, ...doors];
