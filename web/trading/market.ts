/**
 * One market as it is now. Messages come as fast as they like and only change what nobody watches; the page sees a new
 * state once a frame.
 */
import { computed, onScopeDispose, ref, shallowRef } from 'vue';
import type { ComputedRef, Ref, ShallowRef } from 'vue';
import type { DepthView, PublicTradeView } from '../../domain/contract/api/markets';
import { ApiError, api } from '../api/client';
import type { Code } from '../api/client';
import { isStale, onMarket } from '../api/live';
import { createFollower } from './book';
import type { Book } from './book';
import { useFrame } from './frame';

const DEPTH = 500;
const MOST_TRADES = 60;
const AGAIN_MS = 500;
/** What is missed between a fetch and the subscription is told by nobody: the first fetch waits so long for it. */
const PATIENCE_MS = 1000;
/** A book that lacks a piece is whole again in a moment; one that stays so is not what the market is now. */
const UNWHOLE_MS = 2000;

export interface MarketNow {
  /** Another object each frame that something changed; what is in it is not watched. */
  readonly book: Readonly<ShallowRef<Book>>;
  /** Newest first. */
  readonly trades: Readonly<ShallowRef<readonly PublicTradeView[]>>;
  readonly failed: Ref<Code | null>;
  /** Is what is shown the market as it is now? False until the book is there, and while it is out of date. */
  readonly isFresh: ComputedRef<boolean>;
  /** Have trades been fetched? Before, an empty list says nothing. */
  readonly tradesKnown: Ref<boolean>;
  /** Hears each trade at once, also those no frame shows; and when trades may have been missed. */
  onTrades(listener: { trades(trades: readonly PublicTradeView[]): void; again(): void }): void;
}

export function useMarket(symbol: string): MarketNow {
  const follower = createFollower(DEPTH);
  const book = shallowRef<Book>({ bids: [], asks: [] });
  const trades = shallowRef<readonly PublicTradeView[]>([]);
  const failed = ref<Code | null>(null);
  const [isWhole, tradesKnown] = [ref(false), ref(false)];
  const isFresh = computed(() => isWhole.value && !isStale.value);
  const listeners = new Set<Parameters<MarketNow['onTrades']>[0]>();
  let latest: readonly PublicTradeView[] = [];
  const show = useFrame(() => {
    if (follower.whole) {
      book.value = { ...follower.book };
      isWhole.value = true;
    }
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
    tradesKnown.value = true;
    failed.value = null;
    show();
    return true;
  }, failed);
  let hasBegun = false;
  const again = (): void => {
    hasBegun = true;
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
  const begin = setTimeout(() => !hasBegun && again(), PATIENCE_MS);
  let lostSince: number | null = null;
  const watching = setInterval(() => {
    lostSince = follower.whole ? null : (lostSince ?? Date.now());
    if (lostSince !== null && Date.now() - lostSince > UNWHOLE_MS) isWhole.value = false;
  }, AGAIN_MS);
  onScopeDispose(() => {
    clearTimeout(begin);
    clearInterval(watching);
  });
  return { book, trades, failed, isFresh, tradesKnown, onTrades: (listener) => void listeners.add(listener) };
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
