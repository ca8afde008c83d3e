import { z } from 'zod';
import type { SessionItem } from '../../domain/contract/api/accounts';
import { DomainError } from '../../domain/contract/errors';

/** The place after or before a session, by its time and name, as pages of tables have it. */
const place = z.tuple([z.literal('sessions'), z.enum(['next', 'previous']), z.number().int(), z.string().max(64)]);
type Way = 'next' | 'previous';

/** A page of a list that is whole in memory. `all`: newest first. Refuses BAD_CURSOR. */
export function pageOfSessions(
  all: readonly SessionItem[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): { items: SessionItem[]; next: string | null; previous: string | null } {
  const from = cursor === undefined ? undefined : decode(cursor);
  const before = (one: SessionItem): boolean =>
    from !== undefined && (one.createdAt > from.at || (one.createdAt === from.at && one.id > from.id));
  const isThere = (one: SessionItem): boolean => from !== undefined && one.createdAt === from.at && one.id === from.id;
  const behind = all.filter((one) => before(one));
  const ahead = from ? all.filter((one) => !before(one) && !isThere(one)) : all;
  const items = from?.way === 'previous' ? behind.slice(-limit) : ahead.slice(0, limit);
  const [first, last] = [items[0], items.at(-1)];
  return {
    items: [...items],
    next: last && last !== all.at(-1) ? encode('next', last) : null,
    previous: first && first !== all[0] ? encode('previous', first) : null,
  };
}

const encode = (way: Way, { createdAt, id }: SessionItem): string =>
  Buffer.from(JSON.stringify(['sessions', way, createdAt, id])).toString('base64url');

function decode(cursor: string): { way: Way; at: number; id: string } {
  try {
    const [, way, at, id] = place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return { way, at, id };
  } catch {
    throw new DomainError('BAD_CURSOR');
  }
}
