import { computed, ref, watch } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import type { MarketView } from '../../domain/contract/api/markets';
import type { OrderView } from '../../domain/contract/api/orders';
import { user } from '../accounts/session';
import { useAction } from '../api/action';
import type { Action } from '../api/action';
import { api, newKey } from '../api/client';
import { useBalances } from '../api/lists';
import type { LiveList } from '../api/lists';
import type { BalanceView } from '../../domain/contract/api/balances';
import { isOpen } from './mine';
import { orderOf, problemIn } from './terms';
import type { Draft, Problem } from './terms';

export interface Placing {
  readonly balances: Pick<LiveList<BalanceView>, 'items'>;
  readonly problem: ComputedRef<Problem | null>;
  readonly place: Action<[]>;
  /** What became of the last one. */
  readonly done: Ref<{ word: 'placed' | 'filled' | 'ended'; tone: string } | null>;
  /** A refusal in the venue's own words, for who knows them. */
  readonly words: ComputedRef<string>;
}

/** Sends the form's order. Sent again after an outcome nobody knows, it has the same key and is the same order. */
export function usePlacing(draft: Draft, market: MarketView): Placing {
  const balances = user.value ? useBalances() : { items: ref<BalanceView[]>([]) };
  const problem = computed(() => problemIn(draft, market));
  const done: Placing['done'] = ref(null);
  let key = newKey();
  watch(draft, () => (key = newKey()));
  const place = useAction(async () => {
    const { path, body } = orderOf(draft, market);
    const answer = await api.post<OrderView | { orders: OrderView[] }>(path, body, key);
    key = newKey();
    const order = 'orders' in answer ? answer.orders[0] : answer;
    if (!order || isOpen(order)) done.value = { word: 'placed', tone: 'good' };
    else done.value = order.status === 'FILLED' ? { word: 'filled', tone: 'good' } : { word: 'ended', tone: 'warn' };
  });
  const words = computed(() => {
    const said = place.error.value?.details.words;
    return typeof said === 'string' ? said : '';
  });
  return { balances, problem, place, done, words };
}
