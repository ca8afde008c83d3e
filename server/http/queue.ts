import { DomainError } from '../../domain/contract/errors';

/**
 * Lets so many pieces of work run side by side; the others wait in the order they came, those of an earlier lane
 * first. Throws BUSY when more than `mostWaiting` of the lane would wait: who fills one lane takes no place in
 * another.
 */
export function inLanes<Lane extends string>(
  lanes: readonly Lane[],
  sideBySide: number,
  mostWaiting: number,
): { run<T>(lane: Lane, work: () => Promise<T>): Promise<T>; waiting(lane: Lane): number } {
  let running = 0;
  const queues = new Map(lanes.map((lane) => [lane, [] as (() => void)[]]));
  const queueOf = (lane: Lane): (() => void)[] => queues.get(lane) as (() => void)[];
  return {
    waiting: (lane) => queueOf(lane).length,
    run: async (lane, work) => {
      if (running >= sideBySide) {
        const queue = queueOf(lane);
        if (queue.length >= mostWaiting) throw new DomainError('BUSY');
        await new Promise<void>((resolve) => queue.push(resolve));
      } else running++;
      try {
        return await work();
      } finally {
        const next = lanes
          .map(queueOf)
          .find((queue) => queue.length > 0)
          ?.shift();
        if (next) next();
        else running--;
      }
    },
  };
}

/** One lane of it. */
export function atMost(sideBySide: number, mostWaiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  const queue = inLanes(['all'], sideBySide, mostWaiting);
  return (work) => queue.run('all', work);
}
