import {
  closeSync,
  existsSync,
  fdatasync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

interface Entry {
  readonly line: string;
  done(error?: Error): void;
}

/**
 * Append-only file of JSON lines. `append` resolves when the line is on the disk; lines that come while one write is
 * under way share the next. A half-written last line (a kill in the middle) was never answered for, and is cut off.
 */
export class Journal<T extends object> {
  private fd = -1;
  private waiting: Entry[] = [];
  private writing = false;
  private broken: Error | undefined;

  /**
   * `onBroken`: the memory is now ahead of the disk; usually the end of the process, which then starts from the file.
   */
  constructor(
    private readonly file: string,
    private readonly onBroken: (error: Error) => void = (error) => {
      setImmediate(() => {
        throw error;
      });
    },
  ) {}

  /** Reads every whole line in order, then opens the file for appending. Answers how many there were. */
  open(apply: (record: T) => void): number {
    mkdirSync(dirname(this.file), { recursive: true });
    let lines = 0;
    if (existsSync(this.file)) {
      const bytes = readFileSync(this.file);
      let good = 0;
      // Only what a line end closes was written whole: a record cut just before it must not run into the next one.
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, good)) {
        apply(JSON.parse(bytes.toString('utf8', good, end)) as T);
        good = end + 1;
        lines++;
      }
      truncateSync(this.file, good);
    }
    this.fd = openSync(this.file, 'a');
    return lines;
  }

  /** Puts these records in the place of all there are. A kill leaves the old file or the new one. */
  replace(records: readonly T[]): void {
    const next = openSync(`${this.file}.next`, 'w');
    writeSync(next, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    fsyncSync(next);
    closeSync(next);
    renameSync(`${this.file}.next`, this.file);
    const directory = openSync(dirname(this.file), 'r');
    fsyncSync(directory);
    closeSync(directory);
    closeSync(this.fd);
    this.fd = openSync(this.file, 'a');
  }

  append(record: T): Promise<void> {
    return this.push(`${JSON.stringify(record)}\n`);
  }

  /** Resolves when all that was appended so far is on the disk. */
  settled(): Promise<void> {
    return this.writing || this.waiting.length > 0 ? this.push('') : Promise.resolve();
  }

  /** Not waited for: what may be lost in a crash (the replay's position). */
  note(record: T): void {
    this.append(record).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.settled();
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }

  private push(line: string): Promise<void> {
    if (this.broken) return Promise.reject(this.broken);
    return new Promise((resolve, reject) => {
      this.waiting.push({ line, done: (error) => (error ? reject(error) : resolve()) });
      this.flush();
    });
  }

  private flush(): void {
    if (this.writing || this.waiting.length === 0) return;
    this.writing = true;
    const batch = this.waiting;
    this.waiting = [];
    const end = (error?: Error): void => {
      this.writing = false;
      if (error && !this.broken) {
        this.broken = error;
        this.onBroken(error);
      }
      for (const entry of batch) entry.done(error);
      if (!this.broken) return this.flush();
      for (const entry of this.waiting.splice(0)) entry.done(this.broken);
    };
    try {
      writeSync(this.fd, batch.map((entry) => entry.line).join(''));
    } catch (error) {
      return end(error as Error);
    }
    fdatasync(this.fd, (error) => end(error ?? undefined));
  }
}
