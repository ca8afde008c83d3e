/** The load, a process of its own: does one task at a time as it is told, and answers with what it saw. */
import { appendFileSync } from 'node:fs';
import { closedLoop, batches, clear, fill, openLoop, yardstick } from './loads';
import { venueOrders } from './loads-venue';
import { logIn } from './people';
import type { Person } from './people';
import { socketLoop } from './loads-socket';
import type { Outcome } from './tally';
import { Tally } from './tally';

export type Task =
  | {
      readonly kind: 'people';
      readonly port: number;
      readonly emails: readonly string[];
      readonly password: string;
      readonly file: string;
    }
  | { readonly kind: 'rest'; readonly seconds: number; readonly connections: number }
  | { readonly kind: 'batch'; readonly seconds: number; readonly connections: number; readonly size: number }
  | { readonly kind: 'socket'; readonly seconds: number; readonly sockets: number; readonly outstanding: number }
  | { readonly kind: 'open'; readonly seconds: number; readonly rate: number; readonly connections: number }
  | { readonly kind: 'venue'; readonly orders: number }
  | { readonly kind: 'clear'; readonly symbols: readonly string[] }
  | { readonly kind: 'fill'; readonly symbols: readonly string[]; readonly each: number }
  | {
      readonly kind: 'yardstick' | 'limit';
      readonly port: number;
      readonly seconds: number;
      readonly connections: number;
    };

export interface TaskResult extends Outcome {
  /** Processor time of the load itself, in seconds. */
  readonly cpu: number;
  /** Of the venue task: when each order was sent, by its id (ms). */
  readonly sent?: Record<string, number>;
}

let people: readonly Person[] = [];
let port = 0;
let file = '';

async function carryOut(task: Task, tally: Tally): Promise<Record<string, number> | undefined> {
  switch (task.kind) {
    case 'people':
      ({ port, file } = task);
      people = await logIn(port, task.emails, task.password);
      return undefined;
    case 'rest':
      await closedLoop(tally, { port, people, ...task });
      return undefined;
    case 'batch':
      await batches(tally, { port, people, ...task });
      return undefined;
    case 'socket':
      await socketLoop(tally, { port, people, ...task });
      return undefined;
    case 'open':
      await openLoop(tally, { port, people, ...task });
      return undefined;
    case 'clear':
      await clear({ port, people, ...task });
      return undefined;
    case 'fill':
      await fill(tally, { port, people, ...task });
      return undefined;
    case 'limit':
    case 'yardstick':
      await yardstick(tally, task);
      return undefined;
    case 'venue':
      return venueOrders(tally, { port, people, ...task });
  }
}

process.on('message', (task: Task) => {
  const tally = new Tally();
  const before = process.cpuUsage();
  const start = performance.now();
  carryOut(task, tally).then(
    (sent) => {
      const { user, system } = process.cpuUsage(before);
      if (task.kind !== 'yardstick' && task.kind !== 'limit' && tally.acknowledged.length > 0)
        appendFileSync(file, `${tally.acknowledged.join('\n')}\n`);
      const result: TaskResult = {
        ...tally.outcome((performance.now() - start) / 1000),
        cpu: (user + system) / 1e6,
        ...(sent && { sent }),
      };
      process.send?.({ result });
    },
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
