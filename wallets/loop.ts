import type { EventBus, Logger } from '../domain/contract/ports';

export interface Step {
  readonly name: string;
  run(): Promise<void>;
  /** When it fails, the steps after it are not run in this round: what they would see cannot be trusted. */
  readonly first?: boolean;
}

export interface Loop {
  begin(): void;
  /** Resolves when the round under way has ended. */
  end(): Promise<void>;
  /** The next round at once. */
  now(): void;
  /** Did it stop by itself, at a fatal fault? */
  halted(): boolean;
  /** Rounds that have ended, with faults or without. */
  rounds(): number;
  /** The last fault of each step that fails now. */
  faults(): Record<string, string>;
}

/**
 * What an operator is told of a fault. A chain library's long form names the node's address, with keys that may be in
 * it.
 */
export function reasonOf(error: unknown): string {
  const { shortMessage, message } = (error ?? {}) as { shortMessage?: string; message?: string };
  return shortMessage ?? message ?? String(error);
}

/** Rounds in a row in which a step fails, before an operator is told. */
const TELL_AFTER = 10;
/** A failing step makes the pauses longer, up to so many times. */
const SLOWEST = 10;

/**
 * Runs the steps one after the other, again and again. A step that fails is logged and tried again, later and later up
 * to ten times the pause; the others go on. `fatal` names faults after which nothing more is run until a person has
 * looked.
 */
export function createLoop(
  name: string,
  pollMs: number,
  deps: { logger: Logger; events: EventBus },
  steps: readonly Step[],
  fatal: (error: unknown) => boolean,
): Loop {
  const { logger, events } = deps;
  const failing = new Map<string, { times: number; error: string }>();
  let ended = false;
  let halted = false;
  let hurry = false;
  let rounds = 0;
  let wake: () => void = () => undefined;
  let finished: Promise<void> = Promise.resolve();

  const failed = (step: string, error: unknown): void => {
    const times = (failing.get(step)?.times ?? 0) + 1;
    const text = reasonOf(error);
    failing.set(step, { times, error: text });
    logger.warn(
      { event: 'wallets.step_failed', network: name, step, times, error: text },
      'a step of the wallets failed and will be tried again',
    );
    if (times === TELL_AFTER)
      events.publish({
        name: 'alert',
        code: 'WALLETS_FAILING',
        message: 'A part of the wallets keeps failing.',
        details: { network: name, step, error: text },
      });
  };
  const round = async (): Promise<void> => {
    for (const step of steps) {
      if (ended) return;
      try {
        await step.run();
        failing.delete(step.name);
      } catch (error) {
        failed(step.name, error);
        if (fatal(error)) {
          ended = halted = true;
          events.publish({
            name: 'alert',
            code: 'NETWORK_HALTED',
            message: reasonOf(error),
            details: { network: name },
          });
        }
        if (step.first) return;
      }
    }
  };
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const worst = [...failing.values()].reduce((most, fault) => (fault.times > most ? fault.times : most), 1);
      const timer = setTimeout(resolve, hurry ? 0 : pollMs * (worst < SLOWEST ? worst : SLOWEST));
      hurry = false;
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  return {
    begin: () => {
      finished = (async () => {
        while (!ended) {
          await round();
          rounds++;
          if (!ended) await pause();
        }
      })();
    },
    end: async () => {
      ended = true;
      wake();
      await finished;
    },
    now: () => {
      hurry = true;
      wake();
    },
    halted: () => halted,
    rounds: () => rounds,
    faults: () => Object.fromEntries([...failing].map(([step, fault]) => [step, fault.error])),
  };
}
