/**
 * What leaves the house. The one place where an answer is made to exactly its schema, whichever door it goes out by.
 */
import { z } from 'zod';
import type { Page } from '../../db/stores/pages';
import type { ServerConfig, ServerDeps } from '../deps';

/** A row of a list that could not be presented; the others are shown all the same. */
export class Unreadable {
  constructor(
    readonly id: string,
    readonly why: string,
  ) {}
}

export interface Answers {
  /**
   * The answer as its schema says. In a list, what does not fit is left out, named in `unreadable`, and operators hear
   * of it once; anything else that does not fit throws. What a presenter gave beyond its view is stripped, and with
   * `exactAnswers`, as in tests, it is a fault.
   */
  make<Schema extends z.ZodType>(schema: Schema, answer: unknown, what: string): z.output<Schema>;
}

/** Operators hear of so many rows; then the count begins anew. */
const MOST_TOLD = 1000;

export function createAnswers(
  { events, logger }: Pick<ServerDeps, 'events' | 'logger'>,
  { exactAnswers = false }: Pick<ServerConfig, 'exactAnswers'>,
): Answers {
  const told = new Set<string>();
  const tell = (what: string, { id, why }: Unreadable): void => {
    if (told.size >= MOST_TOLD) told.clear();
    if (told.has(`${what} ${id}`)) return;
    told.add(`${what} ${id}`);
    logger.error({ event: 'http.row_unreadable', what, id, why }, 'a row of a list cannot be shown');
    events.publish({
      name: 'alert',
      code: 'ROW_UNREADABLE',
      message: 'A row of a list cannot be shown.',
      details: { list: what, id },
    });
  };
  return {
    make: (schema, answer, what) => {
      let [whole, view] = [answer, schema.safeParse(answer)];
      const item = view.success ? undefined : itemOf(schema);
      if (item && isList(answer)) {
        const list = readable(item, answer);
        for (const row of list.unreadable) tell(what, row);
        whole = list.answer;
        view = schema.safeParse(whole);
      }
      if (!view.success) throw new Error(`the answer of ${what} does not fit its schema: ${view.error.message}`);
      const beyond = exactAnswers ? stripped(whole, view.data) : undefined;
      if (beyond !== undefined) throw new Error(`the answer of ${what} has what its schema does not name: ${beyond}`);
      return view.data;
    },
  };
}

/** A page of rows as an answer: one that cannot be presented does not take the others with it. */
export function presentPage<Row extends object, View>(
  { rows, next, previous }: Page<Row>,
  present: (row: Row) => View,
): { items: View[]; next: string | null; previous: string | null } {
  const items = rows.map((row) => {
    try {
      return present(row);
    } catch (error) {
      // Taken out again where the answer is made.
      return new Unreadable(nameOf(row), wordsOf(error)) as View;
    }
  });
  return { items, next, previous };
}

interface ListAnswer {
  readonly items: readonly unknown[];
}
const isList = (answer: unknown): answer is ListAnswer => Array.isArray((answer as Partial<ListAnswer> | null)?.items);

/** Of a schema made by `listOf` or `pageOf`: that of its items. */
const itemOf = (schema: z.ZodType): z.ZodType | undefined =>
  schema instanceof z.ZodObject && schema.shape.items instanceof z.ZodArray && 'unreadable' in schema.shape
    ? (schema.shape.items.element as z.ZodType)
    : undefined;

function readable(schema: z.ZodType, answer: ListAnswer): { answer: ListAnswer; unreadable: Unreadable[] } {
  const unreadable: Unreadable[] = [];
  const items = answer.items.filter((item) => {
    const fault = item instanceof Unreadable ? item : faultOf(schema, item);
    if (fault) unreadable.push(fault);
    return !fault;
  });
  return {
    answer: { ...answer, items, ...(unreadable.length > 0 && { unreadable: unreadable.map(({ id }) => id) }) },
    unreadable,
  };
}

function faultOf(schema: z.ZodType, item: unknown): Unreadable | undefined {
  const { success, error } = schema.safeParse(item);
  return success ? undefined : new Unreadable(nameOf(item), wordsOf(error));
}

function nameOf(row: unknown): string {
  const { id, symbol, tradeId, network, address } = (row ?? {}) as Record<string, unknown>;
  return (
    [id ?? symbol ?? network, tradeId ?? (id === undefined ? address : undefined)]
      .filter((part) => part !== undefined)
      .join(' ') || '?'
  );
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 500);

/** The first name that is in the answer and not in what its schema made of it. */
function stripped(answer: unknown, view: unknown, at = ''): string | undefined {
  if (typeof answer !== 'object' || answer === null || typeof view !== 'object' || view === null) return undefined;
  for (const [name, value] of Object.entries(answer)) {
    if (value === undefined) continue;
    const path = at === '' ? name : `${at}.${name}`;
    if (!(name in view)) return path;
    const deeper = stripped(value, (view as Record<string, unknown>)[name], path);
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}
