import { errorView } from '../../domain/contract/api/common';
import { documentType } from '../../domain/contract/api/kyc';
import { DEPOSIT } from '../../domain/lifecycle/deposit';
import { orderType } from '../../domain/contract/api/orders';
import { KYC } from '../../domain/lifecycle/kyc';
import { ORDER } from '../../domain/lifecycle/order';
import { SWAP } from '../../domain/lifecycle/swap';
import { WITHDRAWAL } from '../../domain/lifecycle/withdrawal';
import { en } from './en';
import { fa } from './fa';

type Tree = { [key: string]: string | Tree };
const keysOf = (tree: Tree, path = ''): string[] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${path}${key}`] : keysOf(value, `${path}${key}.`),
  );
const textOf = (tree: Tree, key: string): string =>
  key.split('.').reduce<string | Tree>((at, part) => (at as Tree)[part] ?? '', tree) as string;
const placeholders = (text: string): string[] => (text.match(/\{[a-z]+\}/g) ?? []).sort();

test('both languages have the same keys', () => {
  expect(keysOf(fa).sort()).toEqual(keysOf(en).sort());
});

test.each(keysOf(en))('%s: words in both languages, with the same places to fill', (key) => {
  expect(textOf(fa, key).trim()).not.toBe('');
  expect(placeholders(textOf(fa, key))).toEqual(placeholders(textOf(en, key)));
});

test('every refusal and every state has words', () => {
  expect(Object.keys(en.errors)).toEqual(expect.arrayContaining([...errorView.shape.error.shape.code.options]));
  expect(Object.keys(en.withdrawals)).toEqual(expect.arrayContaining(Object.keys(WITHDRAWAL)));
  expect(Object.keys(en.deposits)).toEqual(expect.arrayContaining(Object.keys(DEPOSIT)));
  expect(Object.keys(en.swaps)).toEqual(expect.arrayContaining(Object.keys(SWAP)));
  expect(Object.keys(en.trade.states)).toEqual(expect.arrayContaining(Object.keys(ORDER)));
  expect(Object.keys(en.trade.kinds)).toEqual(expect.arrayContaining([...orderType.options]));
  expect(Object.keys(en.kyc)).toEqual(expect.arrayContaining([...Object.keys(KYC), ...documentType.options]));
});
