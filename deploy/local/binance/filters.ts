import { must, read } from './decimal';
import { ApiError, BAD_SYMBOL, filterFailure, missing } from './errors';
import type { Market } from './market';

export interface SymbolInfo {
  readonly symbol: string;
  readonly status: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly filters: readonly Record<string, unknown>[];
}

export interface OrderRequest {
  readonly info: SymbolInfo;
  readonly side: 'BUY' | 'SELL';
  readonly type: 'LIMIT' | 'MARKET' | 'LIMIT_MAKER';
  readonly timeInForce: 'GTC' | 'IOC' | 'FOK';
  readonly price: bigint;
  readonly quantity: bigint;
  readonly quoteOrderQty: bigint;
  readonly clientOrderId: string;
}

const KNOWN = new Set(['symbol', 'side', 'type', 'timeInForce', 'quantity', 'quoteOrderQty', 'price', 'newClientOrderId', 'newOrderRespType', 'recvWindow', 'timestamp', 'signature', 'apiKey',
  'selfTradePreventionMode', 'strategyId', 'strategyType', 'returnRateLimits']);

function decimal(params: Record<string, string>, name: string): bigint {
  const text = params[name];
  if (text === undefined || text === '') return 0n;
  const value = read(text);
  if (value === undefined) throw new ApiError(400, -1100, `Illegal characters found in parameter '${name}'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'.`);
  if ((text.split('.')[1] ?? '').replace(/0+$/, '').length > 8) throw new ApiError(400, -1111, `Parameter '${name}' has too much precision.`);
  return value;
}

/** Reads the parameters of a new order as the venue does, with its errors for what is wrong. */
export function readOrder(params: Record<string, string>, symbols: ReadonlyMap<string, SymbolInfo>, makeId: () => string): OrderRequest {
  for (const name of ['symbol', 'side', 'type']) if (!params[name]) throw missing(name);
  const unknown = Object.keys(params).filter((name) => !KNOWN.has(name));
  if (unknown.length > 0) throw new ApiError(400, -1104, `Not all sent parameters were read; read '${Object.keys(params).length - unknown.length}' parameter(s) but was sent '${Object.keys(params).length}'.`);
  const info = symbols.get(params.symbol ?? '');
  if (!info) throw BAD_SYMBOL();
  const { side, type } = params;
  if (side !== 'BUY' && side !== 'SELL') throw new ApiError(400, -1117, 'Invalid side.');
  if (type !== 'LIMIT' && type !== 'MARKET' && type !== 'LIMIT_MAKER') throw new ApiError(400, -1116, 'Invalid orderType.');
  const timeInForce = params.timeInForce ?? (type === 'MARKET' ? 'IOC' : 'GTC');
  if (type === 'LIMIT' && !params.timeInForce) throw missing('timeInForce');
  if (type !== 'LIMIT' && params.timeInForce) throw new ApiError(400, -1106, "Parameter 'timeInForce' sent when not required.");
  if (timeInForce !== 'GTC' && timeInForce !== 'IOC' && timeInForce !== 'FOK') throw new ApiError(400, -1115, 'Invalid timeInForce.');
  const [price, quantity, quoteOrderQty] = [decimal(params, 'price'), decimal(params, 'quantity'), decimal(params, 'quoteOrderQty')];
  if (type === 'MARKET' && params.price) throw new ApiError(400, -1106, "Parameter 'price' sent when not required.");
  if (type !== 'MARKET' && !params.price) throw missing('price');
  if (!params.quantity && !(type === 'MARKET' && params.quoteOrderQty)) throw missing('quantity');
  if (params.quantity && params.quoteOrderQty) throw new ApiError(400, -1106, "Parameter 'quoteOrderQty' sent when not required.");
  if (type !== 'MARKET' && price === 0n) throw new ApiError(400, -1013, 'Invalid price.');
  if (quantity === 0n && quoteOrderQty === 0n) throw new ApiError(400, -1013, 'Invalid quantity.');
  const clientOrderId = params.newClientOrderId ?? makeId();
  if (!/^[.A-Z:/a-z0-9_-]{1,36}$/.test(clientOrderId)) {
    throw new ApiError(400, -1100, "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[\\.A-Z\\:/a-z0-9_-]{1,36}$'.");
  }
  return { info, side, type, timeInForce, price, quantity, quoteOrderQty, clientOrderId };
}

/** The symbol's filters, in the venue's order; throws the first that fails. */
export function checkFilters(request: OrderRequest, market: Market, openOrders: number): void {
  const { info, price, quantity, type, side } = request;
  if (info.status !== 'TRADING') throw new ApiError(400, -1013, 'Market is closed.');
  const filter = (name: string): Record<string, string> => (info.filters.find((candidate) => candidate.filterType === name) ?? {}) as Record<string, string>;
  const value = (rule: Record<string, string>, name: string): bigint => must(rule[name] ?? '0');
  if (type !== 'MARKET') {
    const rule = filter('PRICE_FILTER');
    const [min, max, tick] = [value(rule, 'minPrice'), value(rule, 'maxPrice'), value(rule, 'tickSize')];
    if ((min > 0n && price < min) || (max > 0n && price > max) || (tick > 0n && price % tick !== 0n)) throw filterFailure('PRICE_FILTER');
    const range = filter('PERCENT_PRICE_BY_SIDE');
    const average = market.average();
    const [up, down] = side === 'BUY' ? [value(range, 'bidMultiplierUp'), value(range, 'bidMultiplierDown')] : [value(range, 'askMultiplierUp'), value(range, 'askMultiplierDown')];
    if (up > 0n && (price * 10n ** 18n > average * up || price * 10n ** 18n < average * down)) throw filterFailure('PERCENT_PRICE_BY_SIDE');
  }
  if (quantity > 0n) {
    const rule = filter('LOT_SIZE');
    const [min, max, step] = [value(rule, 'minQty'), value(rule, 'maxQty'), value(rule, 'stepSize')];
    if (quantity < min || (max > 0n && quantity > max) || (step > 0n && quantity % step !== 0n)) throw filterFailure('LOT_SIZE');
  }
  if (type === 'MARKET' && quantity > 0n) {
    const most = value(filter('MARKET_LOT_SIZE'), 'maxQty');
    if (most > 0n && quantity > most) throw filterFailure('MARKET_LOT_SIZE');
  }
  const notional = request.quoteOrderQty > 0n ? request.quoteOrderQty : (quantity * (type === 'MARKET' ? market.average() : price)) / 10n ** 18n;
  const rule = filter('NOTIONAL');
  if (notional < value(rule, 'minNotional') || (type !== 'MARKET' && notional > value(rule, 'maxNotional'))) throw filterFailure('NOTIONAL');
  const most = Number((filter('MAX_NUM_ORDERS') as Record<string, unknown>).maxNumOrders ?? 200);
  if (request.timeInForce === 'GTC' && openOrders >= most) throw filterFailure('MAX_NUM_ORDERS');
}
