/**
 * Pages of a list, by keyset: a cursor names the last row that was seen by its time and its key, so that a page may
 * end within a millisecond, and rows that arrive meanwhile move nothing. A cursor is opaque to clients and good for
 * the list that gave it alone.
 */
import { Brackets } from 'typeorm';
import type { DataSource, EntitySchema, FindOptionsWhere, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { DomainError } from '../../domain/contract/errors';

export interface ListPage {
  /** Rows of a page, 1 to 100. */
  readonly limit: number;
  /** As an earlier page of the same list gave it; the first page without. */
  readonly cursor?: string | undefined;
}

/** Milliseconds, both included. */
export interface Period {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Goes on in the order of reading; null where nothing comes after. */
  readonly next: string | null;
  /** Goes the other way; null where nothing comes before. */
  readonly previous: string | null;
}

type Name<Row> = keyof Row & string;

export interface List<Row extends ObjectLiteral> {
  readonly entity: EntitySchema<Row>;
  /**
   * The column of the time, then those that tell rows of one millisecond apart: unique together. An index begins with
   * `where` and goes on with them.
   */
  readonly by: readonly [time: Name<Row>, ...key: Name<Row>[]];
  /** How it is read: newest first, or as a queue. */
  readonly order: 'ASC' | 'DESC';
  readonly where: FindOptionsWhere<Row> | FindOptionsWhere<Row>[];
  readonly period?: Period | undefined;
}

type Value = string | number;
type Way = 'next' | 'previous';

/** A place in a list. `with`: the row that stands there belongs to the page. */
interface Place {
  readonly way: Way;
  readonly with: boolean;
  readonly values: readonly Value[];
}

/** Refuses BAD_CURSOR what is no cursor of this list. */
export async function pageOf<Row extends ObjectLiteral>(
  dataSource: DataSource,
  list: List<Row>,
  { limit, cursor }: ListPage,
): Promise<Page<Row>> {
  const from = cursor === undefined ? undefined : decode(dataSource, list, cursor);
  const way = from?.way ?? 'next';
  const found = await selected(dataSource, list, way, from)
    .take(limit + 1)
    .getMany();
  const rows = found.slice(0, limit);
  const beyond = found.length > limit ? placeOf(list, way, rows.at(-1)) : undefined;
  const behind =
    from && (rows.length > 0 ? placeOf(list, opposite(way), rows[0]) : { ...from, way: opposite(way), with: true });
  const back = behind && (await selected(dataSource, list, behind.way, behind).getExists()) ? behind : undefined;
  const [ahead, before] = [beyond && encode(list, beyond), back && encode(list, back)];
  return way === 'next'
    ? { rows, next: ahead ?? null, previous: before ?? null }
    : { rows: rows.toReversed(), next: before ?? null, previous: ahead ?? null };
}

const opposite = (way: Way): Way => (way === 'next' ? 'previous' : 'next');

function selected<Row extends ObjectLiteral>(
  dataSource: DataSource,
  { entity, by, order, where, period }: List<Row>,
  way: Way,
  from: Place | undefined,
): SelectQueryBuilder<Row> {
  const direction = (order === 'ASC') === (way === 'next') ? 'ASC' : 'DESC';
  const query = dataSource
    .getRepository(entity)
    .createQueryBuilder('row')
    .where(new Brackets((inner) => inner.where(where)));
  if (period?.from !== undefined) query.andWhere(`row.${by[0]} >= :from`, { from: period.from });
  if (period?.to !== undefined) query.andWhere(`row.${by[0]} <= :to`, { to: period.to });
  if (from)
    query.andWhere(
      beyond(by, direction === 'ASC' ? '>' : '<', from.with),
      Object.fromEntries(from.values.map((value, at) => [`key${at}`, value])),
    );
  for (const name of by) query.addOrderBy(`row.${name}`, direction);
  return query;
}

/** (a, b, c) > (:0, :1, :2) in the words that an index on `a` serves. */
function beyond(by: readonly string[], sign: '<' | '>', inclusive: boolean, at = 0): string {
  const [name, key] = [`row.${by[at]}`, `:key${at}`];
  if (at === by.length - 1) return `${name} ${sign}${inclusive ? '=' : ''} ${key}`;
  return `(${name} ${sign}= ${key} AND (${name} ${sign} ${key} OR ${beyond(by, sign, inclusive, at + 1)}))`;
}

const placeOf = <Row extends ObjectLiteral>({ by }: List<Row>, way: Way, row: Row | undefined): Place => ({
  way,
  with: false,
  values: by.map((name) => (typeof row?.[name] === 'boolean' ? (row[name] ? 1 : 0) : row?.[name]) as Value),
});

const encode = <Row extends ObjectLiteral>({ entity, order }: List<Row>, place: Place): string =>
  Buffer.from(JSON.stringify([entity.options.name, order, place.way, place.with, ...place.values])).toString(
    'base64url',
  );

const MOST_CHARACTERS = 500;
/** What ids, codes and addresses are made of: anything else is no value of such a column. */
const KEY = /^[\x20-\x7e]{1,190}$/;

function decode<Row extends ObjectLiteral>(dataSource: DataSource, list: List<Row>, cursor: string): Place {
  const { columns } = dataSource.getMetadata(list.entity);
  const [name, order, way, inclusive, ...values] = parsed(cursor);
  const fits = (value: unknown, at: number): boolean => {
    const type = columns.find(({ propertyName }) => propertyName === list.by[at])?.type;
    return type === 'varchar' ? typeof value === 'string' && KEY.test(value) : Number.isSafeInteger(value);
  };
  const ours =
    name === list.entity.options.name &&
    order === list.order &&
    (way === 'next' || way === 'previous') &&
    typeof inclusive === 'boolean';
  if (!ours || values.length !== list.by.length || !values.every(fits)) throw new DomainError('BAD_CURSOR');
  return { way, with: inclusive, values: values as Value[] };
}

function parsed(cursor: string): unknown[] {
  if (/^[A-Za-z0-9_-]+$/.test(cursor) && cursor.length <= MOST_CHARACTERS) {
    try {
      const said: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
      if (Array.isArray(said)) return said;
    } catch {
      // Said below.
    }
  }
  throw new DomainError('BAD_CURSOR');
}
