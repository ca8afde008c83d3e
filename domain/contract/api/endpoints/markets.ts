import { listOf, nothing } from '../common';
import * as markets from '../markets';
import * as orders from '../orders';
import { ADMIN, get, post } from './endpoint';
import type { Endpoint } from './endpoint';

export const marketsEndpoints = {
  assets: get('/assets', 'Assets, networks, fees and markets', { access: 'public', answers: markets.assetsView }),
  tickers: get('/tickers', 'Best prices of each market', { access: 'public', answers: listOf(markets.tickerView) }),
  depth: get('/markets/:symbol/depth', 'The book of a market', {
    access: 'public',
    params: orders.bySymbol,
    query: markets.depthQuery,
    answers: markets.depthView,
    refuses: ['UNKNOWN_MARKET'],
  }),
  marketTrades: get('/markets/:symbol/trades', 'The latest trades of a market, newest first', {
    access: 'public',
    params: orders.bySymbol,
    query: markets.tradesQuery,
    answers: listOf(markets.publicTradeView),
    refuses: ['UNKNOWN_MARKET'],
  }),
  candles: get('/markets/:symbol/candles', 'Candles of a market, oldest first', {
    access: 'public',
    params: orders.bySymbol,
    query: markets.candlesQuery,
    answers: listOf(markets.candleView),
    refuses: ['UNKNOWN_MARKET', 'MARKET_CLOSED'],
  }),
  adminRouting: get('/admin/routing', 'How orders were routed', { ...ADMIN, answers: listOf(orders.routingView) }),
  setMarket: post('/admin/markets/:symbol', 'Open or close a market, or keep it to our own book', {
    ...ADMIN,
    params: orders.bySymbol,
    carries: 'json',
    body: markets.setMarket,
    idempotent: true,
    answers: nothing,
    refuses: ['UNKNOWN_MARKET'],
  }),
} satisfies Record<string, Endpoint>;
