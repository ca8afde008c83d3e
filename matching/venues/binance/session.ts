import type { WebsocketClient } from 'binance';
import type { KeyKind } from './keys';

/** The connection of the SDK that serves the WebSocket API. */
export const CONNECTION = 'mainWSAPI';
/** A subscription of this account is there already. */
const ALREADY_SUBSCRIBED = -2035;

/**
 * Sends one request over the WebSocket API; rejects with the venue's own answer. `signRequest` has it signed by
 * itself.
 */
export const request = (socket: WebsocketClient, method: string, params: object): Promise<unknown> =>
  socket.sendWSAPIRequest(CONNECTION, method as never, params as never) as Promise<unknown>;

/**
 * Has the account's events told on this connection: an Ed25519 key logs on and subscribes in its session, the others,
 * which have no sessions, sign the subscription. `now`: the venue's time (ms). Rejects when the venue refuses.
 */
export async function openSession(socket: WebsocketClient, kind: KeyKind, now: () => number): Promise<void> {
  try {
    if (kind !== 'Ed25519')
      return void (await request(socket, 'userDataStream.subscribe.signature', { timestamp: now() }));
    await request(socket, 'session.logon', { timestamp: now(), signRequest: true });
    await request(socket, 'userDataStream.subscribe', {});
  } catch (error) {
    if ((error as { error?: { code?: number } } | undefined)?.error?.code !== ALREADY_SUBSCRIBED) throw error;
  }
}
