import { ref } from 'vue';
import { createRouter, createWebHistory } from 'vue-router';
import type { RouteRecordRaw } from 'vue-router';
import { isAdmin, secondFactorDue, user } from './accounts/session';

const routes: RouteRecordRaw[] = [
  { path: '/', name: 'home', component: () => import('./accounts/HomePage.vue') },
  {
    path: '/overview',
    name: 'overview',
    meta: { needs: 'user' },
    component: () => import('./balances/OverviewPage.vue'),
  },
  { path: '/account', name: 'account', meta: { needs: 'user' }, component: () => import('./account/AccountPage.vue') },
  {
    path: '/confirm/:token?',
    name: 'confirm',
    component: () => import('./account/LetterPage.vue'),
    props: { does: 'confirm' },
  },
  {
    path: '/freeze/:token?',
    name: 'freeze',
    component: () => import('./account/LetterPage.vue'),
    props: { does: 'freeze' },
  },
  { path: '/kyc', name: 'kyc', meta: { needs: 'user' }, component: () => import('./kyc/KycPage.vue') },
  { path: '/deposit', name: 'deposit', meta: { needs: 'user' }, component: () => import('./deposits/DepositPage.vue') },
  { path: '/swap', name: 'swap', meta: { needs: 'user' }, component: () => import('./swaps/SwapPage.vue') },
  { path: '/trade/:symbol?', name: 'trade', meta: { full: true }, component: () => import('./trading/TradePage.vue') },
  {
    path: '/withdraw',
    name: 'withdraw',
    meta: { needs: 'user' },
    component: () => import('./withdrawals/WithdrawPage.vue'),
  },
  { path: '/history', name: 'history', meta: { needs: 'user' }, component: () => import('./history/HistoryPage.vue') },
  { path: '/proof', name: 'proof', meta: { needs: 'user' }, component: () => import('./proof/ProofPage.vue') },
  {
    path: '/admin/second-factor',
    name: 'adminSecondFactor',
    meta: { needs: 'admin' },
    component: () => import('./admin/SecondFactorFirst.vue'),
  },
  { path: '/admin/kyc', name: 'adminKyc', meta: { needs: 'admin' }, component: () => import('./admin/KycQueue.vue') },
  {
    path: '/admin/withdrawals',
    name: 'adminWithdrawals',
    meta: { needs: 'admin' },
    component: () => import('./admin/WithdrawalQueue.vue'),
  },
  {
    path: '/admin/users',
    name: 'adminUsers',
    meta: { needs: 'admin' },
    component: () => import('./admin/UsersPage.vue'),
  },
  {
    path: '/admin/treasury',
    name: 'adminTreasury',
    meta: { needs: 'admin' },
    component: () => import('./admin/TreasuryPage.vue'),
  },
  {
    path: '/admin/markets',
    name: 'adminMarkets',
    meta: { needs: 'admin', full: true },
    component: () => import('./admin/MarketsPage.vue'),
  },
  {
    path: '/admin/audit',
    name: 'adminAudit',
    meta: { needs: 'admin', full: true },
    component: () => import('./admin/AuditPage.vue'),
  },
  { path: '/:rest(.*)*', name: 'lost', component: () => import('./shell/LostPage.vue') },
];

export const router = createRouter({ history: createWebHistory(), routes, scrollBehavior: () => ({ top: 0 }) });

router.beforeEach((to) => {
  if (to.meta.needs && !user.value) return { name: 'home' };
  if (to.meta.needs === 'admin' && !isAdmin.value) return { name: 'overview' };
  // Nothing else of an admin's would be answered.
  if (to.meta.needs === 'admin' && secondFactorDue.value && to.name !== 'adminSecondFactor')
    return { name: 'adminSecondFactor' };
  if (to.name === 'home' && user.value) return { name: secondFactorDue.value ? 'adminSecondFactor' : 'overview' };
  return true;
});

const RELOADED = 'javizen.reloaded';
/** A part of the page could not be fetched, and asking for all of it anew did not help. */
export const isPageMissing = ref(false);

/**
 * A page is fetched when it is first opened. After an upgrade its file has another name: then the whole page is asked for again, once,
 * and opens where the person wanted to go. Where that does not help either (the exchange is away), the page says so.
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
