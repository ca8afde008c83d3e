/** Passkeys by clicks: an authenticator in the browser, and the signer's own register behind the server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright-core';
import type { Payment } from '../../domain/contract/ports';
import { ADDRESS, PASSWORD, testWorld } from '../../server/testing';
import type { TestWorld } from '../../server/testing';
import { siteOf } from '../../wallets/keys';
import { openGate } from '../../wallets/keys/approvals';
import type { Gate } from '../../wallets/keys/approvals';
import { rulesOf } from '../../wallets/keys/testing';
import { openUserKeys } from '../../wallets/keys/user-keys';
import type { UserKeyRegister } from '../../wallets/keys/user-keys';
import { freePort } from '../services/process';
import { browserPath, buildPageInto, openBrowser } from '../stage/browser';
import type { Browser } from '../stage/browser';

const ROOT = join(__dirname, '../..');
const webDir = join(ROOT, '.local/test/passkeys-web', String(process.pid));
const SHOTS = join(ROOT, '.local/test/passkeys');
const EMAIL = 'ada@example.org';
const chromium = browserPath();
// A machine without a browser skips this; where everything is demanded it fails instead.
const inBrowser = chromium || process.env.CI === '1' ? describe : describe.skip;

inBrowser('passkeys in the page', () => {
  let world: TestWorld;
  let dir: string;
  let url: string;
  let browser: Browser;
  let page: Page;
  let cdp: CDPSession;
  let authenticatorId: string;
  let gate: Gate;
  let register: UserKeyRegister;

  beforeAll(async () => {
    if (!chromium) throw new Error('no Chromium or Chrome was found; name one in CHROMIUM');
    buildPageInto(webDir);
    dir = mkdtempSync(join(tmpdir(), 'passkeys-page-'));
    const port = await freePort();
    url = `http://localhost:${port}`;
    const now = (): number => world.clock.now();
    register = openUserKeys(dir, siteOf(url), now);
    gate = openGate(rulesOf({ '*': { auto: '10', autoDaily: '100', fourEyes: '100' } }, now), dir, register);
    world = await testWorld({ webDir, port, passkeyOrigin: url }, undefined, () => ({
      judge: async (payment, approvals) => gate.judge(payment, approvals),
      approvers: async () => [],
      changePasskey: async (change) => register.change(change),
    }));
    await world.account(EMAIL, { kycState: 'APPROVED' });
    browser = await openBrowser(chromium, SHOTS);
    page = browser.page;
    cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    authenticatorId = await plugIn('internal');
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
    gate?.close();
    register?.close();
    rmSync(webDir, { recursive: true, force: true });
    rmSync(dir, { recursive: true, force: true });
  });

  async function plugIn(transport: 'internal' | 'usb'): Promise<string> {
    const options = {
      protocol: 'ctap2' as const,
      transport,
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    };
    return (await cdp.send('WebAuthn.addVirtualAuthenticator', { options })).authenticatorId;
  }
  const asksUser = (isUserVerified: boolean): Promise<unknown> =>
    cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  const rows = () => page.getByTestId('passkey-row');
  async function logIn(): Promise<void> {
    await page.goto(url);
    await page.getByTestId('auth-email').fill(EMAIL);
    await page.getByTestId('auth-password').fill(PASSWORD);
    await page.getByTestId('auth-submit').click();
  }
  async function askWithdrawal(): Promise<void> {
    await page.goto(`${url}/withdraw`);
    await page.getByTestId('withdraw-left').waitFor();
    await page.getByTestId('withdraw-address').fill(ADDRESS.toLowerCase());
    await page.getByTestId('withdraw-amount').fill('0.250');
    await page.getByTestId('withdraw-review').click();
    await page.getByTestId('withdraw-submit').click();
  }

  test('added after the password, with a name that can be changed; given up, nothing is kept', async () => {
    await logIn();
    await page.waitForURL('**/overview');
    await page.goto(`${url}/account`);
    await page.getByTestId('passkeys').getByTestId('list-empty').waitFor();
    await page.getByTestId('passkey-begin').click();
    await page.getByTestId('passkey-label').fill('a test phone');
    await page.getByTestId('passkey-password').fill('not the password');
    await browser.answered('/passkeys/options', () => page.getByTestId('passkey-add').click());
    await page.locator('[data-testid="passkeys"] [data-code="BAD_CREDENTIALS"]').waitFor();
    await page.getByTestId('passkey-password').fill(PASSWORD);
    await asksUser(false);
    await page.getByTestId('passkey-add').click();
    await page.locator('[data-testid="passkeys"] [data-code="PASSKEY_NOT_USED"]').waitFor();
    expect(await rows().count()).toBe(0);
    await asksUser(true);
    await browser.answered('/passkeys', () => page.getByTestId('passkey-add').click());
    await rows().filter({ hasText: 'a test phone' }).waitFor();
    await page.getByTestId('passkey-rename').click();
    await page.getByTestId('passkey-new-label').fill('my phone');
    await page.getByTestId('passkey-save').click();
    await rows().filter({ hasText: 'my phone' }).waitFor();
    await browser.shoot('account');
    expect(register.count(await userId())).toBe(1);
  });

  const userId = async (): Promise<string> =>
    ((await world.dataSource.query('SELECT id FROM users WHERE email = ?', [EMAIL])) as { id: string }[])[0]?.id ?? '';

  test('the log-in asks for it after the password', async () => {
    await page.context().clearCookies();
    await logIn();
    await page.getByTestId('auth-passkey').waitFor();
    await browser.shoot('log-in');
    await asksUser(false);
    await page.getByTestId('auth-passkey').click();
    await page.locator('[data-code="PASSKEY_NOT_USED"]').waitFor();
    await asksUser(true);
    await page.getByTestId('auth-passkey').click();
    await page.waitForURL('**/overview');
  });

  test('a withdrawal is confirmed with it, and the signer takes what the browser signed, for this payment alone', async () => {
    await asksUser(false);
    await askWithdrawal();
    await page.locator('[data-code="PASSKEY_NOT_USED"]').waitFor();
    expect(world.engine.commands.filter(({ kind }) => kind === 'withdrawal.request')).toEqual([]);
    expect(await page.getByTestId('withdraw-passkey').innerText()).not.toBe('');
    await browser.shoot('withdraw');
    await asksUser(true);
    await page.getByTestId('withdraw-submit').click();
    await page.getByTestId('withdraw-done').waitFor();
    const command = world.engine.commands.find((one) => one.kind === 'withdrawal.request');
    if (command?.kind !== 'withdrawal.request' || !command.confirmation) throw new Error('nothing was confirmed');
    const { withdrawalId, network, asset, address: to, amount, confirmation } = command;
    const payment: Payment = {
      intentId: `withdrawal:${withdrawalId}:0`,
      network,
      asset,
      to,
      amount,
      userId: await userId(),
      confirmation,
    };
    expect(gate.judge(payment, [])).toMatchObject({ needed: 0 });
    for (const over of [{ to: `0x${'f'.repeat(40)}` }, { amount: '2.5' }, { intentId: 'withdrawal:other:0' }])
      expect(() => gate.judge({ ...payment, ...over }, [])).toThrow('CONFIRMATION_REFUSED');
  });

  test('what the server wants signed is not signed where it is not what stands in the page', async () => {
    await page.route('**/api/withdrawals', async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replaceAll(ADDRESS, `0x${'f'.repeat(40)}`);
      await route.fulfill({ response, body });
    });
    await askWithdrawal();
    await page.locator('[data-code="CONFIRMATION_REFUSED"]').waitFor();
    await page.unroute('**/api/withdrawals');
    expect(world.engine.commands.filter(({ kind }) => kind === 'withdrawal.request')).toHaveLength(1);
  });

  test('at an address of numbers the page says where passkeys work; in Persian it stands from right to left', async () => {
    const cookies = await page.context().cookies();
    await page.context().addCookies(cookies.map((cookie) => ({ ...cookie, domain: '127.0.0.1' })));
    await page.goto(`${url.replace('localhost', '127.0.0.1')}/account`);
    await page.getByTestId('passkeys-elsewhere').getByRole('link').waitFor();
    expect(await page.getByTestId('passkeys-elsewhere').getByRole('link').getAttribute('href')).toBe(url);
    await page.goto(`${url.replace('localhost', '127.0.0.1')}/withdraw`);
    await page.getByTestId('withdraw-left').waitFor();
    await page.getByTestId('withdraw-address').fill(ADDRESS);
    await page.getByTestId('withdraw-amount').fill('0.25');
    await page.getByTestId('withdraw-review').click();
    await page.getByTestId('passkeys-elsewhere').getByRole('link').waitFor();
    expect(await page.getByTestId('withdraw-submit').isDisabled()).toBe(true);
    await page.goto(`${url}/account`);
    // The page notes its language once it has the words: only then is another one chosen.
    await rows().first().waitFor();
    await page.evaluate("localStorage.setItem('javizen.locale', 'fa')");
    await page.reload();
    await rows().first().waitFor();
    expect(await page.evaluate('document.documentElement.dir')).toBe('rtl');
    await page.setViewportSize({ width: 390, height: 800 });
    await page.getByTestId('passkeys').scrollIntoViewIfNeeded();
    await browser.shoot('account-persian-phone');
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    await page.evaluate("localStorage.setItem('javizen.locale', 'en')");
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  test('a further one is confirmed by it; removed after a question, confirmed by one of them', async () => {
    await page.goto(`${url}/account`);
    const first = (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
    const second = await plugIn('usb');
    await page.getByTestId('passkey-begin').click();
    await page.getByTestId('passkey-label').fill('a key');
    await page.getByTestId('passkey-add').click();
    await expectRows(2);
    expect(first).toHaveLength(1);
    expect(register.count(await userId())).toBe(2);
    await rows().filter({ hasText: 'a key' }).getByTestId('passkey-remove').click();
    await page.getByTestId('confirm-yes').click();
    await expectRows(1);
    expect(register.count(await userId())).toBe(1);
    await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: second });
    await askWithdrawal();
    await page.locator('[data-code="WITHDRAWALS_LOCKED"]').waitFor();
    expect(world.failures).toEqual([]);
  });

  const expectRows = async (count: number): Promise<void> => {
    for (let turn = 0; turn < 100 && (await rows().count()) !== count; turn++) await page.waitForTimeout(50);
    expect(await rows().count()).toBe(count);
  };
});
