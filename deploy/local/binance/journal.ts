import { existsSync, fdatasync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Append-only file of JSON lines. `append` resolves when the line is on the disk; lines that come while one write is
 * under way share the next. A half-written last line (a kill in the middle) was never answered for, and is cut off.
 */
export class Journal<T extends object> {
  private fd = -1;
  private waiting: { line: string; done: (error?: Error) => void }[] = [];
  private writing = false;

  constructor(private readonly file: string) {}

  /** Reads every whole line in order, then opens the file for appending. */
  open(apply: (record: T) => void): void {
    mkdirSync(dirname(this.file), { recursive: true });
    if (existsSync(this.file)) {
      const bytes = readFileSync(this.file);
      let good = 0;
      // Only what a line end closes was written whole: a record cut just before it must not run into the next one.
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, good)) {
        apply(JSON.parse(bytes.toString('utf8', good, end)) as T);
        good = end + 1;
      }
      truncateSync(this.file, good);
    }
    this.fd = openSync(this.file, 'a');
  }

  append(record: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ line: `${JSON.stringify(record)}\n`, done: (error) => (error ? reject(error) : resolve()) });
      this.flush();
    });
  }

  /** Not waited for: what may be lost in a crash (the replay's position). */
  note(record: T): void {
    this.append(record).catch(() => undefined);
  }

  private flush(): void {
    if (this.writing || this.waiting.length === 0) return;
    this.writing = true;
    const batch = this.waiting;
    this.waiting = [];
    const end = (error?: Error): void => {
      this.writing = false;
      for (const entry of batch) entry.done(error);
      this.flush();
    };
    try {
      writeSync(this.fd, batch.map((entry) => entry.line).join(''));
    } catch (error) {
      return end(error as Error);
    }
    fdatasync(this.fd, (error) => end(error ?? undefined));
  }
}
