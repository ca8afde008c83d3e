import { DomainError } from '../../domain/contract/errors';
import type { AddressCheck } from '../../domain/contract/ports';
import type { Rail } from '../../domain/registry';
import { railOf } from '../../domain/registry';
import type { Registry } from '../../domain/registry';
import type { Chain } from '../chains/chain';
import type { OwnAddresses } from '../deposits/addresses';
import { isSink } from './sinks';

export interface CheckedNetwork {
  readonly chain: Pick<Chain, 'address'>;
  /** One of the house's own: the hot wallet's, one for change, or cold storage's. */
  isOwnAddress(address: string): boolean;
  readonly own: Pick<OwnAddresses, 'ownerOf' | 'isOfTwo'>;
  readonly rails: readonly Rail[];
}

/** Checks where a user wants coins sent, before anything is held. `closed`: is the network listed, and not open now? */
export function createAddressCheck(
  registry: Registry,
  networks: ReadonlyMap<string, CheckedNetwork>,
  closed: (network: string) => boolean,
): AddressCheck {
  return {
    check: async (network, asset, text) => {
      const known = networks.get(network);
      if (!known && closed(network)) throw new DomainError('ASSET_PAUSED', { network });
      if (!known || !railOf(registry, asset, network)) throw new DomainError('UNKNOWN_NETWORK', { asset, network });
      const address = known.chain.address(text);
      if (!address) throw new DomainError('BAD_ADDRESS', { network });
      const contracts = known.rails.map((rail) => rail.contract?.toLowerCase());
      const lower = address.toLowerCase();
      if (isSink(address) || contracts.includes(lower) || known.isOwnAddress(address))
        throw new DomainError('ADDRESS_DENIED', { network });
      // It would settle inside with whoever has it on this network, and was perhaps shown to its sender for another.
      if (await known.own.isOfTwo(address)) throw new DomainError('ADDRESS_DENIED', { network });
      return { address, inside: known.own.ownerOf(address) !== undefined };
    },
  };
}
