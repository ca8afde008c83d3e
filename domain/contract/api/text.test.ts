import fc from 'fast-check';
import { code } from './second-factor';
import { COUNTRIES } from './countries';
import { asciiDigits, line, personName, plainNumber } from './text';

test.each([
  ['123456', '123456'],
  [' 123 456 ', '123456'],
  ['۱۲۳۴۵۶', '123456'],
  ['٠١٢٣٤٥', '012345'],
  ['１２３４５６', '123456'],
  ['12\u200b34\u200f56', '123456'],
  ['abcd-0123-4567-89ef', 'abcd-0123-4567-89ef'],
  [' abcd-۰۱۲۳-4567-89ef\n', 'abcd-0123-4567-89ef'],
])('a code is read: %j', (typed, read) => {
  expect(code.parse(typed)).toBe(read);
});

test.each(['', '12345', '1234567', '12345a', '½½½½½½', 'abcd-0123-4567', '1'.repeat(101)])('no code: %j', (typed) => {
  expect(code.safeParse(typed).success).toBe(false);
});

test('digits of every script have their value', () => {
  for (const zero of [0x30, 0x660, 0x6f0, 0x966, 0xe50, 0xff10, 0x1d7ce]) {
    for (let value = 0; value < 10; value++)
      expect(asciiDigits(String.fromCodePoint(zero + value))).toBe(String(value));
  }
});

test('what is taken is one line without marks that nobody sees, and is taken again as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const taken = line(1, 60).safeParse(text);
      if (!taken.success) return;
      expect(line(1, 60).parse(taken.data)).toBe(taken.data);
      expect(taken.data).not.toMatch(/[\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u);
    }),
  );
});

test.each([
  ['Ada', true],
  ["O'Neil-Smith, J. R.", true],
  ['علی\u200cرضا', true],
  ['李', true],
  ['\u200cعلی', false],
  ['علی\u200c رضا', false],
  ['\u0301', false],
  ['7', false],
  ['  ', false],
])('a name: %j %s', (name, taken) => {
  expect(personName.safeParse(name).success).toBe(taken);
});

test('two spellings of one number are one, two numbers are two', () => {
  expect(new Set(['AB-12 34', 'ab1234', 'ＡＢ۱۲۳۴', 'AB 12.34'].map(plainNumber))).toEqual(new Set(['AB1234']));
  expect(plainNumber('AB1235')).not.toBe(plainNumber('AB1234'));
});

test('the countries are those that ISO has assigned', () => {
  expect([COUNTRIES.length, new Set(COUNTRIES).size]).toEqual([249, 249]);
  for (const missing of ['ZZ', 'EU', 'UK', 'SU', 'XK', 'AN']) expect(COUNTRIES).not.toContain(missing);
});
