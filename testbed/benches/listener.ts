import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** What a depth message says of its place in the row. */
export interface DepthSpan {
  readonly symbol: string;
  readonly first: number;
  readonly last: number;
}

const TEXT = 1;
const PING = 9;
const SPAN = /^42\["depth",\{"symbol":"([A-Z0-9]+)","first":(\d+),"last":(\d+)/;

/**
 * One client of the live feed over a bare socket: it shakes hands, subscribes, answers pings and counts. Thousands of
 * them share a processor with what they measure, so only those that are asked to look read what they are sent.
 */
export class Listener {
  messages = 0;
  bytes = 0;
  onDepth: ((span: DepthSpan) => void) | undefined;
  private got: Buffer = Buffer.alloc(0);
  private open = false;
  private ended = false;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('close', () => (this.ended = true));
  }

  get closed(): boolean {
    return this.ended;
  }

  static connect(port: number, symbols: readonly string[]): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(
          `GET /live/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
        );
      });
      const listener = new Listener(socket);
      socket.on('error', reject);
      socket.on('data', (chunk: Buffer) => listener.take(chunk, symbols, () => resolve(listener)));
    });
  }

  pause(): void {
    this.socket.pause();
  }

  /** Asks for what it has, again and again: the answers pile up where nobody reads them. */
  ask(symbols: readonly string[], times: number): void {
    if (this.ended) return;
    for (let at = 0; at < times; at++) this.say(`421["subscribe",${JSON.stringify(symbols)}]`);
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer, symbols: readonly string[], ready: () => void): void {
    this.got = this.got.length === 0 ? chunk : Buffer.concat([this.got, chunk]);
    if (!this.open) {
      const end = this.got.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.got = this.got.subarray(end + 4);
      this.open = true;
      this.say('40');
    }
    for (let frame = this.frame(); frame; frame = this.frame()) this.hear(frame, symbols, ready);
  }

  /** The next whole frame of a server: never masked. */
  private frame(): { code: number; payload: Buffer } | undefined {
    const { got } = this;
    if (got.length < 2) return undefined;
    const short = (got[1] as number) & 127;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (got.length < head) return undefined;
    const length = short < 126 ? short : short === 126 ? got.readUInt16BE(2) : Number(got.readBigUInt64BE(2));
    if (got.length < head + length) return undefined;
    this.got = got.subarray(head + length);
    return { code: (got[0] as number) & 15, payload: got.subarray(head, head + length) };
  }

  private hear(
    { code, payload }: { code: number; payload: Buffer },
    symbols: readonly string[],
    ready: () => void,
  ): void {
    if (code === PING) return;
    if (code !== TEXT) return;
    // engine.io: 0 open, 2 ping, 4 message; socket.io behind the 4: 0 connected, 2 event, 3 acknowledgement.
    if (payload.length === 1 && payload[0] === 50) return this.say('3');
    if (payload[1] === 48) return this.say(`421["subscribe",${JSON.stringify(symbols)}]`);
    if (payload[1] === 51) return ready();
    this.messages++;
    this.bytes += payload.length;
    if (!this.onDepth) return;
    const span = SPAN.exec(payload.toString('latin1', 0, 120));
    if (span) this.onDepth({ symbol: span[1] as string, first: Number(span[2]), last: Number(span[3]) });
  }

  /** Sends a text frame, masked with zeros: short ones alone. */
  private say(text: string): void {
    const payload = Buffer.from(text);
    const head =
      payload.length < 126
        ? Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0])
        : Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255, 0, 0, 0, 0]);
    this.socket.write(Buffer.concat([head, payload]));
  }
}
