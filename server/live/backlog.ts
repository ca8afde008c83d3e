/** How much of what was sent to a client has not left this machine yet. */
import type { LiveServer } from './gate';

/** Above this a client gets no more market messages: it will find the gap and fetch. */
const SLOW_BYTES = 256 * 1024;
/** Above this it is cut off, private messages or not: it comes back and is told what it missed. */
const STUCK_BYTES = 8 * 1024 * 1024;

/** What is looked at of a connection: what waits for the transport, and what the transport itself has not written. */
export interface Pipe {
  readonly writeBuffer: readonly { readonly data?: unknown }[];
  readonly transport: { readonly socket?: { readonly bufferedAmount?: number } };
}

export function backlogOf({ writeBuffer, transport }: Pipe): number {
  let waiting = transport.socket?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) waiting += typeof data === 'string' || Buffer.isBuffer(data) ? data.length : 0;
  return waiting;
}

/** The ids of the sockets in a room that are behind; those that are stuck are cut off. */
export function slowOnes(io: LiveServer, room: string): string[] {
  const slow: string[] = [];
  for (const id of io.of('/').adapter.rooms.get(room) ?? []) {
    const socket = io.of('/').sockets.get(id);
    const waiting = socket ? backlogOf(socket.conn as unknown as Pipe) : 0;
    if (waiting <= SLOW_BYTES) continue;
    slow.push(id);
    if (waiting > STUCK_BYTES) socket?.conn.close(true);
  }
  return slow;
}
