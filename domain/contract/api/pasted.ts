/**
 * What people paste where an address belongs: with marks that nobody sees, or the link of a wallet. Pure, for page and
 * server alike.
 */
import { z } from 'zod';
import { visible } from './text';

/** A wallet's request to be paid. What it does not say is null. */
export interface PaymentLink {
  /** The kind of network it is for. */
  readonly kind: 'bitcoin' | 'evm';
  /** Who is to be paid, as it was written. */
  readonly address: string;
  /** A token's contract; null for the network's own coin. */
  readonly contract: string | null;
  readonly chainId: number | null;
  /** A plain decimal in coins: of Bitcoin, and of an Ethereum network's own coin. */
  readonly amount: string | null;
  /** Of a token: a count of its smallest unit, whose decimals the listing knows. */
  readonly units: string | null;
}

/**
 * Reads `bitcoin:` (BIP 21) and `ethereum:` (EIP-681) links. Undefined for what is no link; null for a link that asks
 * for something that we do not do, or that cannot be read: its address must not be taken.
 */
export function paymentLink(text: string): PaymentLink | null | undefined {
  const [, scheme = '', rest = ''] = /^(bitcoin|ethereum):(.*)$/i.exec(visible(text)) ?? [];
  if (scheme === '') return undefined;
  const [path = '', query = '', ...more] = rest.split('?');
  const parameters = more.length === 0 ? parametersOf(query) : undefined;
  if (!parameters) return null;
  return scheme.toLowerCase() === 'bitcoin' ? bitcoinLink(path, parameters) : ethereumLink(path, parameters);
}

/** What is named twice says two things. */
function parametersOf(query: string): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>();
  for (const part of query.split('&').filter(Boolean)) {
    const [name = '', ...value] = part.split('=');
    const decoded = decodedOf(value.join('='));
    if (found.has(name) || decoded === undefined) return undefined;
    found.set(name, decoded);
  }
  return found;
}

function decodedOf(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const PLAIN = /^(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$/;

function bitcoinLink(path: string, parameters: ReadonlyMap<string, string>): PaymentLink | null {
  // BIP 21: who does not know a parameter that is required must not pay.
  if (!/^[0-9A-Za-z]{1,100}$/.test(path) || [...parameters.keys()].some((name) => name.startsWith('req-'))) return null;
  const amount = parameters.get('amount') ?? null;
  if (amount !== null && !PLAIN.test(amount)) return null;
  return { kind: 'bitcoin', address: path, contract: null, chainId: null, amount, units: null };
}

const WEI_DECIMALS = 18;

function ethereumLink(path: string, parameters: ReadonlyMap<string, string>): PaymentLink | null {
  const [, target = '', chain, call] =
    /^(?:pay-)?(0x[0-9a-fA-F]{40})(?:@([1-9][0-9]{0,9}))?(?:\/([A-Za-z]+))?$/.exec(path) ?? [];
  if (target === '' || (call !== undefined && call !== 'transfer')) return null;
  const common = { kind: 'evm', chainId: chain === undefined ? null : Number(chain) } as const;
  const [value, receiver, count] = [parameters.get('value'), parameters.get('address'), parameters.get('uint256')];
  if (call === undefined) {
    const wei = value === undefined ? null : wholeOf(value);
    return wei === undefined || receiver !== undefined || count !== undefined
      ? null
      : { ...common, address: target, contract: null, amount: wei === null ? null : coinsOf(wei), units: null };
  }
  const units = count === undefined ? null : wholeOf(count);
  const pays = value !== undefined && wholeOf(value) !== '0';
  return !receiver || !/^0x[0-9a-fA-F]{40}$/.test(receiver) || units === undefined || pays
    ? null
    : { ...common, address: receiver, contract: target, amount: null, units };
}

/** EIP-681's number (`2.014e18`) as a whole one, or undefined where it is none. */
function wholeOf(text: string): string | undefined {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^([0-9]{1,40})(?:\.([0-9]{1,40}))?(?:[eE]([0-9]{1,2}))?$/.exec(text) ?? [];
  const zeros = Number(exponent) - fraction.length;
  if (whole === '' || zeros < 0) return undefined;
  return `${whole}${fraction}${'0'.repeat(zeros)}`.replace(/^0+(?=[0-9])/, '');
}

/** Wei as coins, exact. */
function coinsOf(wei: string): string {
  const digits = wei.padStart(WEI_DECIMALS + 1, '0');
  const fraction = digits.slice(-WEI_DECIMALS).replace(/0+$/, '');
  return `${digits.slice(0, -WEI_DECIMALS)}${fraction === '' ? '' : `.${fraction}`}`;
}

/**
 * An address, or a link with one, in a request. What nobody sees is dropped; what is left is checked where its network
 * is known.
 */
export const pastedAddress = z
  .string()
  .max(1000)
  .transform(visible)
  .pipe(z.string().min(1).max(500))
  .meta({ description: 'An address, or a `bitcoin:` or EIP-681 link with one. Invisible characters are dropped.' });
