/** Who is logged in. */
import { computed, ref } from 'vue';
import type { SessionView, UserView } from '../../domain/contract/api/accounts';
import { api, rememberToken, whenLoggedOut } from '../api/client';
import { connectLive } from '../api/live';

export const user = ref<UserView | null>(null);
export const isAdmin = computed(() => user.value?.role === 'admin');
/** An admin who must set up a second factor before anything of an admin's is answered. */
export const secondFactorDue = ref(false);
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

export async function enter(kind: 'login' | 'register', body: { email: string; password: string; locale?: 'en' | 'fa'; code?: string }): Promise<void> {
  take(await api.post<SessionView>(kind === 'login' ? '/session' : '/accounts', body));
}

export async function logOut(): Promise<void> {
  await api.delete('/session');
  take({ user: null, csrfToken: null, secondFactorDue: false });
}
