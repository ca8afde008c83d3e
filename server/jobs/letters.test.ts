import { LETTERS, words } from './letters';
import type { LetterKind } from './letters';

const KINDS = Object.keys(LETTERS.en.letters) as LetterKind[];
const placeholders = (text: string): string[] => (text.match(/\{[a-z]+\}/g) ?? []).sort();

test.each(KINDS)('%s: the letter in each language, with the same facts', (kind) => {
  for (const { letters } of Object.values(LETTERS)) {
    expect([letters[kind].subject, letters[kind].text]).not.toContain('');
    expect(placeholders(letters[kind].text)).toEqual(placeholders(LETTERS.en.letters[kind].text));
  }
});

test('a letter says its facts and ends with the link that freezes the account, except to a stranger', () => {
  const facts = {
    address: '192.0.2.7',
    agent: 'Firefox',
    freeze: 'https://x.example/freeze/t',
    link: 'https://x.example/c',
  };
  const letter = words('new-device', 'en', facts);
  expect(letter.text).toContain('IP address: 192.0.2.7');
  expect(letter.text).toContain('https://x.example/freeze/t');
  expect(words('confirm-address', 'fa', facts).text).not.toContain('freeze');
  expect(words('new-device', 'en', { address: '192.0.2.7' }).text).toContain('{agent}');
});
