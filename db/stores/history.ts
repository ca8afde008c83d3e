/** Lists for people's eyes: what happened, and what is on its way. Reads only; nothing here decides money. */
import { In, Not } from 'typeorm';
import type { DataSource, FindOptionsWhere } from 'typeorm';
import type { DepositState } from '../../domain/lifecycle/deposit';
import type { SwapState } from '../../domain/lifecycle/swap';
import type { ShownWithdrawalState } from '../../domain/lifecycle/withdrawal';
import { DepositEntity } from '../entities/deposits';
import type { DepositRow } from '../entities/deposits';
import { SwapEntity, VenueIntentEntity, VenueTradeEntity } from '../entities/swaps';
import type { SwapRow, VenueIntentRow, VenueTradeRow } from '../entities/swaps';
import { SweepEntity, VenueTransferEntity } from '../entities/treasury';
import type { SweepRow, VenueTransferRow } from '../entities/treasury';
import { WithdrawalEntity } from '../entities/withdrawals';
import type { WithdrawalRow } from '../entities/withdrawals';
import { pageOf } from './pages';
import type { List, ListPage, Page, Period } from './pages';

const NEWEST = { createdAt: 'DESC', id: 'DESC' } as const;

/** What a list is narrowed to. */
export interface Filters<State> extends ListPage, Period {
  readonly asset?: string | undefined;
  readonly state?: State | undefined;
}

const newestFirst = <Row extends { createdAt: number; id: string }>(
  entity: List<Row>['entity'],
  where: List<Row>['where'],
  period: Period,
): List<Row> => ({ entity, by: ['createdAt', 'id'], order: 'DESC', where, period });

export const depositsOf = (
  dataSource: DataSource,
  userId: string,
  { asset, state, ...page }: Filters<DepositState>,
): Promise<Page<DepositRow>> =>
  pageOf(
    dataSource,
    newestFirst(DepositEntity, { userId, ...(asset !== undefined && { asset }), ...(state && { state }) }, page),
    page,
  );

export const depositById = (dataSource: DataSource, id: string): Promise<DepositRow | null> =>
  dataSource.getRepository(DepositEntity).findOneBy({ id });

/** `asset`: on either side. */
export function swapsOf(
  dataSource: DataSource,
  userId: string,
  { asset, state, ...page }: Filters<SwapState>,
): Promise<Page<SwapRow>> {
  const where: FindOptionsWhere<SwapRow> = { userId, ...(state && { state }) };
  const sides =
    asset === undefined
      ? where
      : [
          { ...where, fromAsset: asset },
          { ...where, toAsset: asset },
        ];
  return pageOf(dataSource, newestFirst(SwapEntity, sides, page), page);
}

/** The user's own swap; null for another's. */
export const swapOf = (dataSource: DataSource, userId: string, id: string): Promise<SwapRow | null> =>
  dataSource.getRepository(SwapEntity).findOneBy({ id, userId });

/** The orders a swap sent to the venue, and their trades. */
export async function venueOrdersOf(
  dataSource: DataSource,
  swapId: string,
): Promise<{ intent: VenueIntentRow; trades: VenueTradeRow[] }[]> {
  const intents = await dataSource
    .getRepository(VenueIntentEntity)
    .find({ where: { swapId }, order: { leg: 'ASC', createdAt: 'ASC' } });
  if (intents.length === 0) return [];
  const where = { intentId: In(intents.map((intent) => intent.id)) };
  const trades = await dataSource.getRepository(VenueTradeEntity).find({ where, order: { tradeId: 'ASC' } });
  return intents.map((intent) => ({ intent, trades: trades.filter((trade) => trade.intentId === intent.id) }));
}

export const withdrawalsOf = (
  dataSource: DataSource,
  userId: string,
  { asset, state, ...page }: Filters<ShownWithdrawalState>,
): Promise<Page<WithdrawalRow>> =>
  pageOf(
    dataSource,
    newestFirst(
      WithdrawalEntity,
      { userId, ...(asset !== undefined && { asset }), ...(state && { shownState: state }) },
      page,
    ),
    page,
  );

/** The user's own withdrawal; null for another's. */
export const withdrawalOf = (dataSource: DataSource, userId: string, id: string): Promise<WithdrawalRow | null> =>
  dataSource.getRepository(WithdrawalEntity).findOneBy({ id, userId });

export const withdrawalById = (dataSource: DataSource, id: string): Promise<WithdrawalRow | null> =>
  dataSource.getRepository(WithdrawalEntity).findOneBy({ id });

/** In one state, oldest first (a queue) where it waits for a decision; else newest first. */
export const listWithdrawals = (
  dataSource: DataSource,
  page: ListPage,
  state?: ShownWithdrawalState,
): Promise<Page<WithdrawalRow>> =>
  pageOf(
    dataSource,
    {
      entity: WithdrawalEntity,
      by: ['createdAt', 'id'],
      order: state === 'REQUESTED' ? 'ASC' : 'DESC',
      where: state ? { shownState: state } : {},
    },
    page,
  );

export interface OnTheWay {
  readonly deposits: DepositRow[];
  readonly sweeps: SweepRow[];
  readonly transfers: VenueTransferRow[];
}

/** Coins of an asset that are not at the venue yet: the user's own deposits, all sweeps, all transfers to the venue. */
export async function onTheWay(dataSource: DataSource, userId: string, asset: string): Promise<OnTheWay> {
  const [deposits, sweeps, transfers] = await Promise.all([
    dataSource.getRepository(DepositEntity).find({
      where: { userId, asset, state: In(['SEEN', 'CONFIRMING', 'CREDITED']) },
      order: NEWEST,
      take: 20,
    }),
    dataSource
      .getRepository(SweepEntity)
      .find({ where: { asset, state: Not(In(['DONE', 'FAILED'])) }, order: NEWEST, take: 20 }),
    dataSource.getRepository(VenueTransferEntity).find({
      where: { asset, direction: 'to-venue', state: Not(In(['DONE', 'FAILED'])) },
      order: NEWEST,
      take: 20,
    }),
  ]);
  return { deposits, sweeps, transfers };
}

/** Every move of the house's that has not ended, for operators. */
export async function movesInFlight(
  dataSource: DataSource,
): Promise<{ sweeps: SweepRow[]; transfers: VenueTransferRow[] }> {
  const open = { state: Not(In(['DONE', 'FAILED'] as ('DONE' | 'FAILED')[])) };
  const [sweeps, transfers] = await Promise.all([
    dataSource.getRepository(SweepEntity).find({ where: open, order: NEWEST, take: 100 }),
    dataSource.getRepository(VenueTransferEntity).find({ where: open, order: NEWEST, take: 100 }),
  ]);
  return { sweeps, transfers };
}

/** Withdrawals of a user that nobody has decided about. */
export const requestedWithdrawals = (dataSource: DataSource, userId: string): Promise<WithdrawalRow[]> =>
  dataSource.getRepository(WithdrawalEntity).findBy({ userId, state: 'REQUESTED' });
