import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorView } from '../../domain/contract/api/common';
import { documentType } from '../../domain/contract/api/kyc';
import { DEPOSIT } from '../../domain/lifecycle/deposit';
import { orderType } from '../../domain/contract/api/orders';
import { KYC } from '../../domain/lifecycle/kyc';
import { ORDER } from '../../domain/lifecycle/order';
import { SWAP } from '../../domain/lifecycle/swap';
import { WITHDRAWAL } from '../../domain/lifecycle/withdrawal';
import { LOCALES } from '../../domain/contract/api/languages';
import type { Locale } from '../../domain/contract/api/languages';

type Tree = { [key: string]: string | Tree };
const WEB = join(__dirname, '..');
/** The words of each folder in one language. */
const foldersIn = (locale: Locale): Tree[] =>
  readdirSync(WEB, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(`words.${locale}.ts`))
    .map((file) => (require(join(WEB, file)) as { words: Tree }).words);
/** All words of a language, as the page merges them. */
const wordsIn = (locale: Locale): Tree =>
  foldersIn(locale).reduce<Tree>(
    (all, folder) =>
      Object.entries(folder).reduce(
        (into, [subject, texts]) => ({ ...into, [subject]: { ...(into[subject] as Tree), ...(texts as Tree) } }),
        all,
      ),
    {},
  );
const en = wordsIn('en');
const others = LOCALES.filter((locale) => locale !== 'en').map((locale) => [locale, wordsIn(locale)] as const);
const under = (...path: string[]): string[] => Object.keys(path.reduce<Tree>((at, key) => at[key] as Tree, en));

const keysOf = (tree: Tree, path = ''): string[] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${path}${key}`] : keysOf(value, `${path}${key}.`),
  );
const textOf = (tree: Tree, key: string): string =>
  key.split('.').reduce<string | Tree>((at, part) => (at as Tree)[part] ?? '', tree) as string;
const placeholders = (text: string): string[] => (text.match(/\{[a-z]+\}/g) ?? []).sort();

test('no two folders have words under the same key', () => {
  const keys = foldersIn('en').flatMap((folder) => keysOf(folder));
  expect(keys.length).toBeGreaterThan(500);
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
});

test.each(others)('%s has the same keys as en', (_locale, words) => {
  expect(keysOf(words).sort()).toEqual(keysOf(en).sort());
});

test.each(keysOf(en))('%s: words in each language, with the same places to fill', (key) => {
  for (const [, words] of others) {
    expect(textOf(words, key).trim()).not.toBe('');
    expect(placeholders(textOf(words, key))).toEqual(placeholders(textOf(en, key)));
  }
});

test('every refusal and every state has words', () => {
  expect(under('errors')).toEqual(expect.arrayContaining([...errorView.shape.error.shape.code.options]));
  expect(under('withdrawals')).toEqual(expect.arrayContaining(Object.keys(WITHDRAWAL)));
  expect(under('deposits')).toEqual(expect.arrayContaining(Object.keys(DEPOSIT)));
  expect(under('swaps')).toEqual(expect.arrayContaining(Object.keys(SWAP)));
  expect(under('trade', 'states')).toEqual(expect.arrayContaining(Object.keys(ORDER)));
  expect(under('trade', 'kinds')).toEqual(expect.arrayContaining([...orderType.options]));
  expect(under('kyc')).toEqual(expect.arrayContaining([...Object.keys(KYC), ...documentType.options]));
});
