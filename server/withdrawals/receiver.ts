import { paymentLink } from '../../domain/contract/api/pasted';
import type { PaymentLink } from '../../domain/contract/api/pasted';
import { DomainError } from '../../domain/contract/errors';
import { networkOf, railOf } from '../../domain/registry';
import type { Registry } from '../../domain/registry';

/**
 * The address in what a user gave: it stands there itself, or in a link, which must be for this asset on this network.
 * Refuses BAD_ADDRESS a link that is for another, asks for more than a payment, or cannot be read; whether the address
 * is one is asked elsewhere.
 */
export function receiverIn(registry: Registry, network: string, asset: string, text: string): string {
  const link = paymentLink(text);
  if (link === undefined) return text;
  if (link === null || !isFor(registry, network, asset, link))
    throw new DomainError('BAD_ADDRESS', {
      network,
      link: link === null ? 'cannot be read' : 'is for another asset or network',
    });
  return link.address;
}

function isFor(registry: Registry, network: string, asset: string, { kind, chainId, contract }: PaymentLink): boolean {
  const [known, rail] = [networkOf(registry, network), railOf(registry, asset, network)];
  return (
    known.kind === kind &&
    (chainId ?? known.chainId) === known.chainId &&
    (contract?.toLowerCase() ?? null) === (rail?.contract?.toLowerCase() ?? null)
  );
}

/** An asset of the network by which an address in the book is checked, or undefined: that of the link, else any. */
export function assetFor(registry: Registry, network: string, text: string): string | undefined {
  const contract = paymentLink(text)?.contract?.toLowerCase();
  const rails = registry.rails.filter((rail) => rail.network === network);
  return (rails.find((rail) => rail.contract?.toLowerCase() === contract) ?? rails[0])?.asset;
}
