import { authenticatorUri, base32, codeOf, stepOf } from './totp';

/** RFC 6238, appendix B: the SHA-1 rows; its codes have eight digits, of which six are the last. */
const SECRET = Buffer.from('12345678901234567890');
test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('at %i seconds the code is %s', (seconds, code) => {
  expect(codeOf(SECRET, Math.floor(seconds / 30))).toBe(code);
  expect(stepOf(SECRET, code, seconds * 1000, 0)).toBe(Math.floor(seconds / 30));
});

test('a code is good for its step and the ones beside it, and once', () => {
  const now = 1_111_111_109_000;
  const step = Math.floor(now / 30_000);
  for (const near of [-1, 0, 1]) expect(stepOf(SECRET, codeOf(SECRET, step + near), now, 0)).toBe(step + near);
  for (const far of [-2, 2]) expect(stepOf(SECRET, codeOf(SECRET, step + far), now, 0)).toBeUndefined();
  expect(stepOf(SECRET, codeOf(SECRET, step), now, step)).toBeUndefined();
  for (const not of ['', '0', '000000', '08180', '0818044', '081804 ', '０８１８０４'])
    expect(stepOf(SECRET, not, now, 0)).toBeUndefined();
});

// RFC 4648, section 10, without padding.
test.each([
  ['', ''],
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI'],
])('base32 of %j', (text, wanted) => expect(base32(Buffer.from(text))).toBe(wanted));

test('an authenticator is told who and how', () => {
  expect(authenticatorUri(SECRET, 'a+b@example.org')).toBe(
    'otpauth://totp/Javizen:a%2Bb%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Javizen&algorithm=SHA1&digits=6&period=30',
  );
});
