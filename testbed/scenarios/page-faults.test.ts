/**
 * What goes wrong around the page, and what a person does by mistake: seen in a real browser, against the server with
 * stand-ins behind it.
 */
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { OrderEntity } from '../../db/entities/orders';
import { orderView } from '../../domain/contract/api/orders';
import { presentOrder } from '../../server/orders/present';
import { insertOrder, orderRow } from '../../server/orders/testing';
import { PASSWORD, PNG, testWorld } from '../../server/testing';
import type { TestWorld } from '../../server/testing';
import { browserPath, buildPageInto, openBrowser } from '../stage/browser';
import type { Browser } from '../stage/browser';

const ROOT = join(__dirname, '../..');
const webDir = join(ROOT, '.local/test/page-faults-web', String(process.pid));
const SHOTS = join(ROOT, '.local/test/page');
const chromium = browserPath();
const inBrowser = chromium || process.env.CI === '1' ? describe : describe.skip;
const OVER = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

inBrowser('the page, when something goes wrong', () => {
  let world: TestWorld;
  let browser: Browser;
  let page: Page;
  let traderId: string;
  const seen = (id: string): Locator => page.getByTestId(id);

  async function logIn(who: Browser, email: string): Promise<void> {
    await who.page.goto(world.url);
    await who.page.getByTestId('auth-email').fill(email);
    await who.page.getByTestId('auth-password').fill(PASSWORD);
    await who.page.getByTestId('auth-submit').click();
    await who.page.getByTestId('logout').waitFor();
  }
  const go = (path: string): Promise<unknown> => page.goto(`${world.url}${path}`);
  /** Somebody opens an account and sends an identity. */
  async function apply(email: string): Promise<void> {
    const applicant = world.visitor();
    await world.account(email);
    await applicant.logIn(email);
    const form = applicant.agent.post('/api/kyc').set('X-CSRF-Token', applicant.csrf());
    for (const [field, value] of Object.entries({
      fullName: 'Ada',
      country: 'GB',
      birthDate: '1990-05-17',
      documentType: 'passport',
      documentNumber: `N${'1'.repeat(50)}`,
    }))
      void form.field(field, value);
    expect((await form.attach('document', PNG, 'passport.png')).status).toBe(201);
  }
  /** What was placed since the last look. */
  let looked = 0;
  const placed = (): object[] => {
    const since = world.engine.commands.slice(looked);
    looked = world.engine.commands.length;
    return since;
  };

  beforeAll(async () => {
    if (!chromium) throw new Error('no Chromium or Chrome was found; name one in CHROMIUM');
    buildPageInto(webDir);
    world = await testWorld({ webDir });
    traderId = await world.account('trader@example.org', { kycState: 'APPROVED' });
    world.engine.balances.push({ asset: 'USDT', available: '10000', held: '0' });
    browser = await openBrowser(chromium, SHOTS);
    ({ page } = browser);
    await logIn(browser, 'trader@example.org');
  });
  afterAll(async () => {
    expect(world.failures).toEqual([]);
    await browser?.close();
    await world?.close();
    rmSync(webDir, { recursive: true, force: true });
  });
  afterEach(async () => {
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    // Many of these tests break something on purpose; the server has no part in it.
    browser.complaints.length = 0;
  });

  describe('the order form', () => {
    beforeEach(async () => {
      await go('/trade/ETHUSDT');
      await seen('bids-row').first().waitFor();
      placed();
    });
    const trade = (price: string): void =>
      world.market.trade({ id: `t${price}`, price, quantity: '0.1', side: 'BUY', at: Date.now() });

    test('a price that somebody cleared stays empty, whatever is traded; one that was typed is the one that goes out', async () => {
      // It is filled in from the last price, which may come after the book.
      await page.waitForFunction(`document.querySelector('[data-testid="order-price"]').value !== ''`);
      await seen('order-price').fill('');
      trade('3001.11');
      await seen('last-price').getByText('3,001.11').waitFor();
      expect(await seen('order-price').inputValue()).toBe('');
      await seen('order-price').fill('2900');
      trade('3002.22');
      await seen('last-price').getByText('3,002.22').waitFor();
      await seen('order-quantity').fill('1');
      await seen('order-submit').click();
      await seen('order-done').locator('.note').waitFor();
      expect(placed()).toMatchObject([{ kind: 'order.place', price: '2900', quantity: '1' }]);
    });

    test('a second press places no second order: the quantity is cleared', async () => {
      await seen('order-price').fill('2900');
      await seen('order-quantity').fill('1');
      await seen('order-submit').click();
      await seen('order-done').locator('.note').waitFor();
      expect(await seen('order-quantity').inputValue()).toBe('');
      await seen('order-submit').click();
      await seen('order-quantity-problem').waitFor();
      expect(placed()).toHaveLength(1);
    });

    test('what is set and folded away is named beside the button, and does not ride along on another type', async () => {
      await seen('order-kind').selectOption('STOP_LOSS');
      await seen('order-options').click();
      await seen('order-trailing').fill('1.5');
      expect(await seen('set-options').count()).toBe(0);
      await seen('order-options').click();
      await seen('set-trailing').getByText('1.5%').waitFor();
      await seen('order-kind').selectOption('TAKE_PROFIT_LIMIT');
      expect(await seen('set-options').count()).toBe(0);
      await seen('order-stopPrice').fill('3100');
      await seen('order-price').fill('3100');
      await seen('order-quantity').fill('0.5');
      await seen('order-submit').click();
      await seen('order-done').locator('.note').waitFor();
      const [command] = placed();
      expect(command).toMatchObject({ kind: 'order.place', type: 'TAKE_PROFIT_LIMIT' });
      expect(command).not.toHaveProperty('trailingDelta');
      await seen('order-kind').selectOption('STOP_LOSS');
      await seen('set-trailing').getByText('1.5%').waitFor();
    });

    test('a market purchase goes by total; the slider sets what is there', async () => {
      await seen('order-kind').selectOption('MARKET');
      await seen('share-100').click();
      expect(await seen('order-total').inputValue()).toBe('10000');
      await seen('order-submit').click();
      await seen('order-done').locator('.note').waitFor();
      expect(placed()).toMatchObject([{ type: 'MARKET', quoteOrderQty: '10000' }]);
      await seen('by-quantity').click();
      await seen('share-100').click();
      // 10,000 at the best price would be 3.33: the exchange sets aside what it may cost at the worst.
      expect(await seen('order-quantity').inputValue()).toBe('3.2646');
    });

    test('a comma is offered as a decimal point and not taken; Persian digits and marks between groups are read', async () => {
      await seen('order-price').fill('۲٬۹۰۰');
      await seen('order-quantity').fill('0,5');
      await seen('order-submit').click();
      await seen('order-quantity-problem').waitFor();
      expect(placed()).toEqual([]);
      await seen('order-quantity-meant').click();
      expect(await seen('order-quantity').inputValue()).toBe('0.5');
      await seen('order-submit').click();
      await seen('order-done').locator('.note').waitFor();
      expect(placed()).toMatchObject([{ price: '2900', quantity: '0.5' }]);
    });

    test('the least of an order is said, and less is refused before it is sent', async () => {
      expect(await seen('order-minimum').innerText()).toContain('5 USDT');
      await seen('order-kind').selectOption('MARKET');
      await seen('order-total').fill('4.99');
      await seen('order-submit').click();
      await seen('order-total-problem').getByText('5 USDT').waitFor();
      expect(placed()).toEqual([]);
    });

    test('an order that is executed a moment later says so', async () => {
      await seen('order-price').fill('2900');
      await seen('order-quantity').fill('1');
      await seen('order-submit').click();
      await seen('order-done').getByText('Order placed.').waitFor();
      const [row] = await world.dataSource
        .getRepository(OrderEntity)
        .find({ where: { userId: traderId }, order: { seq: 'DESC' }, take: 1 });
      world.events.publish({
        name: 'order.changed',
        userId: traderId,
        order: orderView.parse(
          presentOrder({
            ...orderRow({ id: 'x', userId: traderId }),
            ...row,
            state: 'FILLED',
            bookStatus: null,
            updatedAt: Date.now(),
          }),
        ),
      });
      await seen('order-done').getByText('Order filled.').waitFor();
    });

    test('ask and bid rows are alike', async () => {
      const heights = await page.evaluate<number[][]>(
        `['asks', 'bids'].map((side) => { const rows = [...document.querySelectorAll('[data-testid=' + side + '-row]')].map((row) => row.getBoundingClientRect().top); return rows.slice(1).map((top, at) => Math.round(top - rows[at])); })`,
      );
      expect(new Set(heights.flat())).toEqual(new Set([22]));
    });
  });

  test('cancel all is asked first: Escape and "no" cancel nothing, Tab stays inside, focus comes back', async () => {
    await insertOrder(world.dataSource, orderRow({ id: 'open1', userId: traderId, price: '2000', quantity: '1' }));
    await go('/trade/ETHUSDT');
    await seen('cancel-all').waitFor();
    await seen('cancel-all').click();
    await seen('confirm').getByText('Cancel all orders in ETH/USDT?').waitFor();
    const focused = (): Promise<string | null> => page.evaluate('document.activeElement.dataset.testid ?? null');
    expect(await focused()).toBe('confirm-no');
    const walk: (string | null)[] = [];
    for (const key of ['Tab', 'Tab', 'Shift+Tab', 'Shift+Tab']) {
      await page.keyboard.press(key);
      walk.push(await focused());
    }
    expect(walk).toEqual(['confirm-yes', 'confirm-no', 'confirm-yes', 'confirm-no']);
    await browser.shoot('confirm-cancel-all');
    placed();
    await page.keyboard.press('Escape');
    await seen('confirm').waitFor({ state: 'hidden' });
    await page.locator('[data-testid="cancel-all"]:focus').waitFor();
    expect([await focused(), placed()]).toEqual(['cancel-all', []]);
    await seen('cancel-all').click();
    await seen('confirm-no').click();
    expect(placed()).toEqual([]);
    await seen('cancel-all').click();
    await browser.answered('/orders', () => seen('confirm-yes').click());
    expect(placed()).toMatchObject([{ kind: 'order.cancelAll', symbol: 'ETHUSDT' }]);
  });

  test.each([
    ['/deposit', '/api/deposits'],
    ['/withdraw', '/api/withdrawals'],
    ['/overview', '/api/balances'],
    ['/history?part=orders', '/api/orders'],
    ['/history?part=trades', '/api/trades'],
    ['/history?part=swaps', '/api/swaps'],
    ['/history?part=deposits', '/api/deposits'],
    ['/history?part=withdrawals', '/api/withdrawals'],
    ['/trade/ETHUSDT', '/api/trades'],
  ])(
    '%s: while %s fails it says so and offers another try; what is empty is said only of what is known',
    async (path, api) => {
      await page.route(
        (url) => url.pathname === api,
        (route) =>
          route.fulfill({
            status: 500,
            contentType: 'application/json',
            body: '{"error":{"code":"INTERNAL","message":""}}',
          }),
      );
      await go(path);
      const frame = page.locator('[data-testid="list"][data-list-state="failed"]').first();
      await frame.waitFor();
      expect(await frame.getByTestId('list-empty').count()).toBe(0);
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await frame.getByTestId('list-retry').click();
      await page.locator('[data-testid="list"][data-list-state="failed"]').waitFor({ state: 'detached' });
      await page
        .locator('[data-testid="list"]:is([data-list-state="rows"], [data-list-state="empty"])')
        .first()
        .waitFor();
    },
  );

  test('a list of many pages: each row once, older ones on demand, all of them in the file', async () => {
    for (let n = 0; n < 120; n++)
      await insertOrder(
        world.dataSource,
        orderRow({
          id: `many${n}`,
          userId: traderId,
          price: '1000',
          quantity: '1',
          state: 'CANCELED',
          bookStatus: null,
          createdAt: 1_700_000_000_000 + Math.floor(n / 7),
        }),
      );
    await go('/history?part=orders');
    await seen('filter-state').selectOption('closed');
    await seen('order-row').first().waitFor();
    const ids = (): Promise<string[]> =>
      seen('order-row').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id') ?? ''));
    while ((await seen('list-more').count()) > 0) {
      const before = (await ids()).length;
      await seen('list-more').click();
      await page.locator(`[data-testid="order-row"]:nth-child(${before + 1})`).waitFor();
    }
    const all = await ids();
    expect(new Set(all).size).toBe(all.length);
    expect(all.filter((id) => id.startsWith('many'))).toHaveLength(120);
    const [download] = await Promise.all([page.waitForEvent('download'), seen('list-csv').click()]);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
    expect([download.suggestedFilename(), lines.length]).toEqual(['orders.csv', all.length + 1]);
    expect(lines[1]?.split(',')[1]).toBe(all[0]);
  });

  test('the list of markets that failed once comes by itself; no reload', async () => {
    let tries = 0;
    await page.route('**/api/assets', (route) => (tries++ === 0 ? route.abort() : route.continue()));
    await go('/trade/ETHUSDT');
    await seen('bids-row').first().waitFor();
    expect(tries).toBe(2);
    await go('/swap');
    await seen('swap-from').locator('option:checked').waitFor({ state: 'attached' });
    expect(await seen('swap-from').inputValue()).not.toBe('');
  });

  test('while nobody knows who is logged in, nobody is taken for a visitor', async () => {
    let tries = 0;
    await page.route('**/api/session', (route) =>
      tries++ === 0 ? route.fulfill({ status: 503, body: '' }) : route.continue(),
    );
    await go('/overview');
    await page.locator('#waiting').getByText('No connection').waitFor();
    await seen('logout').waitFor();
    expect(new URL(page.url()).pathname).toBe('/overview');
  });

  test('a connection that is lost: the page says from when it is, and no order goes out until it is back', async () => {
    const line: { isCut: boolean; cut?: () => Promise<void> } = { isCut: false };
    await page.routeWebSocket(/\/live\//, (socket) => {
      if (line.isCut) return void socket.close();
      socket.connectToServer();
      line.cut = () => socket.close();
    });
    await page.route(/\/live\/.*polling/, (route) => (line.isCut ? route.abort() : route.continue()));
    await go('/trade/ETHUSDT');
    await seen('bids-row').first().waitFor();
    await page.waitForTimeout(1200);
    expect(await seen('order-submit').isDisabled()).toBe(false);
    line.isCut = true;
    await line.cut?.();
    await seen('stale').getByText('Prices as of').waitFor();
    expect(await seen('order-submit').isDisabled()).toBe(true);
    await seen('order-closed').waitFor();
    await browser.shoot('trade-stale');
    line.isCut = false;
    await seen('stale').waitFor({ state: 'detached' });
    await page.locator('[data-testid="order-submit"]:enabled').waitFor();
  });

  test('a halted market says that it is halted, at the button too', async () => {
    const { tickers } = world.market;
    world.market.tickers = async () => (await tickers()).map((one) => ({ ...one, state: 'HALT' as const }));
    try {
      await go('/trade/ETHUSDT');
      await seen('order-closed').getByText('This market is halted').waitFor();
      expect(await seen('order-submit').isDisabled()).toBe(true);
    } finally {
      world.market.tickers = tickers;
    }
  });

  test('a part of the page that is closed after an upgrade: the page is fetched anew, once, and opens where it should', async () => {
    await go('/overview');
    await seen('nav-history').waitFor();
    let refused = 0;
    await page.route('**/assets/HistoryPage*.js', (route) =>
      refused++ === 0 ? route.fulfill({ status: 404, body: '' }) : route.continue(),
    );
    await seen('nav-history').click();
    await seen('history-orders').waitFor();
    expect([refused, new URL(page.url()).pathname]).toEqual([2, '/history']);
    await go('/overview');
    await page.route('**/assets/HistoryPage*.js', (route) => route.fulfill({ status: 404, body: '' }));
    await seen('nav-history').click();
    await seen('page-missing').waitFor();
  });

  test('nothing is fetched twice at the start', async () => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await go('/trade/ETHUSDT');
    await seen('bids-row').first().waitFor();
    await page.waitForTimeout(1500);
    const counts = Object.fromEntries(
      [
        '/api/session',
        '/api/assets',
        '/api/markets/ETHUSDT/candles',
        '/api/markets/ETHUSDT/depth',
        '/api/markets/ETHUSDT/trades',
        '/api/fees',
      ].map((path) => [path, asked.filter((one) => one === path).length]),
    );
    expect(Object.values(counts)).toEqual(Object.keys(counts).map(() => 1));
  });

  test('an account without an approved identity is told no limit that it does not have; no proof, no check', async () => {
    const other = await openBrowser(chromium ?? '', SHOTS);
    try {
      await world.account('nobody@example.org');
      await logIn(other, 'nobody@example.org');
      await other.answered('/withdrawal-limits', () => other.page.goto(`${world.url}/withdraw`));
      await other.page.getByTestId('withdraw-total').waitFor();
      expect(await other.page.getByTestId('withdraw-left').count()).toBe(0);
      await other.page.goto(`${world.url}/proof`);
      await other.page.getByTestId('proof-none').waitFor();
      expect(await other.page.locator('main').innerText()).not.toMatch(/has just checked/);
    } finally {
      await other.close();
    }
  });

  test('an admin without a second factor, where none is demanded, is not told that it is in force', async () => {
    const admins = await openBrowser(chromium ?? '', SHOTS);
    try {
      await world.account('plain@example.org', { role: 'admin' });
      await logIn(admins, 'plain@example.org');
      await admins.answered('/second-factor', () => admins.page.goto(`${world.url}/admin/second-factor`));
      await admins.page.getByTestId('second-factor-password').waitFor();
      expect(await admins.page.getByTestId('second-factor-in-force').count()).toBe(0);
    } finally {
      await admins.close();
    }
  });

  test('an identity is approved only by who has opened its document, and after a question', async () => {
    const admins = await openBrowser(chromium ?? '', SHOTS);
    try {
      await world.account('reviewer@example.org', { role: 'admin' });
      await apply('applicant@example.org');
      await logIn(admins, 'reviewer@example.org');
      await admins.page.goto(`${world.url}/admin/kyc`);
      const row = admins.page.locator('[data-testid="kyc-row"][data-email="applicant@example.org"]');
      await row.getByTestId('kyc-blocked').waitFor();
      expect(await row.getByTestId('kyc-approve').isDisabled()).toBe(true);
      await row.getByTestId('kyc-open').click();
      await row.locator('[data-testid="kyc-approve"]:enabled').click();
      await admins.page.getByTestId('confirm').getByText('applicant@example.org').waitFor();
      await admins.page.getByTestId('confirm-no').click();
      expect(await row.getAttribute('data-state')).toBe('SUBMITTED');
      await row.getByTestId('kyc-approve').click();
      await admins.page.getByTestId('confirm-yes').click();
      await row.waitFor({ state: 'detached' });
    } finally {
      await admins.close();
    }
  });

  test('a name of 190 letters breaks no page of an admin, on desk and phone', async () => {
    const admins = await openBrowser(chromium ?? '', SHOTS);
    try {
      await world.account('operator@example.org', { role: 'admin' });
      await apply(`${'e'.repeat(60)}@example.org`);
      await world.owner.query('UPDATE kyc_applications SET full_name = ?', ['W'.repeat(190)]);
      await logIn(admins, 'operator@example.org');
      for (const path of ['kyc', 'users', 'withdrawals', 'audit']) {
        for (const width of [1440, 360]) {
          await admins.page.setViewportSize({ width, height: 900 });
          await admins.page.goto(`${world.url}/admin/${path}`);
          await admins.page.locator('[data-testid="list"]:not([data-list-state="loading"])').first().waitFor();
          expect([path, width, await admins.page.evaluate(OVER)]).toEqual([path, width, 0]);
          await admins.shoot(`hostile-${path}-${width}`);
        }
      }
    } finally {
      await admins.close();
    }
  });
});
