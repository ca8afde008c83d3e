import type { DataSource } from 'typeorm';
import type { Market, Registry } from '../../domain/registry';
import { RoutingEntity } from '../entities/orders';
import { AssetEntity, FeeVersionEntity, MarketEntity, NetworkEntity, RailEntity } from '../entities/registry';

/** What differs from place to place in an otherwise equal listing. */
export interface SeedChoices {
  readonly ethereum: { readonly chainId: number; readonly usdt: string; readonly confirmations: number };
}

const ASSETS: Registry['assets'] = [
  { code: 'ETH', name: 'Ether', scale: 8 },
  { code: 'USDT', name: 'Tether USD', scale: 6 },
  { code: 'BTC', name: 'Bitcoin', scale: 8 },
  { code: 'BNB', name: 'BNB', scale: 8 },
  { code: 'SOL', name: 'Solana', scale: 8 },
  { code: 'TRX', name: 'Tron', scale: 6 },
  { code: 'XRP', name: 'XRP', scale: 6 },
  { code: 'LTC', name: 'Litecoin', scale: 8 },
  { code: 'JVZ', name: 'Javizen Token', scale: 8 },
  { code: 'JVG', name: 'Javizen Gold', scale: 8 },
];

/** Steps and minimums of the venue's own markets, as its exchange information of 2026 says (see deploy/local/binance/data). */
const market = (symbol: string, base: string, quote: string, tick: string, lot: string, minNotional: string, venue: Market['venue'] = 'binance'): Market => ({
  symbol,
  base,
  quote,
  venue,
  tick,
  lot,
  minQuantity: lot,
  maxQuantity: '100000',
  minNotional,
  maxOrders: 200,
  band: '0.02',
  state: 'TRADING',
  insideOnly: false,
});

const MARKETS: Registry['markets'] = [
  market('ETHUSDT', 'ETH', 'USDT', '0.01', '0.0001', '5'),
  market('BTCUSDT', 'BTC', 'USDT', '0.01', '0.00001', '5'),
  market('BNBUSDT', 'BNB', 'USDT', '0.01', '0.001', '5'),
  market('SOLUSDT', 'SOL', 'USDT', '0.01', '0.001', '5'),
  market('TRXUSDT', 'TRX', 'USDT', '0.0001', '0.1', '5'),
  market('XRPUSDT', 'XRP', 'USDT', '0.0001', '0.1', '5'),
  market('LTCUSDT', 'LTC', 'USDT', '0.01', '0.001', '5'),
  market('ETHBTC', 'ETH', 'BTC', '0.00001', '0.0001', '0.0001'),
  // Two tokens of our own: a book with nothing outside.
  market('JVZJVG', 'JVZ', 'JVG', '0.0001', '0.01', '1', null),
];

/**
 * The listing of a fresh exchange. Withdrawal fees lie above what a payout costs (gas, and the venue's fee for bringing
 * coins back), because users' coins never pay the house's costs.
 */
export function firstListing({ ethereum }: SeedChoices): Registry {
  return {
    assets: ASSETS,
    networks: [
      { id: 'ethereum', name: 'Ethereum', kind: 'evm', chainId: ethereum.chainId, gasAsset: 'ETH', confirmations: ethereum.confirmations, venueNetwork: 'ETH' },
    ],
    rails: [
      { asset: 'ETH', network: 'ethereum', contract: null, decimals: 18, minDeposit: '0.001', depositFee: '0', minWithdrawal: '0.01', withdrawalFee: '0.003' },
      { asset: 'USDT', network: 'ethereum', contract: ethereum.usdt, decimals: 6, minDeposit: '1', depositFee: '0', minWithdrawal: '10', withdrawalFee: '6' },
    ],
    markets: MARKETS,
    fees: {
      version: 1,
      swapCommission: '0.002',
      swapSpread: '0.001',
      venueTaker: '0.001',
      // Takers pay above what the venue takes of us, so that each trade there pays for itself.
      trading: [
        { market: '*', minVolume: '0', maker: '0.001', taker: '0.0015' },
        { market: '*', minVolume: '50000', maker: '0.0008', taker: '0.0014' },
        { market: '*', minVolume: '500000', maker: '0.0005', taker: '0.0012' },
        { market: 'JVZJVG', minVolume: '0', maker: '0', taker: '0.001' },
      ],
      venueMargin: '0.0002',
    },
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
    const none = { userOrders: 0, matchedInside: 0, sentOn: 0, venueOrders: 0, exposureMost: '0', slippage: '0' };
    await manager.insert(RoutingEntity, listing.markets.map(({ symbol }) => ({ symbol, ...none })));
    const { version, ...rates } = listing.fees;
    await manager.insert(FeeVersionEntity, { version, rates, at: now });
  });
}
