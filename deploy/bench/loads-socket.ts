import { WebSocket } from 'ws';
import { Dice, drawOrder } from './draw';
import { nextKey, person } from './loads';
import type { House } from './loads';
import type { Tally } from './tally';

interface Told {
  readonly id: number;
  readonly order?: { readonly id: string };
  readonly error?: { readonly code: string };
}

/** Orders over WebSockets, each with so many on their way at once. */
export async function socketLoop(tally: Tally, { port, people, seconds, sockets, outstanding }: House & { seconds: number; sockets: number; outstanding: number }): Promise<void> {
  const lines = await Promise.all(Array.from({ length: sockets }, (_, at) => open(port, person(people, at * 3).cookie)));
  const end = performance.now() + seconds * 1000;
  const one = (line: WebSocket, at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const dice = new Dice(at + 5001);
      const begun = new Map<number, number>();
      let n = 0;
      const send = (): void => {
        begun.set(++n, performance.now());
        line.send(JSON.stringify({ id: n, op: 'place', order: { ...drawOrder(dice), clientOrderId: nextKey() } }));
      };
      line.on('message', (data: Buffer) => {
        const { id, order, error } = JSON.parse(data.toString()) as Told;
        tally.time(performance.now() - (begun.get(id) ?? 0));
        begun.delete(id);
        if (order) tally.order(order.id);
        else tally.refuse(error?.code ?? 'NO_ANSWER');
        if (performance.now() < end) send();
        else if (begun.size === 0) resolve();
      });
      line.on('close', () => reject(new Error('a socket was closed')));
      for (let first = 0; first < outstanding; first++) send();
    });
  await Promise.all(lines.map(one));
  for (const line of lines) {
    line.removeAllListeners('close');
    line.close();
  }
}

function open(port: number, cookie: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const line = new WebSocket(`ws://127.0.0.1:${port}/order-socket`, { headers: { cookie }, perMessageDeflate: false });
    line.once('open', () => resolve(line));
    line.once('error', reject);
  });
}
