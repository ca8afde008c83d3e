import { ref, shallowRef } from 'vue';
import type { Ref, ShallowRef } from 'vue';
import type { FillView, OrderView } from '../../domain/contract/api/orders';
import { ApiError, api } from '../api/client';
import type { Code } from '../api/client';
import { fetchAndFollow, onLive } from '../api/live';
import type { Page } from '../lists/list';
import { useFrame } from './frame';
import { createMine } from './mine';
import type { Mine } from './mine';

export interface MyLists {
  readonly lists: Readonly<ShallowRef<ReturnType<Mine['lists']>>>;
  /** False until they were fetched once. */
  readonly isKnown: Ref<boolean>;
  readonly failed: Ref<Code | null>;
  readonly load: () => Promise<void>;
  /** What an answer of the API said about an order, before the feed does. */
  readonly take: (order: OrderView) => void;
}

/** The user's orders and trades: fetched once, then by the feed, shown once a frame. */
export function useMine(): MyLists {
  const mine = createMine();
  const lists = shallowRef(mine.lists());
  const isKnown = ref(false);
  const failed = ref<Code | null>(null);
  const show = useFrame(() => {
    lists.value = mine.lists();
  });
  const load = async (): Promise<void> => {
    mine.asking();
    try {
      const [open, ended, fills] = await Promise.all([
        allOpen(),
        api.get<{ items: OrderView[] }>('/orders?state=closed&limit=100'),
        api.get<{ items: FillView[] }>('/trades?limit=100'),
      ]);
      mine.fetched([...ended.items, ...open], fills.items);
      [failed.value, isKnown.value] = [null, true];
    } catch (error) {
      failed.value = error instanceof ApiError ? error.code : 'INTERNAL';
    }
    show();
  };
  const take = (order: OrderView): void => {
    mine.order(order);
    show();
  };
  onLive('order.changed', (order) => (order ? take(order) : void load()));
  onLive('fill.made', (fill) => {
    if (!fill) return void load();
    mine.fill(fill);
    show();
  });
  fetchAndFollow(load);
  return { lists, isKnown, failed, load, take };
}

/** However many there are: each of them holds money. */
async function allOpen(): Promise<OrderView[]> {
  const all: OrderView[] = [];
  for (let cursor = ''; ;) {
    const page: Page<OrderView> = await api.get<Page<OrderView>>(`/orders?state=open&limit=100${cursor}`);
    all.push(...page.items);
    if (!page.next) return all;
    cursor = `&cursor=${page.next}`;
  }
}
