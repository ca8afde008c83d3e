/** Loads over HTTP. Each ends by itself: after so many seconds, or so many orders. */
import { Dice, drawOrder, drawResting } from './draw';
import type { DrawnOrder } from './draw';
import type { Person } from './people';
import type { Tally } from './tally';
import { Wire, request } from './wire';
import type { Answer } from './wire';

export interface House {
  readonly port: number;
  readonly people: readonly Person[];
}

/** One command in so many takes back an order that was placed just before. */
const CANCEL_EVERY = 10;
const run = Date.now().toString(36);
let keys = 0;
export const nextKey = (): string => `${run}-${++keys}`.padEnd(8, '0');

export const person = (people: readonly Person[], at: number): Person => people[at % people.length] as Person;

const placing = ({ headers }: Person, order: DrawnOrder): string =>
  request('POST', '/api/orders', `${headers}Idempotency-Key: ${nextKey()}\r\n`, JSON.stringify(order));
const canceling = ({ headers }: Person, id: string): string => request('DELETE', `/api/orders/${id}`, headers);

interface View {
  readonly id: string;
  readonly status: string;
  readonly working: boolean;
}

const codeOf = (body: string): string => /"code":"([A-Z_]+)"/.exec(body)?.[1] ?? 'NO_ANSWER';

/** Answers the order's id while it rests. */
function placed(tally: Tally, { status, body }: Answer): string | undefined {
  if (status !== 201) {
    tally.refuse(codeOf(body));
    return undefined;
  }
  const order = JSON.parse(body) as View;
  tally.order(order.id);
  return order.status === 'NEW' && order.working ? order.id : undefined;
}

function canceled(tally: Tally, id: string, { status, body }: Answer): void {
  if (status === 200) tally.cancel(id);
  else tally.refuse(codeOf(body));
}

/** Below a market's limit of a user's open orders (200), with room for one more batch. */
const MOST_PLACED = 160;

/**
 * Cancels all orders of a user before he has placed as many as may be open, as a program that quotes does: on a quick
 * machine the load would measure refusals otherwise. Not counted: these requests are few, and no load of their own.
 */
function keepRoom(): (wire: Wire, who: Person, coming: number) => Promise<void> {
  const placedBy = new Map<Person, number>();
  return async (wire, who, coming) => {
    const before = placedBy.get(who) ?? 0;
    placedBy.set(who, before + coming > MOST_PLACED ? coming : before + coming);
    if (before + coming > MOST_PLACED) await cancelAll(wire, who, 'JVZJVG');
  };
}

async function cancelAll(wire: Wire, who: Person, symbol: string): Promise<void> {
  const { status, body } = await wire.ask(request('DELETE', `/api/orders?symbol=${symbol}`, who.headers));
  if (status !== 200) throw new Error(`orders were not cancelled: ${body}`);
}

/** Each connection sends its next command when the one before is answered. */
export async function closedLoop(
  tally: Tally,
  { port, people, seconds, connections }: House & { seconds: number; connections: number },
): Promise<void> {
  const wires = await Promise.all(Array.from({ length: connections }, () => Wire.open(port)));
  const end = performance.now() + seconds * 1000;
  const room = keepRoom();
  const one = async (wire: Wire, at: number): Promise<void> => {
    const who = person(people, at);
    const dice = new Dice(at + 1);
    let resting: string | undefined;
    for (let turn = at; performance.now() < end; turn++) {
      await room(wire, who, 1);
      const start = performance.now();
      if (turn % CANCEL_EVERY === 0 && resting !== undefined) {
        canceled(tally, resting, await wire.ask(canceling(who, resting)));
        resting = undefined;
      } else {
        resting = placed(tally, await wire.ask(placing(who, drawOrder(dice)))) ?? resting;
      }
      tally.time(performance.now() - start);
    }
  };
  await Promise.all(wires.map(one));
  for (const wire of wires) wire.close();
}

/** At a fixed rate, whatever the answers do: times count from when an order was due. */
export async function openLoop(
  tally: Tally,
  { port, people, seconds, rate, connections }: House & { seconds: number; rate: number; connections: number },
): Promise<void> {
  const free = await Promise.all(Array.from({ length: connections }, () => Wire.open(port)));
  const wires = [...free];
  const due: number[] = [];
  const dice = new Dice(7);
  const total = Math.floor(seconds * rate);
  const start = performance.now() + 50;
  await new Promise<void>((resolve, reject) => {
    let [sent, answered] = [0, 0];
    const go = (wire: Wire, at: number): void => {
      const who = person(people, sent++);
      wire.ask(placing(who, drawOrder(dice))).then((answer) => {
        placed(tally, answer);
        tally.time(performance.now() - at);
        const next = due.shift();
        if (next === undefined) free.push(wire);
        else go(wire, next);
        if (++answered === total) resolve();
      }, reject);
    };
    let scheduled = 0;
    const tick = (): void => {
      for (const now = performance.now(); scheduled < total && start + (scheduled * 1000) / rate <= now; scheduled++) {
        const at = start + (scheduled * 1000) / rate;
        const wire = free.pop();
        if (wire) go(wire, at);
        else due.push(at);
      }
      if (scheduled < total) setTimeout(tick, 1);
    };
    tick();
  });
  for (const wire of wires) wire.close();
}

async function batch(tally: Tally, wire: Wire, who: Person, orders: readonly DrawnOrder[]): Promise<number> {
  const body = JSON.stringify({ orders: orders.map((order) => ({ ...order, clientOrderId: nextKey() })) });
  const answer = await wire.ask(request('POST', '/api/orders/batch', who.headers, body));
  if (answer.status !== 200) {
    tally.refuse(codeOf(answer.body));
    return 0;
  }
  const { items } = JSON.parse(answer.body) as { items: { order?: View; error?: { code: string } }[] };
  let done = 0;
  for (const { order, error } of items) {
    if (order) {
      tally.order(order.id);
      done++;
    } else tally.refuse(error?.code ?? 'NO_ANSWER');
  }
  return done;
}

export async function batches(
  tally: Tally,
  { port, people, seconds, connections, size }: House & { seconds: number; connections: number; size: number },
): Promise<void> {
  const wires = await Promise.all(Array.from({ length: connections }, () => Wire.open(port)));
  const end = performance.now() + seconds * 1000;
  const room = keepRoom();
  const one = async (wire: Wire, at: number): Promise<void> => {
    const dice = new Dice(at + 1001);
    for (let turn = 0; performance.now() < end; turn++) {
      const who = person(people, at + turn * connections);
      await room(wire, who, size);
      const start = performance.now();
      await batch(
        tally,
        wire,
        who,
        Array.from({ length: size }, () => drawOrder(dice)),
      );
      tally.time(performance.now() - start);
    }
  };
  await Promise.all(wires.map(one));
  for (const wire of wires) wire.close();
}

/** So many resting orders for each user on each of the markets. */
export async function fill(
  tally: Tally,
  { port, people, symbols, each }: House & { symbols: readonly string[]; each: number },
): Promise<void> {
  const wires = await Promise.all(Array.from({ length: 16 }, () => Wire.open(port)));
  const dice = new Dice(99);
  const todo = symbols.flatMap((symbol) => people.map((who) => ({ symbol, who })));
  const one = async (wire: Wire): Promise<void> => {
    for (let next = todo.pop(); next; next = todo.pop()) {
      for (let done = 0; done < each;) {
        const wanted = Math.min(20, each - done);
        const { symbol, who } = next;
        const taken = await batch(
          tally,
          wire,
          who,
          Array.from({ length: wanted }, () => drawResting(dice, symbol)),
        );
        // Its open orders of before leave no room for more.
        if (taken < wanted) break;
        done += taken;
      }
    }
  };
  await Promise.all(wires.map(one));
  for (const wire of wires) wire.close();
}

/**
 * Takes back every open order of everybody, so that no load meets the limit of open orders because of the one before.
 */
export async function clear({ port, people, symbols }: House & { symbols: readonly string[] }): Promise<void> {
  const wires = await Promise.all(Array.from({ length: 16 }, () => Wire.open(port)));
  const todo = symbols.flatMap((symbol) => people.map((who) => ({ symbol, who })));
  const one = async (wire: Wire): Promise<void> => {
    for (let next = todo.pop(); next; next = todo.pop()) await cancelAll(wire, next.who, next.symbol);
  };
  await Promise.all(wires.map(one));
  for (const wire of wires) wire.close();
}

export async function yardstick(
  tally: Tally,
  { port, seconds, connections }: { port: number; seconds: number; connections: number },
): Promise<void> {
  const wires = await Promise.all(Array.from({ length: connections }, () => Wire.open(port)));
  const end = performance.now() + seconds * 1000;
  const one = async (wire: Wire, at: number): Promise<void> => {
    const dice = new Dice(at + 1);
    while (performance.now() < end) {
      const start = performance.now();
      const { status } = await wire.ask(
        request('POST', '/orders', `Authorization: user-${at % 256}\r\n`, JSON.stringify(drawOrder(dice))),
      );
      if (status === 201) tally.placed++;
      else tally.refuse(String(status));
      tally.time(performance.now() - start);
    }
  };
  await Promise.all(wires.map(one));
  for (const wire of wires) wire.close();
}
