import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';

interface Patience {
  /** From the connection, or from the end of the request before, to the end of a head. */
  readonly headersMs: number;
  /** To the end of a body. */
  readonly requestMs: number;
  readonly connections: number;
}

export const PATIENCE: Patience = { headersMs: 10_000, requestMs: 30_000, connections: 20_000 };

/**
 * The http server of a process: who sends a head or a body too slowly, or nothing, is cut off; only so many may be
 * connected.
 */
export function createListener(
  handler: RequestListener,
  { headersMs, requestMs, connections }: Patience = PATIENCE,
): Server {
  const server = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(1000, headersMs),
      maxHeaderSize: 16 * 1024,
    },
    handler,
  );
  server.maxConnections = connections;
  return server;
}
