import { DomainError } from '../../domain/contract/errors';

/**
 * Lets so many pieces of work run side by side; the others wait in the order they came. Throws BUSY when more than `mostWaiting` would wait.
 */
export function atMost(sideBySide: number, mostWaiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= sideBySide) {
      if (waiting.length >= mostWaiting) throw new DomainError('BUSY');
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
