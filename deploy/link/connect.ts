/** The side of a further API process: the ports of the other houses as if they were here. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createEventBus } from '../../domain/contract/event-bus';
import { DomainError } from '../../domain/contract/errors';
import type { DomainEvent } from '../../domain/contract/events';
import { frameOf, readFrames } from '../../domain/contract/frames';
import { currentOf } from '../../domain/secret-versions';
import type { EventBus, Logger, MarketData } from '../../domain/contract/ports';
import {
  FIRST_FRAME_BYTES,
  MOST_FRAME_BYTES,
  SILENCE_MS,
  UPWARD,
  VERSION,
  addressOf,
  proofOf,
  sameProof,
} from './protocol';
import type { CallName, Calls, Downward, Ports, Upward } from './protocol';

export interface LinkOptions {
  /** A path or host:port. */
  readonly address: string;
  readonly secret: string;
  readonly logger: Logger;
  /** After so long the outcome of a command is unknown; 5 s. */
  readonly deadlineMs?: number;
  /** Requests that may be under way at once; more are refused BUSY before they are sent. */
  readonly mostWaiting?: number;
}

export interface Link {
  readonly ports: Ports;
  /** Once the engine can be asked. */
  ready(): Promise<void>;
  close(): void;
}

const DEADLINE_MS = 5000;
const MOST_WAITING = 5000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Events of our own that wait for the link to come back; the oldest are lost first. */
const EVENTS_KEPT = 1000;

interface Waiting {
  readonly name: CallName;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Connects, and again with growing pauses whenever the link is lost. While it is away requests are refused BUSY:
 * nothing was done. A command whose answer is lost with the link, or later than the deadline, is UNKNOWN_OUTCOME: the
 * same reference may be asked again, here or at any other process. What was told meanwhile is missed, and `feed.gap`
 * says so.
 */
export function connectLink(options: LinkOptions): Link {
  const local = createEventBus((error, event) =>
    options.logger.error(
      { event: 'link.listener_failed', name: event.name, error: String(error) },
      'a listener failed',
    ),
  );
  const line = new Line(options, local);
  const events: EventBus = {
    on: (name, listener) => local.on(name, listener),
    publish: (event) => {
      local.publish(event);
      if (UPWARD.has(event.name)) line.sendUp(event);
    },
  };
  return { ports: { ...portsOver(line), events }, ready: () => line.ready(), close: () => line.close() };
}

function portsOver(line: Line): Omit<Ports, 'events'> {
  const over = <Name extends CallName>(name: Name): Calls[Name] =>
    ((...params: unknown[]) => line.call(name, params)) as Calls[Name];
  return {
    engine: {
      submit: over('submit'),
      balancesOf: over('balancesOf'),
      operatorPosition: over('operatorPosition'),
      custody: over('custody'),
      paused: over('paused'),
      recordedWithdrawals: over('recordedWithdrawals'),
    },
    reconciliation: { latest: over('reconciliation') },
    coldStorage: {
      view: over('coldView'),
      plan: over('planCold'),
      gather: over('gatherCold'),
      announce: over('announceCold'),
      cancel: over('cancelCold'),
    },
    networkStates: { networks: over('networks'), venueTreasury: over('venueTreasury') },
    quotes: { quote: over('quote') },
    marketData: {
      tickers: over('tickers'),
      depth: over('depth'),
      trades: over('trades'),
      // JSON has no word for undefined.
      candles: (symbol, interval, limit, before, caller) =>
        line.call('candles', [symbol, interval, limit, before ?? null, caller]) as ReturnType<MarketData['candles']>,
      onDepth: (listener) => listen(line.onDepth, listener),
      onTrades: (listener) => listen(line.onTrades, listener),
    },
    figures: { feesOf: over('feesOf'), routing: over('routing') },
    depositAddresses: { addressFor: over('addressFor') },
    addressCheck: { check: over('checkAddress') },
    payoutRules: { judge: over('judgePayout'), approvers: over('approvers') },
    userKeys: { changePasskey: over('changePasskey'), droppedPasskeys: over('droppedPasskeys') },
  };
}

function listen<Listener>(set: Set<Listener>, listener: Listener): () => void {
  set.add(listener);
  return () => void set.delete(listener);
}

class Line {
  readonly onDepth = new Set<Parameters<MarketData['onDepth']>[0]>();
  readonly onTrades = new Set<Parameters<MarketData['onTrades']>[0]>();
  private readonly waiting = new Map<number, Waiting>();
  private socket: Socket | undefined;
  private open = false;
  private wasOpen = false;
  private closed = false;
  private pause = FIRST_PAUSE_MS;
  private heardAt = 0;
  private next = 0;
  private later: NodeJS.Timeout | undefined;
  private unsent: DomainEvent[] = [];
  private readonly whenOpen: (() => void)[] = [];

  constructor(
    private readonly options: LinkOptions,
    private readonly local: EventBus,
  ) {
    this.connect();
  }

  ready(): Promise<void> {
    return this.open ? Promise.resolve() : new Promise((resolve) => this.whenOpen.push(resolve));
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.later);
    this.socket?.destroy();
  }

  call(name: CallName, params: unknown[]): Promise<unknown> {
    const { deadlineMs = DEADLINE_MS, mostWaiting = MOST_WAITING } = this.options;
    if (!this.open || this.waiting.size >= mostWaiting) return Promise.reject(new DomainError('BUSY'));
    const id = ++this.next;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.settle(id, (call) => call.reject(lost(call.name))), deadlineMs);
      this.waiting.set(id, { name, timer, resolve, reject });
      this.send({ id, call: name, params });
    });
  }

  sendUp(event: DomainEvent): void {
    if (this.open) this.send({ event });
    else this.unsent = [...this.unsent, event].slice(-EVENTS_KEPT);
  }

  private send(message: Upward): void {
    this.socket?.write(frameOf(message));
  }

  private settle(id: number, end: (call: Waiting) => void): void {
    const call = this.waiting.get(id);
    if (!call) return;
    this.waiting.delete(id);
    clearTimeout(call.timer);
    end(call);
  }

  private connect(): void {
    const socket = connect(addressOf(this.options.address));
    this.socket = socket;
    this.heardAt = Date.now();
    const hear = this.conversation(socket);
    const read = readFrames(
      () => (this.open ? MOST_FRAME_BYTES : FIRST_FRAME_BYTES),
      (message) => hear(message as Downward),
    );
    const silence = setInterval(
      () => Date.now() - this.heardAt > SILENCE_MS && socket.destroy(new Error('the engine says nothing')),
      1000,
    );
    silence.unref();
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.heardAt = Date.now();
      try {
        if (!socket.destroyed) read(chunk);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error('garbage'));
      }
    });
    let why = 'closed';
    socket.on('error', (error) => (why = error.message));
    socket.on('close', () => {
      clearInterval(silence);
      this.lost(why);
    });
  }

  private lost(why: string): void {
    const { logger } = this.options;
    if (this.open)
      logger.warn({ event: 'link.lost', why, waiting: this.waiting.size }, 'the link to the engine is lost');
    else if (!this.closed)
      logger[this.pause >= LONGEST_PAUSE_MS ? 'error' : 'debug'](
        { event: 'link.refused', why },
        'the engine does not let us in',
      );
    this.open = false;
    for (const id of this.waiting.keys()) this.settle(id, (call) => call.reject(lost(call.name)));
    if (this.closed) return;
    this.later = setTimeout(() => this.connect(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
  }

  /** The greeting, the welcome, and then whatever comes. */
  private conversation(socket: Socket): (message: Downward) => void {
    const secret = currentOf(this.options.secret);
    const nonce = randomBytes(24).toString('base64');
    let wanted: string | undefined;
    return (message) => {
      if (this.open) this.hear(message);
      else if (wanted === undefined && 'greeting' in message) {
        if (message.version !== VERSION)
          throw new Error(`the engine speaks version ${message.version} of the link, and we ${VERSION}`);
        wanted = proofOf(secret, 'engine', message.greeting, nonce);
        socket.write(frameOf({ nonce, proof: proofOf(secret, 'api', message.greeting, nonce) } satisfies Upward));
      } else if (wanted !== undefined && 'welcome' in message && sameProof(message.welcome, wanted)) this.opened();
      else throw new Error('whoever listens there is not our engine');
    };
  }

  private opened(): void {
    this.open = true;
    this.pause = FIRST_PAUSE_MS;
    for (const event of this.unsent.splice(0)) this.send({ event });
    for (const go of this.whenOpen.splice(0)) go();
    this.options.logger.info({}, 'the engine can be asked');
    if (this.wasOpen) this.local.publish({ name: 'feed.gap' });
    this.wasOpen = true;
  }

  private hear(message: Downward): void {
    if ('id' in message)
      this.settle(message.id, (call) =>
        message.failure ? call.reject(refusal(message.failure)) : call.resolve(message.result),
      );
    else if ('event' in message) this.local.publish(message.event);
    else if ('depth' in message) for (const listener of this.onDepth) listener(message.depth);
    else if ('trades' in message) for (const listener of this.onTrades) listener(message.symbol, message.trades);
  }
}

/** A command may have been carried out; anything else has no effect that asking again would double. */
const lost = (name: CallName): DomainError => new DomainError(name === 'submit' ? 'UNKNOWN_OUTCOME' : 'BUSY');

const refusal = ({ code, details }: { code?: DomainError['code']; details?: Record<string, unknown> }): Error =>
  code === undefined ? new Error('the engine could not carry it out; see its log') : new DomainError(code, details);
