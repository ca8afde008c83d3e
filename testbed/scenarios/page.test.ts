/**
 * The page in a real browser, against the server with stand-ins behind it: a whole life by clicks, in both directions
 * of writing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { DepositEntity } from '../../db/entities/deposits';
import { WithdrawalEntity } from '../../db/entities/withdrawals';
import { OrderEntity } from '../../db/entities/orders';
import { orderView } from '../../domain/contract/api/orders';
import { DomainError } from '../../domain/contract/errors';
import type { PayoutRules } from '../../domain/contract/ports';
import { presentFill, presentOrder } from '../../server/orders/present';
import { shownBy } from '../../server/second-factor/testing';
import { fillRow, orderRow } from '../../server/orders/testing';
import { ADDRESS, PASSWORD, PNG, testWorld } from '../../server/testing';
import type { TestWorld } from '../../server/testing';
import { adminsFile, enrolAdmin } from '../../wallets/keys';
import { openGate } from '../../wallets/keys/approvals';
import { openUserKeys } from '../../wallets/keys/user-keys';
import { rulesOf } from '../../wallets/keys/testing';
import { browserPath, buildPageInto, openBrowser } from '../stage/browser';
import type { Browser } from '../stage/browser';
import { liveByClicks } from '../stage/life-by-clicks';

const ROOT = join(__dirname, '../..');
const webDir = join(ROOT, '.local/test/page-web', String(process.pid));
const SHOTS = join(ROOT, '.local/test/page');
const chromium = browserPath();
// A machine without a browser skips this; where everything is demanded it fails instead.
const inBrowser = chromium || process.env.CI === '1' ? describe : describe.skip;

/** What the signer asks of a payout, by its own code; whatever key an operator's browser offers is enrolled. */
function signerOf(dir: string, dataSource: DataSource): PayoutRules {
  const gate = openGate(
    rulesOf({ ETH: { auto: '0', autoDaily: '0', fourEyes: '10' } }),
    dir,
    openUserKeys(dir, undefined, Date.now),
  );
  return {
    judge: async (payment, approvals) => gate.judge(payment, approvals),
    approvers: async () => {
      const offered: { email: string; publicKey: string }[] = await dataSource.query(
        'SELECT u.email, k.public_key AS publicKey FROM approval_keys k JOIN users u ON u.id = k.admin_id',
      );
      for (const { email, publicKey } of offered) enrolAdmin(adminsFile(dir), email, publicKey, Date.now());
      return gate.approvers();
    },
  };
}

inBrowser('the page', () => {
  let world: TestWorld;
  let keys: string;
  let userBrowser: Browser;
  let adminBrowser: Browser;

  beforeAll(async () => {
    if (!chromium) throw new Error('no Chromium or Chrome was found; name one in CHROMIUM');
    buildPageInto(webDir);
    keys = mkdtempSync(join(tmpdir(), 'page-keys-'));
    world = await testWorld({ webDir }, undefined, (dataSource) => signerOf(keys, dataSource));
    await world.account('operator@example.org', { role: 'admin' });
    userBrowser = await openBrowser(chromium, SHOTS);
    adminBrowser = await openBrowser(chromium, SHOTS);
  });
  afterAll(async () => {
    await userBrowser?.close();
    await adminBrowser?.close();
    await world?.close();
    rmSync(webDir, { recursive: true, force: true });
    rmSync(keys, { recursive: true, force: true });
  });

  /** A payment that is seen and then credited, told live. */
  async function credited(address: string): Promise<void> {
    const users: { id: string }[] = await world.dataSource.query(
      "SELECT id FROM users WHERE email = 'ada@example.org'",
    );
    const userId = users[0]?.id ?? '';
    const rows = world.dataSource.getRepository(DepositEntity);
    const block = { blockHeight: 1, blockHash: '0x1', createdAt: 1_700_000_000_000, creditedAt: null };
    const seen = {
      id: 'd1',
      network: 'ethereum',
      txid: '0xaa',
      position: 'native',
      userId,
      address,
      asset: 'ETH',
      amount: '2',
    };
    await rows.insert({ ...seen, ...block, confirmations: 1, confirmationsNeeded: 6, state: 'CONFIRMING' });
    world.events.publish({ name: 'deposit.changed', userId, depositId: 'd1', state: 'CONFIRMING', confirmations: 1 });
    setTimeout(() => {
      void rows
        .update({ id: 'd1' }, { state: 'CREDITED', confirmations: 6, credited: '1.999', fee: '0.001' })
        .then(() => {
          world.events.publish({
            name: 'deposit.changed',
            userId,
            depositId: 'd1',
            state: 'CREDITED',
            confirmations: 6,
          });
        });
    }, 500);
  }

  /** Stands in for the wallets: what an admin has approved arrives. */
  function arriveWhenApproved(): () => void {
    const rows = world.dataSource.getRepository(WithdrawalEntity);
    const look = async (): Promise<void> => {
      for (const { id, userId } of await rows.findBy({ state: 'APPROVED' })) {
        await rows.update({ id }, { state: 'CONFIRMED', txid: '0xbb' });
        world.events.publish({ name: 'withdrawal.changed', userId, withdrawalId: id, state: 'CONFIRMED' });
      }
    };
    const timer = setInterval(() => void look(), 200);
    return () => clearInterval(timer);
  }

  test('a whole life by clicks', async () => {
    const stop = arriveWhenApproved();
    const shown = await liveByClicks({
      url: world.url,
      user: { browser: userBrowser, email: 'ada@example.org', password: PASSWORD },
      admin: { browser: adminBrowser, email: 'operator@example.org', password: PASSWORD },
      mailDir: join(world.dir, 'mail'),
      document: PNG,
      pay: { asset: 'ETH', network: 'ethereum', into: credited },
      swap: { from: 'ETH', to: 'USDT', amount: '1' },
      withdraw: { asset: 'ETH', network: 'ethereum', amount: '0.25', address: ADDRESS },
      patienceMs: 10_000,
    });
    stop();
    expect(shown).toMatchObject({ venueOrderId: '4711', txid: '0xbb' });
    expect([...userBrowser.complaints, ...adminBrowser.complaints, ...world.failures]).toEqual([]);
  });

  test('a second factor by clicks, and a withdrawal that wants its code', async () => {
    const { page } = userBrowser;
    await page.goto(`${world.url}/account`);
    await page.getByTestId('second-factor-password').fill(PASSWORD);
    await userBrowser.answered('/second-factor', () => page.getByTestId('second-factor-begin').click());
    const secret = (await page.getByTestId('second-factor-secret').innerText()).trim();
    await userBrowser.shoot('second-factor');
    await page.getByTestId('second-factor-code').fill(shownBy(world, secret));
    await page.getByTestId('second-factor-confirm').click();
    await page.locator('[data-testid="second-factor"][data-state="on"]').waitFor();
    expect(await page.getByTestId('recovery-code').count()).toBe(10);
    await userBrowser.shoot('second-factor-recovery');
    await page.goto(`${world.url}/withdraw`);
    await page.getByTestId('withdraw-left').waitFor();
    await page.getByTestId('withdraw-address').fill(ADDRESS);
    await page.getByTestId('withdraw-amount').fill('0.3');
    await page.getByTestId('withdraw-review').click();
    await page.getByTestId('withdraw-code').fill(shownBy(world, secret));
    await userBrowser.shoot('withdraw-with-code');
    await userBrowser.answered('/withdrawals', () => page.getByTestId('withdraw-submit').click());
    await page.getByTestId('withdraw-done').waitFor();
    const { page: admins } = adminBrowser;
    await admins.goto(`${world.url}/admin/withdrawals`);
    const row = admins.locator('[data-testid="admin-withdrawal-row"][data-state="REQUESTED"]').first();
    expect(await row.getByTestId('review-reasons').innerText()).toContain('New address');
    for (const [width, name] of [
      [1440, 'desk'],
      [360, 'phone'],
    ] as const) {
      await admins.setViewportSize({ width, height: 900 });
      expect(await admins.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(
        0,
      );
      await adminBrowser.shoot(`admin-withdrawals-${name}`);
    }
    expect([...userBrowser.complaints, ...adminBrowser.complaints, ...world.failures]).toEqual([]);
    // Logged in again, it asks for a code; the browser notes the refusal that says so.
    await page.getByTestId('logout').click();
    await page.getByTestId('auth-email').fill('ada@example.org');
    await page.getByTestId('auth-password').fill(PASSWORD);
    await page.getByTestId('auth-submit').click();
    await page.getByTestId('auth-code').fill(shownBy(world, secret));
    await userBrowser.shoot('login-with-code');
    await page.getByTestId('auth-submit').click();
    await page.getByTestId('logout').waitFor();
    expect(userBrowser.complaints.splice(0).filter((complaint) => !complaint.includes('403'))).toEqual([]);
  });

  test('a depositor sees the steps of confirmations, the commission, and what was taken', async () => {
    const { page } = userBrowser;
    await page.goto(`${world.url}/deposit`);
    await page.getByTestId('deposit-fee').waitFor();
    expect(await page.getByTestId('deposit-step').allInnerTexts()).toEqual([
      '6 confirmations',
      '12 confirmations for 1,000 ETH or more',
    ]);
    expect((await page.getByTestId('deposit-commission').innerText()).replaceAll('\u00a0', ' ')).toBe(
      '0.001 ETH + 0.05%',
    );
    expect(await page.getByTestId('deposit-fee').innerText()).toBe('1.999 ETH credited, 0.001 ETH fee');
    await userBrowser.shoot('deposit-terms');
  });

  test('a user sees the own tier; one admin wishes a higher one, by keyboard, and another confirms it', async () => {
    const { page } = userBrowser;
    await page.goto(`${world.url}/kyc`);
    await page.locator('[data-testid="tier"][data-tier="1"]').waitFor();
    expect((await page.getByTestId('tier-per-day').innerText()).trim()).toBe('50,000 USDT');
    expect(await page.getByTestId('tier-used').innerText()).not.toBe('0 USDT');
    expect(await page.getByTestId('next-limit').innerText()).toContain('1,000,000 USDT');
    expect(await page.locator('[data-testid="next-tier"][data-tier="2"] [data-met="true"]').count()).toBe(2);
    await userBrowser.shoot('tier');
    const second = await openBrowser(chromium ?? '', SHOTS);
    try {
      await world.account('second@example.org', { role: 'admin', kycState: 'APPROVED' });
      await second.page.goto(world.url);
      await second.page.getByTestId('tab-login').click();
      await second.page.getByTestId('auth-email').fill('second@example.org');
      await second.page.getByTestId('auth-password').fill(PASSWORD);
      await second.page.getByTestId('auth-submit').click();
      await second.page.getByTestId('logout').waitFor();
      const row = '[data-testid="user-row"][data-email="ada@example.org"]';
      const { page: admins } = adminBrowser;
      await admins.setViewportSize({ width: 360, height: 780 });
      await admins.goto(`${world.url}/admin/users`);
      await admins.getByTestId('user-email').focus();
      await admins.keyboard.type('ada@');
      await adminBrowser.answered('/admin/users', () => admins.keyboard.press('Enter'));
      await admins.locator(row).getByTestId('tier-change').focus();
      await admins.keyboard.press('Enter');
      await admins.locator(row).getByTestId('tier-choice').focus();
      await admins.keyboard.press('ArrowDown');
      await admins.keyboard.press('Tab');
      await admins.keyboard.type('Sold a house; the deed was shown.');
      await admins.keyboard.press('Enter');
      await admins.getByTestId('confirm').waitFor();
      // The safe answer has the focus; Tab leads to the other one and no further.
      await admins.keyboard.press('Tab');
      await adminBrowser.answered('/tier', () => admins.keyboard.press('Enter'));
      await admins.locator(`${row}[data-tier="1"][data-waiting="2"]`).waitFor();
      for (const direction of ['rtl', 'ltr']) {
        await admins.getByTestId('language').click();
        await admins.waitForFunction(`document.documentElement.dir === '${direction}'`);
        await admins.locator(row).getByTestId('tier-change').click();
        await admins.locator(row).getByTestId('tier-waiting').waitFor();
        expect(
          await admins.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        ).toBe(0);
        await admins.locator(row).getByTestId('tier-set').scrollIntoViewIfNeeded();
        await adminBrowser.shoot(`admin-users-phone-${direction}`);
        await admins.locator(row).getByTestId('tier-change').click();
      }
      const { page: others } = second;
      await others.setViewportSize({ width: 1440, height: 900 });
      await others.goto(`${world.url}/admin/users`);
      await others.locator(row).getByTestId('tier-change').click();
      await others.locator(row).getByTestId('tier-why').fill('Seen the deed.');
      await second.shoot('admin-users-desk');
      await others.locator(row).getByTestId('tier-set').click();
      await second.answered('/tier', () => others.getByTestId('confirm-yes').click());
      await others.locator(`${row}[data-tier="2"]`).waitFor();
      await others.goto(`${world.url}/admin/audit`);
      await others.locator('[data-testid="audit-row"][data-action="user.tier"]').waitFor();
      await page.reload();
      await page.locator('[data-testid="tier"][data-tier="2"]').waitFor();
      expect((await page.getByTestId('tier-per-day').innerText()).trim()).toBe('1,000,000 USDT');
      await userBrowser.shoot('tier-highest');
      expect([...userBrowser.complaints, ...adminBrowser.complaints, ...second.complaints, ...world.failures]).toEqual(
        [],
      );
    } finally {
      await second.close();
    }
  });

  test.each(['overview', 'trade', 'kyc', 'account', 'deposit', 'swap', 'withdraw', 'history'])(
    '%s: fits a phone, in both directions, with a name for each control',
    async (path) => {
      const { page } = userBrowser;
      await page.setViewportSize({ width: 360, height: 740 });
      await page.goto(`${world.url}/${path}`);
      for (const direction of ['rtl', 'ltr']) {
        await page.getByTestId('language').click();
        await page.waitForFunction(`document.documentElement.dir === '${direction}'`);
        const seen = await page.evaluate<{ dir: string; over: number; nameless: string[] }>(`({
        dir: document.documentElement.dir,
        over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        nameless: [...document.querySelectorAll('a, button, input, select')].filter((control) =>
          !(control.getAttribute('aria-label') || control.title || control.textContent.trim() || control.labels?.length)).map((control) => control.outerHTML),
      })`);
        expect(seen).toEqual({ dir: direction, over: 0, nameless: [] });
        await userBrowser.shoot(`phone-${path}-${direction}`);
      }
    },
  );

  test('the owner finds a stranger in the account: sees what was tried, ends the log-in, changes the password, freezes it', async () => {
    const EMAIL = 'grace@example.org';
    const [NEXT, GUESSES] = ['another long password 7', 12];
    const userId = await world.account(EMAIL, { kycState: 'APPROVED' });
    const stranger = world.visitor();
    await stranger.logIn(EMAIL);
    for (let at = 0; at < GUESSES; at++) await world.visitor().logIn(EMAIL, `a wrong password ${at}`);
    const owner = await openBrowser(chromium as string, SHOTS);
    const { page } = owner;
    try {
      // So many guesses: the browser does some work before it is let in, beside the page.
      await page.goto(world.url);
      await page.getByTestId('auth-email').fill(EMAIL);
      await page.getByTestId('auth-password').fill(PASSWORD);
      await page.getByTestId('auth-submit').click();
      await page.getByTestId('nav-account').click();
      await page.locator('[data-testid="session-row"][data-current="false"]').first().waitFor();
      await page
        .locator('[data-testid="security-event"][data-kind="log-in"][data-outcome="refused"]')
        .first()
        .waitFor();
      await owner.shoot('account');
      await page.getByTestId('language').click();
      await owner.shoot('account-fa');
      await page.getByTestId('language').click();
      await page.getByTestId('end-session').first().click();
      await page.locator('[data-testid="session-row"][data-current="false"]').waitFor({ state: 'detached' });
      expect((await stranger.get('/balances')).status).toBe(401);
      await page.getByTestId('password-current').fill(PASSWORD);
      await page.getByTestId('password-next').fill(NEXT);
      await page.getByTestId('password-change').click();
      await page.getByTestId('password-changed').waitFor();
      expect((await world.visitor().logIn(EMAIL)).status).toBe(401);
      await page.getByTestId('freeze-account').click();
      await owner.shoot('account-freeze');
      await page.getByTestId('confirm-yes').click();
      await page.getByTestId('frozen').waitFor();
      await owner.shoot('account-frozen');
      const { page: admins } = adminBrowser;
      await admins.goto(`${world.url}/admin/users`);
      const row = admins.locator(`[data-testid="user-row"][data-email="${EMAIL}"]`);
      await row.getByTestId('freeze-open').click();
      await row.getByTestId('freeze-why').fill('The owner wrote to us and showed the passport');
      await adminBrowser.shoot('admin-freeze');
      await row.getByTestId('staff-open').click();
      await adminBrowser.answered(`/admin/users/${userId}/freeze`, () => admins.getByTestId('confirm-yes').click());
      await page.reload();
      await page.getByTestId('account').waitFor();
      expect(await page.getByTestId('frozen').count()).toBe(0);
      // The refusals that asked for work are the only thing the browser noted.
      expect(owner.complaints.filter((complaint) => !complaint.includes('401 (Unauthorized)'))).toEqual([]);
    } finally {
      await owner.close();
    }
  });

  test('where admins need a second factor, one without lands where it is set up, in both languages, and is let in after', async () => {
    const strict = await testWorld({ webDir, adminsNeedSecondFactor: true });
    const browser = await openBrowser(chromium as string, SHOTS);
    try {
      await strict.account('operator@example.org', { role: 'admin' });
      const { page } = browser;
      await page.goto(strict.url);
      await page.getByTestId('auth-email').fill('operator@example.org');
      await page.getByTestId('auth-password').fill(PASSWORD);
      await page.getByTestId('auth-submit').click();
      await page.getByTestId('second-factor-first').waitFor();
      await page.getByTestId('nav-admin-users').click();
      expect(new URL(page.url()).pathname).toBe('/admin/second-factor');
      for (const [width, name] of [
        [1280, 'desk'],
        [360, 'phone'],
      ] as const) {
        await page.setViewportSize({ width, height: 800 });
        for (const language of ['en', 'fa']) {
          await page.locator(`html[lang="${language}"]`).waitFor({ state: 'attached' });
          await browser.shoot(`admin-second-factor-${name}-${language}`);
          expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
          await page.getByTestId('language').click();
        }
      }
      await page.getByTestId('second-factor-password').fill(PASSWORD);
      await browser.answered('/second-factor', () => page.getByTestId('second-factor-begin').click());
      const secret = (await page.getByTestId('second-factor-secret').innerText()).trim();
      await page.getByTestId('second-factor-code').fill(shownBy(strict, secret));
      await page.getByTestId('second-factor-confirm').click();
      await page.getByTestId('recovery-code').first().waitFor();
      await browser.answered('/admin/kyc', () => page.getByTestId('second-factor-go-on').click());
      await page.getByTestId('nav-admin-users').click();
      await page.waitForURL('**/admin/users');
      expect([browser.complaints, strict.failures]).toEqual([[], []]);
    } finally {
      await browser.close();
      await strict.close();
    }
  });

  test('an operator sees how markets were routed, and halts one', async () => {
    const { page } = adminBrowser;
    for (const [width, name] of [
      [1440, 'desk'],
      [360, 'phone'],
    ] as const) {
      await page.setViewportSize({ width, height: 860 });
      await page.goto(`${world.url}/admin/markets`);
      await page.getByTestId('routing-row').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(
        0,
      );
      await adminBrowser.shoot(`admin-markets-${name}`);
    }
    await world.dataSource.query("UPDATE venue_states SET state = 'STOPPED', reason = 'a known order is gone'");
    await page.reload();
    await page.getByTestId('venue-why').fill('the monthly reset');
    await adminBrowser.shoot('admin-venue-stopped');
    await page.getByTestId('venue-open').click();
    await adminBrowser.answered('/admin/venue/open', () => page.getByTestId('confirm-yes').click());
    expect(world.engine.commands.at(-1)).toMatchObject({
      kind: 'venue.open',
      newEpoch: true,
      why: 'the monthly reset',
    });
    const before = world.engine.commands.length;
    await page.getByTestId('market-state').selectOption('HALT');
    await page.getByTestId('confirm').getByText('Halt ETHUSDT?').waitFor();
    await adminBrowser.shoot('admin-confirm-halt');
    await page.keyboard.press('Escape');
    await page.getByTestId('confirm').waitFor({ state: 'hidden' });
    expect([world.engine.commands.length, await page.getByTestId('market-state').inputValue()]).toEqual([
      before,
      'TRADING',
    ]);
    await page.getByTestId('market-state').selectOption('HALT');
    await adminBrowser.answered('/admin/markets/ETHUSDT', () => page.getByTestId('confirm-yes').click());
    expect(world.engine.commands.at(-1)).toMatchObject({
      kind: 'market.set',
      symbol: 'ETHUSDT',
      state: 'HALT',
      internalOnly: false,
    });
    expect(adminBrowser.complaints).toEqual([]);
  });

  test('an operator sees what is stopped and why, and lets it go on', async () => {
    const { page } = adminBrowser;
    for (const [width, name] of [
      [1440, 'desk'],
      [360, 'phone'],
    ] as const) {
      await page.setViewportSize({ width, height: 1000 });
      await page.goto(`${world.url}/admin/treasury`);
      await page.getByTestId('pause-row').waitFor();
      await page.getByTestId('network-fault').waitFor();
      expect(await page.getByTestId('network-fault').textContent()).toContain('do not agree on block 7');
      expect(
        await page.getByTestId('node-row').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-state'))),
      ).toEqual(['used', 'silent']);
      expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(
        0,
      );
      await adminBrowser.shoot(`admin-treasury-${name}`);
    }
    await page.getByTestId('resume').click();
    await adminBrowser.answered('/admin/assets/ETH/pause', () => page.getByTestId('confirm-yes').click());
    expect(world.engine.commands.at(-1)).toMatchObject({ kind: 'asset.pause', asset: 'ETH', why: null });
    await page.getByTestId('pause-asset').selectOption('ETH');
    await page.getByTestId('pause-why').fill('a look at the hot wallet');
    await page.getByTestId('pause').click();
    await adminBrowser.answered('/admin/assets/ETH/pause', () => page.getByTestId('confirm-yes').click());
    expect(world.engine.commands.at(-1)).toMatchObject({
      kind: 'asset.pause',
      asset: 'ETH',
      why: 'a look at the hot wallet',
    });
    expect(adminBrowser.complaints).toEqual([]);
  });

  test('an operator fetches coins from cold storage: asks, brings a signature back, gives up', async () => {
    const { page } = adminBrowser;
    await page.setViewportSize({ width: 1440, height: 1600 });
    await page.goto(`${world.url}/admin/treasury`);
    await page.getByTestId('cold-advice').click();
    expect(await page.getByTestId('cold-amount').inputValue()).toBe('2');
    await page.getByTestId('cold-asset').selectOption({ label: 'BTC · bitcoin' });
    await page.getByTestId('cold-amount').fill('0.5');
    await page.getByTestId('cold-why').fill('the hot wallet runs low');
    await page.getByTestId('cold-plan').click();
    await adminBrowser.answered('/admin/cold/transfers', () => page.getByTestId('confirm-yes').click());
    await page.getByTestId('cold-back').fill('cHNidP8BAHECAAAAAQ==');
    await page.getByTestId('cold-gather').click();
    await adminBrowser.answered('/cs1/psbt', () => page.getByTestId('confirm-yes').click());
    await page.getByTestId('cold-transfer').getByText('Signatures so far: 1').waitFor();
    await adminBrowser.shoot('admin-cold-desk');
    await page.setViewportSize({ width: 360, height: 1600 });
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0);
    await adminBrowser.shoot('admin-cold-phone');
    await page.getByTestId('cold-cancel').click();
    await adminBrowser.answered('/cs1/cancel', () => page.getByTestId('confirm-yes').click());
    expect(world.cold.asked).toMatchObject([
      { network: 'bitcoin', asset: 'BTC', amount: '0.5' },
      { id: 'cs1', psbt: 'cHNidP8BAHECAAAAAQ==' },
      { id: 'cs1' },
    ]);
    expect(adminBrowser.complaints).toEqual([]);
  });

  describe('the trading screen', () => {
    let traderId: string;
    const seen = (id: string) => userBrowser.page.getByTestId(id);

    beforeAll(async () => {
      traderId = await world.account('trader@example.org', { kycState: 'APPROVED' });
      world.engine.balances.push({ asset: 'USDT', available: '10000', held: '0' });
      const { page } = userBrowser;
      await page.context().clearCookies();
      await page.setViewportSize({ width: 1440, height: 1000 });
      await page.goto(world.url);
      await seen('auth-email').fill('trader@example.org');
      await seen('auth-password').fill(PASSWORD);
      await seen('auth-submit').click();
      await seen('logout').waitFor();
      if ((await page.evaluate<string>('document.documentElement.lang')) !== 'en') await seen('language').click();
    });

    /** Tells what the engine would: the order as its table has it. */
    const tellOrder = async (id: string): Promise<void> => {
      const row = await world.dataSource.getRepository(OrderEntity).findOneByOrFail({ id });
      world.events.publish({ name: 'order.changed', userId: traderId, order: orderView.parse(presentOrder(row)) });
    };

    test('an order by clicks: a price from the book, a share of the balance, placed, filled in part, cancelled', async () => {
      const { page } = userBrowser;
      await seen('nav-trade').click();
      await seen('bids-row').first().click();
      expect(await seen('order-price').inputValue()).toBe('2999.95');
      await seen('share-50').click();
      expect(await seen('order-quantity').inputValue()).toBe('1.6666');
      expect(await seen('cost-total').innerText()).toContain('4,999.71667');
      expect(await seen('cost-fee').innerText()).toMatch(/^0\.0024999.ETH$/);
      await seen('order-submit').click();
      await seen('order-done').getByText('Order placed.').waitFor();
      const [order] = await world.dataSource.getRepository(OrderEntity).findBy({ userId: traderId });
      await tellOrder(order?.id ?? '');
      const row = page.locator(`[data-testid="order-row"][data-id="${order?.id}"]`);
      await row.waitFor();
      await world.dataSource
        .getRepository(OrderEntity)
        .update({ id: order?.id }, { state: 'PARTIALLY_FILLED', executedQty: '0.5', updatedAt: Date.now() });
      await tellOrder(order?.id ?? '');
      const fill = fillRow({
        tradeId: 501,
        userId: traderId,
        orderId: order?.id ?? '',
        venueTradeId: 9,
        at: Date.now(),
      });
      world.events.publish({ name: 'fill.made', userId: traderId, fill: presentFill(fill) });
      await page.locator('[data-testid="order-row"][data-status="PARTIALLY_FILLED"]').waitFor();
      await userBrowser.shoot('trade-desktop');
      await row.getByTestId('order-cancel').click();
      await row.waitFor({ state: 'detached' });
      await seen('mine-ended').click();
      await page.locator('[data-testid="order-row"][data-status="CANCELED"]').waitFor();
      await seen('mine-fills').click();
      await seen('fill-row').waitFor();
      await seen('mine-open').click();
    });

    test('the market lives: book, trades, last price, mode', async () => {
      const { page } = userBrowser;
      await page.locator('[data-testid="mode"][data-mode="mirrored"]').waitFor();
      world.market.move([['2999.99', '3.5']], [['3000.05', '0']]);
      world.market.trade({ id: 'live1', price: '3007.77', quantity: '0.4321', side: 'SELL', at: Date.now() });
      await seen('bids-row').first().getByText('2,999.99').waitFor();
      await seen('asks-row').last().getByText('3,000.12').waitFor();
      await seen('market-trades').getByText('0.4321').waitFor();
      await seen('last-price').getByText('3,007.77').waitFor();
      expect(await seen('change').innerText()).toBe('+1.95%');
      // A diff that was missed: the page finds the gap and fetches the book again.
      world.market.quietly(() => world.market.move([['2999.99', '0']], []));
      world.market.move([['2999.98', '1']], []);
      await seen('bids-row').first().getByText('2,999.98').waitFor();
      await seen('interval-1h').click();
      await seen('book-step').selectOption('1');
      await seen('bids-row').first().getByText('2,999').waitFor();
      await seen('book-step').selectOption('0.01');
    });

    test('what is not right is said at its field, and a refusal in words', async () => {
      await seen('order-price').fill('3000.001');
      await seen('order-quantity').fill('1');
      await seen('order-submit').click();
      await seen('order-price-problem').waitFor();
      await seen('order-price').fill('3000');
      world.engine.refuseNext(
        new DomainError('FILTER_FAILURE', { venueCode: -1013, words: 'Filter failure: NOTIONAL' }),
      );
      await seen('order-submit').click();
      await userBrowser.page.locator('[data-testid="error"][data-code="FILTER_FAILURE"]').waitFor();
      await userBrowser.page.getByText('Filter failure: NOTIONAL').waitFor();
      expect(userBrowser.complaints.splice(0)).toEqual([expect.stringContaining('400 (Bad Request)')]);
    });

    test.each([
      'LIMIT',
      'MARKET',
      'LIMIT_MAKER',
      'STOP_LOSS_LIMIT',
      'STOP_LOSS',
      'TAKE_PROFIT_LIMIT',
      'TAKE_PROFIT',
      'OCO',
    ])('%s can be placed', async (kind) => {
      await seen('order-kind').selectOption(kind);
      if (kind === 'MARKET') await seen('by-quantity').click();
      for (const [field, value] of [
        ['stopPrice', '2900'],
        ['stopLimitPrice', '2890'],
        ['price', '3100'],
        ['quantity', '0.5'],
      ] as const) {
        if (await seen(`order-${field}`).isVisible()) await seen(`order-${field}`).fill(value);
      }
      const before = world.engine.commands.length;
      await seen('order-submit').click();
      await seen('order-done').getByText('Order placed.').waitFor();
      expect(world.engine.commands.slice(before)).toMatchObject([
        { kind: kind === 'OCO' ? 'order.oco' : 'order.place', quantity: '0.5' },
      ]);
      await userBrowser.shoot(`trade-form-${kind}`);
    });

    test('by keyboard: the market picker opens, finds and closes; the rows of the book are walked', async () => {
      const { page } = userBrowser;
      await seen('market-picker').focus();
      await page.keyboard.press('Enter');
      await page.keyboard.type('eth');
      await page.locator('#markets a').waitFor();
      await userBrowser.shoot('trade-picker');
      await page.keyboard.press('Escape');
      await page.locator('#markets').waitFor({ state: 'detached' });
      await seen('order-kind').selectOption('LIMIT');
      await seen('asks-row').last().focus();
      await page.keyboard.press('ArrowUp');
      const wanted = await page.evaluate<string>('document.activeElement.querySelector(".price").textContent');
      await page.keyboard.press('Enter');
      expect(await seen('order-price').inputValue()).toBe(wanted.replace(',', ''));
    });

    test.each([
      ['desktop-dark', 1440, 1000, 'dark'],
      ['desktop', 1440, 1000, 'light'],
      ['tablet', 900, 1100, 'light'],
      ['phone', 390, 844, 'light'],
      ['phone-dark', 390, 844, 'dark'],
    ] as const)('%s: nothing sticks out, in both directions', async (name, width, height, colorScheme) => {
      const { page } = userBrowser;
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      await page.reload();
      await seen('order-row').first().waitFor();
      for (const direction of ['rtl', 'ltr']) {
        await seen('language').click();
        await page.waitForFunction(`document.documentElement.dir === '${direction}'`);
        const found = await page.evaluate(
          `({ dir: document.documentElement.dir, over: document.documentElement.scrollWidth - document.documentElement.clientWidth })`,
        );
        expect(found).toEqual({ dir: direction, over: 0 });
        await userBrowser.shoot(`trade-${name}-${direction}`);
        if (width < 500) {
          await seen('view-book').click();
          await userBrowser.shoot(`trade-${name}-${direction}-book`);
          await page.screenshot({ path: join(SHOTS, `trade-${name}-${direction}-whole.png`), fullPage: true });
          await seen('view-chart').click();
        }
      }
    });

    test('a connection that was lost: what happened meanwhile is told, the book is fetched again', async () => {
      const { page } = userBrowser;
      await page.setViewportSize({ width: 1440, height: 1000 });
      let cut: (() => Promise<void>) | undefined;
      await page.routeWebSocket(/\/live\//, (socket) => {
        socket.connectToServer();
        cut = () => socket.close();
      });
      await page.reload();
      await seen('order-row').first().waitFor();
      await page.waitForTimeout(500);
      await cut?.();
      // In no table: only the feed can have told it.
      const order = orderView.parse(
        presentOrder(orderRow({ id: 'told-later', userId: traderId, createdAt: Date.now(), updatedAt: Date.now() })),
      );
      world.events.publish({ name: 'order.changed', userId: traderId, order });
      world.market.quietly(() => world.market.move([['3000.01', '7.25']], []));
      await page.locator('[data-testid="order-row"][data-id="told-later"]').waitFor();
      await seen('bids-row').first().getByText('3,000.01').waitFor();
      world.market.move([['3000.01', '0']], []);
      await seen('bids-row').first().getByText('2,999.98').waitFor();
    });

    test('a thousand changes a second cost one render a frame', async () => {
      const { page } = userBrowser;
      let flood: (() => void) | undefined;
      let sequence = (await world.market.depth('ETHUSDT', 1)).sequence;
      await page.routeWebSocket(/\/live\//, (socket) => {
        socket.connectToServer();
        flood = () => {
          for (let n = 0; n < 10; n++) {
            sequence++;
            const diff = {
              symbol: 'ETHUSDT',
              first: sequence,
              last: sequence,
              bids: [[(2999.9 - (sequence % 40) / 100).toFixed(2), `${sequence % 7}.5`]],
              asks: [],
            };
            socket.send(`42${JSON.stringify(['depth', diff])}`);
            if (n === 0)
              socket.send(
                `42${JSON.stringify(['trades', 'ETHUSDT', [{ id: `f${sequence}`, price: '3000.01', quantity: '0.1', side: 'BUY', at: Date.now() }]])}`,
              );
          }
        };
      });
      await page.reload();
      await seen('bids-row').first().waitFor();
      await page.waitForTimeout(1500);
      const timer = setInterval(() => flood?.(), 10);
      const { gaps, renders } = await page.evaluate<{ gaps: number[]; renders: number }>(`new Promise((resolve) => {
        const gaps = []; let last = performance.now(), renders = 0;
        new MutationObserver(() => renders++).observe(document.querySelector('[data-testid=bids-row]').parentNode, { subtree: true, childList: true, characterData: true });
        const step = (now) => { gaps.push(now - last); last = now; gaps.length < 180 ? requestAnimationFrame(step) : resolve({ gaps: gaps.slice(5), renders }); };
        requestAnimationFrame(step);
      })`);
      clearInterval(timer);
      const late = gaps.filter((gap) => gap > 34).length;
      console.log(
        `frames: ${gaps.length}, late: ${late}, longest ${Math.max(...gaps).toFixed(0)} ms, renders ${renders}, sequence ${sequence}`,
      );
      // How late a frame is says how busy the machine is. That thousands of messages cost at most a render a frame is
      // the page's own doing.
      expect(renders).toBeGreaterThan(10);
      expect(renders).toBeLessThanOrEqual(182);
    });

    test('a visitor sees the market and is asked to log in', async () => {
      const { page } = userBrowser;
      await page.context().clearCookies();
      await page.goto(`${world.url}/trade/ETHUSDT`);
      await seen('trade-login').waitFor();
      await seen('bids-row').first().waitFor();
      await page.goto(`${world.url}/trade/NOSUCH`);
      await page.getByText('This market is not listed.').waitFor();
    });

    afterAll(() => {
      expect([...userBrowser.complaints, ...world.failures]).toEqual([]);
    });
  });
});
