import { onScopeDispose, ref } from 'vue';
import type { Ref } from 'vue';
import type { SwapDetailView } from '../../domain/contract/api/swaps';
import { api } from '../api/client';
import { onGap, onLive } from '../api/live';

const LOOK_AGAIN_MS = 3000;

/** One swap until it has ended: by the live feed, and by looking now and then in case that is silent. */
export function useSwap(): {
  swap: Ref<SwapDetailView | null>;
  show: (swap: SwapDetailView | null) => void;
  open: (id: string) => Promise<void>;
} {
  const swap = ref<SwapDetailView | null>(null);
  const open = async (id: string): Promise<void> => {
    swap.value = await api.get<SwapDetailView>(`/swaps/${id}`);
  };
  const again = (): void => {
    if (swap.value) void open(swap.value.id).catch(() => undefined);
  };
  onLive('swap.changed', (row) => (row === null || row.id === swap.value?.id) && again());
  onGap(again);
  const timer = setInterval(() => swap.value?.state === 'EXECUTING' && again(), LOOK_AGAIN_MS);
  onScopeDispose(() => clearInterval(timer));
  return { swap, open, show: (shown) => (swap.value = shown) };
}
