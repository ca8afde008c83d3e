import { createHash } from 'node:crypto';

const CHARACTERS = 26;
const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, CHARACTERS);

/**
 * A row's id that follows from a reference, all of it: the same request sent again makes the same row, and references that differ anywhere
 * make different ones. Never a part of the reference: two may end alike, and what they are made of is no id to the API.
 */
export const idFrom = (prefix: string, reference: string): string => `${prefix}_${hashOf(reference)}`;

/** The reference itself where it is short enough for its column, else its head and a hash of all of it. */
export const fitted = (reference: string, most: number): string =>
  reference.length <= most ? reference : `${reference.slice(0, most - CHARACTERS - 1)}~${hashOf(reference)}`;
