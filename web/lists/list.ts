/**
 * Every list of the page: fetched (a page at a time where it is long), followed by the live feed, and in one of four
 * states.
 */
import { computed, onScopeDispose, ref } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import type { BalanceView } from '../../domain/contract/api/balances';
import type { LiveData } from '../../domain/contract/api/live';
import { ApiError, api } from '../api/client';
import type { Code } from '../api/client';
import { fetchAndFollow, onLive } from '../api/live';

/** `failed`: nothing is known. Rows that could not be fetched again stay `rows`, with the `failed` code beside them. */
export type ListState = 'loading' | 'failed' | 'empty' | 'rows';

export interface LiveList<Item> {
  readonly items: Ref<Item[]>;
  readonly state: ComputedRef<ListState>;
  readonly failed: Ref<Code | null>;
  /** Is there another page after what is shown? */
  readonly hasMore: ComputedRef<boolean>;
  readonly isBusy: Ref<boolean>;
  /** Ids of rows that the exchange could not show. */
  readonly unreadable: Ref<string[]>;
  /** Fetches again as much as is shown. */
  readonly load: () => Promise<void>;
  /** The next page, below what is shown. */
  readonly more: () => Promise<void>;
  /** Something else is asked for now, as another filter: begins anew. */
  readonly reset: () => Promise<void>;
  /** The address of a page of it, for whoever wants all of them. */
  readonly pageAt: (cursor: string | null) => string;
}

export interface Page<Item> {
  readonly items: Item[];
  /** Null or missing: nothing comes after. */
  readonly next?: string | null;
  readonly unreadable?: string[];
}

const PAGE = 50;

/** `path` with the cursor of a page. `isPaged` false: the list has one page and knows no limit. */
function addressOf(path: string, cursor: string | null, isPaged: boolean): string {
  if (!isPaged) return path;
  const asked = new URLSearchParams({ limit: String(PAGE), ...(cursor !== null && { cursor }) });
  return `${path}${path.includes('?') ? '&' : '?'}${asked.toString()}`;
}

export function useList<Item>(path: () => string, isPaged = false): LiveList<Item> {
  const items = ref([]) as Ref<Item[]>;
  const [loaded, isBusy] = [ref(false), ref(false)];
  const failed = ref<Code | null>(null);
  const next = ref<string | null>(null);
  const unreadable = ref<string[]>([]);
  const pageAt = (cursor: string | null): string => addressOf(path(), cursor, isPaged);
  /** Counts what was asked for, so that an answer to something older is not shown. */
  let turn = 0;
  const asking = async (
    fetching: () => Promise<{ items: Item[]; next: string | null; unreadable: string[] }>,
  ): Promise<void> => {
    const mine = ++turn;
    isBusy.value = true;
    try {
      const answer = await fetching();
      if (mine !== turn) return;
      [items.value, next.value, failed.value] = [answer.items, answer.next, null];
      unreadable.value = answer.unreadable;
      loaded.value = true;
    } catch (error) {
      if (mine === turn) failed.value = error instanceof ApiError ? error.code : 'NETWORK';
    } finally {
      if (mine === turn) isBusy.value = false;
    }
  };
  const load = (): Promise<void> =>
    asking(async () => {
      const wanted = items.value.length;
      const all: Item[] = [];
      const strange: string[] = [];
      for (let cursor: string | null = null; ;) {
        const page: Page<Item> = await api.get<Page<Item>>(pageAt(cursor));
        all.push(...page.items);
        strange.push(...(page.unreadable ?? []));
        cursor = page.next ?? null;
        if (cursor === null || all.length >= wanted) return { items: all, next: cursor, unreadable: strange };
      }
    });
  const more = (): Promise<void> =>
    asking(async () => {
      const page = await api.get<Page<Item>>(pageAt(next.value));
      return {
        items: [...items.value, ...page.items],
        next: page.next ?? null,
        unreadable: [...unreadable.value, ...(page.unreadable ?? [])],
      };
    });
  const reset = (): Promise<void> => {
    [items.value, next.value, loaded.value, unreadable.value] = [[], null, false, []];
    return load();
  };
  fetchAndFollow(load);
  const state = computed((): ListState =>
    !loaded.value ? (failed.value === null ? 'loading' : 'failed') : items.value.length === 0 ? 'empty' : 'rows',
  );
  return {
    items,
    state,
    failed,
    hasMore: computed(() => next.value !== null),
    isBusy,
    unreadable,
    load,
    more,
    reset,
    pageAt,
  };
}

export interface View<What> {
  readonly view: Ref<What | null>;
  readonly state: ComputedRef<ListState>;
  readonly failed: Ref<Code | null>;
  readonly load: () => Promise<void>;
}

/** One thing instead of a list, in the same states; fetched again every so many milliseconds. */
export function useView<What>(path: string, everyMs: number): View<What> {
  const view = ref(null) as Ref<What | null>;
  const failed = ref<Code | null>(null);
  const load = async (): Promise<void> => {
    try {
      view.value = await api.get<What>(path);
      failed.value = null;
    } catch (error) {
      failed.value = error instanceof ApiError ? error.code : 'NETWORK';
    }
  };
  void load();
  const timer = setInterval(() => void load(), everyMs);
  onScopeDispose(() => clearInterval(timer));
  return {
    view,
    failed,
    load,
    state: computed(() => (view.value !== null ? 'rows' : failed.value === null ? 'loading' : 'failed')),
  };
}

/** A list that comes a page at a time. */
export const usePages = <Item>(path: () => string): LiveList<Item> => useList<Item>(path, true);

type Rows = 'deposit.changed' | 'swap.changed' | 'withdrawal.changed' | 'order.changed';

/**
 * A user's own rows, newest first: a changed one takes its place, a new one comes first if it is among what is asked
 * for.
 */
export function useRows<Name extends Rows>(
  path: () => string,
  name: Name,
  isWanted: (row: LiveData[Name]) => boolean = () => true,
): LiveList<LiveData[Name]> {
  const list = usePages<LiveData[Name]>(path);
  onLive(name, (row) => {
    if (row === null) {
      void list.load();
      return;
    }
    const at = list.items.value.findIndex((item) => item.id === row.id);
    if (at >= 0) list.items.value = isWanted(row) ? list.items.value.with(at, row) : list.items.value.toSpliced(at, 1);
    else if (isWanted(row) && list.state.value !== 'loading') list.items.value = [row, ...list.items.value];
  });
  return list;
}

export function useBalances(): LiveList<BalanceView> {
  const list = useList<BalanceView>(() => '/balances');
  onLive('balance.changed', (data) => {
    if (data && list.state.value !== 'loading' && list.state.value !== 'failed') list.items.value = data.items;
    else void list.load();
  });
  return list;
}
