import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { DomainError } from '../../domain/contract/errors';
import type { ErrorCode } from '../../domain/contract/errors';
import type { SignIntent, Signer } from '../../domain/contract/ports';

type Request = { id: number; method: 'identity'; params: string } | { id: number; method: 'sign'; params: SignIntent };
type Response = { id: number; result?: unknown; error?: { code: ErrorCode; details?: Record<string, unknown> } | { message: string } };

const DEADLINE_MS = 5000;

/** Serves the signer on a Unix socket that its owner alone can open. One JSON object a line. */
export function serveSigner(signer: Signer, socketPath: string): Promise<Server> {
  rmSync(socketPath, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    createInterface({ input: socket }).on('line', (line) => void answer(signer, socket, line));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => {
      chmodSync(socketPath, 0o600);
      resolve(server);
    });
  });
}

async function answer(signer: Signer, socket: Socket, line: string): Promise<void> {
  const request = JSON.parse(line) as Request;
  const send = (response: Response): void => void socket.write(`${JSON.stringify(response)}\n`);
  try {
    const result = request.method === 'identity' ? await signer.identity(request.params) : await signer.sign(request.params);
    send({ id: request.id, result });
  } catch (error) {
    const { id } = request;
    if (error instanceof DomainError) send({ id, error: { code: error.code, ...(error.details && { details: error.details }) } });
    else send({ id, error: { message: error instanceof Error ? error.message : String(error) } });
  }
}

/** The signer from outside. Connects when it is asked, again after it was away; every call has a deadline. */
export function connectSigner(socketPath: string): Signer {
  let socket: Socket | undefined;
  let next = 0;
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();

  const open = (): Socket => {
    if (socket && !socket.destroyed) return socket;
    const fresh = connect(socketPath);
    const fail = (): void => {
      for (const [id, call] of waiting) {
        waiting.delete(id);
        call.reject(new Error('the signer is away'));
      }
    };
    fresh.on('error', fail);
    fresh.on('close', fail);
    createInterface({ input: fresh }).on('line', (line) => {
      const response = JSON.parse(line) as Response;
      const call = waiting.get(response.id);
      waiting.delete(response.id);
      if (!response.error) call?.resolve(response.result);
      else if ('code' in response.error) call?.reject(new DomainError(response.error.code, response.error.details));
      else call?.reject(new Error(response.error.message));
    });
    fresh.unref();
    socket = fresh;
    return fresh;
  };

  const call = <T>(method: Request['method'], params: unknown): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const id = ++next;
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(new Error('the signer does not answer'));
      }, DEADLINE_MS);
      const end = (): void => clearTimeout(timer);
      waiting.set(id, {
        resolve: (value) => {
          end();
          resolve(value as T);
        },
        reject: (error) => {
          end();
          reject(error);
        },
      });
      open().write(`${JSON.stringify({ id, method, params })}\n`);
    });

  return { identity: (network) => call('identity', network), sign: (intent) => call('sign', intent) };
}
