/** The live feed. Whoever shows something listens; after a gap everybody fetches again. */
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { onScopeDispose, ref } from 'vue';
import type { AdminEvent, LiveData, LiveEvent, LiveName, LiveStamp, ServerToClient } from '../../domain/contract/api/live';
import type { TickerView } from '../../domain/contract/api/markets';

const COME_BACK_MS = 1000;
type Hear = (event: LiveEvent) => void;

export const connected = ref(true);
export const tickers = ref<TickerView[]>([]);
const events = new Set<Hear>();
const gaps = new Set<() => void>();
const adminEvents = new Set<(event: AdminEvent) => void>();
let socket: Socket<ServerToClient, Record<string, never>> | undefined;
let last: LiveStamp | undefined;

const fetchAgain = (): void => gaps.forEach((again) => again());

/** Connects as whoever is logged in now; call again when that changes. */
export function connectLive(): void {
  socket?.disconnect();
  last = undefined;
  const mine: typeof socket = io({ path: '/live', transports: ['websocket', 'polling'] });
  socket = mine;
  mine.on('connect', () => (connected.value = true));
  mine.on('disconnect', (reason) => {
    connected.value = socket === mine ? false : connected.value;
    // Thrown out by the server (logged out elsewhere): come back as whoever we are then.
    if (reason === 'io server disconnect') setTimeout(() => socket === mine && mine.connect(), COME_BACK_MS);
  });
  mine.on('connect_error', () => (connected.value = false));
  mine.on('hello', (stamp) => {
    const missed = last === undefined || last.epoch !== stamp.epoch || last.seq !== stamp.seq;
    last = stamp;
    if (missed) fetchAgain();
  });
  mine.on('event', (event) => {
    const gap = last !== undefined && (event.epoch !== last.epoch || event.seq !== last.seq + 1);
    last = { epoch: event.epoch, seq: event.seq };
    if (gap) fetchAgain();
    events.forEach((hear) => hear(event));
  });
  mine.on('admin', (event) => adminEvents.forEach((hear) => hear(event)));
  mine.on('tickers', (items) => (tickers.value = items));
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
