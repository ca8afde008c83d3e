import { WebSocket } from 'ws';
import { Dice, drawOrder } from './draw';
import { nextKey, person } from './loads';
import type { House } from './loads';
import type { Tally } from './tally';

interface Told {
  readonly id: number;
  readonly order?: { readonly id: string; readonly status: string; readonly working: boolean };
  readonly error?: { readonly code: string };
}

/** Of the 200 that a market allows; what is under way may rest too. */
const MOST_RESTING = 100;

/** Orders over WebSockets, each with so many on their way at once. */
export async function socketLoop(
  tally: Tally,
  { port, people, seconds, sockets, outstanding }: House & { seconds: number; sockets: number; outstanding: number },
): Promise<void> {
  const lines = await Promise.all(
    Array.from({ length: sockets }, (_, at) => open(port, person(people, at * 3).cookie)),
  );
  const end = performance.now() + seconds * 1000;
  const one = (line: WebSocket, at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const dice = new Dice(at + 5001);
      const begun = new Map<number, { readonly at: number; readonly cancels?: string | undefined }>();
      const resting: string[] = [];
      let n = 0;
      const send = (): void => {
        // A user may have so many open orders and no more: the oldest makes room.
        const cancels = resting.length >= MOST_RESTING ? resting.shift() : undefined;
        begun.set(++n, { at: performance.now(), cancels });
        const wish =
          cancels === undefined
            ? { op: 'place', order: { ...drawOrder(dice), clientOrderId: nextKey() } }
            : { op: 'cancel', orderId: cancels };
        line.send(JSON.stringify({ id: n, ...wish }));
      };
      line.on('message', (data: Buffer) => {
        const { id, order, error } = JSON.parse(data.toString()) as Told;
        const { at = 0, cancels } = begun.get(id) ?? {};
        tally.time(performance.now() - at);
        begun.delete(id);
        if (!order) tally.refuse(error?.code ?? 'NO_ANSWER');
        else if (cancels !== undefined) tally.cancel(order.id);
        else {
          tally.order(order.id);
          if (order.status === 'NEW' && order.working) resting.push(order.id);
        }
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
    const line = new WebSocket(`ws://127.0.0.1:${port}/order-socket`, {
      headers: { cookie },
      perMessageDeflate: false,
    });
    line.once('open', () => resolve(line));
    line.once('error', reject);
  });
}
