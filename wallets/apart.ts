import type { EventBus, Logger } from '../domain/contract/ports';
import type { Network } from '../domain/registry';
import { reasonOf } from './loop';

/**
 * Rounds in a row in which one thing fails, before an operator is told of it: a node that is away for a moment is no
 * news.
 */
const TELL_AFTER = 60;

/** Does one piece of work; never throws. */
export type Apart = (name: string, work: () => Promise<unknown>) => Promise<void>;

/**
 * Pieces of work apart from each other: one that fails is logged and tried again by the next round, the others go on.
 * What keeps failing an operator is told of, once. `what` they are pieces of, for people.
 */
export function createApart(
  { events, logger, network }: { events: EventBus; logger: Logger; network: Network },
  what: string,
): Apart {
  const failing = new Map<string, number>();
  return async (name, work) => {
    try {
      await work();
      failing.delete(name);
    } catch (error) {
      const times = (failing.get(name) ?? 0) + 1;
      failing.set(name, times);
      const details = { network: network.id, what, name, error: reasonOf(error) };
      logger.warn(
        { event: 'wallets.item_failed', ...details, times },
        'something could not be taken further and will be tried again',
      );
      if (times === TELL_AFTER)
        events.publish({ name: 'alert', code: 'WALLETS_FAILING', message: `A ${what} keeps failing.`, details });
    }
  };
}
