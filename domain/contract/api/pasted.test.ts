import fc from 'fast-check';
import { paymentLink, pastedAddress } from './pasted';
import { visible } from './text';

const ETH = '0x52908400098527886E0F7030069857D2E4169EE7';
const USDT = '0xdAC17F958D2ee523a2206206994597C13D831ec7';
const BTC = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const evm = { kind: 'evm', address: ETH, contract: null, chainId: null, amount: null, units: null };
const bitcoin = { kind: 'bitcoin', address: BTC, contract: null, chainId: null, amount: null, units: null };

test.each([
  ['zero-width space after', `${ETH}\u200b`],
  ['byte order mark before', `\ufeff${ETH}`],
  ['right-to-left marks around', `\u200f${ETH}\u202c`],
  ['a line and a tab', `\t${ETH}\r\n`],
  ['no-break spaces', `\u00a0${ETH}\u3000`],
  ['a soft hyphen within', `${ETH.slice(0, 20)}\u00ad${ETH.slice(20)}`],
  ['a variation selector', `${ETH}\ufe0f`],
  ['a Hangul filler', `\u3164${ETH}`],
])('%s is dropped', (_what, text) => {
  expect(visible(text)).toBe(ETH);
  expect(pastedAddress.parse(text)).toBe(ETH);
});

test('what can be seen stays, also a blank in the middle; nothing is no address', () => {
  expect(visible(`${ETH.slice(0, 20)} ${ETH.slice(20)}`)).toBe(`${ETH.slice(0, 20)} ${ETH.slice(20)}`);
  expect(visible('ｅ é سلام')).toBe('ｅ é سلام');
  expect(pastedAddress.safeParse('\u200b \u2060').success).toBe(false);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => visible(visible(text)) === visible(text)));
});

test.each([ETH, BTC, 'vitalik.eth', 'bitcoin', 'http://bitcoin:x', ''])('%s is no link', (text) => {
  expect(paymentLink(text)).toBeUndefined();
});

test.each<[string, object]>([
  [`bitcoin:${BTC}`, bitcoin],
  [
    `BITCOIN:${BTC.toUpperCase()}?amount=0.5&label=Luke%2DJr`,
    { ...bitcoin, address: BTC.toUpperCase(), amount: '0.5' },
  ],
  [` bitcoin:${BTC}?amount=20.3\u200b`, { ...bitcoin, amount: '20.3' }],
  [`ethereum:${ETH}`, evm],
  [`ethereum:pay-${ETH}@1`, { ...evm, chainId: 1 }],
  [`ethereum:${ETH}@137?value=2.014e18`, { ...evm, chainId: 137, amount: '2.014' }],
  [`ethereum:${ETH}?value=1`, { ...evm, amount: '0.000000000000000001' }],
  [`ethereum:${ETH}?value=0e18`, { ...evm, amount: '0' }],
  [
    `ethereum:${USDT}@1/transfer?address=${ETH}&uint256=1.5e6`,
    { ...evm, contract: USDT, chainId: 1, units: '1500000' },
  ],
  [`ethereum:${USDT}/transfer?address=${ETH}`, { ...evm, contract: USDT }],
])('%s', (text, link) => {
  expect(paymentLink(text)).toEqual(link);
});

test.each([
  `bitcoin:${BTC}?req-somethingyoudontunderstand=50`,
  `bitcoin:${BTC}?amount=1e3`,
  `bitcoin:${BTC}?amount=1,5`,
  `bitcoin:${BTC}?amount=1&amount=2`,
  `bitcoin:${BTC}?label=%zz`,
  'bitcoin:',
  `bitcoin:${BTC}?a?b`,
  'ethereum:vitalik.eth',
  `ethereum:${ETH}/approve?address=${USDT}&uint256=1`,
  `ethereum:${USDT}/transfer?uint256=1`,
  `ethereum:${USDT}/transfer?address=vitalik.eth&uint256=1`,
  `ethereum:${USDT}/transfer?address=${ETH}&uint256=1&value=1`,
  `ethereum:${ETH}?address=${USDT}`,
  `ethereum:${ETH}?value=1.5`,
  `ethereum:${ETH}?value=-1`,
  `ethereum:${ETH}@0`,
])('not taken: %s', (text) => {
  expect(paymentLink(text)).toBeNull();
});
