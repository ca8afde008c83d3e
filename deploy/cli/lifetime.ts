/**
 * What a command has started and must stop again, however it ends: by itself, by Ctrl-C, by SIGTERM, or by its
 * deadline.
 */

type Stop = () => void | Promise<unknown>;

/** Exit codes of shells: 128 and the number of the signal. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const stops = new Set<Stop>();
let handles = false;
let ending: Promise<void> | undefined;

/**
 * Registers how to stop something that outlives this process. Answers how to take the registration back, once it was
 * stopped. In tests, which have no command around them, it only remembers.
 */
export function stopAtEnd(stop: Stop): () => void {
  stops.add(stop);
  if (handles) listen();
  return () => void stops.delete(stop);
}

let listening = false;
/**
 * Only once something has to be stopped: until then a signal ends the process as usual, even in the middle of a
 * computation.
 */
function listen(): void {
  if (listening) return;
  listening = true;
  for (const [signal, code] of Object.entries(SIGNALS)) {
    process.on(signal, () => void end(`\n  Stopping ...\n`, code));
  }
  // A fault that nobody caught ends the command as it would without us, but what was started is stopped first.
  for (const fault of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(
      fault,
      (error: unknown) => void end(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`, 1),
    );
  }
}

/** Stops everything, the last started first, and exits. What comes while it does so waits for the same end. */
function end(words: string, code: number): Promise<void> {
  ending ??= (async () => {
    process.stderr.write(words);
    for (const stop of [...stops].reverse()) await Promise.resolve(stop()).catch(() => undefined);
    process.exit(code);
  })();
  return ending;
}

/**
 * Runs a command: its number is the exit code; what it throws means that it could not run (2). What it has started is
 * stopped at SIGINT, SIGTERM and SIGHUP too. A command that is not done after `deadlineSeconds` has failed (1).
 */
export function runCommand(main: () => Promise<number>, deadlineSeconds?: number): void {
  handles = true;
  if (stops.size > 0) listen();
  if (deadlineSeconds !== undefined) {
    const late = `It did not end within ${deadlineSeconds} s, and was stopped.\n`;
    setTimeout(() => void end(late, 1), deadlineSeconds * 1000).unref();
  }
  main().then(
    (code) => ending ?? end('', code),
    (error: unknown) => ending ?? end(`${error instanceof Error ? error.message : String(error)}\n`, 2),
  );
}
