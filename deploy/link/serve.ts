/** The side with the engine: lets further API processes in, carries out what they ask, tells them what happens. */
import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Command } from '../../domain/contract/commands';
import { DomainError } from '../../domain/contract/errors';
import type { EventName, DomainEvent } from '../../domain/contract/events';
import { frameOf, readFrames } from '../../domain/contract/frames';
import { versionsOf } from '../../domain/secret-versions';
import type { Logger } from '../../domain/contract/ports';
import {
  FIRST_FRAME_BYTES,
  GREETING_MS,
  MOST_FRAME_BYTES,
  PING_MS,
  UPWARD,
  VERSION,
  REMOTE_COMMANDS,
  addressOf,
  proofOf,
  sameProof,
} from './protocol';
import type { Calls, Downward, Failure, Ports } from './protocol';

export interface LinkServerOptions {
  /** A path or host:port. */
  readonly address: string;
  readonly secret: string;
  readonly logger: Logger;
  /** Requests of one peer that may wait at once; more are refused BUSY. */
  readonly mostWaiting?: number;
  /**
   * Bytes for a peer that may wait: above the first prices are left out, above the second it is cut off and comes
   * back.
   */
  readonly slowBytes?: number;
  readonly stuckBytes?: number;
}

export interface LinkServer {
  /** Where it listens: as given, with the port that was found where 0 was asked for. */
  readonly address: string;
  close(): Promise<void>;
}

interface Peer {
  readonly socket: Socket;
  readonly greeting: string;
  known: boolean;
  waiting: number;
}

/**
 * What an API process is told. Trades come with the prices, demand is the wallets', and a gap is each process's own.
 */
const TOLD: Readonly<Record<EventName, boolean>> = {
  'balance.changed': true,
  'swap.changed': true,
  'order.changed': true,
  'fill.made': true,
  'withdrawal.changed': true,
  'deposit.changed': true,
  'kyc.changed': true,
  'access.changed': true,
  alert: true,
  'market.traded': false,
  'venue.demand': false,
  'feed.gap': false,
};

/**
 * Opens the door. A socket file that is in the way belongs to an engine that was: whoever has taken over owns the
 * door.
 */
export async function serveLink(ports: Ports, options: LinkServerOptions): Promise<LinkServer> {
  const door = new Door(ports, options);
  const address = addressOf(options.address);
  if ('path' in address && lstatSync(address.path, { throwIfNoEntry: false })?.isSocket()) rmSync(address.path);
  const server = createServer((socket) => door.enter(socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      if ('path' in address) chmodSync(address.path, 0o600);
      resolve();
    });
  });
  return {
    address: 'path' in address ? address.path : `${address.host}:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      door.close();
      await closed;
    },
  };
}

const callsOf = ({
  engine,
  quotes,
  marketData,
  figures,
  depositAddresses,
  addressCheck,
  payoutRules,
  userKeys,
  reconciliation,
  coldStorage,
  networkStates,
}: Ports): Calls => ({
  submit: (command) => engine.submit(wish(command)),
  balancesOf: (userId) => engine.balancesOf(userId),
  operatorPosition: () => engine.operatorPosition(),
  custody: () => engine.custody(),
  paused: () => engine.paused(),
  recordedWithdrawals: (ids) => engine.recordedWithdrawals(ids),
  reconciliation: () => reconciliation.latest(),
  coldView: () => coldStorage.view(),
  planCold: (wish) => coldStorage.plan(wish),
  gatherCold: (id, psbt, adminId) => coldStorage.gather(id, psbt, adminId),
  announceCold: (id, txid, adminId) => coldStorage.announce(id, txid, adminId),
  cancelCold: (id, adminId) => coldStorage.cancel(id, adminId),
  networks: () => networkStates.networks(),
  venueTreasury: () => networkStates.venueTreasury(),
  quote: (request) => quotes.quote(request),
  tickers: () => marketData.tickers(),
  depth: (symbol, limit) => marketData.depth(symbol, limit),
  trades: (symbol, limit, caller) => marketData.trades(symbol, limit, caller),
  candles: (symbol, interval, limit, before, caller) =>
    marketData.candles(symbol, interval, limit, before ?? undefined, caller),
  feesOf: (userId) => figures.feesOf(userId),
  routing: () => figures.routing(),
  addressFor: (userId, network) => depositAddresses.addressFor(userId, network),
  checkAddress: (network, asset, address) => addressCheck.check(network, asset, address),
  judgePayout: (payment, approvals) => payoutRules.judge(payment, approvals),
  approvers: () => payoutRules.approvers(),
  changePasskey: (change) => userKeys.changePasskey(change),
  droppedPasskeys: (userId) => userKeys.droppedPasskeys(userId),
});

/** The command, if an API process may ask for such a thing. */
function wish(command: Command): Command {
  const { kind, reference } = (command ?? {}) as Partial<Command>;
  if (kind === undefined || !REMOTE_COMMANDS.has(kind)) throw new DomainError('FORBIDDEN');
  // What the exchange itself may order without an admin is not for another process to order.
  if ('adminId' in command && typeof command.adminId !== 'string') throw new DomainError('FORBIDDEN');
  if (typeof reference !== 'string' || !/^[\x21-\x7e]{1,190}$/.test(reference)) throw new DomainError('BAD_REQUEST');
  return command;
}

class Door {
  private readonly peers = new Set<Peer>();
  private readonly calls: Calls;
  private readonly ends: (() => void)[];
  /** The peer whose event is being told now; it knows it already. */
  private speaking: Peer | undefined;
  private readonly mostWaiting: number;
  private readonly slowBytes: number;
  private readonly stuckBytes: number;

  constructor(
    private readonly ports: Ports,
    private readonly options: LinkServerOptions,
  ) {
    this.mostWaiting = options.mostWaiting ?? 10_000;
    this.slowBytes = options.slowBytes ?? 1024 * 1024;
    this.stuckBytes = options.stuckBytes ?? 16 * 1024 * 1024;
    this.calls = callsOf(ports);
    const ping = setInterval(() => this.tell({ ping: true }, this.stuckBytes), PING_MS);
    ping.unref();
    this.ends = [
      ...(Object.keys(TOLD) as EventName[])
        .filter((name) => TOLD[name])
        .map((name) => ports.events.on(name, (event) => this.tell({ event }, this.stuckBytes))),
      ports.marketData.onDepth((depth) => this.tell({ depth }, this.slowBytes)),
      ports.marketData.onTrades((symbol, trades) => this.tell({ symbol, trades }, this.slowBytes)),
      () => clearInterval(ping),
    ];
  }

  close(): void {
    for (const end of this.ends) end();
    for (const { socket } of this.peers) socket.destroy();
  }

  enter(socket: Socket): void {
    const peer: Peer = { socket, greeting: randomBytes(24).toString('base64'), known: false, waiting: 0 };
    this.peers.add(peer);
    const late = setTimeout(() => peer.known || this.refuse(peer, 'it says nothing'), GREETING_MS);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(late);
      this.peers.delete(peer);
    });
    const read = readFrames(
      () => (peer.known ? MOST_FRAME_BYTES : FIRST_FRAME_BYTES),
      (message) => this.hear(peer, message),
    );
    socket.on('data', (chunk) => {
      try {
        if (!socket.destroyed) read(chunk);
      } catch (error) {
        this.refuse(peer, error instanceof Error ? error.message : 'garbage');
      }
    });
    this.send(peer, { greeting: peer.greeting, version: VERSION });
  }

  private refuse({ socket }: Peer, why: string): void {
    this.options.logger.warn(
      { event: 'link.peer_cut_off', from: socket.remoteAddress ?? 'a local socket', why },
      'an API process was cut off',
    );
    socket.destroy();
  }

  private hear(peer: Peer, said: unknown): void {
    const message = (typeof said === 'object' && said !== null ? said : {}) as Record<string, unknown>;
    if (peer.socket.destroyed) return;
    if (!peer.known) this.admit(peer, message);
    else if (typeof message.id === 'number' && typeof message.call === 'string' && Array.isArray(message.params))
      void this.answer(peer, message.id, message.call, message.params);
    else if (UPWARD.has((message.event as DomainEvent | undefined)?.name as EventName))
      this.pass(peer, message.event as DomainEvent);
    else this.refuse(peer, 'a message that has no meaning');
  }

  /** The first frame shows the secret; ours is shown in return. */
  private admit(peer: Peer, { nonce, proof }: Record<string, unknown>): void {
    const { secret, logger } = this.options;
    const known =
      typeof nonce !== 'string' || nonce.length < 16
        ? undefined
        : versionsOf(secret).find((one) => sameProof(proof, proofOf(one, 'api', peer.greeting, nonce)));
    if (known === undefined || typeof nonce !== 'string') {
      this.refuse(peer, 'it does not know the secret');
      return;
    }
    peer.known = true;
    this.send(peer, { welcome: proofOf(known, 'engine', peer.greeting, nonce) });
    logger.info({ peers: this.peers.size }, 'an API process has come');
  }

  private async answer(peer: Peer, id: number, name: string, params: unknown[]): Promise<void> {
    if (peer.waiting >= this.mostWaiting) {
      this.send(peer, { id, failure: { code: 'BUSY' } });
      return;
    }
    peer.waiting++;
    try {
      if (!Object.hasOwn(this.calls, name)) throw new DomainError('NOT_FOUND');
      const call = this.calls[name as keyof Calls] as (...given: unknown[]) => Promise<unknown>;
      this.send(peer, { id, result: await call(...params) });
    } catch (error) {
      this.send(peer, { id, failure: this.failure(name, error) });
    } finally {
      peer.waiting--;
    }
  }

  private failure(name: string, error: unknown): Failure {
    if (error instanceof DomainError) return { code: error.code, ...(error.details && { details: error.details }) };
    this.options.logger.error(
      { event: 'link.call_failed', call: name, error: String(error) },
      'a call of an API process failed',
    );
    return {};
  }

  /** What came into being in an API process is told here, and on to the other ones. */
  private pass(peer: Peer, event: DomainEvent): void {
    this.speaking = peer;
    try {
      this.ports.events.publish(event);
    } finally {
      this.speaking = undefined;
    }
  }

  /**
   * To every peer, framed once. Where more than `bound` waits it is left out, or, at the last bound, the peer is cut
   * off.
   */
  private tell(message: Downward, bound: number): void {
    let framed: Uint8Array | undefined;
    for (const peer of this.peers) {
      if (!peer.known || peer === this.speaking || (peer.socket.writableLength > bound && bound < this.stuckBytes))
        continue;
      framed ??= frameOf(message);
      this.write(peer, framed);
    }
  }

  private send(peer: Peer, message: Downward): void {
    this.write(peer, frameOf(message));
  }

  private write(peer: Peer, framed: Uint8Array): void {
    if (peer.socket.destroyed) return;
    if (peer.socket.writableLength > this.stuckBytes) this.refuse(peer, 'it does not read');
    else peer.socket.write(framed);
  }
}
