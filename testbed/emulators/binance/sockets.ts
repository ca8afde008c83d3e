import type { WebSocket } from 'ws';
import type { Faults } from './faults';
import { spoil } from './spoil';

const BEAT_MS = 250;
const PING_MS = 20_000;
const PONG_MS = 60_000;
const DAY_MS = 86_400_000;
/** A market stream takes so many messages a second, pings and pongs among them. */
const MESSAGES_A_SECOND = 5;

/** What a kind of connection can do besides sending. */
export interface Manners {
  /** Tells that the server will shut down, in the kind's own form. */
  shutdown(): void;
  /** Ends the account's events; false where there are none. */
  endStream?(): boolean;
  /** A key is no longer good. */
  revoked?(apiKey: string): void;
}

/** One open WebSocket, with what faults do to it. */
export class Line {
  readonly since = Date.now();
  isSilent = false;
  heard = Date.now();
  private second = { at: 0, count: 0 };

  constructor(
    readonly socket: WebSocket,
    private readonly faults: Faults,
    private readonly most = Number.MAX_SAFE_INTEGER,
  ) {
    socket.on('ping', (data: Buffer) => {
      if (this.counts() && !this.isSilent) socket.pong(data);
    });
    socket.on('pong', () => {
      this.heard = Date.now();
      this.counts();
    });
  }

  /** Sends a body; `call` is the name that faults of answers go by. */
  send(call: string, body: unknown): void {
    if (this.isSilent || this.socket.readyState !== this.socket.OPEN) return;
    this.socket.send(spoil(this.faults, call, JSON.stringify(body)));
  }

  onMessage(listener: (text: string) => void): void {
    this.socket.on('message', (raw) => {
      if (this.counts() && !this.isSilent) listener(String(raw));
    });
  }

  /** One more message has come: one too many ends the connection. */
  private counts(): boolean {
    const at = Math.floor(Date.now() / 1000);
    this.second = { at, count: this.second.at === at ? this.second.count + 1 : 1 };
    if (this.second.count > this.most) this.socket.close(1008, 'Too many requests');
    return this.second.count <= this.most;
  }
}

/** All open connections: pings, the day's end, and the faults of sockets. */
export class Sockets {
  private readonly lines = new Map<Line, Manners>();
  private readonly timers: NodeJS.Timeout[];
  private closing: NodeJS.Timeout[] = [];

  constructor(
    private readonly faults: Faults,
    private readonly connectionMs = DAY_MS,
  ) {
    this.timers = [setInterval(() => this.beat(), BEAT_MS), setInterval(() => this.ping(), PING_MS)];
  }

  /** `kind`: `stream` or `api`, which is also what faults of sockets match. */
  open(socket: WebSocket, kind: 'stream' | 'api'): Line {
    const line = new Line(socket, this.faults, kind === 'stream' ? MESSAGES_A_SECOND : undefined);
    socket.on('close', () => this.lines.delete(line));
    return line;
  }

  add(line: Line, manners: Manners): void {
    this.lines.set(line, manners);
  }

  /** Every session of that key is told and ended. */
  revoke(apiKey: string): void {
    for (const manners of this.lines.values()) manners.revoked?.(apiKey);
  }

  close(): void {
    for (const timer of this.timers) clearInterval(timer);
    for (const timer of this.closing.splice(0)) clearTimeout(timer);
    for (const { socket } of this.lines.keys()) socket.terminate();
  }

  private ping(): void {
    const now = Date.now();
    for (const line of this.lines.keys()) {
      if (now - line.heard > PONG_MS && !line.isSilent) line.socket.terminate();
      else if (!line.isSilent) line.socket.ping(String(now));
    }
  }

  /** Faults of sockets have their chance. */
  beat(): void {
    const now = Date.now();
    for (const [line, manners] of this.lines) {
      const kind = manners.endStream ? 'api' : 'stream';
      if (now - line.since >= this.connectionMs || this.faults.fires('day-close', kind))
        line.socket.close(1000, 'disconnected after 24 hours');
      else if (this.faults.fires('socket-cut', kind)) line.socket.terminate();
      else if (!line.isSilent && this.faults.fires('socket-silent', kind)) line.isSilent = true;
      else if (this.faults.fires('server-shutdown', kind)) {
        manners.shutdown();
        this.closing.push(
          setTimeout(() => line.socket.close(1001, 'server shutdown'), this.faults.lasts('server-shutdown')),
        );
      }
    }
    for (const { endStream } of this.lines.values())
      if (endStream && this.faults.isArmed('user-stream-ended')) endStream();
  }
}
