import { onScopeDispose, ref, watch } from 'vue';
import type { Ref } from 'vue';
import { isAmount, parseAmount } from '../../domain/money/amount';

export type Direction = 'up' | 'down' | '';
const FLASH_MS = 450;

/** Which way a price went last, and whether that was just now. Who wants no motion sees no flash: the style says so. */
export function useFlash(price: () => string): { direction: Ref<Direction>; fresh: Ref<boolean> } {
  const direction = ref<Direction>('');
  const fresh = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(price, (now, before) => {
    if (!isAmount(now) || !isAmount(before) || now === before) return;
    direction.value = parseAmount(now) > parseAmount(before) ? 'up' : 'down';
    fresh.value = true;
    clearTimeout(timer);
    timer = setTimeout(() => (fresh.value = false), FLASH_MS);
  });
  onScopeDispose(() => clearTimeout(timer));
  return { direction, fresh };
}
