import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Auth, Limits } from './auth';
import type { Capital } from './capital';
import { show, times } from './decimal';
import { ApiError, BAD_KEY, BAD_SYMBOL, TIMEOUT, missing } from './errors';
import type { Exchange } from './exchange';
import { INTERVALS } from './market';
import type { Market } from './market';
import * as present from './present';
import type { ApiKey } from './types';

export interface RestDeps {
  readonly exchange: Exchange;
  readonly auth: Auth;
  readonly limits: Limits;
  readonly capitals: readonly Capital[];
}

interface Call {
  readonly params: Record<string, string>;
  readonly key: ApiKey | undefined;
}

interface Route {
  readonly weight: number | ((params: Record<string, string>) => number);
  readonly signed?: 'TRADE' | 'WITHDRAW' | 'READ';
  run(deps: RestDeps, call: Call): unknown;
}

const marketOf = ({ exchange }: RestDeps, params: Record<string, string>): Market => {
  if (!params.symbol) throw missing('symbol');
  const market = exchange.markets.get(params.symbol);
  if (!market) throw BAD_SYMBOL();
  return market;
};
const limitOf = (params: Record<string, string>, usual: number, most: number): number => Math.min(Number(params.limit ?? usual) || usual, most);
const capitalOf = ({ capitals }: RestDeps, network: string | undefined): Capital => {
  const found = capitals.find((capital) => !network || capital.network === network);
  if (!found) throw new ApiError(400, -4019, 'the network is not supported');
  return found;
};
const bookTicker = (market: Market): Record<string, string> => {
  const [bid, ask] = [market.best('b'), market.best('a')];
  return { symbol: market.symbol, bidPrice: show(bid?.[0] ?? 0n), bidQty: show(bid?.[1] ?? 0n), askPrice: show(ask?.[0] ?? 0n), askQty: show(ask?.[1] ?? 0n) };
};
const one = <T>(deps: RestDeps, params: Record<string, string>, show: (market: Market) => T): T | T[] =>
  params.symbol ? show(marketOf(deps, params)) : [...deps.exchange.markets.values()].map(show);

const PUBLIC: Record<string, Route> = {
  'GET /api/v3/ping': { weight: 1, run: () => ({}) },
  'GET /api/v3/time': { weight: 1, run: () => ({ serverTime: Date.now() }) },
  'GET /api/v3/exchangeInfo': {
    weight: 20,
    run: ({ exchange }, { params }) => {
      const wanted = params.symbol ? [params.symbol] : params.symbols ? (JSON.parse(params.symbols) as string[]) : undefined;
      if (wanted?.some((symbol) => !exchange.symbols.has(symbol))) throw BAD_SYMBOL();
      return { ...exchange.info, serverTime: Date.now(), symbols: exchange.info.symbols.filter((info) => !wanted || wanted.includes(info.symbol)) };
    },
  },
  'GET /api/v3/depth': {
    weight: ({ limit }) => (Number(limit ?? 100) <= 100 ? 5 : Number(limit) <= 500 ? 25 : Number(limit) <= 1000 ? 50 : 250),
    run: (deps, { params }) => marketOf(deps, params).snapshot(limitOf(params, 100, 5000)),
  },
  'GET /api/v3/trades': {
    weight: 25,
    run: (deps, { params }) =>
      marketOf(deps, params)
        .trades.slice(-limitOf(params, 500, 1000))
        .map(({ id, price, quantity, time, buyerIsMaker }) => ({ id, price: show(price), qty: show(quantity), quoteQty: show(times(price, quantity)), time, isBuyerMaker: buyerIsMaker, isBestMatch: true })),
  },
  'GET /api/v3/klines': {
    weight: 2,
    run: (deps, { params }) => {
      if (!params.interval) throw missing('interval');
      const length = INTERVALS[params.interval];
      if (!length) throw new ApiError(400, -1120, 'Invalid interval.');
      return marketOf(deps, params)
        .klines(params.interval, limitOf(params, 500, 1000))
        .map(({ t, o, h, l, c, v, q, n }) => [t, show(o), show(h), show(l), show(c), show(v), t + length - 1, show(q), n, '0.00000000', '0.00000000', '0']);
    },
  },
  'GET /api/v3/avgPrice': { weight: 2, run: (deps, { params }) => ({ mins: 5, price: show(marketOf(deps, params).average()), closeTime: Date.now() }) },
  'GET /api/v3/ticker/price': { weight: 2, run: (deps, { params }) => one(deps, params, (market) => ({ symbol: market.symbol, price: show(market.lastPrice) })) },
  'GET /api/v3/ticker/bookTicker': { weight: 2, run: (deps, { params }) => one(deps, params, bookTicker) },
  'POST /api/v3/userDataStream': {
    weight: 2,
    run: () => {
      throw new ApiError(410, -1016, 'This service is no longer available.');
    },
  },
};

const SIGNED: Record<string, Route> = {
  'POST /api/v3/order/test': { weight: 1, signed: 'TRADE', run: () => ({}) },
  'GET /api/v3/order': { weight: 4, signed: 'READ', run: ({ exchange }, { params }) => present.queried(exchange.query(params)) },
  'DELETE /api/v3/order': {
    weight: 1,
    signed: 'TRADE',
    run: async ({ exchange }, { params }) => {
      const { order, cancelId } = await exchange.cancel(params);
      return present.canceled(order, cancelId);
    },
  },
  'GET /api/v3/openOrders': { weight: 6, signed: 'READ', run: ({ exchange }, { params }) => exchange.account.openOrders(params.symbol).map(present.queried) },
  'GET /api/v3/allOrders': {
    weight: 20,
    signed: 'READ',
    run: ({ exchange }, { params }) =>
      [...exchange.account.orders.values()].filter((order) => order.symbol === params.symbol && order.orderId >= Number(params.orderId ?? 0)).slice(-limitOf(params, 500, 1000)).map(present.queried),
  },
  'GET /api/v3/myTrades': {
    weight: ({ orderId }) => (orderId ? 5 : 20),
    signed: 'READ',
    run: (deps, { params }) => {
      marketOf(deps, params);
      const from = params.fromId === undefined ? undefined : Number(params.fromId);
      const rows = deps.exchange.account.fills.filter(
        (fill) => fill.symbol === params.symbol && (!params.orderId || fill.orderId === Number(params.orderId)) && (from === undefined || fill.id >= from),
      );
      const limit = limitOf(params, 500, 1000);
      return (from === undefined ? rows.slice(-limit) : rows.slice(0, limit)).map(present.trade);
    },
  },
  'GET /api/v3/account': { weight: 20, signed: 'READ', run: ({ exchange }, { params }) => present.account(exchange.account, params.omitZeroBalances === 'true') },
  'GET /api/v3/account/commission': {
    weight: 20,
    signed: 'READ',
    run: (_, { params }) => {
      const none = { maker: '0.00000000', taker: '0.00000000', buyer: '0.00000000', seller: '0.00000000' };
      const standard = { ...none, maker: '0.00100000', taker: '0.00100000' };
      return { symbol: params.symbol, standardCommission: standard, specialCommission: none, taxCommission: none, discount: { enabledForAccount: false, enabledForSymbol: true, discountAsset: 'BNB', discount: '0.75000000' } };
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
  'GET /sapi/v1/capital/config/getall': { weight: 10, signed: 'READ', run: ({ capitals }) => capitals.flatMap((capital) => capital.config()) },
  'GET /sapi/v1/capital/deposit/address': {
    weight: 10,
    signed: 'READ',
    run: (deps, { params }) => {
      if (!params.coin) throw missing('coin');
      return { address: capitalOf(deps, params.network).depositAddress, coin: params.coin, tag: '', url: '' };
    },
  },
  'GET /sapi/v1/capital/deposit/hisrec': {
    weight: 1,
    signed: 'READ',
    run: ({ exchange }, { params }) =>
      [...exchange.account.deposits.values()]
        .filter((deposit) => (!params.coin || deposit.coin === params.coin) && deposit.insertTime >= Number(params.startTime ?? 0))
        .reverse()
        .map(({ id, coin, network, amount, status, address, txId, insertTime, confirmations }) => ({
          id, amount, coin, network, status, address, addressTag: '', txId, insertTime, transferType: 0, confirmTimes: `${confirmations}/3`, unlockConfirm: 3, walletType: 0,
        })),
  },
  'POST /sapi/v1/capital/withdraw/apply': { weight: 600, signed: 'WITHDRAW', run: (deps, { params }) => capitalOf(deps, params.network).withdraw(params) },
  'GET /sapi/v1/capital/withdraw/history': {
    weight: 1,
    signed: 'READ',
    run: ({ exchange }, { params }) =>
      [...exchange.account.withdrawals.values()]
        .filter((row) => (!params.coin || row.coin === params.coin) && (!params.withdrawOrderId || row.withdrawOrderId === params.withdrawOrderId))
        .reverse()
        .map(({ raw: _raw, applyTime, ...row }) => ({ ...row, txId: row.status === 6 ? row.txId : '', applyTime: new Date(applyTime).toISOString().slice(0, 19).replace('T', ' '), transferType: 0, info: '', confirmNo: 3, walletType: 0, txKey: '' })),
  },
};

/** Two faults end the connection; the rest are answers. `sever` ends it. */
async function placeOrder(deps: RestDeps, params: Record<string, string>, sever: () => never): Promise<unknown> {
  const { faults } = deps.exchange;
  deps.limits.order();
  if (faults.fires('reset-before')) sever();
  if (faults.fires('timeout-not-executed')) throw TIMEOUT();
  const { order, fills } = await deps.exchange.place(params);
  if (faults.fires('reset-after')) sever();
  if (faults.fires('timeout-executed')) throw TIMEOUT();
  return present.placed(order, fills);
}

export { placeOrder };

class Severed extends Error {}

/** Answers one REST request. */
export async function handleRest(deps: RestDeps, request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  const name = `${request.method} ${path}`;
  const params = { ...Object.fromEntries(new URLSearchParams(body)), ...Object.fromEntries(new URLSearchParams(query)) };
  const send = (status: number, answer: unknown, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8', 'x-emulator': 'javizen-local', ...deps.limits.headers(), ...headers });
    response.end(JSON.stringify(answer));
  };
  try {
    const { faults } = deps.exchange;
    if (faults.fires('bad-gateway')) {
      response.writeHead(502, { 'content-type': 'text/html' });
      return void response.end('<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>');
    }
    if (faults.fires('ban')) deps.limits.ban(2000);
    if (faults.fires('rate-limit')) throw new ApiError(429, -1003, 'Too much request weight used; current limit is 6000 request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.', 1);
    const placing = name === 'POST /api/v3/order';
    const route = PUBLIC[name] ?? SIGNED[name];
    if (!route && !placing) return send(404, { code: -1000, msg: `The emulator does not know ${name}.` });
    const weight = placing ? 0 : typeof route?.weight === 'function' ? route.weight(params) : (route?.weight ?? 1);
    deps.limits.weight(weight, path.startsWith('/sapi/'));
    const needs = placing ? 'TRADE' : route?.signed;
    const key = needs ? deps.auth.rest(request.headers['x-mbx-apikey'] as string | undefined, query, body, params) : undefined;
    if ((needs === 'TRADE' || needs === 'WITHDRAW') && !key?.permissions.includes(needs)) throw BAD_KEY();
    const sever = (): never => {
      request.socket.destroy();
      throw new Severed();
    };
    send(200, placing ? await placeOrder(deps, params, sever) : await route?.run(deps, { params, key }));
  } catch (error) {
    if (error instanceof Severed) return;
    if (!(error instanceof ApiError)) return send(500, { code: -1000, msg: `An unknown error occurred while processing the request. ${String(error)}` });
    send(error.status, { code: error.code, msg: error.msg }, error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) });
  }
}
