/** Calls to the API. A refusal is thrown as ApiError; its code has words in every language. */
import type { ErrorView } from '../../domain/contract/api/common';

/** `PASSKEY_NOT_USED`: the browser or its owner gave it up. */
export type Code = ErrorView['error']['code'] | 'NETWORK' | 'PASSKEY_NOT_USED';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly code: Code,
    readonly details: Record<string, unknown> = {},
  ) {
    super(code);
  }
}

let csrfToken: string | null = null;
export const rememberToken = (token: string | null): void => {
  csrfToken = token;
};

let loggedOut: () => void = () => undefined;
/** Calls back when the server no longer knows the session. */
export const whenLoggedOut = (callBack: () => void): void => {
  loggedOut = callBack;
};

interface Options {
  readonly body?: object | FormData;
  /** Makes it safe to send the same request again until the outcome is known. */
  readonly key?: string;
}

const PAUSES_MS = [500, 1500, 3000, 5000];
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** With a key the same request may be sent again: it has one effect. */
const worthAgain = (error: unknown): boolean =>
  error instanceof ApiError && ['NETWORK', 'UNKNOWN_OUTCOME', 'INTERNAL'].includes(error.code);

async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await once<T>(method, path, options);
    } catch (error) {
      const wait = PAUSES_MS[attempt];
      if (options.key === undefined || wait === undefined || !worthAgain(error)) throw error;
      await pause(wait);
    }
  }
}

async function once<T>(method: string, path: string, { body, key }: Options): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (csrfToken !== null && method !== 'GET') headers['X-CSRF-Token'] = csrfToken;
  if (key !== undefined) headers['Idempotency-Key'] = key;
  if (body && !(body instanceof FormData)) headers['Content-Type'] = 'application/json';
  const sent = body instanceof FormData ? body : body && JSON.stringify(body);
  const response = await fetch(`/api${path}`, {
    method,
    headers,
    credentials: 'same-origin',
    ...(sent && { body: sent }),
  }).catch(() => {
    throw new ApiError('NETWORK');
  });
  const answer = (await response.json().catch(() => ({}))) as T & Partial<ErrorView>;
  if (response.ok) return answer;
  if (answer.error?.code === 'NOT_LOGGED_IN') loggedOut();
  throw new ApiError(answer.error?.code ?? 'NETWORK', answer.error?.details);
}

export const api = {
  get: <T>(path: string): Promise<T> => request<T>('GET', path),
  post: <T>(path: string, body?: object | FormData, key?: string): Promise<T> =>
    request<T>('POST', path, { body, key }),
  delete: <T>(path: string): Promise<T> => request<T>('DELETE', path),
  file: async (path: string): Promise<Blob> => {
    const response = await fetch(`/api${path}`, { credentials: 'same-origin' });
    if (!response.ok) throw new ApiError('NOT_FOUND');
    return response.blob();
  },
};

/** A new Idempotency-Key. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
