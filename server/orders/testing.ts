/**
 * Orders as the engine would leave them, without a book: what is placed rests, what is cancelled is gone. For tests
 * only.
 */
import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { FillEntity, OrderEntity } from '../../db/entities/orders';
import type { FillRow, OrderRow } from '../../db/entities/orders';
import type { Command, CommandAnswer, OrderTerms } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import type { TradingFigures } from '../../domain/contract/ports';

const AT = 1_763_700_000_000;
const NOTHING = {
  timeInForce: 'GTC',
  price: '0',
  protectionPrice: '0',
  quantity: '0',
  quoteOrderQty: '0',
  stopPrice: '0',
  trailingDelta: 0,
  icebergQty: '0',
  selfTradePrevention: 'EXPIRE_TAKER',
  ocoLegId: null,
  listId: null,
  executedQty: '0',
  executedQuote: '0',
  held: '0',
  state: 'NEW',
  bookStatus: 'resting',
  priority: 0,
  visibleLots: 0,
  trailingExtreme: 0,
  routingAttempts: 0,
  reason: null,
} as const;
let counted = 0;

export function orderRow(over: Partial<OrderRow> & Pick<OrderRow, 'id' | 'userId'>): OrderRow {
  const seq = ++counted;
  const more = {
    seq,
    clientOrderId: `client-${seq}`,
    symbol: 'ETHUSDT',
    side: 'BUY',
    type: 'LIMIT',
    heldAsset: 'USDT',
    createdAt: AT + seq,
    updatedAt: AT + seq,
  } as const;
  return { ...NOTHING, ...more, ...over };
}

export const fillRow = (over: Partial<FillRow> & Pick<FillRow, 'tradeId' | 'userId'>): FillRow => ({
  symbol: 'ETHUSDT',
  maker: false,
  orderId: 'o1',
  side: 'BUY',
  price: '3000',
  quantity: '0.5',
  quoteQuantity: '1500',
  fee: '0.00075',
  feeAsset: 'ETH',
  rate: '0.0015',
  feeVersion: 1,
  venueTradeId: null,
  at: AT,
  ...over,
});

export const insertOrder = async (dataSource: DataSource, row: OrderRow): Promise<OrderRow> => {
  await dataSource.getRepository(OrderEntity).insert({ ...row });
  return row;
};
export const insertFill = async (dataSource: DataSource, row: FillRow): Promise<FillRow> => {
  await dataSource.getRepository(FillEntity).insert({ ...row });
  return row;
};

type Order = Extract<Command, { kind: `order.${string}` }>;

/** The command's answer, when it is one about orders. */
export async function orderAnswer(dataSource: DataSource, command: Command): Promise<CommandAnswer | undefined> {
  return command.kind.startsWith('order.') ? carryOut(dataSource, command as Order) : undefined;
}

async function carryOut(dataSource: DataSource, command: Order): Promise<CommandAnswer> {
  const { userId } = command;
  switch (command.kind) {
    case 'order.place':
      return { ...(await place(dataSource, userId, command.clientOrderId, command)) };
    case 'order.oco':
      return placeBoth(dataSource, command);
    case 'order.cancel':
      return { ...(await cancel(dataSource, userId, command.orderId)) };
    case 'order.cancelAll': {
      const rows = await dataSource.getRepository(OrderEntity).findBy({ userId, symbol: command.symbol, state: 'NEW' });
      for (const { id } of rows) await cancel(dataSource, userId, id);
      return { canceled: rows.length, pending: 0 };
    }
    case 'order.amend': {
      const row = await open(dataSource, userId, command.orderId);
      await dataSource.getRepository(OrderEntity).update({ id: row.id }, { quantity: command.quantity });
      return { ...row, quantity: command.quantity };
    }
    case 'order.replace': {
      await cancel(dataSource, userId, command.orderId);
      return {
        ...(await place(dataSource, userId, command.clientOrderId, command)),
        canceledId: command.orderId,
      };
    }
  }
}

function place(
  dataSource: DataSource,
  userId: string,
  clientOrderId: string,
  terms: OrderTerms,
  more: Partial<OrderRow> = {},
): Promise<OrderRow> {
  const {
    quantity = '0',
    quoteOrderQty = '0',
    price = '0',
    stopPrice = '0',
    icebergQty = '0',
    trailingDelta = 0,
    timeInForce = 'GTC',
    symbol,
    side,
    type,
  } = terms;
  if (symbol !== 'ETHUSDT') throw new DomainError('UNKNOWN_MARKET');
  if (quantity === '0' && quoteOrderQty === '0') throw new DomainError('BAD_ORDER', { field: 'quantity' });
  const id = `o${randomBytes(8).toString('hex')}`;
  const wishes = {
    quantity,
    quoteOrderQty,
    price,
    stopPrice,
    icebergQty,
    trailingDelta,
    timeInForce,
    symbol,
    side,
    type,
  };
  return insertOrder(
    dataSource,
    orderRow({ id, userId, clientOrderId, ...wishes, bookStatus: stopPrice === '0' ? 'resting' : 'waiting', ...more }),
  );
}

async function placeBoth(
  dataSource: DataSource,
  command: Extract<Order, { kind: 'order.oco' }>,
): Promise<CommandAnswer> {
  const { userId, clientOrderId, symbol, side, quantity, price, stopPrice, stopLimitPrice } = command;
  const listId = `l${clientOrderId}`;
  const limit = await place(
    dataSource,
    userId,
    clientOrderId,
    { symbol, side, type: 'LIMIT_MAKER', quantity, price },
    { listId },
  );
  const type = stopLimitPrice === undefined ? 'STOP_LOSS' : 'STOP_LOSS_LIMIT';
  const stop = await place(
    dataSource,
    userId,
    `${clientOrderId}-s`,
    { symbol, side, type, quantity, stopPrice, price: stopLimitPrice },
    { listId },
  );
  return { listId, limitId: limit.id, stopId: stop.id };
}

async function open(dataSource: DataSource, userId: string, id: string): Promise<OrderRow> {
  const row = await dataSource.getRepository(OrderEntity).findOneBy({ id, userId });
  if (!row) throw new DomainError('NOT_FOUND');
  if (row.bookStatus === null) throw new DomainError('ORDER_STATE');
  return row;
}

/** What flies is cancelled when it comes back. */
async function cancel(dataSource: DataSource, userId: string, id: string): Promise<OrderRow> {
  const row = await open(dataSource, userId, id);
  const change: Partial<OrderRow> =
    row.bookStatus === 'inFlight' ? { state: 'PENDING_CANCEL' } : { state: 'CANCELED', bookStatus: null };
  await dataSource.getRepository(OrderEntity).update({ id }, change);
  return { ...row, ...change };
}

export const plainFigures: TradingFigures = {
  feesOf: async () => [{ symbol: 'ETHUSDT', maker: '0.001', taker: '0.0015', volume30d: '12000', nextAt: '100000' }],
  routing: async () => [
    {
      symbol: 'ETHUSDT',
      state: 'TRADING',
      internalOnly: false,
      mode: 'mirrored',
      userOrders: 3,
      matchedInside: 1,
      sentOn: 2,
      venueOrders: 2,
      exposureNow: '0',
      exposureMost: '1500',
      exposureAgeMs: 0,
      slippage: '-0.25',
      tradingFees: [{ asset: 'USDT', amount: '4.5' }],
      venueFees: [{ asset: 'USDT', amount: '3' }],
    },
  ],
};
