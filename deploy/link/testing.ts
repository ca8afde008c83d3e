/** Both sides of a link in one process, with houses whose answers a test decides. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command, CommandAnswer } from '../../domain/contract/commands';
import { createEventBus } from '../../domain/contract/event-bus';
import type { DepthDiff } from '../../domain/contract/api/live';
import { connectLink } from './connect';
import type { Link, LinkOptions } from './connect';
import type { Ports } from './protocol';
import { serveLink } from './serve';
import type { LinkServer, LinkServerOptions } from './serve';

export const SECRET = 'a secret of at least thirty-two characters';

export const until = async (what: string, condition: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 400 && !condition(); turn++) await new Promise((resolve) => setTimeout(resolve, 25));
  if (!condition()) throw new Error(`never: ${what}`);
};

/** Houses that answer as `answer` says. */
export function houses() {
  const asked: Command[] = [];
  const depth = new Set<(diff: DepthDiff) => void>();
  const state = {
    answer: (async (command) => ({ reference: command.reference })) as (command: Command) => Promise<CommandAnswer>,
  };
  const events = createEventBus((error) => {
    throw error;
  });
  const ports: Ports = {
    engine: {
      submit: (command) => {
        asked.push(command);
        return state.answer(command);
      },
      balancesOf: async (userId) => [{ asset: userId, available: '1', held: '0' }],
      operatorPosition: async () => [],
      custody: async () => [],
      paused: async () => [],
      recordedWithdrawals: async () => [],
    },
    quotes: { quote: async () => Promise.reject(new Error('a fault with words that nobody else should read')) },
    marketData: {
      tickers: async () => [],
      depth: async (symbol, limit) => ({ symbol, sequence: limit, mode: 'mirrored', bids: [], asks: [] }),
      trades: async () => [],
      candles: async (_symbol, _interval, limit, before) =>
        before === undefined ? [[limit, '1', '1', '1', '1', '1']] : [],
      onDepth: (listener) => {
        depth.add(listener);
        return () => void depth.delete(listener);
      },
      onTrades: () => () => undefined,
    },
    figures: { feesOf: async () => [], routing: async () => [] },
    depositAddresses: { addressFor: async (userId, network) => `${network}:${userId}` },
    networkStates: { networks: async () => [], venueTreasury: async () => true },
    addressCheck: { check: async (_network, _asset, address) => ({ address, inside: false }) },
    payoutRules: {
      judge: async () => ({ needed: 1, approvedBy: [], refused: [] }),
      approvers: async () => [{ name: 'ann', key: 'k' }],
    },
    userKeys: { changePasskey: async () => undefined, droppedPasskeys: async (userId) => [userId] },
    reconciliation: { latest: async () => ({ at: null, places: [] }) },
    coldStorage: {
      view: async () => ({ places: [], transfers: [] }),
      plan: async () => ({ id: 'c1' }),
      gather: async () => undefined,
      announce: async () => undefined,
      cancel: async () => undefined,
    },
    events,
  };
  return { ports, asked, state, tellDepth: (diff: DepthDiff) => depth.forEach((listener) => listener(diff)) };
}

/** Opens doors and links below a directory of its own, and closes all of them. */
export function linkWorld() {
  const dir = mkdtempSync(join(tmpdir(), 'link-'));
  const address = join(dir, 'engine.sock');
  const logged: string[] = [];
  const say = (_fields: Record<string, unknown>, message: string): void => void logged.push(message);
  const logger = {
    debug: say,
    info: say,
    warn: (fields: Record<string, unknown>, message: string) => void logged.push(`${message}: ${String(fields.why)}`),
    error: say,
  };
  const servers: LinkServer[] = [];
  const links: Link[] = [];
  return {
    address,
    logged,
    serve: async (ports: Ports, more: Partial<LinkServerOptions> = {}): Promise<LinkServer> => {
      const server = await serveLink(ports, { address, secret: SECRET, logger, ...more });
      servers.push(server);
      return server;
    },
    connect: (more: Partial<LinkOptions> = {}): Link => {
      const link = connectLink({ address, secret: SECRET, logger, ...more });
      links.push(link);
      return link;
    },
    close: async (): Promise<void> => {
      for (const link of links) link.close();
      for (const server of servers) await server.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
