import type { DataSource } from 'typeorm';
import type { ConfirmationStep, Registry } from '../../domain/registry';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import { inTransaction } from '../transaction';
import { AssetEntity, FeeVersionEntity, MarketEntity, NetworkEntity, RailEntity } from '../entities/registry';

/** What the exchange lists, as the tables say now; fees are the newest version. Throws when nothing was seeded. */
export async function loadRegistry(dataSource: DataSource): Promise<Registry> {
  const [assets, networks, rails, markets, versions] = await Promise.all([
    dataSource.getRepository(AssetEntity).find({ order: { code: 'ASC' } }),
    dataSource.getRepository(NetworkEntity).find(),
    dataSource.getRepository(RailEntity).find(),
    dataSource.getRepository(MarketEntity).find(),
    dataSource.getRepository(FeeVersionEntity).find({ order: { version: 'DESC' }, take: 1 }),
  ]);
  const fees = versions[0];
  if (!fees || assets.length === 0) throw new Error('nothing is listed: run the seed first');
  const plain = (text: string): string => formatAmount(parseAmount(text));
  return {
    assets,
    networks,
    rails: rails.map((rail) => ({
      ...rail,
      minDeposit: plain(rail.minDeposit),
      depositFee: plain(rail.depositFee),
      minWithdrawal: plain(rail.minWithdrawal),
      withdrawalFee: plain(rail.withdrawalFee),
    })),
    markets: markets.map((market) => ({
      ...market,
      tick: plain(market.tick),
      lot: plain(market.lot),
      minQuantity: plain(market.minQuantity),
      maxQuantity: plain(market.maxQuantity),
      minNotional: plain(market.minNotional),
      band: plain(market.band),
      insideOnly: Boolean(market.insideOnly),
    })),
    fees: { version: fees.version, ...fees.rates },
  };
}

/** What the operator wants of deposits of an asset on a network. */
export interface RailSteps {
  readonly asset: string;
  readonly network: string;
  readonly steps: readonly ConfirmationStep[];
}

/** Makes these the only confirmation steps there are, so that every process reads the same. Throws where one names what is not listed. */
export async function listConfirmationSteps(dataSource: DataSource, wanted: readonly RailSteps[]): Promise<void> {
  await inTransaction(dataSource, async (manager) => {
    await manager.query('UPDATE rails SET confirmation_steps = NULL');
    for (const { asset, network, steps } of wanted) {
      if (!(await manager.existsBy(RailEntity, { asset, network }))) throw new Error(`CONFIRMATION_STEPS names ${asset} on ${network}, which is not listed`);
      await manager.update(RailEntity, { asset, network }, { confirmationSteps: steps });
    }
  });
}
