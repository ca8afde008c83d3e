/** The page in a real browser, against the server with stand-ins behind it: a whole life by clicks, in both directions of writing. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DepositEntity } from '../../db/entities/deposits';
import { WithdrawalEntity } from '../../db/entities/withdrawals';
import { ADDRESS, PASSWORD, PNG, testWorld } from '../../server/testing';
import type { TestWorld } from '../../server/testing';
import { browserPath, openBrowser } from './browser';
import type { Browser } from './browser';
import { liveByClicks } from './life-by-clicks';

const ROOT = join(__dirname, '../..');
const webDir = join(ROOT, '.local/test/page-web', String(process.pid));
const SHOTS = join(ROOT, '.local/test/page');
const chromium = browserPath();
// A machine without a browser skips this; where everything is demanded it fails instead.
const inBrowser = chromium || process.env.CI === '1' ? describe : describe.skip;

inBrowser('the page', () => {
  let world: TestWorld;
  let userBrowser: Browser;
  let adminBrowser: Browser;

  beforeAll(async () => {
    if (!chromium) throw new Error('no Chromium or Chrome was found; name one in CHROMIUM');
    execFileSync(process.execPath, [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', 'web', '--outDir', webDir, '--logLevel', 'error'], {
      cwd: ROOT,
    });
    world = await testWorld({ webDir });
    await world.account('operator@example.org', { role: 'admin' });
    userBrowser = await openBrowser(chromium, SHOTS);
    adminBrowser = await openBrowser(chromium, SHOTS);
  });
  afterAll(async () => {
    await userBrowser?.close();
    await adminBrowser?.close();
    await world?.close();
    rmSync(webDir, { recursive: true, force: true });
  });

  /** A payment that is seen and then credited, told live. */
  async function credited(address: string): Promise<void> {
    const users: { id: string }[] = await world.dataSource.query("SELECT id FROM users WHERE email = 'ada@example.org'");
    const userId = users[0]?.id ?? '';
    const rows = world.dataSource.getRepository(DepositEntity);
    const block = { blockHeight: 1, blockHash: '0x1', createdAt: 1_700_000_000_000, creditedAt: null };
    const seen = { id: 'd1', network: 'ethereum', txid: '0xaa', position: 'native', userId, address, asset: 'ETH', amount: '2' };
    await rows.insert({ ...seen, ...block, confirmations: 1, state: 'CONFIRMING' });
    world.events.publish({ name: 'deposit.changed', userId, depositId: 'd1', state: 'CONFIRMING', confirmations: 1 });
    setTimeout(() => {
      void rows.update({ id: 'd1' }, { state: 'CREDITED', confirmations: 6 }).then(() => {
        world.events.publish({ name: 'deposit.changed', userId, depositId: 'd1', state: 'CREDITED', confirmations: 6 });
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

  test.each(['overview', 'kyc', 'deposit', 'swap', 'withdraw', 'history'])(
    '%s: fits a phone, in both directions, with a name for each control',
    async (path) => {
      const { page } = userBrowser;
      await page.setViewportSize({ width: 360, height: 740 });
      await page.goto(`${world.url}/${path}`);
      for (const direction of ['rtl', 'ltr']) {
        await page.getByTestId('language').click();
        await page.waitForTimeout(150);
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
});
