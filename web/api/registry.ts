import { computed, ref } from 'vue';
import type { AssetsView } from '../../domain/contract/api/markets';
import { api } from './client';

const AGAIN_MS = 1500;
const EMPTY: AssetsView = {
  assets: [],
  networks: [],
  rails: [],
  markets: [],
  fees: { version: 0, swapCommission: '0' },
};

/** What the exchange lists; empty until it was fetched. */
export const registry = ref<AssetsView>(EMPTY);
export const registryState = ref<'loading' | 'failed' | 'ready'>('loading');
export const isListed = computed(() => registryState.value === 'ready');

/** Resolves after the first try; one that failed is made again until it is done, whoever waits for it or not. */
export async function loadRegistry(): Promise<void> {
  try {
    registry.value = await api.get<AssetsView>('/assets');
    registryState.value = 'ready';
  } catch {
    registryState.value = 'failed';
    setTimeout(() => void loadRegistry(), AGAIN_MS);
  }
}

export const networkName = (id: string): string =>
  registry.value.networks.find((network) => network.id === id)?.name ?? id;
