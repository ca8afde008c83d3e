import { ref } from 'vue';
import type { Ref } from 'vue';
import { ApiError } from './client';

export interface Action<Args extends unknown[]> {
  readonly busy: Ref<boolean>;
  readonly error: Ref<ApiError | null>;
  /** True when it was done. */
  readonly run: (...args: Args) => Promise<boolean>;
}

/** Something a person sets off: one at a time, and its refusal is kept to be shown. */
export function useAction<Args extends unknown[]>(work: (...args: Args) => Promise<void>): Action<Args> {
  const busy = ref(false);
  const error = ref<ApiError | null>(null);
  const run = async (...args: Args): Promise<boolean> => {
    if (busy.value) return false;
    busy.value = true;
    error.value = null;
    try {
      await work(...args);
      return true;
    } catch (thrown) {
      error.value = thrown instanceof ApiError ? thrown : new ApiError('INTERNAL');
      return false;
    } finally {
      busy.value = false;
    }
  };
  return { busy, error, run };
}
