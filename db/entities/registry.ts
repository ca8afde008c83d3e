import { EntitySchema } from 'typeorm';
import type { Asset, FeeSchedule, Market, Network, Rail } from '../../domain/registry';
import { flag, id, int, json, money, nullable, primary, text } from './columns';

export const AssetEntity = new EntitySchema<Asset>({
  name: 'assets',
  columns: { code: primary(text('code', 20)), name: text('name', 60), scale: int() },
});

export const NetworkEntity = new EntitySchema<Network>({
  name: 'networks',
  columns: {
    id: id(),
    name: text('name', 60),
    kind: text('kind', 20),
    chainId: int('chain_id'),
    gasAsset: text('gas_asset', 20),
    confirmations: int(),
    venueNetwork: text('venue_network', 20),
    memo: text('memo', 10),
  },
});

export const RailEntity = new EntitySchema<Rail>({
  name: 'rails',
  columns: {
    asset: primary(text('asset', 20)),
    network: primary(text('network', 64)),
    contract: nullable(text('contract', 100)),
    decimals: int(),
    minDeposit: money('min_deposit'),
    depositFee: money('deposit_fee'),
    depositFeeRate: money('deposit_fee_rate'),
    confirmationSteps: nullable(json('confirmation_steps')),
    minWithdrawal: money('min_withdrawal'),
    withdrawalFee: money('withdrawal_fee'),
  },
});

export const MarketEntity = new EntitySchema<Market>({
  name: 'markets',
  columns: {
    symbol: primary(text('symbol', 40)),
    base: text('base', 20),
    quote: text('quote', 20),
    venue: nullable(text('venue', 20)),
    tick: money(),
    lot: money(),
    minQuantity: money('min_quantity'),
    maxQuantity: money('max_quantity'),
    minNotional: money('min_notional'),
    maxOrders: int('max_orders'),
    band: money(),
    state: text('state', 20),
    internalOnly: flag('internal_only'),
  },
});

export interface FeeVersionRow {
  version: number;
  rates: Omit<FeeSchedule, 'version'>;
  at: number;
}
export const FeeVersionEntity = new EntitySchema<FeeVersionRow>({
  name: 'fee_versions',
  columns: { version: primary(int()), rates: json(), at: { type: 'bigint' } },
});
