import { MoreThanOrEqual } from 'typeorm';
import type { DataSource } from 'typeorm';
import { VenueDifferenceEntity, VenueStateEntity } from '../entities/venue';
import type { VenueDifferenceRow, VenueStateRow } from '../entities/venue';

/** Whether orders go to the venue, and why not. */
export async function readVenueState(dataSource: DataSource): Promise<VenueStateRow> {
  const [venue] = await dataSource.getRepository(VenueStateEntity).find();
  if (!venue) throw new Error('no venue is known');
  return venue;
}

/** Newest first. */
export async function venueDifferences(dataSource: DataSource, limit: number): Promise<VenueDifferenceRow[]> {
  return dataSource
    .getRepository(VenueDifferenceEntity)
    .find({ where: { at: MoreThanOrEqual(0) }, order: { at: 'DESC', id: 'ASC' }, take: limit });
}

/** An order that the venue has given a final word on, and so must still know. */
export interface KnownOrder {
  readonly id: string;
  readonly symbol: string;
  readonly venueOrderId: string;
}

const FINAL_ORDERS = 500;

/** What watching over the venue reads of our own tables. */
export interface VenueMemory {
  /** The newest order of this epoch that was final between two times (ms). */
  lastOrder(from: number, to: number): Promise<KnownOrder | undefined>;
  /** Final orders since a time (ms), newest first, not more than some hundreds; `at` is when they were written down. */
  finalOrders(from: number): Promise<(KnownOrder & { readonly at: number })[]>;
  /** Which of these trades of a market were settled in this epoch for another order than this one. */
  settledFor(epoch: number, symbol: string, tradeIds: readonly number[], otherThan: string): Promise<number[]>;
  /** The last settled trade of each market in this epoch. */
  lastTrades(epoch: number): Promise<Map<string, number>>;
  /** Is this client id an order of ours? */
  isOurs(id: string): Promise<boolean>;
  /** Which of these trades are not settled. */
  unsettled(epoch: number, symbol: string, tradeIds: readonly number[]): Promise<number[]>;
}

export function createVenueMemory(dataSource: DataSource): VenueMemory {
  const query = async <T>(sql: string, values: unknown[]): Promise<T[]> => (await dataSource.query(sql, values)) as T[];
  return {
    lastOrder: async (from, to) => {
      const sql = `SELECT id, symbol, venue_order_id AS venueOrderId FROM venue_intents
        WHERE state = 'DONE' AND venue_order_id IS NOT NULL AND created_at >= ? AND updated_at <= ? ORDER BY updated_at DESC LIMIT 1`;
      return (await query<KnownOrder>(sql, [from, to]))[0];
    },
    finalOrders: async (from) => {
      const sql = `SELECT id, symbol, venue_order_id AS venueOrderId, created_at AS at FROM venue_intents
        WHERE state = 'DONE' AND venue_order_id IS NOT NULL AND created_at >= ? ORDER BY updated_at DESC LIMIT ${FINAL_ORDERS}`;
      return (await query<KnownOrder & { at: string }>(sql, [from])).map((row) => ({ ...row, at: Number(row.at) }));
    },
    settledFor: async (epoch, symbol, tradeIds, otherThan) => {
      if (tradeIds.length === 0) return [];
      const sql =
        'SELECT trade_id AS tradeId FROM venue_trades WHERE venue_epoch = ? AND symbol = ? AND trade_id IN (?) AND intent_id <> ?';
      return (await query<{ tradeId: string }>(sql, [epoch, symbol, tradeIds, otherThan])).map(({ tradeId }) =>
        Number(tradeId),
      );
    },
    lastTrades: async (epoch) => {
      const rows = await query<{ symbol: string; last: string }>(
        'SELECT symbol, MAX(trade_id) AS last FROM venue_trades WHERE venue_epoch = ? GROUP BY symbol',
        [epoch],
      );
      return new Map(rows.map(({ symbol, last }) => [symbol, Number(last)]));
    },
    isOurs: async (id) => (await query('SELECT id FROM venue_intents WHERE id = ?', [id])).length > 0,
    unsettled: async (epoch, symbol, tradeIds) => {
      if (tradeIds.length === 0) return [];
      const rows = await query<{ tradeId: string }>(
        'SELECT trade_id AS tradeId FROM venue_trades WHERE venue_epoch = ? AND symbol = ? AND trade_id IN (?)',
        [epoch, symbol, tradeIds],
      );
      const known = new Set(rows.map(({ tradeId }) => Number(tradeId)));
      return tradeIds.filter((id) => !known.has(id));
    },
  };
}
