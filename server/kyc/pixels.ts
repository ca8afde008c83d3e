import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { DomainError } from '../../domain/contract/errors';
import type { CleanDocument } from './document';
import { fairTurns } from './turns';
import type { Turns } from './turns';

/** A document as it is kept: a picture of at most `DRAWN_SIDE` wide and high, whatever it came as. */
export interface Drawing {
  readonly bytes: Buffer;
  readonly mime: 'image/jpeg' | 'image/png';
}

export interface Drawings {
  /**
   * The document drawn anew, so that nothing but what a person would see of it is kept; undefined when it draws
   * nothing, has more than four pages, or needs more than its time or memory. Throws BUSY when too many wait,
   * TOO_MANY_REQUESTS when this user's last one is not done yet, BAD_REQUEST when `gone` says that nobody waits for it
   * any more.
   */
  draw(userId: string, document: CleanDocument, gone: AbortSignal): Promise<Drawing | undefined>;
  close(): void;
}

/** Why nothing was drawn: it draws nothing, or needs more than its memory, its time or its size. */
export type Undrawn = 'nothing' | 'memory' | 'time' | 'size';

export interface DrawingLimits {
  readonly turns?: Turns;
  readonly mostMs?: number;
  /** In KiB. */
  readonly mostMemory?: number;
  readonly onUndrawn?: (why: Undrawn) => void;
}

/** Of one drawing: the process is killed. */
const MOST_MS = 5000;
/**
 * Of the drawing process, in KiB: a picture of 25 million pixels takes 660 MB while it is turned, made smaller and
 * packed.
 */
const MOST_MEMORY = 900_000;
const MOST_DRAWN = 24 * 1024 * 1024;
const DRAW = join(__dirname, 'draw.ts');

/**
 * Draws one document after the other, each in a process of its own: it has none of our secrets, its data is bounded by
 * the system (where the shell knows how: Linux), it is the first that the system ends when memory is short, and it
 * ends with its document.
 */
export function createDrawings(limits: DrawingLimits = {}): Drawings {
  const closing = new AbortController();
  const { turns = fairTurns() } = limits;
  return {
    draw: (userId, document, gone) =>
      turns(userId, AbortSignal.any([gone, closing.signal]), (signal) => drawn(document, signal, limits)),
    close: () => closing.abort(),
  };
}

function drawn(
  document: CleanDocument,
  gone: AbortSignal,
  { mostMs = MOST_MS, mostMemory = MOST_MEMORY, onUndrawn }: DrawingLimits,
): Promise<Drawing | undefined> {
  const limits = `ulimit -c 0; ulimit -d ${mostMemory} 2>/dev/null; echo 1000 2>/dev/null >/proc/self/oom_score_adj; exec "$0" "$@"`;
  const node = [process.execPath, '--max-old-space-size=256', '--require', 'tsx/cjs', DRAW];
  // Of the settings none: whoever takes this process over finds no secret in it.
  const child = spawn('/bin/sh', ['-c', limits, ...node], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {},
    cwd: join(__dirname, '../..'),
  });
  const kill = (): void => void child.kill('SIGKILL');
  let killedFor: Undrawn | undefined;
  const end = (why: Undrawn): void => {
    killedFor = why;
    kill();
  };
  const timer = setTimeout(() => end('time'), mostMs);
  gone.addEventListener('abort', kill, { once: true });
  return new Promise<Drawing | undefined>((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    child.stdout.on('data', (part: Buffer) => {
      length += part.length;
      if (length > MOST_DRAWN) end('size');
      else parts.push(part);
    });
    // It may end before it has read everything.
    child.stdin.on('error', () => undefined);
    child.stdin.end(document.bytes);
    child.on('error', () => reject(new DomainError('BUSY')));
    child.on('close', (code, signal) => {
      const bytes = Buffer.concat(parts);
      if (code === 0 && bytes.length > 0)
        return resolve({ bytes, mime: bytes[0] === 0x89 ? 'image/png' : 'image/jpeg' });
      // Who is refused memory aborts.
      onUndrawn?.(killedFor ?? (signal === 'SIGABRT' ? 'memory' : 'nothing'));
      resolve(undefined);
    });
  }).finally(() => {
    clearTimeout(timer);
    gone.removeEventListener('abort', kill);
  });
}
