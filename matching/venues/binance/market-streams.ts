import { WebsocketClient } from 'binance';
import type { Logger } from '../../../domain/contract/ports';

/** After a new connection speaks the old one is heard for so long: what it had on its way comes too. */
const BOTH_HEARD_MS = 5000;

export interface MarketStreams {
  start(): Promise<void>;
  stop(): void;
}

/** Who listens. While one connection takes over from another, `heard` is told the same twice. */
export interface MarketListener {
  heard(event: unknown): void;
  /** The connection was lost, or is back: what was said in between was not heard. */
  lost(): void;
}

/**
 * Follows these streams over one connection. Where its server says that it shuts down, another connection is opened
 * before it does, and takes over without a gap.
 */
export function createMarketStreams(
  wsUrl: string,
  streams: readonly string[],
  listener: MarketListener,
  logger: Logger,
): MarketStreams {
  const silent = { trace: () => undefined, info: () => undefined, error: () => undefined };
  const leaving = new Set<WebsocketClient>();
  let current: WebsocketClient | undefined;
  let next: WebsocketClient | undefined;
  let stopped = false;

  const follow = (socket: WebsocketClient): Promise<unknown> => socket.subscribe([...streams], 'main');
  const leave = (socket: WebsocketClient): void => {
    leaving.delete(socket);
    socket.closeAll(true);
  };
  const takeOver = (socket: WebsocketClient): void => {
    const old = current;
    [current, next] = [socket, undefined];
    if (!old) return;
    leaving.add(old);
    setTimeout(() => leave(old), BOTH_HEARD_MS).unref();
  };
  const replace = (from: WebsocketClient): void => {
    if (stopped || next || from !== current) return;
    logger.info({}, "the venue's server shuts down: its streams are opened anew");
    next = open();
    follow(next).catch((error: unknown) => {
      logger.warn(
        { event: 'venue.streams_not_open', error: String(error) },
        "the venue's streams are not open anew yet",
      );
    });
  };
  const open = (): WebsocketClient => {
    const socket = new WebsocketClient({ wsUrl, beautify: false }, silent);
    socket.on('message', (raw: unknown) => {
      if ((raw as { e?: string }).e === 'serverShutdown') return replace(socket);
      if (socket === next) takeOver(socket);
      listener.heard(raw);
    });
    socket.on('reconnecting', () => {
      if (socket === current) listener.lost();
    });
    socket.on('reconnected', () => {
      if (socket !== current) return;
      logger.info({}, "the venue's streams are back");
      listener.lost();
    });
    socket.on('exception', () => undefined);
    return socket;
  };

  return {
    start: async () => {
      current = open();
      await follow(current);
    },
    stop: () => {
      stopped = true;
      for (const socket of [current, next, ...leaving]) socket?.closeAll(true);
    },
  };
}
