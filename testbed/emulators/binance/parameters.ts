import { ApiError, missing } from './errors';

export type Params = Record<string, string>;

/** How a parameter is written: its legal range (told in the refusal), or the words that it may be. */
interface Kind {
  readonly legal?: string;
  /** Decimals allowed behind the point; more is refused as too precise. */
  readonly decimals?: number;
  readonly oneOf?: readonly string[];
  /** What is said of a word that is none of `oneOf`, where it has an error of its own. */
  readonly wrong?: () => ApiError;
  /** A time in milliseconds or microseconds; handed on in milliseconds. */
  readonly isTime?: boolean;
}

const LONG: Kind = { legal: '^[0-9]{1,20}$' };
const TIME: Kind = { ...LONG, isTime: true };
const DECIMAL: Kind = { legal: '^([0-9]{1,20})(\\.[0-9]{1,20})?$', decimals: 8 };
const SYMBOL: Kind = { legal: '^[A-Z0-9-_.]{1,20}$' };
const LIST: Kind = { legal: '^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$' };
const ID: Kind = { legal: '^[\\.A-Z\\:/a-z0-9_-]{1,36}$' };
const BOOLEAN: Kind = { legal: '^(true|false)$' };
const TEXT: Kind = {};
const words = (oneOf: readonly string[], code?: number, text?: string): Kind =>
  code === undefined ? { oneOf } : { oneOf, wrong: () => new ApiError(400, code, text ?? '') };

/** Every parameter by its name, which means the same on every route. */
const KINDS: Readonly<Record<string, Kind>> = {
  ...of(LONG, 'limit offset fromId orderId orderListId cancelOrderId strategyId strategyType subscriptionId'),
  ...of(LONG, 'preventedMatchId fromPreventedMatchId fromAllocationId fromExecutionId'),
  ...of(LONG, 'status walletType includeSource'),
  ...of(TIME, 'startTime endTime timestamp'),
  ...of(DECIMAL, 'quantity quoteOrderQty price stopPrice icebergQty newQty amount'),
  ...of(ID, 'newClientOrderId origClientOrderId clientOrderId listClientOrderId'),
  ...of(ID, 'cancelNewClientOrderId cancelOrigClientOrderId'),
  ...of(BOOLEAN, 'omitZeroBalances computeCommissionRates showPermissionSets returnRateLimits'),
  ...of(BOOLEAN, 'transactionFeeFlag spotBNBBurn interestBNBBurn'),
  // Their words are read, and refused, where they are used.
  ...of(TEXT, 'type interval windowSize timeZone permissions apiKey signature'),
  ...of(TEXT, 'coin network address addressTag name withdrawOrderId idList txId'),
  symbol: SYMBOL,
  symbols: LIST,
  side: words(['BUY', 'SELL'], -1117, 'Invalid side.'),
  timeInForce: words(['GTC', 'IOC', 'FOK'], -1115, 'Invalid timeInForce.'),
  newOrderRespType: words(['ACK', 'RESULT', 'FULL']),
  selfTradePreventionMode: words(['NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT', 'TRANSFER']),
  cancelRestrictions: words(
    ['ONLY_NEW', 'ONLY_PARTIALLY_FILLED'],
    -1145,
    'Invalid cancelRestrictions. Only ONLY_NEW or ONLY_PARTIALLY_FILLED are allowed.',
  ),
  cancelReplaceMode: words(['STOP_ON_FAILURE', 'ALLOW_FAILURE']),
  orderRateLimitExceededMode: words(['DO_NOTHING', 'CANCEL_ONLY']),
  symbolStatus: words(['TRADING', 'END_OF_DAY', 'HALT', 'BREAK', 'CANCEL_ONLY'], -1122, 'Invalid symbolStatus.'),
  recvWindow: { legal: '^([0-9]{1,20})(\\.[0-9]{1,20})?$', decimals: 3 },
  // A trailing stop is refused for what it is, whatever its distance.
  trailingDelta: LONG,
};

function of(kind: Kind, names: string): Record<string, Kind> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}

const LEGS = ['pendingAbove', 'pendingBelow', 'pending', 'working', 'above', 'below'];
/** A leg's parameter is of the kind of what it is without the leg's name: `abovePrice` is a price. */
function kindOf(name: string): Kind {
  const known = KINDS[name];
  if (known) return known;
  const prefix = LEGS.find((candidate) => name.startsWith(candidate)) ?? '';
  const plain = name.slice(prefix.length);
  return KINDS[`${plain.charAt(0).toLowerCase()}${plain.slice(1)}`] ?? TEXT;
}

const ORDER =
  'symbol! side! type! timeInForce quantity quoteOrderQty price newClientOrderId strategyId strategyType ' +
  'stopPrice trailingDelta icebergQty newOrderRespType selfTradePreventionMode';
const ONE_ORDER = 'symbol! orderId|origClientOrderId';
const LIST_ORDER = 'symbol! listClientOrderId newOrderRespType selfTradePreventionMode';
const leg = (prefix: string, must: string, may: string): string =>
  [...must.split(' ').map((name) => `${prefix}${name}!`), ...may.split(' ').map((name) => prefix + name)].join(' ');
const LEG_TERMS = 'ClientOrderId Price StopPrice TrailingDelta IcebergQty TimeInForce StrategyId StrategyType';
const WORKING_TERMS = 'ClientOrderId IcebergQty TimeInForce StrategyId StrategyType';
const WORKING = leg('working', 'Type Side Price Quantity', WORKING_TERMS);
const SIGNATURE = 'apiKey! timestamp! signature! recvWindow';
const SPAN = 'startTime endTime';
/** Either one market, or several, or (where it is not marked) all of them. */
const MARKETS = 'symbol|symbols symbol^symbols symbolStatus';
const ANY_MARKETS = 'symbol symbols symbol^symbols symbolStatus';

/**
 * What each route takes. `a!` must be sent, one of `a|b` must be, `a^b` not both. Times, keys and signatures of signed
 * routes are common to all of them.
 */
const ROUTES: Readonly<Record<string, string>> = {
  'GET /api/v3/ping': '',
  'GET /api/v3/time': '',
  'GET /api/v3/exchangeInfo':
    'symbol symbols permissions showPermissionSets symbolStatus symbol^symbols ' +
    'symbol^permissions symbols^permissions symbol^symbolStatus symbols^symbolStatus',
  'GET /api/v3/executionRules': 'symbol symbols symbolStatus symbol^symbols symbol^symbolStatus symbols^symbolStatus',
  'GET /api/v3/referencePrice': 'symbol!',
  'GET /api/v3/depth': 'symbol! limit symbolStatus',
  'GET /api/v3/trades': 'symbol! limit',
  'GET /api/v3/historicalTrades': 'symbol! limit fromId',
  'GET /api/v3/aggTrades': `symbol! fromId ${SPAN} limit fromId^startTime fromId^endTime`,
  'GET /api/v3/klines': `symbol! interval! ${SPAN} timeZone limit`,
  'GET /api/v3/uiKlines': `symbol! interval! ${SPAN} timeZone limit`,
  'GET /api/v3/avgPrice': 'symbol!',
  'GET /api/v3/ticker/24hr': `${ANY_MARKETS} type`,
  'GET /api/v3/ticker/tradingDay': `${MARKETS} timeZone type`,
  'GET /api/v3/ticker': `${MARKETS} windowSize type`,
  'GET /api/v3/ticker/price': ANY_MARKETS,
  'GET /api/v3/ticker/bookTicker': ANY_MARKETS,
  'POST /api/v3/userDataStream': '',
  'PUT /api/v3/userDataStream': 'listenKey',
  'DELETE /api/v3/userDataStream': 'listenKey',
  'POST /api/v3/order': ORDER,
  'POST /api/v3/order/test': `${ORDER} computeCommissionRates`,
  'GET /api/v3/order': ONE_ORDER,
  'DELETE /api/v3/order': `${ONE_ORDER} newClientOrderId cancelRestrictions`,
  'POST /api/v3/order/cancelReplace':
    `${ORDER} cancelReplaceMode! cancelOrderId|cancelOrigClientOrderId cancelNewClientOrderId ` +
    'cancelRestrictions orderRateLimitExceededMode',
  'PUT /api/v3/order/amend/keepPriority': `${ONE_ORDER} newQty! newClientOrderId`,
  'GET /api/v3/order/amendments': 'symbol! orderId! fromExecutionId limit',
  'GET /api/v3/openOrders': 'symbol',
  'DELETE /api/v3/openOrders': 'symbol!',
  'GET /api/v3/allOrders': `symbol! orderId ${SPAN} limit orderId^startTime orderId^endTime`,
  'POST /api/v3/orderList/oco': `${LIST_ORDER} side! quantity! ${leg('above', 'Type', LEG_TERMS)} ${leg('below', 'Type', LEG_TERMS)}`,
  'POST /api/v3/orderList/oto': `${LIST_ORDER} ${WORKING} ${leg('pending', 'Type Side Quantity', LEG_TERMS)}`,
  'POST /api/v3/orderList/otoco':
    `${LIST_ORDER} ${WORKING} pendingSide! pendingQuantity! ` +
    `${leg('pendingAbove', 'Type', LEG_TERMS)} ${leg('pendingBelow', 'Type', LEG_TERMS)}`,
  'DELETE /api/v3/orderList': 'symbol! orderListId|listClientOrderId newClientOrderId',
  'GET /api/v3/orderList': 'orderListId|origClientOrderId',
  'GET /api/v3/openOrderList': '',
  'GET /api/v3/allOrderList': `fromId ${SPAN} limit fromId^startTime fromId^endTime`,
  'GET /api/v3/myTrades': `symbol! orderId ${SPAN} fromId limit fromId^startTime fromId^endTime orderId^startTime orderId^endTime`,
  'GET /api/v3/account': 'omitZeroBalances',
  'GET /api/v3/account/commission': 'symbol!',
  'GET /api/v3/rateLimit/order': '',
  'GET /api/v3/myPreventedMatches':
    'symbol! preventedMatchId|orderId fromPreventedMatchId limit ' +
    'preventedMatchId^orderId preventedMatchId^fromPreventedMatchId',
  'GET /api/v3/myAllocations': `symbol! ${SPAN} fromAllocationId limit orderId`,
  'GET /api/v3/myFilters': 'symbol!',
  'session.logon': SIGNATURE,
  'session.status': '',
  'session.logout': '',
  'session.subscriptions': '',
  'userDataStream.subscribe': '',
  'userDataStream.subscribe.signature': SIGNATURE,
  'userDataStream.unsubscribe': 'subscriptionId',
  'GET /sapi/v1/system/status': '',
  'GET /sapi/v1/asset/tradeFee': 'symbol',
  'GET /sapi/v1/bnbBurn': '',
  'POST /sapi/v1/bnbBurn': 'spotBNBBurn interestBNBBurn',
  'GET /sapi/v1/account/apiRestrictions': '',
  'GET /sapi/v1/localentity/questionnaire-requirements': '',
  'GET /sapi/v1/capital/config/getall': '',
  'GET /sapi/v1/capital/deposit/address': 'coin! network amount',
  'GET /sapi/v1/capital/deposit/hisrec': `includeSource coin status ${SPAN} offset limit txId`,
  'POST /sapi/v1/capital/withdraw/apply':
    'coin! withdrawOrderId network address! addressTag amount! transactionFeeFlag name walletType',
  'GET /sapi/v1/capital/withdraw/history': `coin withdrawOrderId status offset limit idList ${SPAN}`,
};

const HOUR_MS = 3_600_000;
/** Between the two times that are asked for lies at most so much, where the venue says so. */
const LONGEST_MS: Readonly<Record<string, number>> = {
  'GET /api/v3/allOrders': 24 * HOUR_MS,
  'GET /api/v3/allOrderList': 24 * HOUR_MS,
  'GET /api/v3/myTrades': 24 * HOUR_MS,
  'GET /api/v3/myAllocations': 24 * HOUR_MS,
};

interface Rules {
  readonly names: ReadonlySet<string>;
  readonly must: readonly string[];
  readonly either: readonly (readonly [string, string])[];
  readonly notBoth: readonly (readonly [string, string])[];
}

const two = (text: string, mark: string): readonly [string, string] => text.split(mark) as [string, string];

function rulesOf(text: string): Rules {
  const words = text.split(' ').filter((word) => word !== '');
  const either = words.filter((word) => word.includes('|')).map((word) => two(word, '|'));
  const notBoth = words.filter((word) => word.includes('^')).map((word) => two(word, '^'));
  const plain = words.filter((word) => !/[|^]/.test(word));
  const names = [...plain.map((word) => word.replace('!', '')), ...either.flat()];
  const must = plain.filter((word) => word.endsWith('!')).map((word) => word.slice(0, -1));
  return { names: new Set(names), must, either, notBoth };
}

const RULES: ReadonlyMap<string, Rules> = new Map(
  Object.entries(ROUTES).map(([route, text]) => [route, rulesOf(text)]),
);
/** The routes of the table; a test holds it and the routes together. */
export const ROUTES_WITH_PARAMETERS: readonly string[] = [...RULES.keys()];
const COMMON = ['timestamp', 'recvWindow', 'signature'];

/** Reads one part of a REST request; a name that stands in it twice is refused. */
export function readPart(text: string): Params {
  const params: Params = {};
  for (const [name, value] of new URLSearchParams(text)) {
    if (Object.hasOwn(params, name)) throw new ApiError(400, -1101, 'Duplicate values for a parameter detected.');
    params[name] = value;
  }
  return params;
}

/** The parameters of a WebSocket request as text, each of a type that JSON has for it. */
export function readJson(params: unknown): Params {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw new ApiError(400, -1135, 'Invalid JSON Request');
  }
  return Object.fromEntries(
    Object.entries(params).map(([name, value]): [string, string] => {
      if (value === null) throw new ApiError(400, -1105, `Parameter '${name}' was empty.`);
      if (typeof value === 'object' && !Array.isArray(value)) {
        throw new ApiError(400, -1135, `JSON sent for parameter '${name}' is not valid`);
      }
      return [name, Array.isArray(value) ? JSON.stringify(value) : String(value)];
    }),
  );
}

/**
 * Holds what was sent against the route's table and throws what the venue says of what is wrong. Answers the parameters
 * with their times in milliseconds. `door`: what every call of this door may send besides.
 */
export function checkParameters(route: string, sent: Params, isSigned: boolean, door: readonly string[] = []): Params {
  const rules = RULES.get(route);
  if (!rules) return sent;
  const known = new Set([...rules.names, ...(isSigned ? COMMON : []), ...door]);
  const names = Object.keys(sent);
  const read = names.filter((name) => known.has(name)).length;
  if (read < names.length) throw unread(read, names.length, known.size);
  for (const name of rules.must) if (sent[name] === undefined) throw missing(name);
  for (const [one, other] of rules.either) {
    if (sent[one] !== undefined || sent[other] !== undefined) continue;
    throw new ApiError(400, -1102, `Param '${one}' or '${other}' must be sent, but both were empty/null!`);
  }
  const isSent = (name: string): boolean => sent[name] !== undefined;
  if (rules.notBoth.some((pair) => pair.every(isSent)))
    throw new ApiError(400, -1128, 'Combination of optional parameters invalid.');
  const params = Object.fromEntries(names.map((name) => [name, valueOf(name, sent[name] ?? '')]));
  const longest = LONGEST_MS[route];
  const span = Number(params.endTime) - Number(params.startTime);
  // Not a number where one of the two was not sent.
  if (longest !== undefined && span > longest) {
    throw new ApiError(400, -1127, `More than ${longest / HOUR_MS} hours between startTime and endTime.`);
  }
  return params;
}

/** Some were not read: more than the route has at all, or others than it has. */
function unread(read: number, sent: number, known: number): ApiError {
  if (sent > known) return new ApiError(400, -1101, `Too many parameters; expected '${known}' and received '${sent}'.`);
  const text = `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${sent}'.`;
  return new ApiError(400, -1104, text);
}

/** Well written, and none of the values that it may have. */
export const invalid = (name: string): ApiError =>
  new ApiError(400, -1130, `Data sent for parameter '${name}' is not valid.`);
const illegal = (name: string, legal: string): ApiError =>
  new ApiError(400, -1100, `Illegal characters found in parameter '${name}'; legal range is '${legal}'.`);

const PATTERNS = new Map<string, RegExp>();
const patternOf = (legal: string): RegExp => {
  const known = PATTERNS.get(legal) ?? new RegExp(legal);
  PATTERNS.set(legal, known);
  return known;
};
/** A time of so many digits is in microseconds. */
const MICROSECOND_DIGITS = 16;

/** A parameter's text, if it is written as it must be; throws what the venue says of it otherwise. */
export function valueOf(name: string, text: string): string {
  if (text === '') throw new ApiError(400, -1105, `Parameter '${name}' was empty.`);
  const { legal, decimals, oneOf, wrong, isTime } = kindOf(name);
  if (legal !== undefined && !patternOf(legal).test(text)) throw illegal(name, legal);
  const sent = (text.split('.')[1] ?? '').replace(/0+$/, '').length;
  if (decimals !== undefined && sent > decimals) {
    throw new ApiError(400, -1111, `Parameter '${name}' has too much precision.`);
  }
  if (oneOf && !oneOf.includes(text)) throw wrong?.() ?? invalid(name);
  return isTime && text.length >= MICROSECOND_DIGITS ? text.slice(0, -3) : text;
}
