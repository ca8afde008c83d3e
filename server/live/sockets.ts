import type { Server, Socket } from 'socket.io';
import type { ClientToServer, ServerToClient } from '../../domain/contract/api/live';

export interface SocketData {
  userId: string | undefined;
  sessionId: string | undefined;
  /** Of the user's row when the socket was opened. */
  generation: number;
  provenAt: number | undefined;
}
export type LiveServer = Server<ClientToServer, ServerToClient, Record<string, never>, SocketData>;
export type LiveSocket = Socket<ClientToServer, ServerToClient, Record<string, never>, SocketData>;
