import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * One keep-alive connection that speaks just enough HTTP/1.1 for a load: a request at a time, answers with a length.
 * The load shares its processors with what it measures, so it must cost little.
 */
export class Wire {
  private socket: Socket | undefined;
  private waiting:
    { request: string; again: boolean; resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;
  private got: Buffer = Buffer.alloc(0);

  private constructor(private readonly port: number) {}

  static async open(port: number): Promise<Wire> {
    const wire = new Wire(port);
    await wire.connect();
    return wire;
  }

  private connect(): Promise<void> {
    this.got = Buffer.alloc(0);
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1', () => {
        this.socket = socket;
        resolve();
      });
      socket.setNoDelay(true);
      socket.on('data', (chunk) => this.take(chunk));
      socket.on('error', reject);
      socket.on('close', () => this.lost(socket));
    });
  }

  /**
   * Sends a whole request, head and body. One at a time. A server closes connections that were idle; where that
   * crosses a request it is sent once more on a new one (each carries an idempotency key, or names what it cancels).
   */
  ask(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting = { request, again: false, resolve, reject };
      if (this.socket) this.socket.write(request);
      else this.sendAnew();
    });
  }

  close(): void {
    this.waiting = undefined;
    this.socket?.destroy();
  }

  private lost(socket: Socket): void {
    if (this.socket !== socket) return;
    this.socket = undefined;
    const { waiting } = this;
    if (!waiting) return;
    if (waiting.again || this.got.length > 0) return waiting.reject(new Error('the connection was closed'));
    waiting.again = true;
    this.sendAnew();
  }

  private sendAnew(): void {
    this.connect().then(
      () => this.waiting && this.socket?.write(this.waiting.request),
      (error: unknown) => this.waiting?.reject(error instanceof Error ? error : new Error(String(error))),
    );
  }

  private take(chunk: Buffer): void {
    this.got = this.got.length === 0 ? chunk : Buffer.concat([this.got, chunk]);
    const end = this.got.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.got.toString('latin1', 0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.got.length < end + 4 + length) return;
    const body = this.got.toString('utf8', end + 4, end + 4 + length);
    this.got = this.got.subarray(end + 4 + length);
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), body });
  }
}

/** A request as it goes over the wire. */
export function request(method: string, path: string, headers: string, body = ''): string {
  const content = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}${content}\r\n${body}`;
}
