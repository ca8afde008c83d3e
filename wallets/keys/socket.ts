import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { DomainError } from '../../domain/contract/errors';
import type { Approval } from '../../domain/contract/api/approvals';
import type { ErrorCode } from '../../domain/contract/errors';
import { frameOf, readFrames } from '../../domain/contract/frames';
import type {
  UtxoIntent,
  Payment,
  SignIntent,
  SignedPasskeyChange,
  Signer,
  TronIntent,
} from '../../domain/contract/ports';

type Request = { id: number } & (
  | { method: 'identity'; params: string }
  | { method: 'sign'; params: SignIntent }
  | { method: 'signUtxo'; params: UtxoIntent }
  | { method: 'signTron'; params: TronIntent }
  | { method: 'judge'; params: { payment: Payment; approvals: Approval[] } }
  | { method: 'approvers'; params: true }
  | { method: 'changePasskey'; params: SignedPasskeyChange }
  | { method: 'droppedPasskeys'; params: string }
);
const METHODS: readonly string[] = [
  'identity',
  'sign',
  'signUtxo',
  'signTron',
  'judge',
  'approvers',
  'changePasskey',
  'droppedPasskeys',
] satisfies Request['method'][];
type Response = {
  id: number;
  result?: unknown;
  error?: { code: ErrorCode; details?: Record<string, unknown> } | { message: string };
};

const DEADLINE_MS = 5000;
/**
 * Whoever sends more is cut off. A PSBT brings the whole transactions along whose coins it spends, up to 400 kB each.
 */
const MOST_FRAME_BYTES = 32 * 1024 * 1024;

/**
 * Serves the signer on a Unix socket that its owner alone can open; `isForGroup`: and its group, so that the exchange
 * runs as another user.
 */
export async function serveSigner(signer: Signer, socketPath: string, isForGroup = false): Promise<Server> {
  // Two signers beside each other would not know what the other has signed.
  if (await answers(socketPath)) throw new Error(`a signer is already listening at ${socketPath}`);
  rmSync(socketPath, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onMessages(socket, (message) => void answer(signer, socket, message));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => {
      chmodSync(socketPath, isForGroup ? 0o660 : 0o600);
      resolve(server);
    });
  });
}

/** Does a living process listen there? What a killed one left behind refuses the connection. */
function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/** Calls `take` for each message; ends the connection at what is none. */
function onMessages(socket: Socket, take: (message: unknown) => void): void {
  const read = readFrames(MOST_FRAME_BYTES, take);
  socket.on('data', (chunk) => {
    try {
      if (!socket.destroyed) read(chunk);
    } catch {
      socket.destroy();
    }
  });
}

async function answer(signer: Signer, socket: Socket, message: unknown): Promise<void> {
  const request = message as Request | null | undefined;
  if (typeof request?.id !== 'number' || !METHODS.includes(request.method) || !request.params) {
    socket.destroy();
    return;
  }
  const { id } = request;
  const send = (response: Response): void => void (socket.destroyed || socket.write(frameOf(response)));
  try {
    send({ id, result: await carryOut(signer, request) });
  } catch (error) {
    if (error instanceof DomainError)
      send({ id, error: { code: error.code, ...(error.details && { details: error.details }) } });
    else send({ id, error: { message: error instanceof Error ? error.message : String(error) } });
  }
}

const carryOut = async (signer: Signer, request: Request): Promise<unknown> => {
  switch (request.method) {
    case 'identity':
      return signer.identity(request.params);
    case 'sign':
      return signer.sign(request.params);
    case 'signUtxo':
      return signer.signUtxo(request.params);
    case 'signTron':
      return signer.signTron(request.params);
    case 'judge':
      return signer.judge(request.params.payment, request.params.approvals);
    case 'changePasskey':
      return signer.changePasskey(request.params);
    case 'droppedPasskeys':
      return signer.droppedPasskeys(request.params);
    default:
      return signer.approvers();
  }
};

interface Call {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Connection {
  readonly socket: Socket;
  readonly waiting: Map<number, Call>;
}

function openConnection(socketPath: string): Connection {
  const socket = connect(socketPath);
  const waiting = new Map<number, Call>();
  const fail = (): void => {
    for (const call of waiting.values()) call.reject(new Error('the signer is away'));
    waiting.clear();
  };
  socket.on('error', fail);
  socket.on('close', fail);
  onMessages(socket, (message) => {
    const response = message as Response | undefined;
    const call = waiting.get(response?.id ?? -1);
    if (!response || !call) return;
    waiting.delete(response.id);
    if (!response.error) call.resolve(response.result);
    else if ('code' in response.error) call.reject(new DomainError(response.error.code, response.error.details));
    else call.reject(new Error(response.error.message));
  });
  socket.unref();
  return { socket, waiting };
}

/**
 * The signer from outside. Connects when it is asked, again after it was away; every call has a deadline. A call that
 * was cut off may be made again: the signer gives the same bytes for the same intent.
 */
export function connectSigner(socketPath: string, deadlineMs = DEADLINE_MS): Signer {
  let connection: Connection | undefined;
  let next = 0;
  const call = <T>(method: Request['method'], params: unknown): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const open = connection && !connection.socket.destroyed ? connection : openConnection(socketPath);
      connection = open;
      const id = ++next;
      const timer = setTimeout(() => {
        open.waiting.delete(id);
        reject(new Error('the signer does not answer'));
      }, deadlineMs);
      open.waiting.set(id, {
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value as T);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      open.socket.write(frameOf({ id, method, params }));
    });
  return {
    identity: (network) => call('identity', network),
    sign: (intent) => call('sign', intent),
    signUtxo: (intent) => call('signUtxo', intent),
    signTron: (intent) => call('signTron', intent),
    judge: (payment, approvals) => call('judge', { payment, approvals }),
    approvers: () => call('approvers', true),
    changePasskey: (change) => call('changePasskey', change),
    droppedPasskeys: (userId) => call('droppedPasskeys', userId),
  };
}
