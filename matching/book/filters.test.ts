import { formatAmount, parseAmount } from '../../domain/money/amount';
import { checkFilters, filtersOf } from './filters';
import type { FilteredOrder, Seen } from './filters';
import { BUY, SELL } from './types';

/** BTCUSDT as Binance's exchangeInfo listed it in 2026, and the kinds it does not use. */
const BTCUSDT = {
  symbol: 'BTCUSDT',
  filters: [
    { filterType: 'PRICE_FILTER', minPrice: '0.01000000', maxPrice: '1000000.00000000', tickSize: '0.01000000' },
    { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
    { filterType: 'ICEBERG_PARTS', limit: 100 },
    { filterType: 'MARKET_LOT_SIZE', minQty: '0.00000000', maxQty: '105.07867116', stepSize: '0.00000000' },
    {
      filterType: 'TRAILING_DELTA',
      minTrailingAboveDelta: 10,
      maxTrailingAboveDelta: 2000,
      minTrailingBelowDelta: 20,
      maxTrailingBelowDelta: 1000,
    },
    {
      filterType: 'PERCENT_PRICE_BY_SIDE',
      bidMultiplierUp: '1.2',
      bidMultiplierDown: '0.5',
      askMultiplierUp: '2',
      askMultiplierDown: '0.8',
      avgPriceMins: 5,
    },
    {
      filterType: 'NOTIONAL',
      minNotional: '5.00000000',
      applyMinToMarket: true,
      maxNotional: '9000000.00000000',
      applyMaxToMarket: false,
      avgPriceMins: 5,
    },
    { filterType: 'MAX_NUM_ORDERS', maxNumOrders: 200 },
    { filterType: 'MAX_NUM_ORDER_LISTS', maxNumOrderLists: 20 },
    { filterType: 'MAX_NUM_ALGO_ORDERS', maxNumAlgoOrders: 5 },
    { filterType: 'MAX_NUM_ORDER_AMENDS', maxNumOrderAmends: 10 },
    { filterType: 'SOMETHING_NEW', limit: 'who knows' },
    { filterType: 'toString' },
  ],
};

const FILTERS = filtersOf(BTCUSDT);
const units = parseAmount;

/** Decimals, for reading. */
interface Case extends Omit<FilteredOrder, 'price' | 'stopPrice' | 'quantity' | 'quoteQuantity' | 'icebergQuantity'> {
  readonly price?: string;
  readonly stop?: string;
  readonly quantity?: string;
  readonly quote?: string;
  readonly iceberg?: string;
}

const orderOf = ({ price, stop, quantity, quote, iceberg, ...rest }: Case): FilteredOrder => ({
  ...rest,
  ...(price !== undefined && { price: units(price) }),
  ...(stop !== undefined && { stopPrice: units(stop) }),
  ...(quantity !== undefined && { quantity: units(quantity) }),
  ...(quote !== undefined && { quoteQuantity: units(quote) }),
  ...(iceberg !== undefined && { icebergQuantity: units(iceberg) }),
});

const seen = (more: Partial<Seen> = {}): Seen => ({
  averagePrice: () => units('100000'),
  openOrders: 0,
  openAlgoOrders: 0,
  openIcebergOrders: 0,
  position: 0n,
  ...more,
});
const limit: Case = { side: BUY, type: 'LIMIT', price: '100000', quantity: '0.001' };
const market: Case = { side: BUY, type: 'MARKET', quantity: '0.001' };
const stop: Case = { side: SELL, type: 'STOP_LOSS_LIMIT', price: '90000', stop: '91000', quantity: '0.001' };

describe('checkFilters', () => {
  const CASES: readonly [string | undefined, Case, Partial<Seen>?][] = [
    [undefined, limit],
    [undefined, market],
    [undefined, stop],
    ['PRICE_FILTER', { ...limit, price: '0.009' }],
    ['PRICE_FILTER', { ...limit, price: '1000000.01' }],
    ['PRICE_FILTER', { ...limit, price: '100000.001' }],
    [undefined, { ...limit, price: '100000.01' }],
    ['PRICE_FILTER', { ...stop, stop: '91000.005' }],
    ['PERCENT_PRICE_BY_SIDE', { ...limit, price: '120000.01' }],
    [undefined, { ...limit, price: '120000' }],
    [undefined, { ...limit, price: '50000' }],
    ['PERCENT_PRICE_BY_SIDE', { ...limit, price: '49999.99' }],
    [undefined, { ...limit, side: SELL, price: '200000' }],
    ['PERCENT_PRICE_BY_SIDE', { ...limit, side: SELL, price: '200000.01' }],
    [undefined, { ...limit, side: SELL, price: '80000' }],
    ['PERCENT_PRICE_BY_SIDE', { ...limit, side: SELL, price: '79999.99' }],
    [undefined, { ...limit, price: '999999' }, { averagePrice: () => 0n }],
    [undefined, { ...stop, stop: '1' }],
    ['LOT_SIZE', { ...limit, quantity: '0.000009' }],
    [undefined, { ...limit, quantity: '9000', price: '1000' }, { averagePrice: () => units('1000') }],
    ['LOT_SIZE', { ...limit, quantity: '9000.00001' }],
    ['LOT_SIZE', { ...limit, quantity: '0.001000000000000001' }],
    ['LOT_SIZE', { ...limit, quantity: '0.01', iceberg: '0.000005' }],
    ['LOT_SIZE', { ...market, quantity: '0.000015' }],
    ['MARKET_LOT_SIZE', { ...market, quantity: '105.07868' }],
    [undefined, { ...market, quantity: '105.07867' }],
    [undefined, { ...limit, quantity: '90' }],
    ['NOTIONAL', { ...limit, quantity: '0.00004' }],
    [undefined, { ...limit, quantity: '0.00005' }],
    [undefined, { ...limit, quantity: '90', price: '100000' }],
    ['NOTIONAL', { ...limit, quantity: '90', price: '100000.01' }],
    ['NOTIONAL', { ...market, quantity: '0.00004' }],
    [undefined, { ...market, quantity: '0.00004' }, { averagePrice: () => 0n }],
    [undefined, { ...market, quantity: '100' }],
    ['NOTIONAL', { side: BUY, type: 'MARKET', quote: '4.99' }],
    [undefined, { side: BUY, type: 'MARKET', quote: '5' }],
    [undefined, { ...limit, quantity: '0.1', iceberg: '0.001' }],
    ['ICEBERG_PARTS', { ...limit, quantity: '0.10001', iceberg: '0.001' }],
    ['TRAILING_DELTA', { ...stop, trailingDelta: 19 }],
    [undefined, { ...stop, trailingDelta: 20 }],
    [undefined, { ...stop, trailingDelta: 1000 }],
    ['TRAILING_DELTA', { ...stop, trailingDelta: 1001 }],
    [undefined, { ...stop, side: BUY, trailingDelta: 10 }],
    [undefined, { ...stop, type: 'TAKE_PROFIT', trailingDelta: 2000 }],
    ['TRAILING_DELTA', { ...stop, side: BUY, type: 'TAKE_PROFIT', trailingDelta: 2000 }],
    [undefined, limit, { openOrders: 199, openAlgoOrders: 5 }],
    ['MAX_NUM_ORDERS', limit, { openOrders: 200 }],
    ['MAX_NUM_ORDERS', stop, { openOrders: 200, openAlgoOrders: 5 }],
    [undefined, market, { openOrders: 200 }],
    [undefined, stop, { openAlgoOrders: 4 }],
    ['MAX_NUM_ALGO_ORDERS', stop, { openAlgoOrders: 5 }],
    [undefined, { ...limit, iceberg: '0.0005' }, { openIcebergOrders: 99 }],
  ];
  it.each(CASES)('%s: %j', (filter, order, more = {}) => {
    expect(checkFilters(orderOf(order), FILTERS, seen(more))).toEqual(
      filter === undefined ? undefined : { filter, code: -1013, words: `Filter failure: ${filter}` },
    );
  });

  it('asks for the average over the minutes that the filter says', () => {
    const asked: number[] = [];
    const averagePrice = (minutes: number): bigint => {
      asked.push(minutes);
      return units('100000');
    };
    checkFilters(
      orderOf(market),
      filtersOf({ filters: [{ filterType: 'MIN_NOTIONAL', minNotional: '5', applyToMarket: true, avgPriceMins: 0 }] }),
      seen({ averagePrice }),
    );
    checkFilters(orderOf(limit), FILTERS, seen({ averagePrice }));
    expect(asked).toEqual([0, 5]);
  });

  it('MAX_NUM_ICEBERG_ORDERS and MAX_POSITION, where a symbol has them', () => {
    const filters = filtersOf({
      filters: [
        { filterType: 'MAX_NUM_ICEBERG_ORDERS', maxNumIcebergOrders: 5 },
        { filterType: 'MAX_POSITION', maxPosition: '10.00000000' },
      ],
    });
    const check = (order: Case, more: Partial<Seen>): string | undefined =>
      checkFilters(orderOf(order), filters, seen(more))?.filter;
    expect(check({ ...limit, iceberg: '0.0005' }, { openIcebergOrders: 4 })).toBeUndefined();
    expect(check({ ...limit, iceberg: '0.0005' }, { openIcebergOrders: 5 })).toBe('MAX_NUM_ICEBERG_ORDERS');
    expect(check(limit, { openIcebergOrders: 5 })).toBeUndefined();
    expect(check(limit, { position: units('9.999') })).toBeUndefined();
    expect(check(limit, { position: units('9.99900001') })).toBe('MAX_POSITION');
    expect(check({ ...limit, side: SELL }, { position: units('11') })).toBeUndefined();
    expect(check({ side: BUY, type: 'MARKET', quote: '100000' }, { position: units('9') })).toBeUndefined();
    expect(check({ side: BUY, type: 'MARKET', quote: '100001' }, { position: units('9') })).toBe('MAX_POSITION');
  });

  it('the old MIN_NOTIONAL and PERCENT_PRICE', () => {
    const filters = filtersOf({
      filters: [
        { filterType: 'MIN_NOTIONAL', minNotional: '10', applyToMarket: false, avgPriceMins: 1 },
        { filterType: 'PERCENT_PRICE', multiplierUp: '1.3000', multiplierDown: '0.7000', avgPriceMins: 5 },
      ],
    });
    const check = (order: Case): string | undefined => checkFilters(orderOf(order), filters, seen())?.filter;
    expect([
      check({ ...limit, quantity: '0.0001' }),
      check({ ...limit, quantity: '0.00009' }),
      check({ ...market, quantity: '0.00009' }),
    ]).toEqual([undefined, 'MIN_NOTIONAL', undefined]);
    expect(
      ([BUY, SELL] as const).map((side) => [
        check({ ...limit, side, price: '130000' }),
        check({ ...limit, side, price: '130000.01' }),
        check({ ...limit, side, price: '69999.99' }),
      ]),
    ).toEqual(Array(2).fill([undefined, 'PERCENT_PRICE', 'PERCENT_PRICE']));
  });

  it('zeros switch the parts of a range off; without filters everything passes', () => {
    const filters = filtersOf({
      filters: [{ filterType: 'PRICE_FILTER', minPrice: '0.00000000', maxPrice: '0.00000000', tickSize: '0.00000000' }],
    });
    expect(checkFilters(orderOf({ ...limit, price: '0.000000000000000001' }), filters, seen())).toBeUndefined();
    expect(checkFilters(orderOf({ ...limit, price: '99999999999999999999.1' }), filters, seen())).toBeUndefined();
    expect(checkFilters(orderOf(limit), {}, seen({ openOrders: 1e9 }))).toBeUndefined();
  });
});

describe('filtersOf', () => {
  it('reads what exchangeInfo says and leaves out what it does not know', () => {
    expect(Object.keys(FILTERS).sort()).toEqual([
      'icebergParts',
      'lots',
      'marketLots',
      'maxAlgoOrders',
      'maxOrders',
      'notional',
      'percent',
      'price',
      'trailing',
    ]);
    expect(FILTERS.price && Object.values(FILTERS.price).map(formatAmount)).toEqual(['0.01', '1000000', '0.01']);
    expect(filtersOf({ filters: [] })).toEqual({});
  });

  it.each([
    { filterType: 'PRICE_FILTER', minPrice: '0.01', maxPrice: '1' },
    { filterType: 'LOT_SIZE', minQty: 0.1, maxQty: '1', stepSize: '1' },
    { filterType: 'MAX_NUM_ORDERS', maxNumOrders: '200' },
    { filterType: 'MAX_NUM_ORDERS', maxNumOrders: -1 },
    {
      filterType: 'NOTIONAL',
      minNotional: '5',
      applyMinToMarket: 'true',
      maxNotional: '9',
      applyMaxToMarket: false,
      avgPriceMins: 5,
    },
    { filterType: 'MAX_POSITION', maxPosition: '-1' },
  ])('throws at a known one that is not whole: %j', (given) => {
    expect(() => filtersOf({ filters: [given] })).toThrow();
  });
});
