/** A copy of the tree from which one line at a time is taken out, to see that somebody notices. */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LOCAL, ROOT } from '../../deploy/config/paths';
import { gitFiles } from './files';

/** A line of the product that holds something up. */
export interface Line {
  readonly file: string;
  /** Text that is in the file once (see `placesOf`), and what stands there without the guard. */
  readonly line: string;
  readonly without: string;
}

/** The tree as git knows it, with the packages and tools of this one. */
export function copyTree(to: string): void {
  rmSync(to, { recursive: true, force: true });
  for (const file of gitFiles()) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(ROOT, file), join(to, file));
  }
  mkdirSync(join(to, '.local'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(to, 'node_modules'), 'junction');
  mkdirSync(join(LOCAL, 'tools'), { recursive: true });
  symlinkSync(join(LOCAL, 'tools'), join(to, '.local', 'tools'), 'junction');
}

/**
 * Where a guard's text stands in a file. Spaces, line ends and the comma after a last element do not count: the
 * formatter sets them, and may set a line differently when something beside it changes.
 */
export function placesOf(text: string, line: string): { from: number; to: number }[] {
  const words = line.match(/\w+|[^\w\s]/g) ?? [];
  const pattern = words
    .map((word) => (/^[)\]}]$/.test(word) ? `,?\\s*\\${word}` : word.replace(/\W/g, '\\$&')))
    .join('\\s*');
  return [...text.matchAll(new RegExp(pattern, 'g'))].map((match) => ({
    from: match.index,
    to: match.index + match[0].length,
  }));
}

/** Does the work in a copy that lacks the line; answers undefined where the line is not there, or more than once. */
export function withoutLine<T>(copy: string, { file, line, without }: Line, work: () => T): T | undefined {
  const path = join(copy, file);
  const whole = readFileSync(path, 'utf8');
  const [place, another] = placesOf(whole, line);
  if (!place || another) return undefined;
  writeFileSync(path, whole.slice(0, place.from) + without + whole.slice(place.to));
  try {
    return work();
  } finally {
    writeFileSync(path, whole);
  }
}
