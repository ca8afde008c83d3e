/** A real browser for the scenarios: the Chromium or Chrome of this machine, or none. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { BrowserContext, Page } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
];

/** Path of a browser, or undefined. CHROMIUM names one that lies elsewhere. */
export const browserPath = (): string | undefined =>
  [process.env.CHROMIUM ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));

/** Builds the page into a directory, as it is served. */
export function buildPageInto(webDir: string): void {
  const root = join(__dirname, '../..');
  execFileSync(
    process.execPath,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', 'web', '--outDir', webDir, '--logLevel', 'error'],
    { cwd: root },
  );
}

export interface Browser {
  readonly page: Page;
  /** What the page complained about: errors in its console, exceptions nobody caught. */
  readonly complaints: string[];
  shoot(name: string): Promise<void>;
  /**
   * Does something in the page and ends when the request to `path` it caused was answered; listening begins before it
   * is done.
   */
  answered(path: string, act: () => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
}

/** One person's browser with nothing remembered. Pictures go to `shotsDir`. */
export async function openBrowser(executablePath: string, shotsDir: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'javizen-browser-'));
  mkdirSync(shotsDir, { recursive: true });
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    viewport: { width: 1280, height: 860 },
    locale: 'en-GB',
    args: [...ARGS, '--disable-component-update', '--disable-sync'],
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(`${message.text()} (${page.url()})`));
  page.on('pageerror', (error) => complaints.push(error.message));
  return {
    page,
    complaints,
    shoot: async (name) => {
      await page.screenshot({ path: join(shotsDir, `${name}.png`) });
    },
    answered: async (path, act) => {
      await Promise.all([page.waitForResponse((response) => new URL(response.url()).pathname.endsWith(path)), act()]);
    },
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
