import { nextKey, person } from './loads';
import type { House } from './loads';
import type { Tally } from './tally';
import { Wire, request } from './wire';

const PAUSE_MS = 120;

/** The wall clock with its fractions: found at the moment when its millisecond turns. */
function wallClock(): () => number {
  const before = Date.now();
  while (Date.now() === before);
  const offset = Date.now() - performance.now();
  return () => performance.now() + offset;
}

/** Orders at market, one after the other, that are executed at the venue. Answers when each was sent, by its id. */
export async function venueOrders(
  tally: Tally,
  { port, people, orders }: House & { orders: number },
): Promise<Record<string, number>> {
  const wire = await Wire.open(port);
  const now = wallClock();
  const sent: Record<string, number> = {};
  for (let n = 0; n < orders; n++) {
    const body = JSON.stringify({ symbol: 'ETHUSDT', side: n % 2 ? 'SELL' : 'BUY', type: 'MARKET', quantity: '0.01' });
    const at = now();
    const answer = await wire.ask(
      request('POST', '/api/orders', `${person(people, n).headers}Idempotency-Key: ${nextKey()}\r\n`, body),
    );
    tally.time(now() - at);
    if (answer.status === 201) {
      const { id } = JSON.parse(answer.body) as { id: string };
      tally.order(id);
      sent[id] = at;
    } else tally.refuse(String(answer.status));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  wire.close();
  return sent;
}
