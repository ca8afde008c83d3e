/** Lists that are fetched once and then follow the live feed. */
import { ref } from 'vue';
import type { Ref } from 'vue';
import type { BalanceView } from '../../domain/contract/api/balances';
import type { LiveData } from '../../domain/contract/api/live';
import { ApiError, api } from './client';
import type { Code } from './client';
import { onGap, onLive } from './live';

export interface LiveList<Item> {
  readonly items: Ref<Item[]>;
  readonly loaded: Ref<boolean>;
  readonly failed: Ref<Code | null>;
  readonly load: () => Promise<void>;
}

/** A list that is fetched now, and again when something was missed. */
export function useList<Item>(path: () => string): LiveList<Item> {
  const items = ref([]) as Ref<Item[]>;
  const loaded = ref(false);
  const failed = ref<Code | null>(null);
  const load = async (): Promise<void> => {
    try {
      items.value = (await api.get<{ items: Item[] }>(path())).items;
      failed.value = null;
    } catch (error) {
      failed.value = error instanceof ApiError ? error.code : 'NETWORK';
    }
    loaded.value = true;
  };
  void load();
  onGap(() => void load());
  return { items, loaded, failed, load };
}

type Rows = 'deposit.changed' | 'swap.changed' | 'withdrawal.changed';

/** A user's own rows, newest first: a changed one takes its place, a new one comes first. */
export function useRows<Name extends Rows>(path: string, name: Name): LiveList<LiveData[Name]> {
  const list = useList<LiveData[Name]>(() => path);
  onLive(name, (row) => {
    if (row === null) {
      void list.load();
      return;
    }
    const at = list.items.value.findIndex((item) => item.id === row.id);
    list.items.value = at < 0 ? [row, ...list.items.value] : list.items.value.with(at, row);
  });
  return list;
}

export function useBalances(): LiveList<BalanceView> {
  const list = useList<BalanceView>(() => '/balances');
  onLive('balance.changed', (data) => {
    if (data) list.items.value = data.items;
    else void list.load();
  });
  return list;
}
