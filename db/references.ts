import { hash } from 'node:crypto';
import { replacementRange } from '../domain/references';

const CHARACTERS = 26;
const hashOf = (text: string): string => hash('sha256', text, 'base64url').slice(0, CHARACTERS);

/**
 * A row's id that follows from a reference, all of it: the same request sent again makes the same row, and references
 * that differ anywhere make different ones. Never a part of the reference: two may end alike, and what they are made
 * of is no id to the API.
 */
export const idFrom = (prefix: string, reference: string): string => `${prefix}_${hashOf(reference)}`;

/** Characters: of the time in base 36 (until the year 5188), of the rank, and of the hash behind them (84 bits). */
const [TIME, RANK, TAIL] = [9, 2, 14];
const MOST_RANK = 36 ** RANK - 1;
const base36 = (value: number, characters: number): string => value.toString(36).padStart(characters, '0');

/**
 * As `idFrom`, behind the time (ms), for tables that grow without end: ids sort as they were made, so that rows go to
 * the end of the index. `rank` tells those of one owner and millisecond apart: it may count what its owner has made,
 * never what all have made together.
 */
export const timedIdFrom = (prefix: string, at: number, rank: number, reference: string): string =>
  `${prefix}${base36(at, TIME)}${base36(rank < MOST_RANK ? rank : MOST_RANK, RANK)}${hashOf(reference).slice(0, TAIL)}`;

/** The reference itself where it is short enough for its column, else its head and a hash of all of it. */
export const fitted = (reference: string, most: number): string =>
  reference.length <= most ? reference : `${reference.slice(0, most - CHARACTERS - 1)}~${hashOf(reference)}`;

const MARKS = replacementRange('');

/**
 * SQL: is `row` (an alias of chain_transactions) a replacement of the transaction whose id the SQL expression
 * `original` is? By the primary key.
 */
export const replacesSql = (row: string, original: string): string =>
  `${row}.id > CONCAT(${original}, '${MARKS.above}') AND ${row}.id < CONCAT(${original}, '${MARKS.below}')`;

/** SQL: is `row` (an alias of chain_transactions) a replacement of any transaction? */
export const isReplacementSql = (row: string): string => `${row}.id LIKE '%${MARKS.above}%'`;
