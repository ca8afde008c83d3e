import type { DataSource } from 'typeorm';
import { depositParts } from '../../domain/registry';
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
      depositFeeRate: plain(rail.depositFeeRate ?? '0'),
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
      internalOnly: Boolean(market.internalOnly),
    })),
    fees: { version: fees.version, ...fees.rates },
  };
}

/**
 * What the operator wants of deposits of an asset on a network. Amounts are decimal strings; what is left out stays as
 * it is listed.
 */
export interface DepositTerms {
  readonly asset: string;
  readonly network: string;
  readonly minimum?: string | undefined;
  readonly fee?: string | undefined;
  readonly feeRate?: string | undefined;
  /** Left out: the network's one number. */
  readonly steps?: readonly ConfirmationStep[] | undefined;
}

/**
 * Writes the terms into the listing, so that every process reads the same. Throws where one names what is not listed,
 * or takes as much as the smallest deposit brings.
 */
export async function listDepositTerms(dataSource: DataSource, wanted: readonly DepositTerms[]): Promise<void> {
  await inTransaction(dataSource, async (manager) => {
    await manager.query('UPDATE rails SET confirmation_steps = NULL');
    for (const { asset: code, network, minimum, fee, feeRate, steps } of wanted) {
      const [rail, asset] = [
        await manager.findOneBy(RailEntity, { asset: code, network }),
        await manager.findOneBy(AssetEntity, { code }),
      ];
      if (!rail || !asset) throw new Error(`DEPOSIT_TERMS names ${code} on ${network}, which is not listed`);
      const { minDeposit, depositFee, depositFeeRate = '0' } = rail;
      const terms = {
        minDeposit: minimum ?? minDeposit,
        depositFee: fee ?? depositFee,
        depositFeeRate: feeRate ?? depositFeeRate,
      };
      const left = depositParts(terms, asset, parseAmount(terms.minDeposit)).credited;
      if (left === 0n)
        throw new Error(
          `DEPOSIT_TERMS: of the smallest deposit of ${code} on ${network}, ${formatAmount(parseAmount(terms.minDeposit))}, nothing is left after the commission`,
        );
      await manager.update(
        RailEntity,
        { asset: code, network },
        { ...terms, ...(steps && { confirmationSteps: steps }) },
      );
    }
  });
}
