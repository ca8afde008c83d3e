import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';

/** Whole lines on disk that only grow. What was appended survives a kill at any moment. */
export interface AppendLog {
  /** The lines that were there when it was opened. */
  readonly lines: readonly string[];
  /**
   * Returns when the line is on the disk. After a failed write nothing more is taken until the file is opened again.
   */
  append(line: string): void;
  close(): void;
}

/**
 * Opens or makes the file. A last line without its end was cut off by a kill: whoever waited for it was never
 * answered, so it is cut away; left there, the next line would grow together with it and both would be lost.
 */
export function openLog(file: string): AppendLog {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
  const fd = openSync(file, 'a', 0o600);
  let broken = false;
  return {
    lines: whole.split('\n').filter((line) => line !== ''),
    append: (line) => {
      if (broken) throw new Error(`${file} could not be written before; start again`);
      broken = true;
      const bytes = Buffer.from(`${line}\n`);
      if (writeSync(fd, bytes) !== bytes.length) throw new Error(`${file} is full`);
      fsyncSync(fd);
      broken = false;
    },
    close: () => closeSync(fd),
  };
}
