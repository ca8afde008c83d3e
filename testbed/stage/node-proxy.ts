/** Stands between the exchange and a real node over HTTP, and spoils what it says: lies, lags, loses, hangs up. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

export interface NodeProxy {
  readonly url: string;
  /** What it makes of the node's answer to a call; the answer itself when left out. */
  tamper: (call: Call, result: unknown) => unknown;
  /** Calls that never reach the node: what it says to them itself. */
  refuse: (call: Call) => { readonly code: number; readonly message: string } | undefined;
  /** Hangs up on everybody. */
  down: boolean;
  /** Takes every call and never answers. */
  hangs: boolean;
  /** Every call that was asked since it was emptied. */
  readonly asked: Call[];
  /** How many calls came in each request, since it was emptied. */
  readonly batches: number[];
  close(): Promise<void>;
}

type Rpc = Call & { readonly id: unknown };
type Answer = { readonly id: unknown; readonly result?: unknown };

/** In front of a JSON-RPC node at `target`, with its user and password if it has any. */
export async function proxyOf(target: string): Promise<NodeProxy> {
  const { username, password, origin, pathname } = new URL(target);
  const authorization =
    username === '' ? undefined : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const asked: Call[] = [];
  const batches: number[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => void parts.push(part));
    request.on('end', () => {
      const handle = async (): Promise<void> => {
        if (proxy.down) return void request.socket.destroy();
        const body = Buffer.concat(parts).toString();
        const calls = [JSON.parse(body) as Rpc | Rpc[]].flat();
        asked.push(...calls);
        batches.push(calls.length);
        if (proxy.hangs) return;
        const [only] = calls;
        const error = only && proxy.refuse(only);
        if (error)
          return void response
            .writeHead(500, { 'content-type': 'application/json' })
            .end(JSON.stringify({ id: only.id, result: null, error }));
        const answer = await fetch(origin + pathname, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
          body,
        });
        const text = await answer.text();
        const spoilt = (one: Answer): Answer => {
          const call = calls.find(({ id }) => id === one.id);
          return call && 'result' in one ? { ...one, result: proxy.tamper(call, one.result) } : one;
        };
        const said = JSON.parse(text) as Answer | Answer[];
        response
          .writeHead(answer.status, { 'content-type': 'application/json' })
          .end(JSON.stringify(Array.isArray(said) ? said.map(spoilt) : spoilt(said)));
      };
      handle().catch(() => request.socket.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: NodeProxy = {
    url: username === '' ? `http://127.0.0.1:${port}` : `http://${username}:${password}@127.0.0.1:${port}`,
    tamper: (_, result) => result,
    refuse: () => undefined,
    down: false,
    hangs: false,
    asked,
    batches,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}
