/** The shape of an endpoint, and what most have in common. */
import { z } from 'zod';
import type { ErrorCode } from '../../errors';
import { byId, nothing } from '../common';
import type { SecurityEventKind } from '../security';

/**
 * public: anybody. user: logged in. confirmed: with an address that is known to be theirs. verified: identity
 * approved. active: and not frozen. admin: an operator.
 */
export type Access = 'public' | 'user' | 'confirmed' | 'verified' | 'active' | 'admin';
export type LimitName = 'login' | 'register' | 'document' | 'quote' | 'change' | 'order' | 'read';
export type Method = 'get' | 'post' | 'delete';

export interface Endpoint {
  readonly method: Method;
  /** Below /api, in the manner of express. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly limit: LimitName;
  readonly status: 200 | 201 | 202;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType;
  /**
   * multipart: the body's fields and a file `document`. optional-json: no body at all is an empty one. long-json: up
   * to a megabyte, read only after its sender is known.
   */
  readonly carries: 'json' | 'optional-json' | 'long-json' | 'multipart' | 'nothing';
  /** Needs the Idempotency-Key header. */
  readonly idempotent: boolean;
  /** `file`: bytes, not JSON. */
  readonly answers: z.ZodType | 'file';
  readonly refuses: readonly ErrorCode[];
  /** The security event that each answer of it is: done, or refused for who asked. */
  readonly event: SecurityEventKind | null;
}

export const none = z.strictObject({});
const DEFAULTS = {
  method: 'get',
  access: 'user',
  limit: 'read',
  status: 200,
  params: none,
  query: z.object({}),
  body: z.unknown(),
  carries: 'nothing',
  idempotent: false,
  refuses: [],
  event: null,
} as const;

const CHANGES = { ...DEFAULTS, method: 'post', limit: 'change' } as const;

/** `Rest` over `Base`, as a spread does it. */
type Over<Base, Rest> = Omit<Base, keyof Rest> & Rest & { path: string; summary: string };
export const get = <const T extends object>(path: string, summary: string, rest: T): Over<typeof DEFAULTS, T> => ({
  ...DEFAULTS,
  path,
  summary,
  ...rest,
});
export const post = <const T extends object>(path: string, summary: string, rest: T): Over<typeof CHANGES, T> => ({
  ...CHANGES,
  path,
  summary,
  ...rest,
});

export const ADMIN = { access: 'admin' } as const;
export const decide = { ...ADMIN, params: byId, answers: nothing } as const;
