/**
 * The operator's door: a Unix socket that the exchange's own user alone can open. Each call is one frame there and one
 * back.
 */
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { DomainError } from '../../domain/contract/errors';
import type { ErrorCode } from '../../domain/contract/errors';
import { frameOf, readFrames } from '../../domain/contract/frames';
import type { Logger } from '../../domain/contract/ports';
import type { OperatorDesk } from './desk';

const MOST_FRAME_BYTES = 1024 * 1024;
const CALLS: readonly (keyof OperatorDesk)[] = ['position', 'contribute', 'grant'];
/** Places on several networks are read twice. */
const DEADLINE_MS = 60_000;

interface Asked {
  readonly call?: unknown;
  readonly given?: unknown;
}
type Told =
  | { readonly result: unknown }
  | {
      readonly failure: {
        readonly code?: ErrorCode;
        readonly message: string;
        readonly details?: Record<string, unknown>;
      };
    };

/** Opens the door; answers what closes it. A socket file that is in the way belongs to an exchange that was. */
export async function serveOperator(desk: OperatorDesk, path: string, logger: Logger): Promise<() => void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onFrames(socket, (message) => void answer(desk, socket, message as Asked, logger));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve();
    });
  });
  return () => void server.close();
}

/** Calls `hear` for each frame; ends the connection at what is none. */
function onFrames(socket: Socket, hear: (message: unknown) => void): void {
  const read = readFrames(MOST_FRAME_BYTES, hear);
  socket.on('data', (chunk) => {
    try {
      if (!socket.destroyed) read(chunk);
    } catch {
      socket.destroy();
    }
  });
}

async function answer(desk: OperatorDesk, socket: Socket, { call, given }: Asked, logger: Logger): Promise<void> {
  const tell = (told: Told): void => void (socket.destroyed || socket.end(frameOf(told)));
  try {
    if (!CALLS.includes(call as keyof OperatorDesk)) throw new DomainError('NOT_FOUND', { call: String(call) });
    const ask = desk[call as keyof OperatorDesk] as (input: unknown) => Promise<unknown>;
    const result = await ask(given);
    logger.info({ call, given }, 'an operator has called');
    tell({ result });
  } catch (error) {
    const refusal =
      error instanceof DomainError ? { code: error.code, ...(error.details && { details: error.details }) } : {};
    tell({ failure: { ...refusal, message: error instanceof Error ? error.message : String(error) } });
  }
}

/**
 * The desk of an exchange that runs on this machine. Each call connects anew; rejects with DomainError as the desk
 * does.
 */
export function operatorAt(path: string): OperatorDesk {
  const ask = <T>(call: keyof OperatorDesk, given?: unknown): Promise<T> =>
    new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error('the exchange does not answer')));
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the exchange has closed the connection')));
      onFrames(socket, (message) => {
        const told = message as Told;
        if ('result' in told) resolve(told.result as T);
        else
          reject(
            told.failure.code
              ? new DomainError(told.failure.code, told.failure.details)
              : new Error(told.failure.message),
          );
        socket.end();
      });
      socket.write(frameOf({ call, given }));
    });
  return {
    position: () => ask('position'),
    contribute: (contributions) => ask('contribute', contributions),
    grant: (grant) => ask('grant', grant),
  };
}
