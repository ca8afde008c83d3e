import { createReadStream, existsSync, mkdirSync, openSync, truncateSync, writeSync, fdatasync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

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
  async open(apply: (record: T) => void): Promise<void> {
    mkdirSync(dirname(this.file), { recursive: true });
    let good = 0;
    if (existsSync(this.file)) {
      for await (const line of createInterface({ input: createReadStream(this.file) })) {
        let record: T;
        try {
          record = JSON.parse(line) as T;
        } catch {
          break;
        }
        apply(record);
        good += Buffer.byteLength(line) + 1;
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
