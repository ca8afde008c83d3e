import { must, read } from './decimal';
import { ApiError, BAD_SYMBOL, filterFailure, missing } from './errors';
import type { Market } from './market';
import type { Order, OrderType } from './types';

export interface SymbolInfo {
  readonly symbol: string;
  status: 'TRADING' | 'HALT' | 'BREAK' | 'CANCEL_ONLY';
  readonly baseAsset: string;
  readonly quoteAsset: string;
  filters: readonly Record<string, unknown>[];
  readonly allowedSelfTradePreventionModes: readonly string[];
}

/** The only rule there is: a trade must lie within these multiples of the reference price. */
export interface ExecutionRule {
  readonly ruleType: 'PRICE_RANGE';
  readonly bidMultiplierUp: string;
  readonly bidMultiplierDown: string;
  readonly askMultiplierUp: string;
  readonly askMultiplierDown: string;
}

export interface OrderRequest {
  readonly info: SymbolInfo;
  readonly side: 'BUY' | 'SELL';
  readonly type: OrderType;
  readonly timeInForce: 'GTC' | 'IOC' | 'FOK';
  /** Zero where there is none; so are all the amounts. */
  readonly price: bigint;
  readonly stopPrice: bigint;
  readonly quantity: bigint;
  readonly icebergQty: bigint;
  readonly quoteOrderQty: bigint;
  readonly clientOrderId: string;
  /** Of self-trade prevention. */
  readonly mode: string;
  readonly strategyId?: number;
  readonly strategyType?: number;
}

/** What each type must have besides symbol, side and type. */
const NEEDS: Readonly<Record<OrderType, readonly string[]>> = {
  LIMIT: ['timeInForce', 'quantity', 'price'],
  MARKET: [],
  LIMIT_MAKER: ['quantity', 'price'],
  STOP_LOSS: ['quantity', 'stopPrice'],
  STOP_LOSS_LIMIT: ['timeInForce', 'quantity', 'price', 'stopPrice'],
  TAKE_PROFIT: ['quantity', 'stopPrice'],
  TAKE_PROFIT_LIMIT: ['timeInForce', 'quantity', 'price', 'stopPrice'],
};
const OPTIONAL: readonly string[] = ['timeInForce', 'price', 'stopPrice'];
/** Strategies below are the venue's own. */
const LEAST_STRATEGY_TYPE = 1_000_000;

export function decimal(params: Record<string, string>, name: string): bigint {
  const text = params[name];
  if (text === undefined || text === '') return 0n;
  const value = read(text);
  if (value === undefined)
    throw new ApiError(
      400,
      -1100,
      `Illegal characters found in parameter '${name}'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'.`,
    );
  if ((text.split('.')[1] ?? '').replace(/0+$/, '').length > 8)
    throw new ApiError(400, -1111, `Parameter '${name}' has too much precision.`);
  return value;
}

const isType = (type: string | undefined): type is OrderType => type !== undefined && Object.hasOwn(NEEDS, type);

export function checkId(id: string, name = 'newClientOrderId'): string {
  if (/^[.A-Z:/a-z0-9_-]{1,36}$/.test(id)) return id;
  throw new ApiError(
    400,
    -1100,
    `Illegal characters found in parameter '${name}'; legal range is '^[\\.A-Z\\:/a-z0-9_-]{1,36}$'.`,
  );
}

/** Reads the parameters of a new order as the venue does, with its errors for what is wrong. */
export function readOrder(
  params: Record<string, string>,
  symbols: ReadonlyMap<string, SymbolInfo>,
  makeId: () => string,
): OrderRequest {
  for (const name of ['symbol', 'side', 'type']) if (!params[name]) throw missing(name);
  const info = symbols.get(params.symbol ?? '');
  if (!info) throw BAD_SYMBOL();
  const { side, type } = params;
  if (side !== 'BUY' && side !== 'SELL') throw new ApiError(400, -1117, 'Invalid side.');
  if (!isType(type)) throw new ApiError(400, -1116, 'Invalid orderType.');
  if (params.trailingDelta) throw new ApiError(400, -1013, 'Trailing stop orders are not supported for this symbol.');
  if (params.strategyType && Number(params.strategyType) < LEAST_STRATEGY_TYPE)
    throw new ApiError(400, -1134, 'strategyType was less than 1000000.');
  const timeInForce = params.timeInForce ?? (type === 'MARKET' ? 'IOC' : 'GTC');
  for (const name of NEEDS[type]) if (name === 'timeInForce' && !params[name]) throw missing(name);
  for (const name of OPTIONAL)
    if (params[name] && !NEEDS[type].includes(name))
      throw new ApiError(400, -1106, `Parameter '${name}' sent when not required.`);
  if (timeInForce !== 'GTC' && timeInForce !== 'IOC' && timeInForce !== 'FOK')
    throw new ApiError(400, -1115, 'Invalid timeInForce.');
  const [price, quantity, quoteOrderQty] = [
    decimal(params, 'price'),
    decimal(params, 'quantity'),
    decimal(params, 'quoteOrderQty'),
  ];
  const [stopPrice, icebergQty] = [decimal(params, 'stopPrice'), decimal(params, 'icebergQty')];
  if (NEEDS[type].includes('price') && !params.price) throw missing('price');
  if (!params.quantity && !(type === 'MARKET' && params.quoteOrderQty)) throw missing('quantity');
  if (NEEDS[type].includes('stopPrice') && !params.stopPrice) throw missing('stopPrice');
  if (params.quoteOrderQty && (params.quantity || type !== 'MARKET'))
    throw new ApiError(400, -1106, "Parameter 'quoteOrderQty' sent when not required.");
  if (params.icebergQty && (timeInForce !== 'GTC' || !NEEDS[type].includes('price')))
    throw new ApiError(400, -1106, "Parameter 'icebergQty' sent when not required.");
  if (NEEDS[type].includes('price') && price === 0n) throw new ApiError(400, -1013, 'Invalid price.');
  if (icebergQty > quantity) throw new ApiError(400, -1013, 'IcebergQty exceeds QTY.');
  if (quantity === 0n && quoteOrderQty === 0n) throw new ApiError(400, -1013, 'Invalid quantity.');
  const mode = params.selfTradePreventionMode ?? 'EXPIRE_MAKER';
  if (!info.allowedSelfTradePreventionModes.includes(mode))
    throw new ApiError(400, -1013, 'This symbol does not allow the specified self-trade prevention mode.');
  const clientOrderId = checkId(params.newClientOrderId ?? makeId());
  const strategy = {
    ...(params.strategyId && { strategyId: Number(params.strategyId) }),
    ...(params.strategyType && { strategyType: Number(params.strategyType) }),
  };
  return {
    info,
    side,
    type,
    timeInForce,
    price,
    stopPrice,
    quantity,
    icebergQty,
    quoteOrderQty,
    clientOrderId,
    mode,
    ...strategy,
  };
}

type Rule = Readonly<Record<string, string>>;
const value = (rule: Rule, name: string): bigint => must(rule[name] ?? '0');

/** The symbol's filters, in the venue's order; throws the first that fails. */
export function checkFilters(request: OrderRequest, market: Market, open: readonly Order[]): void {
  const { info, price, stopPrice, quantity, type, timeInForce } = request;
  if (info.status !== 'TRADING') throw new ApiError(400, -1013, 'Market is closed.');
  const filter = (name: string): Rule => filterOf(info, name);
  for (const at of [price, stopPrice]) if (at > 0n) checkPrice(at, filter('PRICE_FILTER'));
  if (price > 0n) checkRange(request, market.average(), filter('PERCENT_PRICE_BY_SIDE'));
  const lot = filter('LOT_SIZE');
  for (const amount of [quantity, request.icebergQty]) if (amount > 0n) checkLot(amount, lot);
  const most = value(filter('MARKET_LOT_SIZE'), 'maxQty');
  if (type === 'MARKET' && quantity > 0n && most > 0n && quantity > most) throw filterFailure('MARKET_LOT_SIZE');
  const at = price || stopPrice || market.average();
  checkNotional(
    request.quoteOrderQty > 0n ? request.quoteOrderQty : (quantity * at) / 10n ** 18n,
    filter('NOTIONAL'),
    type === 'MARKET',
  );
  const count = (name: string, field: string, usual: number): number =>
    Number((filter(name) as Record<string, unknown>)[field] ?? usual);
  if (timeInForce === 'GTC' && open.length >= count('MAX_NUM_ORDERS', 'maxNumOrders', 200))
    throw filterFailure('MAX_NUM_ORDERS');
  const stops = open.filter((order) => must(order.stopPrice ?? '0') > 0n).length;
  if (stopPrice > 0n && stops >= count('MAX_NUM_ALGO_ORDERS', 'maxNumAlgoOrders', 5))
    throw filterFailure('MAX_NUM_ALGO_ORDERS');
  if (
    request.icebergQty > 0n &&
    (quantity + request.icebergQty - 1n) / request.icebergQty > BigInt(count('ICEBERG_PARTS', 'limit', 100))
  )
    throw filterFailure('ICEBERG_PARTS');
}

/** What a price times a quantity must come to. */
export function checkNotional(notional: bigint, rule: Rule, isMarket = false): void {
  if (notional < value(rule, 'minNotional') || (!isMarket && notional > value(rule, 'maxNotional')))
    throw filterFailure('NOTIONAL');
}

export const filterOf = (info: SymbolInfo, name: string): Rule =>
  (info.filters.find(({ filterType }) => filterType === name) ?? {}) as Rule;

function checkPrice(price: bigint, rule: Rule): void {
  const [min, max, tick] = [value(rule, 'minPrice'), value(rule, 'maxPrice'), value(rule, 'tickSize')];
  if ((min > 0n && price < min) || (max > 0n && price > max) || (tick > 0n && price % tick !== 0n))
    throw filterFailure('PRICE_FILTER');
}

function checkRange({ side, price }: OrderRequest, average: bigint, rule: Rule): void {
  const [up, down] =
    side === 'BUY'
      ? [value(rule, 'bidMultiplierUp'), value(rule, 'bidMultiplierDown')]
      : [value(rule, 'askMultiplierUp'), value(rule, 'askMultiplierDown')];
  if (up > 0n && (price * 10n ** 18n > average * up || price * 10n ** 18n < average * down))
    throw filterFailure('PERCENT_PRICE_BY_SIDE');
}

export function checkLot(quantity: bigint, rule: Rule): void {
  const [min, max, step] = [value(rule, 'minQty'), value(rule, 'maxQty'), value(rule, 'stepSize')];
  if (quantity < min || (max > 0n && quantity > max) || (step > 0n && quantity % step !== 0n))
    throw filterFailure('LOT_SIZE');
}
