import { ref, shallowRef } from 'vue';
import type { Ref, ShallowRef } from 'vue';
import type { FillView, OrderView } from '../../domain/contract/api/orders';
import { ApiError, api } from '../api/client';
import type { Code } from '../api/client';
import { onGap, onLive } from '../api/live';
import { useFrame } from './frame';
import { createMine } from './mine';
import type { Mine } from './mine';

export interface MyLists {
  readonly lists: Readonly<ShallowRef<ReturnType<Mine['lists']>>>;
  readonly loaded: Ref<boolean>;
  readonly failed: Ref<Code | null>;
  /** What an answer of the API said about an order, before the feed does. */
  readonly take: (order: OrderView) => void;
}

/** The user's orders and trades: fetched once, then by the feed, shown once a frame. */
export function useMine(): MyLists {
  const mine = createMine();
  const lists = shallowRef(mine.lists());
  const loaded = ref(false);
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
      failed.value = null;
    } catch (error) {
      failed.value = error instanceof ApiError ? error.code : 'INTERNAL';
    }
    loaded.value = true;
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
  onGap(() => void load());
  void load();
  return { lists, loaded, failed, take };
}

/** However many there are: each of them holds money. */
async function allOpen(): Promise<OrderView[]> {
  const all: OrderView[] = [];
  for (let cursor = ''; ; ) {
    const { items, next } = await api.get<{ items: OrderView[]; next: string | null }>(`/orders?state=open&limit=100${cursor}`);
    all.push(...items);
    if (next === null) return all;
    cursor = `&cursor=${next}`;
  }
}
