/** One user's whole life by clicks, in two browsers: the user's and an operator's. */
import { randomBytes } from 'node:crypto';
import type { Locator } from 'playwright-core';
import { tokenIn } from '../../server/jobs/letter-files';
import type { Browser } from './browser';
import { until } from './client';

export interface Life {
  readonly url: string;
  readonly user: { readonly browser: Browser; readonly email: string; readonly password: string };
  readonly admin: { readonly browser: Browser; readonly email: string; readonly password: string };
  /** Where the world writes its letters. */
  readonly mailDir: string;
  /** An identity document: bytes of a PNG. */
  readonly document: Buffer;
  readonly pay: { readonly asset: string; readonly network: string; into(address: string): Promise<void> };
  readonly swap: { readonly from: string; readonly to: string; readonly amount: string };
  readonly withdraw: {
    readonly asset: string;
    readonly network: string;
    readonly amount: string;
    readonly address: string;
  };
  /** How long coins may take to be credited, to reach the venue, or to arrive. */
  readonly patienceMs: number;
}

/** What the page showed on the way. */
export interface Shown {
  readonly depositAddress: string;
  readonly swapId: string;
  readonly venueOrderId: string;
  readonly withdrawalId: string;
  readonly txid: string;
}

const by = (browser: Browser, id: string): Locator => browser.page.getByTestId(id);
const inState = (browser: Browser, id: string, ...states: string[]): Locator =>
  browser.page.locator(states.map((state) => `[data-testid="${id}"][data-state="${state}"]`).join(',')).first();

/** Walks it; rejects at the first thing that does not show in time. */
export async function liveByClicks(life: Life): Promise<Shown> {
  await register(life, life.user);
  await enter(life, life.user);
  await life.user.browser.page.goto(`${life.url}/kyc`);
  await sendIdentity(life);
  await enter(life, life.admin);
  await approveIdentity(life);
  const depositAddress = await deposit(life);
  const { swapId, venueOrderId } = await swap(life);
  const withdrawalId = await askWithdrawal(life);
  await approveWithdrawal(life, withdrawalId);
  const txid = await arrival(life, withdrawalId);
  await by(life.user.browser, 'nav-overview').click();
  await life.user.browser.page.locator('[data-testid^="balance-"]').first().waitFor();
  await life.user.browser.shoot('10-overview');
  return { depositAddress, swapId, venueOrderId, withdrawalId, txid };
}

async function fillIn(
  { url }: Life,
  { browser, email, password }: Life['user'],
  how: 'register' | 'login',
): Promise<void> {
  await browser.page.goto(url);
  await by(browser, `tab-${how}`).click();
  await by(browser, 'auth-email').fill(email);
  await by(browser, 'auth-password').fill(password);
  await browser.shoot(`01-${how}`);
}

/** Asks for an account, and confirms the address by the link of the letter. */
async function register(life: Life, user: Life['user']): Promise<void> {
  await fillIn(life, user, 'register');
  await user.browser.answered('/accounts', () => by(user.browser, 'auth-submit').click());
  const token = await until(`a letter to ${user.email}`, () => tokenIn(life.mailDir, user.email, 'confirm'));
  await user.browser.page.goto(`${life.url}/confirm/${token}`);
  await by(user.browser, 'letter-do').click();
  await user.browser.page.locator('[data-testid="letter-confirm"][data-done="true"]').waitFor();
}

async function enter(life: Life, person: Life['user']): Promise<void> {
  await fillIn(life, person, 'login');
  await by(person.browser, 'auth-submit').click();
  await by(person.browser, 'logout').waitFor();
}

async function sendIdentity({ user: { browser }, document }: Life): Promise<void> {
  // Somebody whom nobody else in this world resembles: two of one name and birthday are looked at by two admins.
  const letters = [...randomBytes(8)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('');
  await by(browser, 'kyc-name').fill(`Ada ${letters}`);
  await by(browser, 'kyc-country').selectOption('GB');
  await by(browser, 'kyc-birth').fill('1990-05-17');
  await by(browser, 'kyc-number').fill(`P${randomBytes(4).toString('hex')}`);
  await by(browser, 'kyc-document').setInputFiles({ name: 'passport.png', mimeType: 'image/png', buffer: document });
  await browser.shoot('02-identity');
  await by(browser, 'kyc-submit').click();
  await inState(browser, 'kyc-state', 'SUBMITTED').waitFor();
}

async function approveIdentity({ user, admin: { browser } }: Life): Promise<void> {
  await by(browser, 'nav-admin-kyc').click();
  const row = browser.page.locator(`[data-testid="kyc-row"][data-email="${user.email}"]`);
  await row.getByTestId('kyc-open').click();
  await row.getByTestId('kyc-image').evaluate((image) => (image as unknown as { decode(): Promise<void> }).decode());
  await browser.shoot('03-admin-identity');
  await row.getByTestId('kyc-approve').click();
  await by(browser, 'confirm-yes').click();
  await row.waitFor({ state: 'detached' });
  // The user's own page hears of it without being touched.
  await inState(user.browser, 'kyc-state', 'APPROVED').waitFor();
  await user.browser.shoot('04-approved');
}

async function deposit({ user: { browser }, pay, patienceMs }: Life): Promise<string> {
  await by(browser, 'nav-deposit').click();
  await by(browser, 'deposit-asset').selectOption(pay.asset);
  await by(browser, 'deposit-network').selectOption(pay.network);
  const address = (await by(browser, 'deposit-address').innerText()).trim();
  await browser.shoot('05-deposit-address');
  await pay.into(address);
  await browser.page.getByTestId('deposit-row').first().waitFor({ timeout: patienceMs });
  await browser.shoot('06-deposit-seen');
  await inState(browser, 'deposit-row', 'CREDITED', 'SWEPT').waitFor({ timeout: patienceMs });
  await browser.shoot('07-deposit-credited');
  return address;
}

/** Asks and accepts; while the coins are on their way to the venue, again in a moment, as a person would. */
async function swap({
  user: { browser },
  swap: wish,
  patienceMs,
}: Life): Promise<{ swapId: string; venueOrderId: string }> {
  await by(browser, 'nav-swap').click();
  await by(browser, 'swap-from').selectOption(wish.from);
  await by(browser, 'swap-to').selectOption(wish.to);
  await by(browser, 'swap-amount').fill(wish.amount);
  const result = by(browser, 'swap-result');
  const refusal = by(browser, 'error');
  for (let waited = 0; ; waited += 1000) {
    await by(browser, 'swap-quote').click();
    const quoted = by(browser, 'swap-accept').or(refusal).first();
    await quoted.waitFor();
    if (await by(browser, 'swap-accept').isVisible()) {
      await browser.shoot('08-quote');
      await by(browser, 'swap-accept').click();
      await result.or(refusal).first().waitFor();
      if (await result.isVisible()) break;
    }
    const code = await refusal.first().getAttribute('data-code');
    const passing = code === 'FUNDS_IN_TRANSIT' || code === 'MARKET_CLOSED' || code === 'QUOTE_EXPIRED';
    if (!passing || waited > patienceMs) throw new Error(`the swap was refused: ${code}`);
    await browser.page.waitForTimeout(1000);
  }
  await inState(browser, 'swap-result', 'COMPLETED').waitFor({ timeout: patienceMs });
  const order = by(browser, 'venue-order').first();
  await order.waitFor();
  await browser.shoot('08-swapped');
  return {
    swapId: (await result.getAttribute('data-id')) ?? '',
    venueOrderId: (await order.getAttribute('data-venue-order-id')) ?? '',
  };
}

async function askWithdrawal({ user: { browser }, withdraw }: Life): Promise<string> {
  await by(browser, 'nav-withdraw').click();
  await by(browser, 'withdraw-asset').selectOption(withdraw.asset);
  await by(browser, 'withdraw-network').selectOption(withdraw.network);
  await by(browser, 'withdraw-address').fill(withdraw.address);
  await by(browser, 'withdraw-amount').fill(withdraw.amount);
  await by(browser, 'withdraw-review').click();
  await browser.shoot('09-withdrawal-check');
  await by(browser, 'withdraw-submit').click();
  const row = inState(browser, 'withdrawal-row', 'REQUESTED');
  await row.waitFor();
  return (await row.getAttribute('data-id')) ?? '';
}

async function approveWithdrawal({ admin: { browser } }: Life, withdrawalId: string): Promise<void> {
  await by(browser, 'nav-admin-withdrawals').click();
  await by(browser, 'approval-key-make').click();
  // Enrolled by whoever stands in for the signer's operator.
  await inState(browser, 'approval-key', 'enrolled').waitFor();
  const row = browser.page.locator(`[data-testid="admin-withdrawal-row"][data-id="${withdrawalId}"]`);
  await row.waitFor();
  await browser.shoot('09-admin-withdrawal');
  await row.getByTestId('withdrawal-approve').click();
  await by(browser, 'confirm-yes').click();
  await row.waitFor({ state: 'detached' });
  await by(browser, 'nav-admin-treasury').click();
  await by(browser, 'custody-row').first().waitFor();
  await browser.shoot('09-admin-treasury');
}

async function arrival({ user: { browser }, patienceMs }: Life, withdrawalId: string): Promise<string> {
  const row = browser.page.locator(`[data-testid="withdrawal-row"][data-id="${withdrawalId}"][data-state="CONFIRMED"]`);
  await row.waitFor({ timeout: patienceMs });
  await browser.shoot('10-withdrawal-arrived');
  return (await row.getAttribute('data-txid')) ?? '';
}
