/**
 * How a live socket behaves: each packet costs a point, one that asks for nothing we have costs five; who uses too
 * many is cut off.
 */
import type { WebSocket } from 'ws';
import { countWithin } from '../http/seats';
import type { LiveSocket } from './sockets';

const MOST_POINTS = 100;
const WITHIN_MS = 10_000;
const POINTS_OF_NONSENSE = 5;
/** The code with which a WebSocket is closed for what the other side did. */
const POLICY = 1008;
const EVENTS = new Set(['subscribe', 'unsubscribe']);

type Connection = LiveSocket['conn'];
const counts = new WeakMap<Connection, (points: number) => boolean>();

/** Before it has said whom it is for: packets to places that are not there count too. */
export function guardConnection(connection: Connection): void {
  counts.set(connection, countWithin(MOST_POINTS, WITHIN_MS));
  connection.on('packet', () => charge(connection, 1));
}

export function guardMessages(socket: LiveSocket): void {
  socket.use(([name], next) => {
    if (EVENTS.has(name)) next();
    else refused(socket);
  });
}

/** The socket asked for something that is not there, or not its to ask. */
export const refused = (socket: LiveSocket): void => charge(socket.conn, POINTS_OF_NONSENSE);

function charge(connection: Connection, points: number): void {
  if (!counts.get(connection)?.(points)) return;
  counts.delete(connection);
  const { transport } = connection as unknown as { transport: { socket?: WebSocket } };
  transport.socket?.close(POLICY);
  connection.close(true);
}
