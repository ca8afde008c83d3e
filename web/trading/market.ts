/**
 * One market as it is now. Messages come as fast as they like and only change what nobody watches; the page sees a new
 * state once a frame.
 */
import { onScopeDispose, ref, shallowRef } from 'vue';
import type { Ref, ShallowRef } from 'vue';
import type { DepthView, PublicTradeView } from '../../domain/contract/api/markets';
import { ApiError, api } from '../api/client';
import type { Code } from '../api/client';
import { onMarket } from '../api/live';
import { createFollower } from './book';
import type { Book } from './book';
import { useFrame } from './frame';

const DEPTH = 500;
const MOST_TRADES = 60;
const AGAIN_MS = 500;

export interface MarketNow {
  /** Another object each frame that something changed; what is in it is not watched. */
  readonly book: Readonly<ShallowRef<Book>>;
  /** Newest first. */
  readonly trades: Readonly<ShallowRef<readonly PublicTradeView[]>>;
  readonly failed: Ref<Code | null>;
  /** Hears each trade at once, also those no frame shows; and when trades may have been missed. */
  onTrades(listener: { trades(trades: readonly PublicTradeView[]): void; again(): void }): void;
}

export function useMarket(symbol: string): MarketNow {
  const follower = createFollower(DEPTH);
  const book = shallowRef<Book>({ bids: [], asks: [] });
  const trades = shallowRef<readonly PublicTradeView[]>([]);
  const failed = ref<Code | null>(null);
  const listeners = new Set<Parameters<MarketNow['onTrades']>[0]>();
  let latest: readonly PublicTradeView[] = [];
  const show = useFrame(() => {
    if (follower.whole) book.value = { ...follower.book };
    if (follower.worn) fetchDepth();
    trades.value = latest;
  });
  const fetchDepth = oneAtATime(async () => {
    const view = await api.get<DepthView>(`/markets/${symbol}/depth?limit=${DEPTH}`);
    follower.snapshot(view);
    failed.value = null;
    show();
    return follower.whole;
  }, failed);
  const fetchTrades = oneAtATime(async () => {
    latest = (await api.get<{ items: PublicTradeView[] }>(`/markets/${symbol}/trades?limit=${MOST_TRADES}`)).items;
    show();
    return true;
  }, failed);
  const again = (): void => {
    follower.lose();
    fetchDepth();
    fetchTrades();
    listeners.forEach((listener) => listener.again());
  };
  onMarket(symbol, {
    depth: (diff) => {
      const whole = follower.whole;
      if (follower.diff(diff) === 'gap' && whole) again();
      show();
    },
    trades: (made) => {
      const known = new Set(latest.map(({ id }) => id));
      latest = [...made.filter(({ id }) => !known.has(id)).reverse(), ...latest].slice(0, MOST_TRADES);
      listeners.forEach((listener) => listener.trades(made));
      show();
    },
    again,
  });
  fetchDepth();
  fetchTrades();
  return { book, trades, failed, onTrades: (listener) => void listeners.add(listener) };
}

/** Does it again, after a pause, until it was done whole; asked for meanwhile, once more. Ends with the component. */
function oneAtATime(work: () => Promise<boolean>, failed: Ref<Code | null>): () => void {
  let [busy, ended] = [false, false];
  onScopeDispose(() => (ended = true));
  const run = async (): Promise<void> => {
    while (!ended) {
      const done = await work().catch((error: unknown) => {
        failed.value = error instanceof ApiError ? error.code : 'INTERNAL';
        // What is not there will not come by asking.
        return failed.value === 'UNKNOWN_MARKET' || failed.value === 'BAD_REQUEST';
      });
      if (done) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  };
  return () => {
    if (busy) return;
    busy = true;
    void run().finally(() => (busy = false));
  };
}
