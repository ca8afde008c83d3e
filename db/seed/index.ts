import type { DataSource } from 'typeorm';
import type { Registry } from '../../domain/registry';
import { AssetEntity, FeeVersionEntity, MarketEntity, NetworkEntity, RailEntity } from '../entities/registry';

/** What differs from place to place in an otherwise equal listing. */
export interface SeedChoices {
  readonly ethereum: { readonly chainId: number; readonly usdt: string; readonly confirmations: number };
}

/**
 * The listing of a fresh exchange. Withdrawal fees lie above what a payout costs (gas, and the venue's fee for bringing
 * coins back), because users' coins never pay the house's costs.
 */
export function firstListing({ ethereum }: SeedChoices): Registry {
  return {
    assets: [
      { code: 'ETH', name: 'Ether', scale: 8 },
      { code: 'USDT', name: 'Tether USD', scale: 6 },
    ],
    networks: [
      { id: 'ethereum', name: 'Ethereum', kind: 'evm', chainId: ethereum.chainId, gasAsset: 'ETH', confirmations: ethereum.confirmations, venueNetwork: 'ETH' },
    ],
    rails: [
      { asset: 'ETH', network: 'ethereum', contract: null, decimals: 18, minDeposit: '0.001', depositFee: '0', minWithdrawal: '0.01', withdrawalFee: '0.003' },
      { asset: 'USDT', network: 'ethereum', contract: ethereum.usdt, decimals: 6, minDeposit: '1', depositFee: '0', minWithdrawal: '10', withdrawalFee: '6' },
    ],
    markets: [{ symbol: 'ETHUSDT', base: 'ETH', quote: 'USDT', venue: 'binance' }],
    fees: { version: 1, swapCommission: '0.002', swapSpread: '0.001', venueTaker: '0.001' },
  };
}

/** Writes the listing where nothing is listed yet; an existing one belongs to the operator and is left alone. */
export async function seed(dataSource: DataSource, listing: Registry, now: number): Promise<void> {
  await dataSource.transaction(async (manager) => {
    if ((await manager.count(AssetEntity)) > 0) return;
    await manager.insert(AssetEntity, [...listing.assets]);
    await manager.insert(NetworkEntity, [...listing.networks]);
    await manager.insert(RailEntity, [...listing.rails]);
    await manager.insert(MarketEntity, [...listing.markets]);
    const { version, ...rates } = listing.fees;
    await manager.insert(FeeVersionEntity, { version, rates, at: now });
  });
}
