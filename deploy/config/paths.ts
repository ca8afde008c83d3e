/** Where the tree is, and where a world on this machine keeps what it has. */
import { join, resolve } from 'node:path';

export const ROOT = resolve(__dirname, '../..');
/** Everything a running world keeps, out of git. */
export const LOCAL = join(ROOT, '.local');
