/** Who is logged in. */
import { computed, ref } from 'vue';
import type { SessionView, UserView } from '../../domain/contract/api/accounts';
import type { Locale } from '../../domain/contract/api/languages';
import type { Assertion } from '../../domain/contract/api/passkeys';
import { challengeIn, solveBeside } from '../account/challenge';
import { ApiError, api, rememberToken, whenLoggedOut } from '../api/client';
import { connectLive, leaveLive } from '../api/live';

export const user = ref<UserView | null>(null);
export const isAdmin = computed(() => user.value?.role === 'admin');
/** An admin who must set up a second factor before anything of an admin's is answered. */
export const secondFactorDue = ref(false);
export const isConfirmed = computed(() => user.value?.emailConfirmed !== false);
/** Nothing leaves the account and it takes no order. */
export const isFrozen = computed(() => user.value?.frozen === true);
export const isVerified = computed(() => user.value?.kycState === 'APPROVED');

function take(session: SessionView): void {
  const changed = session.user?.id !== user.value?.id || session.secondFactorDue !== secondFactorDue.value;
  secondFactorDue.value = session.secondFactorDue;
  user.value = session.user;
  rememberToken(session.csrfToken);
  if (changed) connectLive();
}

whenLoggedOut(() => take({ user: null, csrfToken: null, secondFactorDue: false }));

const AGAIN_MS = 1500;
/** Until the exchange has said who is logged in nobody is taken for a visitor. `waiting` hears each try that failed. */
export async function knowSession(waiting: () => void): Promise<void> {
  for (;;) {
    try {
      return await loadSession();
    } catch {
      waiting();
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

export async function loadSession(): Promise<void> {
  take(await api.get<SessionView>('/session'));
}

interface Credentials {
  readonly email: string;
  readonly password: string;
}

/**
 * Logs in. Where many log-ins to the account have failed the exchange asks for work first, which the browser does
 * beside the page; `working` is told meanwhile.
 */
export async function logIn(
  body: Credentials & { readonly code?: string; readonly passkey?: Assertion },
  working: (isWorking: boolean) => void,
): Promise<void> {
  try {
    take(await api.post<SessionView>('/session', body));
  } catch (error) {
    const challenge =
      error instanceof ApiError && error.code === 'CHALLENGE_NEEDED' ? challengeIn(error.details) : null;
    if (!challenge) throw error;
    working(true);
    const proof = await solveBeside(challenge).finally(() => working(false));
    take(await api.post<SessionView>('/session', { ...body, proof }));
  }
}

/** Asks for an account. A letter goes to the address, whether there is one already or not: nobody is told. */
export async function register(body: Credentials & { readonly locale: Locale }): Promise<void> {
  await api.post('/accounts', body);
}

export async function logOut(): Promise<void> {
  leaveLive();
  try {
    await api.delete('/session');
  } catch (error) {
    connectLive();
    throw error;
  }
  take({ user: null, csrfToken: null, secondFactorDue: false });
}
