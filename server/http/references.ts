import { createHash } from 'node:crypto';

/**
 * An id that follows from a command's reference, so that the same request sent again makes the same command, word for
 * word, and the engine answers it the same way.
 */
export const idFrom = (prefix: string, reference: string): string =>
  `${prefix}_${createHash('sha256').update(reference).digest('base64url').slice(0, 26)}`;
