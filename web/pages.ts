/**
 * The pages, once: the router, both menus and the titles are made from this table. A new page is a row here and a word
 * under `nav` (its title, and its name in the menu) in each language.
 */
import type { RouteRecordRaw } from 'vue-router';

type Component = () => Promise<unknown>;

export interface Page {
  readonly name: string;
  readonly path: string;
  readonly component: Component;
  /** Who may open it. */
  readonly who: 'anybody' | 'user' | 'admin';
  /** The menu it stands in, in the order of the table; none where it is reached by a link. */
  readonly menu?: 'main' | 'admin';
  /** Takes the whole width of the window. */
  readonly full?: true;
  readonly props?: Readonly<Record<string, unknown>>;
}

const letter: Component = () => import('./account/LetterPage.vue');

const TABLE = [
  { name: 'home', path: '/', who: 'anybody', component: () => import('./accounts/HomePage.vue') },
  {
    name: 'overview',
    path: '/overview',
    who: 'user',
    menu: 'main',
    component: () => import('./balances/OverviewPage.vue'),
  },
  {
    name: 'trade',
    path: '/trade/:symbol?',
    who: 'anybody',
    menu: 'main',
    full: true,
    component: () => import('./trading/TradePage.vue'),
  },
  { name: 'swap', path: '/swap', who: 'user', menu: 'main', component: () => import('./swaps/SwapPage.vue') },
  {
    name: 'deposit',
    path: '/deposit',
    who: 'user',
    menu: 'main',
    component: () => import('./deposits/DepositPage.vue'),
  },
  {
    name: 'withdraw',
    path: '/withdraw',
    who: 'user',
    menu: 'main',
    component: () => import('./withdrawals/WithdrawPage.vue'),
  },
  {
    name: 'history',
    path: '/history',
    who: 'user',
    menu: 'main',
    component: () => import('./history/HistoryPage.vue'),
  },
  { name: 'account', path: '/account', who: 'user', component: () => import('./account/AccountPage.vue') },
  { name: 'kyc', path: '/kyc', who: 'user', component: () => import('./kyc/KycPage.vue') },
  { name: 'proof', path: '/proof', who: 'user', component: () => import('./proof/ProofPage.vue') },
  { name: 'confirm', path: '/confirm/:token?', who: 'anybody', component: letter, props: { does: 'confirm' } },
  { name: 'freeze', path: '/freeze/:token?', who: 'anybody', component: letter, props: { does: 'freeze' } },
  {
    name: 'adminSecondFactor',
    path: '/admin/second-factor',
    who: 'admin',
    component: () => import('./admin/SecondFactorFirst.vue'),
  },
  {
    name: 'adminKyc',
    path: '/admin/kyc',
    who: 'admin',
    menu: 'admin',
    component: () => import('./admin/KycQueue.vue'),
  },
  {
    name: 'adminUsers',
    path: '/admin/users',
    who: 'admin',
    menu: 'admin',
    component: () => import('./admin/UsersPage.vue'),
  },
  {
    name: 'adminWithdrawals',
    path: '/admin/withdrawals',
    who: 'admin',
    menu: 'admin',
    component: () => import('./admin/WithdrawalQueue.vue'),
  },
  {
    name: 'adminMarkets',
    path: '/admin/markets',
    who: 'admin',
    menu: 'admin',
    full: true,
    component: () => import('./admin/MarketsPage.vue'),
  },
  {
    name: 'adminTreasury',
    path: '/admin/treasury',
    who: 'admin',
    menu: 'admin',
    component: () => import('./admin/TreasuryPage.vue'),
  },
  {
    name: 'adminAudit',
    path: '/admin/audit',
    who: 'admin',
    menu: 'admin',
    full: true,
    component: () => import('./admin/AuditPage.vue'),
  },
  { name: 'lost', path: '/:rest(.*)*', who: 'anybody', component: () => import('./shell/LostPage.vue') },
] as const satisfies readonly Page[];

export const PAGES: readonly Page[] = TABLE;

type InMenu<Menu> = Extract<(typeof TABLE)[number], { readonly menu: Menu }>;
const inMenu = <Menu extends 'main' | 'admin'>(menu: Menu): readonly InMenu<Menu>[] =>
  TABLE.filter((page): page is InMenu<Menu> => 'menu' in page && page.menu === menu);

/** Pages of the main menu; each has an icon of its own name. */
export const MAIN_MENU = inMenu('main');
export const ADMIN_MENU = inMenu('admin');

/** What tests find the link of a page by: `nav-admin-kyc`. */
export const linkId = (name: string): string =>
  `nav-${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

export const routes = PAGES.map(({ name, path, who, full, component, props }): RouteRecordRaw => ({
  name,
  path,
  component: component as () => Promise<object>,
  meta: { who, full: full === true },
  ...(props && { props: { ...props } }),
}));
