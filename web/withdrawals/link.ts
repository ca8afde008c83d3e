/** What somebody pasted where the receiver's address belongs, read against what the exchange lists. */
import { paymentLink } from '../../domain/contract/api/pasted';
import { visible } from '../../domain/contract/api/text';
import type { AssetsView } from '../../domain/contract/api/markets';
import { formatAmount, parseAmount } from '../../domain/money/amount';

export interface Pasted {
  /** Without marks that nobody sees, and without what a link has around it. */
  readonly address: string;
  /** What the link is for, where it says so and we have it: network and asset are chosen with it. */
  readonly rail: { readonly network: string; readonly asset: string } | null;
  /** What the link asks for: offered to the person, not taken. */
  readonly amount: string | null;
}

type Listed = Pick<AssetsView, 'networks' | 'rails'>;

/**
 * Null for a link that cannot be read, or is for a network or a token that is not listed: its address must not be
 * taken.
 */
export function readPasted(text: string, { networks, rails }: Listed): Pasted | null {
  const link = paymentLink(text);
  if (link === undefined) return { address: visible(text), rail: null, amount: null };
  if (link === null) return null;
  const network = networks.find(
    ({ kind, chainId }) => kind === link.kind && (link.chainId === null || chainId === link.chainId),
  );
  const ofNetwork = rails.filter((one) => one.network === network?.id);
  const isSame = (contract: string | null): boolean =>
    (contract?.toLowerCase() ?? null) === (link.contract?.toLowerCase() ?? null);
  const rail = ofNetwork.find(({ contract }) => isSame(contract));
  if (!network || !rail) return null;
  const amount = link.units === null ? link.amount : inCoins(link.units, rail.decimals);
  return {
    address: link.address,
    rail: { network: network.id, asset: rail.asset },
    amount: amount && formatAmount(parseAmount(amount)),
  };
}

/** A count of a token's smallest unit, exact; null where it is more than an amount can be. */
function inCoins(units: string, decimals: number): string | null {
  const digits = units.padStart(decimals + 1, '0');
  const [whole, fraction] = [digits.slice(0, digits.length - decimals), digits.slice(digits.length - decimals)];
  return whole.length > 20 ? null : `${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
