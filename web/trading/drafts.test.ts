import { placeOco, placeOrder } from '../../domain/contract/api/orders';
import { chooseSide, cleared, emptyDrafts, offerPrice, setOptions } from './drafts';
import type { Drafts } from './drafts';
import { KINDS, emptyDraft, hasPrice, orderOf } from './terms';
import type { Draft, Kind } from './terms';

const MARKET = {
  symbol: 'ETHUSDT',
  base: 'ETH',
  quote: 'USDT',
  venue: 'binance',
  tick: '0.01',
  lot: '0.0001',
  minQuantity: '0.0001',
  maxQuantity: '9000',
  minNotional: '5',
  maxOrders: 200,
  band: '0.02',
};
/** Everything that a form can hold, whether this type shows it or not. */
const ALL: Partial<Draft> = {
  price: '3000',
  stopPrice: '2900',
  stopLimitPrice: '2890',
  trailing: '1.5',
  quantity: '1',
  total: '100',
  iceberg: '0.1',
  timeInForce: 'IOC',
  prevention: 'EXPIRE_BOTH',
};
const NEEDED: Partial<Draft> = { price: '3100', stopPrice: '2800', quantity: '2', total: '200' };

const pairs = KINDS.flatMap((first) =>
  KINDS.filter((second) => second !== first).map((second) => [first, second] as const),
);

test.each(pairs)('everything set for %s, then %s placed: nothing rides along', (first, second) => {
  const drafts = emptyDrafts();
  Object.assign(drafts[first], ALL);
  Object.assign(drafts[second], NEEDED);
  const plain: Draft = { ...emptyDraft(second), ...NEEDED };
  expect(orderOf(drafts[second], MARKET)).toEqual(orderOf(plain, MARKET));
  expect(setOptions(drafts[second])).toEqual([]);
  // Nor does it go back: what was set for the first type is still there when it is shown again.
  expect(drafts[first]).toMatchObject(ALL);
});

/** Fields of the body that a type of order shows. */
const SHOWN: Record<Kind, string[]> = {
  LIMIT: ['price', 'quantity', 'icebergQty', 'timeInForce'],
  MARKET: ['quoteOrderQty'],
  LIMIT_MAKER: ['price', 'quantity', 'icebergQty'],
  STOP_LOSS_LIMIT: ['price', 'stopPrice', 'trailingDelta', 'quantity', 'timeInForce'],
  STOP_LOSS: ['stopPrice', 'trailingDelta', 'quantity'],
  TAKE_PROFIT_LIMIT: ['price', 'stopPrice', 'trailingDelta', 'quantity', 'timeInForce'],
  TAKE_PROFIT: ['stopPrice', 'trailingDelta', 'quantity'],
  OCO: ['price', 'stopPrice', 'stopLimitPrice', 'quantity'],
};

test.each(KINDS)('%s sends what it shows and nothing that it hides, whatever the draft holds', (kind) => {
  const { path, body } = orderOf({ ...emptyDraft(kind), ...ALL }, MARKET);
  const always = ['symbol', 'side', 'selfTradePreventionMode', ...(kind === 'OCO' ? [] : ['type'])];
  expect(Object.keys(body).toSorted()).toEqual([...always, ...SHOWN[kind]].toSorted());
  expect((path === '/orders' ? placeOrder : placeOco).safeParse(body).success).toBe(true);
});

test('the side is that of the form, whatever type is shown', () => {
  const drafts = emptyDrafts();
  chooseSide(drafts, 'SELL');
  expect(KINDS.map((kind) => drafts[kind].side)).toEqual(KINDS.map(() => 'SELL'));
});

describe('a price is offered once', () => {
  const priced = (drafts: Drafts): string[] => KINDS.filter(hasPrice).map((kind) => drafts[kind].price);
  test('where nobody wrote one, and never again', () => {
    const drafts = emptyDrafts();
    offerPrice(drafts, '61836.86');
    expect(new Set(priced(drafts))).toEqual(new Set(['61836.86']));
    drafts.LIMIT.price = '';
    offerPrice(drafts, '61900');
    expect(drafts.LIMIT.price).toBe('');
    expect(drafts.OCO.price).toBe('61836.86');
  });
  test('not where somebody wrote before the first price came, or wrote and cleared it', () => {
    const drafts = emptyDrafts();
    Object.assign(drafts.LIMIT, { price: '60000', isPriced: true });
    Object.assign(drafts.LIMIT_MAKER, { price: '', isPriced: true });
    offerPrice(drafts, '61836.86');
    expect([drafts.LIMIT.price, drafts.LIMIT_MAKER.price]).toEqual(['60000', '']);
  });
});

test.each(KINDS)('%s that was placed: quantity and options are cleared, side and price stay', (kind) => {
  const draft: Draft = { ...emptyDraft(kind), ...ALL, side: 'SELL', isPriced: true, byTotal: true };
  expect(cleared(draft)).toEqual({ ...emptyDraft(kind), side: 'SELL', price: '3000', isPriced: true, byTotal: true });
  expect(setOptions(cleared(draft))).toEqual([]);
});

test.each<[Kind, string[]]>([
  ['LIMIT', ['iceberg', 'prevention']],
  ['LIMIT_MAKER', ['iceberg', 'prevention']],
  ['MARKET', ['prevention']],
  ['STOP_LOSS', ['trailing', 'prevention']],
  ['TAKE_PROFIT_LIMIT', ['trailing', 'timeInForce', 'prevention']],
  ['OCO', ['prevention']],
])('%s with everything set names what is folded away: %j', (kind, options) => {
  expect(setOptions({ ...emptyDraft(kind), ...ALL })).toEqual(options);
});
