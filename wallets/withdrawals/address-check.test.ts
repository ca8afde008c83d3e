import type { Registry } from '../../domain/registry';
import { canonicalAddress } from '../chains/bitcoin/addresses';
import { createEvmChain } from '../chains/evm';
import { createAddressCheck } from './address-check';
import { isSink } from './sinks';
import type { CheckedNetwork } from './address-check';

const USDT = '0xdAC17F958D2ee523a2206206994597C13D831ec7';
const HOT = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const OURS = '0x52908400098527886E0F7030069857D2E4169EE7';
const GOOD = '0xde709f2102306220921060314715629080e2fb77';
const BITCOIN = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const CHANGE = 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq';
const terms = { minDeposit: '0', depositFee: '0', minWithdrawal: '0', withdrawalFee: '0' };
const rails: Registry['rails'] = [
  { asset: 'ETH', network: 'ethereum', contract: null, decimals: 18, ...terms },
  { asset: 'USDT', network: 'ethereum', contract: USDT, decimals: 6, ...terms },
  { asset: 'BTC', network: 'bitcoin', contract: null, decimals: 8, ...terms },
];
const registry = { rails, networks: [], assets: [], markets: [], fees: {} } as unknown as Registry;
const own = {
  ownerOf: (address: string) => (address === OURS ? ({ userId: 'u2' } as never) : undefined),
  isOfTwo: async () => false,
};
const ethereum = {
  id: 'ethereum',
  name: 'Ethereum',
  kind: 'evm',
  chainId: 1,
  gasAsset: 'ETH',
  confirmations: 1,
  venueNetwork: 'ETH',
  memo: 'none',
} as const;
// Nobody is asked: an address says everything by itself.
const evm = createEvmChain(ethereum, rails, { rpcUrl: 'http://127.0.0.1:1', traces: false });
const networks = new Map<string, CheckedNetwork>([
  [
    'ethereum',
    {
      chain: evm,
      isOwnAddress: (address) => address === HOT,
      own,
      rails: rails.filter(({ network }) => network === 'ethereum'),
    },
  ],
  [
    'bitcoin',
    {
      chain: { address: (text) => canonicalAddress(text, 'mainnet') },
      isOwnAddress: (address) => address === CHANGE,
      own,
      rails: rails.filter(({ network }) => network === 'bitcoin'),
    },
  ],
]);
const check = createAddressCheck(registry, networks, () => false);

test('E24 a good one has one spelling; that of a user of ours is inside', async () => {
  expect(await check.check('ethereum', 'ETH', GOOD)).toEqual({
    address: '0xde709f2102306220921060314715629080e2fb77',
    inside: false,
  });
  expect(await check.check('ethereum', 'USDT', OURS.toLowerCase())).toEqual({ address: OURS, inside: true });
  expect(await check.check('bitcoin', 'BTC', BITCOIN.toUpperCase())).toEqual({ address: BITCOIN, inside: false });
});

test.each([
  ['zero', '0x0000000000000000000000000000000000000000'],
  ['dead', '0x000000000000000000000000000000000000dEaD'],
  ['a precompiled contract', '0x0000000000000000000000000000000000000001'],
  ['that of RIP-7212', '0x0000000000000000000000000000000000000100'],
  ["a system contract of BSC's", '0x0000000000000000000000000000000000001000'],
  ["a system contract of Polygon's", '0x0000000000000000000000000000000000001010'],
  ['one digit throughout', '0xffffffffffffffffffffffffffffffffffffffff'],
  ['the sign for the coin itself', '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE'],
  ['dead throughout', '0xdeaddeaddeaddeaddeaddeaddeaddeaddeaddead'],
  ['dead in front', '0xdead000000000000000000000000000000000000'],
  ['one of the OP kind', '0x4200000000000000000000000000000000000006'],
  ['the token contract itself', USDT],
  ['our hot wallet', HOT],
  ['our hot wallet, written small', HOT.toLowerCase()],
])('E25 denied: %s', async (_what, address) => {
  for (const asset of ['ETH', 'USDT'])
    await expect(check.check('ethereum', asset, address)).rejects.toMatchObject({ code: 'ADDRESS_DENIED' });
});

test('E25 our own change on Bitcoin is denied, in whatever letters', async () => {
  for (const address of [CHANGE, CHANGE.toUpperCase()])
    await expect(check.check('bitcoin', 'BTC', address)).rejects.toMatchObject({ code: 'ADDRESS_DENIED' });
});

test.each([
  ['ethereum', 'a wrong checksum', '0xdAC17F958D2ee523a2206206994597C13D831eC7'],
  ['ethereum', 'one digit short', GOOD.slice(0, -1)],
  ['ethereum', 'one digit more', `${GOOD}0`],
  ['ethereum', 'no 0x', GOOD.slice(2)],
  ['ethereum', 'a space before', ` ${GOOD}`],
  ['ethereum', 'a line after', `${GOOD}\n`],
  ['ethereum', 'a letter of another alphabet', GOOD.replace('e', 'е')],
  ['ethereum', 'a name', 'vitalik.eth'],
  ['ethereum', 'an ICAP form', 'XE7338O073KYGTWWZN0F2WZ0R8PX5ZPPZS'],
  ['ethereum', 'one of Bitcoin', BITCOIN],
  ['ethereum', 'one of TRON', 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'],
  ['bitcoin', 'one of Ethereum', GOOD],
  ['bitcoin', 'one of its testnet', 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx'],
  ['bitcoin', 'one of regtest', 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'],
  ['bitcoin', 'large and small letters mixed', BITCOIN.replace('qw', 'QW')],
  ['bitcoin', 'a wrong checksum', `${BITCOIN.slice(0, -1)}5`],
  ['bitcoin', 'an old testnet one', 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn'],
  ['bitcoin', 'a zero-width space', `${BITCOIN}\u200b`],
  ['bitcoin', 'one of TRON', 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'],
])('E26 on %s not an address: %s', async (network, _what, address) => {
  await expect(check.check(network, network === 'bitcoin' ? 'BTC' : 'USDT', address)).rejects.toMatchObject({
    code: 'BAD_ADDRESS',
  });
});

test('E26 an asset that is not on the network, and a network that is not', async () => {
  await expect(check.check('bitcoin', 'USDT', BITCOIN)).rejects.toMatchObject({ code: 'UNKNOWN_NETWORK' });
  await expect(check.check('constructor', 'ETH', GOOD)).rejects.toMatchObject({ code: 'UNKNOWN_NETWORK' });
});

test.each([
  ['T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb', true],
  ['TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy', true],
  ['T9yD14Nj9j7xAB4dbGeiX9h8unkpAPn11r', true],
  ['1111111111111111111114oLvT2', true],
  ['1BitcoinEaterAddressDontSendf59kuE', true],
  ['bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq9e75rs', true],
  [BITCOIN, false],
  [GOOD, false],
  ['TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', false],
  // Found by search for short addresses: four zero bytes are no accident, and are somebody's.
  ['0x00000000219ab540356cBB839Cbe05303d7705Fa', false],
])('%s is a sink: %s', (address, sink) => {
  expect(isSink(address)).toBe(sink);
});
