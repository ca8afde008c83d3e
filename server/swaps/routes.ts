import { swapsOf } from '../../db/stores/history';
import { ENDPOINTS } from '../../domain/contract/api/endpoints';
import type { ServerDeps } from '../deps';
import { quoteView } from '../../domain/contract/api/swaps';
import { presentPage } from '../http/answers';
import { route } from '../http/route';
import type { Route } from '../http/route';
import { view } from '../present';
import { presentSwap, presentSwapDetail } from './present';
import type { SwapService } from './service';

export function swapRoutes(
  { dataSource, clock }: Pick<ServerDeps, 'dataSource' | 'clock'>,
  service: SwapService,
): Route[] {
  return [
    route(ENDPOINTS.quote, async ({ user, body }) =>
      view(quoteView, { ...(await service.quote(user.id, body)), now: clock.now() }),
    ),
    route(ENDPOINTS.acceptQuote, async ({ user, body, key }) => {
      const { swap, orders } = await service.accept(user.id, body.quoteId, key);
      return presentSwapDetail(swap, orders);
    }),
    route(ENDPOINTS.swaps, async ({ user, query }) =>
      presentPage(await swapsOf(dataSource, user.id, query), presentSwap),
    ),
    route(ENDPOINTS.swap, async ({ user, params }) => {
      const { swap, orders } = await service.find(user.id, params.id);
      return presentSwapDetail(swap, orders);
    }),
  ];
}
