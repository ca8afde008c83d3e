import type { Capital } from './capital';
import { show } from './decimal';
import { ApiError, BAD_SYMBOL, missing } from './errors';
import { invalid } from './parameters';
import * as present from './present';
import { limitOf, marketOf, within } from './routes';
import type { Deps, Params, Route } from './routes';

/** Deposits and withdrawals are told for so long unless a start is given. */
const CAPITAL_DAYS_MS = 90 * 86_400_000;
/** With one's own id so long is looked back. */
const OWN_ID_DAYS_MS = 7 * 86_400_000;
const MOST_IDS = 45;
/** A request is under way for a moment. */
const SLACK_MS = 60_000;

const capitalOf = ({ capitals }: Deps, network: string | undefined): Capital => {
  const found = capitals.find((capital) => !network || capital.network === network);
  if (!found) throw new ApiError(400, -4019, 'the network is not supported');
  return found;
};

function myTrades(deps: Deps, params: Params): unknown[] {
  marketOf(deps, params);
  const limit = limitOf(params, 500, 1000);
  const rows = deps.exchange.account.fills.filter(
    (fill) => fill.symbol === params.symbol && (!params.orderId || fill.orderId === Number(params.orderId)),
  );
  const from = params.fromId === undefined ? undefined : Number(params.fromId);
  const found =
    from === undefined
      ? within(rows, params, ({ time }) => time, limit)
      : rows.filter(({ id }) => id >= from).slice(0, limit);
  return found.map((fill) => present.trade(fill, deps.exchange.account.orders.get(fill.orderId)?.orderListId));
}

function preventedMatches(deps: Deps, params: Params): unknown[] {
  const { symbol } = marketOf(deps, params);
  const rows = [...deps.exchange.account.orders.values()]
    .filter((order) => order.symbol === symbol)
    .flatMap(({ preventedMatches: found = [] }) => found);
  const { preventedMatchId, orderId, fromPreventedMatchId = '0' } = params;
  if (preventedMatchId !== undefined) return rows.filter((row) => row.preventedMatchId === Number(preventedMatchId));
  const isOf = (row: (typeof rows)[number]): boolean =>
    row.takerOrderId === Number(orderId) || row.makerOrderId === Number(orderId);
  return rows
    .filter((row) => isOf(row) && row.preventedMatchId >= Number(fromPreventedMatchId))
    .slice(0, limitOf(params, 500, 1000));
}

function deposits({ exchange, capitals }: Deps, params: Params): unknown[] {
  const from = spanOf(params, CAPITAL_DAYS_MS);
  const rows = [...exchange.account.deposits.values()].filter(
    ({ coin, status, insertTime, txId }) =>
      (!params.coin || coin === params.coin) &&
      (!params.status || status === Number(params.status)) &&
      (!params.txId || txId === params.txId) &&
      insertTime >= from &&
      insertTime <= Number(params.endTime ?? Number.MAX_SAFE_INTEGER),
  );
  return page(rows, params).map(({ id, coin, network, amount, status, address, txId, insertTime, confirmations }) => {
    const needed = capitals.find((capital) => capital.network === network)?.confirmations ?? 0;
    const confirmTimes = `${Math.min(confirmations, needed)}/${needed}`;
    return {
      id,
      amount,
      coin,
      network,
      status,
      address,
      addressTag: '',
      txId,
      insertTime,
      transferType: 0,
      confirmTimes,
      unlockConfirm: needed,
      walletType: 0,
    };
  });
}

/**
 * The lookup of the longest span: with one's own id a week, else ninety days. The span that is meant ends now unless
 * told.
 */
function spanOf(params: Params, longest: number): number {
  const to = Number(params.endTime ?? Date.now());
  const from = Number(params.startTime ?? to - longest);
  if (to - from > longest + SLACK_MS) throw new ApiError(400, -1127, 'Lookup interval is too big.');
  return from;
}

function withdrawals({ exchange }: Deps, params: Params): unknown[] {
  const from = spanOf(params, params.withdrawOrderId === undefined ? CAPITAL_DAYS_MS : OWN_ID_DAYS_MS);
  const ids = params.idList?.split(',');
  if (ids && ids.length > MOST_IDS) throw invalid('idList');
  const rows = [...exchange.account.withdrawals.values()].filter(
    ({ id, coin, withdrawOrderId, status, applyTime }) =>
      (!params.coin || coin === params.coin) &&
      (!params.withdrawOrderId || withdrawOrderId === params.withdrawOrderId) &&
      (!params.status || status === Number(params.status)) &&
      (!ids || ids.includes(id)) &&
      applyTime >= from &&
      applyTime <= Number(params.endTime ?? Number.MAX_SAFE_INTEGER),
  );
  const day = (time: number): string => new Date(time).toISOString().slice(0, 19).replace('T', ' ');
  return page(rows, params).map(({ raw: _raw, applyTime, completeTime, ...row }) => ({
    ...row,
    txId: row.status === 6 ? row.txId : '',
    applyTime: day(applyTime),
    ...(completeTime !== undefined && { completeTime: day(completeTime) }),
    transferType: 0,
    info: '',
    confirmNo: row.status === 6 ? 3 : 0,
    walletType: 0,
    txKey: '',
  }));
}

/** Coins with the networks by which they come and go; those that are only traded have none. */
function coins({ exchange, capitals }: Deps): Record<string, unknown>[] {
  const moved = new Map<string, Record<string, unknown>>();
  for (const row of capitals.flatMap((capital) => capital.config())) {
    const known = moved.get(String(row.coin));
    moved.set(
      String(row.coin),
      known
        ? {
            ...known,
            networkList: [
              ...(known.networkList as unknown[]),
              ...(row.networkList as { isDefault: boolean }[]).map((network) => ({ ...network, isDefault: false })),
            ],
          }
        : row,
    );
  }
  const traded = new Set(exchange.info.symbols.flatMap(({ baseAsset, quoteAsset }) => [baseAsset, quoteAsset]));
  for (const coin of moved.keys()) traded.delete(coin);
  const none = {
    freeze: '0',
    withdrawing: '0',
    ipoing: '0',
    ipoable: '0',
    storage: '0',
    isLegalMoney: false,
    trading: true,
    depositAllEnable: false,
    withdrawAllEnable: false,
    networkList: [],
  };
  const row = (coin: string): Record<string, unknown> => {
    const { free, locked } = exchange.account.balance(coin);
    return { coin, name: coin, free: show(free), locked: show(locked), ...none };
  };
  return [...moved.values(), ...[...traded].map(row)];
}

/** Newest first. */
function page<T>(rows: readonly T[], params: Params): T[] {
  const offset = Number(params.offset ?? 0);
  return [...rows].reverse().slice(offset, offset + limitOf(params, 1000, 1000));
}

/** What the account has, and how its coins come and go. Orders are elsewhere. */
export const SIGNED: Record<string, Route> = {
  'GET /api/v3/myTrades': {
    weight: ({ orderId }) => (orderId ? 5 : 20),
    signed: 'READ',
    run: (deps, { params }) => myTrades(deps, params),
  },
  'GET /api/v3/account': {
    weight: 20,
    signed: 'READ',
    run: ({ exchange }, { params }) => present.account(exchange.account, params.omitZeroBalances === 'true'),
  },
  'GET /api/v3/account/commission': {
    weight: 20,
    signed: 'READ',
    run: (deps, { params }) => present.commission(marketOf(deps, params).symbol, deps.exchange.account.settings),
  },
  'GET /api/v3/rateLimit/order': { weight: 40, signed: 'READ', run: ({ limits }) => limits.orderCounts() },
  'GET /api/v3/myPreventedMatches': {
    weight: ({ preventedMatchId }) => (preventedMatchId ? 2 : 20),
    signed: 'READ',
    run: (deps, { params }) => preventedMatches(deps, params),
  },
  'GET /api/v3/myAllocations': { weight: 20, signed: 'READ', run: () => [] },
  'GET /api/v3/myFilters': {
    weight: 40,
    signed: 'READ',
    run: (deps, { params }) => ({ exchangeFilters: [], symbolFilters: marketOf(deps, params) && [], assetFilters: [] }),
  },
  'GET /sapi/v1/asset/tradeFee': {
    weight: 1,
    signed: 'READ',
    run: ({ exchange }, { params }) => {
      if (params.symbol && !exchange.symbols.has(params.symbol)) throw BAD_SYMBOL();
      const { maker: makerCommission, taker: takerCommission } = exchange.account.settings;
      return [...exchange.symbols.keys()]
        .filter((symbol) => !params.symbol || symbol === params.symbol)
        .map((symbol) => ({ symbol, makerCommission, takerCommission }));
    },
  },
  'GET /sapi/v1/bnbBurn': {
    weight: 1,
    signed: 'READ',
    run: ({ exchange }) => ({ spotBNBBurn: exchange.account.settings.bnbBurn, interestBNBBurn: false }),
  },
  'POST /sapi/v1/bnbBurn': {
    weight: 1,
    signed: 'TRADE',
    run: async ({ exchange }, { params }) => {
      if (params.spotBNBBurn !== undefined) await exchange.set({ bnbBurn: params.spotBNBBurn === 'true' });
      return { spotBNBBurn: exchange.account.settings.bnbBurn, interestBNBBurn: false };
    },
  },
  'GET /sapi/v1/account/apiRestrictions': {
    weight: 1,
    signed: 'READ',
    run: (_, { key }) => ({
      ipRestrict: true,
      createTime: 1_600_000_000_000,
      enableReading: true,
      enableWithdrawals: key?.permissions.includes('WITHDRAW') ?? false,
      enableInternalTransfer: false,
      enableSpotAndMarginTrading: key?.permissions.includes('TRADE') ?? false,
    }),
  },
  // This account is in no country whose travel rule asks for questionnaires.
  'GET /sapi/v1/localentity/questionnaire-requirements': {
    weight: 1,
    signed: 'READ',
    run: ({ exchange }) => ({ questionnaireCountryCode: exchange.travelRule }),
  },
  'GET /sapi/v1/capital/config/getall': { weight: 10, signed: 'READ', run: (deps) => coins(deps) },
  'GET /sapi/v1/capital/deposit/address': {
    weight: 10,
    signed: 'READ',
    run: (deps, { params }) => {
      if (!params.coin) throw missing('coin');
      const capital = capitalOf(deps, params.network);
      if (!capital.coins.includes(params.coin)) throw new ApiError(400, -4018, 'coin not exist');
      return { address: capital.depositAddress, coin: params.coin, tag: '', url: '' };
    },
  },
  'GET /sapi/v1/capital/deposit/hisrec': {
    weight: 1,
    signed: 'READ',
    run: (deps, { params }) => deposits(deps, params),
  },
  'POST /sapi/v1/capital/withdraw/apply': {
    weight: 600,
    signed: 'WITHDRAW',
    run: (deps, { params }) => capitalOf(deps, params.network).withdraw(params),
  },
  'GET /sapi/v1/capital/withdraw/history': {
    weight: 18_000,
    signed: 'READ',
    run: (deps, { params }) => withdrawals(deps, params),
  },
};
