import { ref } from 'vue';
import type { AssetsView } from '../../domain/contract/api/markets';
import { api } from './client';

/** What the exchange lists; fetched once. */
export const registry = ref<AssetsView>({ assets: [], networks: [], rails: [], markets: [], fees: { version: 0, swapCommission: '0' } });

export async function loadRegistry(): Promise<void> {
  registry.value = await api.get<AssetsView>('/assets');
}

export const networkName = (id: string): string => registry.value.networks.find((network) => network.id === id)?.name ?? id;
