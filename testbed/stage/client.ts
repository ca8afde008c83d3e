import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { challengeView } from '../../domain/contract/api/accounts';
import { tokenIn } from '../../server/jobs/letter-files';
import { solve } from '../../server/sessions/guesses';

/** A refusal of the API, with its stable code. */
export class ApiRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly details: Record<string, unknown> | undefined,
  ) {
    super(`${status} ${code}${details ? ` ${JSON.stringify(details)}` : ''}`);
  }
}

export interface Session {
  readonly user: { readonly id: string; readonly emailConfirmed: boolean };
}

const LETTER_MS = 15_000;

/** One person's session over public HTTP and the live feed, as a program would use them. */
export class Client {
  protected cookie = '';
  protected csrf = '';
  private socket: Socket | undefined;
  private readonly heard: { name: string; data: unknown }[] = [];

  constructor(readonly url: string) {}

  async call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const form = body instanceof FormData;
    const response = await fetch(`${this.url}/api${path}`, {
      method,
      headers: {
        ...(this.cookie && { cookie: this.cookie }),
        ...(this.csrf && { 'x-csrf-token': this.csrf }),
        ...(body !== undefined && !form && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: form ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const cookies = response.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
    if (cookies.length > 0) this.cookie = cookies.join('; ');
    const answer = (await response.json().catch(() => ({}))) as {
      error?: { code: string; details?: Record<string, unknown> };
      csrfToken?: string;
    };
    if (answer.csrfToken) this.csrf = answer.csrfToken;
    if (!response.ok) throw new ApiRefusal(response.status, answer.error?.code ?? 'NO_ANSWER', answer.error?.details);
    return answer as T;
  }

  /** The same session at another process. */
  at(url: string): this {
    const there = new (this.constructor as new (url: string) => this)(url);
    there.cookie = this.cookie;
    there.csrf = this.csrf;
    return there;
  }

  /**
   * Opens an account, or finds the one that is there, and logs in: the letter that confirms its address is read where
   * the world writes it.
   */
  async openAccount(world: { readonly dir: string }, email: string, password: string): Promise<Session> {
    await this.call('POST', '/accounts', { email, password, locale: 'en' });
    const session = await this.logIn(email, password);
    if (session.user.emailConfirmed) return session;
    await this.call('POST', '/accounts/confirm', { token: await this.tokenOfLetter(join(world.dir, 'mail'), email) });
    return this.logIn(email, password);
  }

  /** A queue that was flushed has lost its letters: then another is asked for. */
  private async tokenOfLetter(mailDir: string, email: string): Promise<string> {
    for (let again = 0; ; again++) {
      try {
        return await until(`a letter to ${email}`, () => tokenIn(mailDir, email, 'confirm'), LETTER_MS);
      } catch (error) {
        if (again === 3) throw error;
        await this.call('POST', '/accounts/resend', { email });
      }
    }
  }

  async logIn(email: string, password: string): Promise<Session> {
    this.cookie = '';
    this.csrf = '';
    try {
      return await this.call('POST', '/session', { email, password });
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.code !== 'CHALLENGE_NEEDED') throw error;
      return this.call('POST', '/session', { email, password, proof: solve(challengeView.parse(error.details)) });
    }
  }

  sendIdentity(name: string, document: Buffer): Promise<{ state: string }> {
    const form = new FormData();
    // A person of their own each time: who is found twice needs two admins.
    const letters = [...randomBytes(6)].map((byte) => String.fromCodePoint(97 + (byte % 26))).join('');
    const fields = {
      fullName: `${name} ${letters}`,
      country: 'GB',
      birthDate: '1990-05-17',
      documentType: 'passport',
      documentNumber: `P${randomBytes(6).toString('hex')}`,
    };
    for (const [field, value] of Object.entries(fields)) form.append(field, value);
    form.append('document', new Blob([new Uint8Array(document)], { type: 'image/png' }), 'passport.png');
    return this.call('POST', '/kyc', form);
  }

  /** Opens the live feed; what it says is kept for `listen`. */
  async live(): Promise<void> {
    this.socket = io(this.url, { path: '/live', transports: ['websocket'], extraHeaders: { cookie: this.cookie } });
    this.socket.on('event', (event: { name: string; data: unknown }) => this.heard.push(event));
    await new Promise<void>((resolve, reject) => {
      this.socket?.once('hello', () => resolve());
      this.socket?.once('connect_error', reject);
    });
  }

  /** How often the live feed has told of this event. */
  heardOf(name: string): number {
    return this.heard.filter((event) => event.name === name).length;
  }

  close(): void {
    this.socket?.disconnect();
  }
}

/** Answers after which the same request may be sent again: nothing is known, or nothing was done. */
const AGAIN = new Set(['UNKNOWN_OUTCOME', 'BUSY', 'INTERNAL', 'TOO_MANY_REQUESTS', 'NO_ANSWER', 'MARKET_CLOSED']);
const LOGGED_OUT = new Set(['NOT_LOGGED_IN', 'CSRF']);

/** A client that lives through kills of the other side: asks again, with the same body and key, and logs in again. */
export class PatientClient extends Client {
  private credentials: { email: string; password: string } | undefined;

  override async call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await super.call<T>(method, path, body, headers);
      } catch (error) {
        if (tries > 400) throw error;
        const refusal = error instanceof ApiRefusal ? error : undefined;
        const loggedOut = refusal && LOGGED_OUT.has(refusal.code) && path !== '/session';
        if (refusal && !loggedOut && !AGAIN.has(refusal.code)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
        if (loggedOut && this.credentials) await this.logIn(this.credentials.email, this.credentials.password);
      }
    }
  }

  override logIn(email: string, password: string): Promise<Session> {
    this.credentials = { email, password };
    return super.logIn(email, password);
  }
}

/** A PNG of one white pixel: the smallest identity document. */
export const DOCUMENT = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==',
  'base64',
);

/** Asks until there is an answer. Rejects with `what` when the time is over. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false | null>,
  timeoutMs = 120_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const found = await check();
      if (found) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(
    `${what} did not happen within ${timeoutMs / 1000} s${last ? ` (${last instanceof Error ? last.message : String(last)})` : ''}`,
  );
}
