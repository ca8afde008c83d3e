import { computed, nextTick, ref, watch } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import type { MarketView } from '../../domain/contract/api/markets';
import type { OrderView } from '../../domain/contract/api/orders';
import { user } from '../accounts/session';
import { useAction } from '../api/action';
import type { Action } from '../api/action';
import { api, newKey } from '../api/client';
import { onLive } from '../api/live';
import { useBalances } from '../lists/list';
import type { BalanceView } from '../../domain/contract/api/balances';
import { isOpen } from './mine';
import { orderOf, problemIn } from './terms';
import type { Draft, MarketMinimum, Problem } from './terms';

export interface Placing {
  /** Null while they are not known. */
  readonly balances: ComputedRef<BalanceView[] | null>;
  readonly problem: ComputedRef<Problem | null>;
  readonly place: Action<[]>;
  /** What became of the last one. */
  readonly done: Ref<{ word: 'placed' | 'filled' | 'ended'; tone: string } | null>;
  /** A refusal in the venue's own words, for who knows them. */
  readonly words: ComputedRef<string>;
}

function wordOf(order: OrderView | undefined): { word: 'placed' | 'filled' | 'ended'; tone: string } {
  if (!order || isOpen(order)) return { word: 'placed', tone: 'good' };
  return order.status === 'FILLED' ? { word: 'filled', tone: 'good' } : { word: 'ended', tone: 'warn' };
}

/**
 * Sends the form's order. Sent again after an outcome nobody knows, it has the same key and is the same order.
 * `clear`: it went out.
 */
export function usePlacing(
  draft: ComputedRef<Draft>,
  market: MarketView,
  minMarket: () => MarketMinimum,
  clear: (sent: Draft) => void,
): Placing {
  const list = user.value ? useBalances() : null;
  const balances = computed(() =>
    list?.state.value === 'rows' || list?.state.value === 'empty' ? list.items.value : null,
  );
  const problem = computed(() => problemIn(draft.value, market, minMarket()));
  const done: Placing['done'] = ref(null);
  let key = newKey();
  /** The order that the form sent last: what becomes of it is said where it was sent. */
  let sentId: string | null = null;
  const place = useAction(async () => {
    const sent = draft.value;
    const asked = orderOf(sent, market);
    const answer = await api.post<OrderView | { orders: OrderView[] }>(asked.path, asked.body, key);
    key = newKey();
    // What was typed while it was on its way is the next order's.
    if (JSON.stringify(orderOf(sent, market)) === JSON.stringify(asked)) clear(sent);
    await nextTick();
    const order = 'orders' in answer ? answer.orders[0] : answer;
    sentId = order?.id ?? null;
    done.value = wordOf(order);
  });
  onLive('order.changed', (order) => {
    if (order && order.id === sentId && done.value) done.value = wordOf(order);
  });
  watch(
    draft,
    () => {
      key = newKey();
      done.value = null;
      // The refusal was of another order than the one that is written now.
      if (!place.busy.value) place.error.value = null;
    },
    { deep: true },
  );
  const words = computed(() => {
    const said = place.error.value?.details.words;
    return typeof said === 'string' ? said : '';
  });
  return { balances, problem, place, done, words };
}
