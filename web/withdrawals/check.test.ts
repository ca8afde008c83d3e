import { checkWithdrawal, isSamePayment, mostOf } from './check';

const KNOWN = { rail: { minWithdrawal: '0.01', withdrawalFee: '0.002' }, scale: 8, available: '1.5' };
const check = (amount: string, address = '0xabc', known = KNOWN) => checkWithdrawal({ address, amount }, known);

test.each([
  ['0.5', null],
  ['۰٫۵', null],
  ['1.498', null],
  ['', { field: 'amount', what: 'needed' }],
  ['0,5', { field: 'amount', what: 'amount' }],
  ['0.1 5', { field: 'amount', what: 'amount' }],
  ['0.123456789', { field: 'amount', what: 'decimals' }],
  ['0.009', { field: 'amount', what: 'small', limit: '0.01' }],
  ['1.49800001', { field: 'amount', what: 'funds', limit: '1.498' }],
])('%j: %j', (amount, problem) => {
  expect(check(amount)).toEqual(problem);
});

test('an address is needed; what is available is not guessed while nobody knows it', () => {
  expect(check('0.5', ' ')).toEqual({ field: 'address', what: 'needed' });
  expect(checkWithdrawal({ address: '0xabc', amount: '100' }, { ...KNOWN, available: null })).toBeNull();
});

test('the most that can arrive leaves the fee, in whole steps', () => {
  expect(mostOf('1.5', '0.002', 8)).toBe('1.498');
  expect(mostOf('1.123456789', '0', 8)).toBe('1.12345678');
  expect(mostOf('0.001', '0.002', 8)).toBe('0');
});

const TYPED = {
  network: 'ethereum',
  asset: 'ETH',
  address: '0x52908400098527886e0f7030069857d2e4169ee7',
  amount: '0.50',
};
const SIGNED = {
  network: 'ethereum',
  asset: 'ETH',
  to: '0x52908400098527886E0F7030069857D2E4169EE7',
  memo: null,
  amount: '0.5',
};
test.each<[string, Partial<typeof SIGNED>, boolean]>([
  ['in the one spelling of its network', {}, true],
  ['to another receiver', { to: '0x52908400098527886E0F7030069857D2E4169EE8' }, false],
  ['of another amount', { amount: '5' }, false],
  ['of another asset', { asset: 'USDT' }, false],
  ['on another network', { network: 'bsc' }, false],
])('what is to be confirmed %s: the same as was typed, %s %s', (_what, over, same) => {
  expect(isSamePayment({ ...SIGNED, ...over }, TYPED)).toBe(same);
});
