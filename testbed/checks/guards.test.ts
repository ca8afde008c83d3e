import { canBegin, looseGuards, testNamesIn } from './guards';

const NAMES = testNamesIn(`
  describe('a wallet', () => {
    test('pays once', async () => {});
    describe.each(['a', 'b'])('on %s', (name) => { test.each([[1]])(\`E9 with $\{name} and %i\`, () => {}); });
  });
  it('stands alone', () => {});
`);

test.each([
  ['a wallet pays once', true],
  ['a wallet pays', true],
  ['a wallet pays twice', false],
  ['pays once', false],
  ['a wallet on tron E9 with fees and 1', true],
  ['a wallet off tron E8', false],
  ['stands alone', true],
  ['stands', true],
  ['', true],
])('%s: found %s', (text, found) => {
  expect(NAMES.some((name) => canBegin(name, text))).toBe(found);
});

test('every guard of the incidents has its test', () => {
  expect(looseGuards()).toEqual([]);
});
