import { onTheWay, swapOf, venueOrdersOf } from '../../db/stores/history';
import type { SwapRow, VenueIntentRow, VenueTradeRow } from '../../db/entities/swaps';
import type { AskQuote } from '../../domain/contract/api/swaps';
import { DomainError } from '../../domain/contract/errors';
import type { Quote } from '../../domain/contract/ports';
import { isAmount, parseAmount, formatAmount } from '../../domain/money/amount';
import { presentAwaited } from '../deposits/present';
import type { ServerDeps } from '../deps';
import { idFrom } from '../../db/references';

export interface SwapWithOrders {
  readonly swap: SwapRow;
  readonly orders: { intent: VenueIntentRow; trades: VenueTradeRow[] }[];
}

export interface SwapService {
  quote(userId: string, request: AskQuote): Promise<Quote>;
  /** The same key with the same quote is the same swap, however often it is sent. */
  accept(userId: string, quoteId: string, key: string): Promise<SwapWithOrders>;
  /** Refuses NOT_FOUND, also for another's. */
  find(userId: string, id: string): Promise<SwapWithOrders>;
}

type Deps = Pick<ServerDeps, 'dataSource' | 'engine' | 'quotes' | 'registry'>;

export function createSwapService(deps: Deps): SwapService {
  const find = async (userId: string, id: string): Promise<SwapWithOrders> => {
    const swap = await swapOf(deps.dataSource, userId, id);
    if (!swap) throw new DomainError('NOT_FOUND');
    return { swap, orders: await venueOrdersOf(deps.dataSource, id) };
  };
  return {
    find,
    quote: (userId, { from, to, fromAmount }) => {
      for (const code of [from, to]) listed(deps, code);
      if (parseAmount(fromAmount) === 0n) throw new DomainError('AMOUNT_TOO_SMALL');
      return deps.quotes.quote({ userId, from, to, fromAmount: formatAmount(parseAmount(fromAmount)) });
    },
    accept: async (userId, quoteId, key) => {
      const reference = `swap:${userId}:${key}`;
      const swapId = idFrom('sw', reference);
      await deps.engine
        .submit({ kind: 'swap.accept', swapId, userId, quoteId, reference })
        .catch(async (error: unknown) => Promise.reject(await withAwaited(deps, userId, error)));
      return find(userId, swapId);
    },
  };
}

function listed(deps: Deps, code: string): void {
  if (!deps.registry.assets.some((asset) => asset.code === code)) throw new DomainError('UNKNOWN_ASSET');
}

/** FUNDS_IN_TRANSIT names what is on its way, with the confirmations left; any other error stays as it is. */
async function withAwaited(deps: Deps, userId: string, error: unknown): Promise<unknown> {
  if (!(error instanceof DomainError) || error.code !== 'FUNDS_IN_TRANSIT') return error;
  const { asset, needed } = error.details ?? {};
  const assets = typeof asset === 'string' ? [asset] : deps.registry.assets.map(({ code }) => code);
  const moves = await Promise.all(assets.map((code) => onTheWay(deps.dataSource, userId, code)));
  return new DomainError('FUNDS_IN_TRANSIT', {
    ...(typeof asset === 'string' && { asset }),
    ...(isAmount(needed) && { needed }),
    awaiting: moves.flatMap((move) => presentAwaited(move)),
  });
}
