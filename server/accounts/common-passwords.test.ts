import { isCommon } from './common-passwords';

test.each([
  '1234567890',
  'password12',
  'qwertyuiop',
  'QWERTYUIOP',
  'aaaaaaaaaa',
  '1212121212',
  'ada.lovelace@example.org',
  'ada.lovelace1',
  'Ada.Lovelace2024',
  'javizen2026',
  'example.org!!',
])('%s is refused', async (password) => {
  expect(await isCommon(password, 'ada.lovelace@example.org')).toBe(true);
});

test.each(['a long enough password', 'the words of ada.lovelace and more', 'Zürich ①２ café', 'pelican-oatmeal-9'])(
  '%s is taken',
  async (password) => {
    expect(await isCommon(password, 'ada.lovelace@example.org')).toBe(false);
  },
);
