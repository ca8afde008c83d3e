import { canonicalAddress, hexOf } from '../chains/tron/addresses';

/**
 * Addresses from which nothing ever comes back, in hexadecimal, on networks of the Ethereum kind and TRON alike.
 * Nobody can find a key or a contract whose address begins with twelve zero bytes: they are zero, the precompiled
 * contracts (0x01 to 0xff, 0x100 of RIP-7212), the system contracts of BSC and Polygon (0x1000 to 0x3000), 0x...dead
 * and their like.
 */
const KINDS: readonly RegExp[] = [
  /^0{24}/,
  // One digit throughout: 0xffff..., and 0xeeee..., a sign for the network's own coin.
  /^(.)\1{39}$/,
  // The contracts that every rollup of the OP kind begins with.
  /^4200000000000000000000000000000000/,
  /^(dead){10}$/,
  /^dead0{36}$/,
  /^dead000000000000000042069420694206942069$/,
  // TRON's black hole (TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy): where its fees are burnt.
  /^77944d19c052b73ee2286823aa83f8138cb7032f$/,
];

/** Bitcoin's: a hash of zeros, and addresses that were made by hand, so that no key fits. */
const BITCOIN: ReadonlySet<string> = new Set([
  '1111111111111111111114oLvT2',
  '1BitcoinEaterAddressDontSendf59kuE',
  '1CounterpartyXXXXXXXXXXXXXXXUWLpVr',
  '31h1vYVSYuKP6AhS86fbRdMw9XHieotbST',
  'bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq9e75rs',
  'bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqthqst8',
]);

/** An address in the one spelling of its network. */
export function isSink(address: string): boolean {
  const hex = address.startsWith('0x')
    ? address.slice(2)
    : canonicalAddress(address) === undefined
      ? undefined
      : hexOf(address).slice(2);
  return BITCOIN.has(address) || (hex !== undefined && KINDS.some((kind) => kind.test(hex.toLowerCase())));
}
