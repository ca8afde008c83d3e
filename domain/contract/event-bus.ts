import type { EventName, EventOf, DomainEvent } from './events';
import type { EventBus } from './ports';

/** The bus inside one process. A listener that throws is the listener's fault; the others still hear. */
export function createEventBus(onListenerError: (error: unknown, event: DomainEvent) => void): EventBus {
  const listeners = new Map<EventName, Set<(event: DomainEvent) => void>>();
  return {
    publish: (event) => {
      for (const listener of listeners.get(event.name) ?? []) {
        try {
          listener(event);
        } catch (error) {
          onListenerError(error, event);
        }
      }
    },
    on: <Name extends EventName>(name: Name, listener: (event: EventOf<Name>) => void) => {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      const wrapped = listener as (event: DomainEvent) => void;
      set.add(wrapped);
      return () => void set.delete(wrapped);
    },
  };
}
