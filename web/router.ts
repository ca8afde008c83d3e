import { ref } from 'vue';
import { createRouter, createWebHistory } from 'vue-router';
import { isAdmin, secondFactorDue, user } from './accounts/session';
import { routes } from './pages';
import type { Page } from './pages';

export const router = createRouter({ history: createWebHistory(), routes, scrollBehavior: () => ({ top: 0 }) });

router.beforeEach((to) => {
  const { who } = to.meta;
  if (who !== 'anybody' && !user.value) return { name: 'home' };
  if (who === 'admin' && !isAdmin.value) return { name: 'overview' };
  // The API refuses everything else of an admin's.
  if (who === 'admin' && secondFactorDue.value && to.name !== 'adminSecondFactor') return { name: 'adminSecondFactor' };
  if (to.name === 'home' && user.value) return { name: secondFactorDue.value ? 'adminSecondFactor' : 'overview' };
  return true;
});

declare module 'vue-router' {
  interface RouteMeta {
    who: Page['who'];
    full: boolean;
  }
}

const RELOADED = 'javizen.reloaded';
/** A part of the page could not be fetched, and asking for all of it anew did not help. */
export const isPageMissing = ref(false);

/**
 * A page is fetched when it is first opened. After an upgrade its file has another name: then the whole page is asked
 * for again, once, and opens where the person wanted to go. Where that does not help either (the exchange is away),
 * the page says so.
 */
router.onError((_error, to) => {
  if (sessionStorage.getItem(RELOADED) === to.fullPath) {
    isPageMissing.value = true;
    return;
  }
  sessionStorage.setItem(RELOADED, to.fullPath);
  location.assign(to.fullPath);
});
router.afterEach((_to, _from, failure) => {
  if (failure) return;
  isPageMissing.value = false;
  sessionStorage.removeItem(RELOADED);
});
