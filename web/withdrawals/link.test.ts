import { readPasted } from './link';

const A = '0x52908400098527886E0F7030069857D2E4169EE7';
const TOKEN = '0xdAC17F958D2ee523a2206206994597C13D831ec7';
const network = { gasAsset: 'ETH', confirmations: 1, memo: 'none' as const };
const rail = {
  confirmationSteps: null,
  minDeposit: '0',
  depositFee: '0',
  depositFeeRate: '0',
  minWithdrawal: '0',
  withdrawalFee: '0',
};
const LISTED = {
  networks: [
    { ...network, id: 'ethereum', name: 'Ethereum', kind: 'evm' as const, chainId: 1 },
    { ...network, id: 'bsc', name: 'BNB Smart Chain', kind: 'evm' as const, chainId: 56 },
    { ...network, id: 'bitcoin', name: 'Bitcoin', kind: 'bitcoin' as const, chainId: 0 },
  ],
  rails: [
    { ...rail, asset: 'ETH', network: 'ethereum', contract: null, decimals: 18 },
    { ...rail, asset: 'USDT', network: 'ethereum', contract: TOKEN.toLowerCase(), decimals: 6 },
    { ...rail, asset: 'BNB', network: 'bsc', contract: null, decimals: 18 },
    { ...rail, asset: 'BTC', network: 'bitcoin', contract: null, decimals: 8 },
  ],
};

test.each([
  [` \u200e${A}\u200f `, { address: A, rail: null, amount: null }],
  [
    'bitcoin:bc1qexample?amount=0.50&label=x',
    { address: 'bc1qexample', rail: { network: 'bitcoin', asset: 'BTC' }, amount: '0.5' },
  ],
  [`ethereum:${A}@56?value=2.5e17`, { address: A, rail: { network: 'bsc', asset: 'BNB' }, amount: '0.25' }],
  [`ethereum:${A}`, { address: A, rail: { network: 'ethereum', asset: 'ETH' }, amount: null }],
  [
    `ethereum:${TOKEN}@1/transfer?address=${A}&uint256=1500000`,
    { address: A, rail: { network: 'ethereum', asset: 'USDT' }, amount: '1.5' },
  ],
])('%j is read', (text, pasted) => {
  expect(readPasted(text, LISTED)).toEqual(pasted);
});

test.each([
  ['a chain that is not listed', `ethereum:${A}@137`],
  ['a token that is not listed', `ethereum:${A}@1/transfer?address=${A}&uint256=1`],
  ['something that must not be ignored', 'bitcoin:bc1qexample?req-something=1'],
  ['a call that we do not make', `ethereum:${TOKEN}@1/approve?address=${A}&uint256=1`],
])('a link that asks for %s gives no address', (_what, text) => {
  expect(readPasted(text, LISTED)).toBeNull();
});
