import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ADMIN_MENU, MAIN_MENU, PAGES, linkId, routes } from './pages';
import { words as en } from './shell/words.en';

test('each page has its own name and path, and a title in words', () => {
  expect(new Set(PAGES.map(({ name }) => name)).size).toBe(PAGES.length);
  expect(new Set(PAGES.map(({ path }) => path)).size).toBe(PAGES.length);
  expect(Object.keys(en.nav).sort()).toEqual(
    PAGES.map(({ name }) => name)
      .filter((name) => name !== 'home')
      .sort(),
  );
});

test('every component named ...Page is in the table', () => {
  const files = readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('Page.vue'),
  );
  const opened = PAGES.map(({ component }) => String(component)).join('\n');
  expect(
    files.map((file) => join('.', file)).filter((file) => !opened.includes(file.split('/').at(-1) ?? file)),
  ).toEqual([]);
});

test('what is under /admin is for admins, nothing else is, and a menu shows nobody what is not for them', () => {
  for (const { path, who, menu } of PAGES) {
    expect([path, who === 'admin']).toEqual([path, path.startsWith('/admin/')]);
    if (menu) expect([path, menu === 'admin']).toEqual([path, who === 'admin']);
  }
  expect(MAIN_MENU.map(({ name }) => linkId(name))).toContain('nav-deposit');
  expect(ADMIN_MENU.map(({ name }) => linkId(name))).toContain('nav-admin-kyc');
});

test('the page that does not exist comes last, and a letter opens what it is about', () => {
  expect(routes.at(-1)?.name).toBe('lost');
  expect(routes.find(({ name }) => name === 'freeze')).toMatchObject({
    props: { does: 'freeze' },
    meta: { who: 'anybody' },
  });
});
