/** The live feed. Whoever shows something listens; after a gap everybody fetches again. */
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { computed, onScopeDispose, ref, shallowRef } from 'vue';
import type {
  AdminEvent,
  ClientToServer,
  DepthDiff,
  LiveData,
  LiveEvent,
  LiveName,
  LiveStamp,
  ServerToClient,
} from '../../domain/contract/api/live';
import type { PublicTradeView, TickerView } from '../../domain/contract/api/markets';

const COME_BACK_MS = 1000;
/** How long the first fetches wait for the feed, so that nothing falls between the two. */
const PATIENCE_MS = 1000;
/** Prices of all markets come each second; after so long a silence nothing on the page is live any more. */
const SILENT_MS = 10_000;
type Hear = (event: LiveEvent) => void;

export const connected = ref(true);
export const tickers = shallowRef<TickerView[]>([]);
/** When the prices on the page were told (ms since 1970); null before the first. */
export const heardAt = ref<number | null>(null);
const isSilent = ref(false);
/** Nothing that is shown can be trusted to be so now: the connection is lost, or nothing is heard on it. */
export const isStale = computed(() => !connected.value || isSilent.value);
const events = new Set<Hear>();
const gaps = new Set<() => void>();
const adminEvents = new Set<(event: AdminEvent) => void>();
let socket: Socket<ServerToClient, ClientToServer> | undefined;
let last: LiveStamp | undefined;

/** Who shows a market. */
export interface MarketListener {
  depth(diff: DepthDiff): void;
  trades(trades: PublicTradeView[]): void;
  /** Subscribed (again): what was missed before is told by nobody, fetch it. */
  again(): void;
}
const markets = new Map<string, Set<MarketListener>>();

const fetchAgain = (): void => gaps.forEach((again) => again());

let wasHeard = false;
let isLive: () => void = () => undefined;
let live: Promise<void> | undefined;
/**
 * Ends with the first hello, or after a moment without one: then the hello, when it comes, has everything fetched
 * again.
 */
function whenLive(): Promise<void> {
  live ??= new Promise((resolve) => {
    const timer = setTimeout(() => {
      wasHeard = true;
      resolve();
    }, PATIENCE_MS);
    isLive = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  return live;
}

/** Fetches once the feed runs, so that nothing falls between the two, and again whenever something was missed. */
export function fetchAndFollow(load: () => Promise<unknown>): void {
  void whenLive().then(load);
  onGap(() => void load());
}

setInterval(() => {
  isSilent.value = heardAt.value !== null && Date.now() - heardAt.value > SILENT_MS;
}, 1000);

/** Connects as whoever is logged in now, unless it is connected: after `connectLive` was called already. */
export const ensureLive = (): void => void (socket ?? connectLive());

/** Leaves the feed, before the exchange closes it from its side. */
export const leaveLive = (): void => void socket?.disconnect();

/** Connects as whoever is logged in now; call again when that changes. */
export function connectLive(): void {
  socket?.disconnect();
  last = undefined;
  const mine: typeof socket = io({
    path: '/live',
    transports: ['websocket', 'polling'],
    // Where we were: what happened since is told after the next hello.
    auth: (give) => give({ ...last }),
  });
  socket = mine;
  mine.on('connect', () => {
    connected.value = true;
    subscribe([...markets.keys()]);
  });
  mine.on('disconnect', (reason) => {
    connected.value = socket === mine ? false : connected.value;
    // Thrown out by the server (logged out elsewhere): come back as whoever we are then.
    if (reason === 'io server disconnect') setTimeout(() => socket === mine && mine.connect(), COME_BACK_MS);
  });
  mine.on('connect_error', () => (connected.value = false));
  mine.on('hello', (stamp) => {
    isLive();
    const missed =
      (last === undefined && wasHeard) ||
      (last !== undefined && (last.epoch !== stamp.epoch || last.seq !== stamp.seq));
    wasHeard = true;
    last = { epoch: stamp.epoch, seq: stamp.seq };
    if (missed || stamp.resync) fetchAgain();
  });
  mine.on('event', (event) => {
    const gap = last !== undefined && (event.epoch !== last.epoch || event.seq !== last.seq + 1);
    last = { epoch: event.epoch, seq: event.seq };
    if (gap) fetchAgain();
    events.forEach((hear) => hear(event));
  });
  mine.on('admin', (event) => adminEvents.forEach((hear) => hear(event)));
  mine.on('tickers', (items) => {
    tickers.value = items;
    heardAt.value = Date.now();
  });
  mine.on('depth', (diff) => markets.get(diff.symbol)?.forEach((listener) => listener.depth(diff)));
  mine.on('trades', (symbol, trades) => markets.get(symbol)?.forEach((listener) => listener.trades(trades)));
}

function subscribe(symbols: string[]): void {
  if (symbols.length === 0 || !socket?.connected) return;
  socket.emit('subscribe', symbols, () => {
    for (const symbol of symbols) markets.get(symbol)?.forEach((listener) => listener.again());
  });
}

/** Hears a market until the component ends. */
export function onMarket(symbol: string, listener: MarketListener): void {
  const listeners = markets.get(symbol) ?? new Set();
  markets.set(symbol, listeners.add(listener));
  subscribe([symbol]);
  onScopeDispose(() => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    markets.delete(symbol);
    if (socket?.connected) socket.emit('unsubscribe', [symbol]);
  });
}

/** Hears one kind of event while the component lives. A null means: it changed, fetch it. */
export function onLive<Name extends LiveName>(name: Name, hear: (data: LiveData[Name] | null) => void): void {
  const listener: Hear = (event) => {
    if (event.name === name) hear(event.data as LiveData[Name] | null);
  };
  events.add(listener);
  onScopeDispose(() => events.delete(listener));
}

/** Fetches again when something was missed. */
export function onGap(again: () => void): void {
  gaps.add(again);
  onScopeDispose(() => gaps.delete(again));
}

export function onAdmin(hear: (event: AdminEvent) => void): void {
  adminEvents.add(hear);
  onScopeDispose(() => adminEvents.delete(hear));
}
