/** What an empty database begins with: assets, networks, rails, markets. */
import type { DataSource, EntityManager } from 'typeorm';
import type { Market, Registry } from '../../domain/registry';
import { KNOWN_NETWORKS } from '../../domain/networks';
import type { BitcoinChoice, NetworkChoice, TronChoice } from '../../domain/networks';
import { RoutingEntity } from '../entities/orders';
import { AssetEntity, FeeVersionEntity, MarketEntity, NetworkEntity, RailEntity } from '../entities/registry';

const ASSETS: Registry['assets'] = [
  { code: 'ETH', name: 'Ether', scale: 8 },
  { code: 'USDT', name: 'Tether USD', scale: 6 },
  { code: 'BTC', name: 'Bitcoin', scale: 8 },
  { code: 'BNB', name: 'BNB', scale: 8 },
  { code: 'POL', name: 'Polygon', scale: 8 },
  { code: 'SOL', name: 'Solana', scale: 8 },
  { code: 'TRX', name: 'Tron', scale: 6 },
  { code: 'XRP', name: 'XRP', scale: 6 },
  { code: 'LTC', name: 'Litecoin', scale: 8 },
  { code: 'JVZ', name: 'Javizen Token', scale: 8 },
  { code: 'JVG', name: 'Javizen Gold', scale: 8 },
];

/**
 * Steps and minimums of the venue's own markets, as its exchange information of 2026 says (see
 * testbed/emulators/binance/data).
 */
const market = (
  symbol: string,
  base: string,
  quote: string,
  tick: string,
  lot: string,
  minNotional: string,
  venue: Market['venue'] = 'binance',
): Market => ({
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
  internalOnly: false,
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

/** Smallest deposit and withdrawal, and the fee of a withdrawal, of a network's own coin; of another coin the first. */
const COIN_TERMS: Readonly<
  Record<string, readonly [minDeposit: string, minWithdrawal: string, withdrawalFee: string]>
> = {
  ETH: ['0.001', '0.01', '0.003'],
  BNB: ['0.002', '0.01', '0.001'],
  POL: ['1', '5', '0.5'],
};

/**
 * One network with its rails. Withdrawal fees lie above what a payout costs (gas, and the venue's fee for bringing
 * coins back), because users' coins never pay the house's costs.
 */
function listNetwork(
  id: string,
  { chainId, usdt, confirmations, kind = KNOWN_NETWORKS[id] }: NetworkChoice,
): Pick<Registry, 'networks' | 'rails'> {
  if (!kind) throw new Error(`nothing is known of the network ${id}`);
  const { name, gasAsset, venueNetwork, usdtDecimals } = kind;
  const [minDeposit, minWithdrawal, withdrawalFee] = COIN_TERMS[gasAsset] ?? ['0.001', '0.01', '0.003'];
  const coin = {
    asset: gasAsset,
    network: id,
    contract: null,
    decimals: 18,
    minDeposit,
    depositFee: '0',
    minWithdrawal,
    withdrawalFee,
  };
  const dollar = usdt && {
    asset: 'USDT',
    network: id,
    contract: usdt,
    decimals: usdtDecimals,
    minDeposit: '1',
    depositFee: '0',
    minWithdrawal: '10',
    withdrawalFee: id === 'ethereum' ? '6' : '2',
  };
  return {
    networks: [{ id, name, kind: 'evm', chainId, gasAsset, confirmations, venueNetwork, memo: 'none' }],
    rails: [coin, ...(dollar ? [dollar] : [])],
  };
}

/**
 * Bitcoin and its one rail. The fee of a withdrawal covers the venue's for bringing coins back and some hundred
 * satoshi a byte.
 */
function listBitcoin({ confirmations }: BitcoinChoice): Pick<Registry, 'networks' | 'rails'> {
  return {
    networks: [
      {
        id: 'bitcoin',
        name: 'Bitcoin',
        kind: 'bitcoin',
        chainId: 0,
        gasAsset: 'BTC',
        confirmations,
        venueNetwork: 'BTC',
        memo: 'none',
      },
    ],
    rails: [
      {
        asset: 'BTC',
        network: 'bitcoin',
        contract: null,
        decimals: 8,
        minDeposit: '0.0001',
        depositFee: '0',
        minWithdrawal: '0.001',
        withdrawalFee: '0.0005',
      },
    ],
  };
}

/**
 * TRON with TRX and dollars. A payment of dollars to somebody who has none burns about 13 TRX, one of TRX makes a new
 * account for 1.1; the fees cover that and the venue's.
 */
function listTron({ usdt }: TronChoice): Pick<Registry, 'networks' | 'rails'> {
  const coin = {
    asset: 'TRX',
    network: 'tron',
    contract: null,
    decimals: 6,
    minDeposit: '2',
    depositFee: '0',
    minWithdrawal: '10',
    withdrawalFee: '3',
  };
  const dollar = usdt && {
    asset: 'USDT',
    network: 'tron',
    contract: usdt,
    decimals: 6,
    minDeposit: '5',
    depositFee: '0',
    minWithdrawal: '10',
    withdrawalFee: '6',
  };
  // What is read there is solid already: one block is enough.
  return {
    networks: [
      {
        id: 'tron',
        name: 'TRON',
        kind: 'tron',
        chainId: 0,
        gasAsset: 'TRX',
        confirmations: 1,
        venueNetwork: 'TRX',
        memo: 'none',
      },
    ],
    rails: [coin, ...(dollar ? [dollar] : [])],
  };
}

/** The listing of a fresh exchange with these networks. */
export function firstListing(
  choices: Readonly<Record<string, NetworkChoice>>,
  bitcoin?: BitcoinChoice,
  tron?: TronChoice,
): Registry {
  const listed = [
    ...Object.entries(choices).map(([id, choice]) => listNetwork(id, choice)),
    ...(bitcoin ? [listBitcoin(bitcoin)] : []),
    ...(tron ? [listTron(tron)] : []),
  ];
  const coins = listed
    .flatMap(({ networks }) => networks.map(({ gasAsset }) => gasAsset))
    .filter((code) => !ASSETS.some((asset) => asset.code === code));
  return {
    assets: [...ASSETS, ...[...new Set(coins)].map((code) => ({ code, name: code, scale: 8 }))],
    networks: listed.flatMap(({ networks }) => networks),
    rails: listed.flatMap(({ rails }) => rails),
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

/**
 * Writes the listing where nothing is listed yet; an existing one belongs to the operator and is left alone, but for
 * networks that the settings name and it does not have: they are added with their rails.
 */
export async function seed(dataSource: DataSource, listing: Registry, now: number): Promise<void> {
  await dataSource.transaction(async (manager) => {
    if ((await manager.count(AssetEntity)) > 0) return addNetworks(manager, listing);
    await manager.insert(AssetEntity, [...listing.assets]);
    await manager.insert(NetworkEntity, [...listing.networks]);
    await manager.insert(RailEntity, [...listing.rails]);
    await manager.insert(MarketEntity, [...listing.markets]);
    const none = { userOrders: 0, matchedInside: 0, sentOn: 0, venueOrders: 0, exposureMost: '0', slippage: '0' };
    await manager.insert(
      RoutingEntity,
      listing.markets.map(({ symbol }) => ({ symbol, ...none })),
    );
    const { version, ...rates } = listing.fees;
    await manager.insert(FeeVersionEntity, { version, rates, at: now });
  });
}

async function addNetworks(manager: EntityManager, listing: Registry): Promise<void> {
  const [networks, assets] = [await manager.find(NetworkEntity), await manager.find(AssetEntity)];
  const fresh = listing.networks.filter(({ id }) => !networks.some((known) => known.id === id));
  const rails = listing.rails.filter(({ network }) => fresh.some(({ id }) => id === network));
  const coins = listing.assets.filter(
    ({ code }) => rails.some(({ asset }) => asset === code) && !assets.some((known) => known.code === code),
  );
  await manager.insert(AssetEntity, coins);
  await manager.insert(NetworkEntity, fresh);
  await manager.insert(RailEntity, rails);
}
