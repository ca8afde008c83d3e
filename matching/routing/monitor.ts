import type { KnownOrder, VenueMemory } from '../../db/stores/venue';
import type { Clock } from '../../domain/clock-and-ids';
import type { EventBus, Logger, VenueCapital } from '../../domain/contract/ports';
import { formatAmount, parseAmount, parseSigned } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Registry } from '../../domain/registry';
import type { EngineControl } from '../engine';
import type { AccountTrade, Venue } from '../venues/venue';
import { stopRouting } from './dispatcher';

const LOOK_EVERY_MS = 1000;
const KNOWN_EVERY_MS = 5000;
const DRAIN_EVERY_MS = 30_000;
/** An order that young may not be known to every copy that the venue reads from. */
const SETTLED_MS = 15_000;
const REMEMBERED_MS = 86_400_000;
/** "No such order" so often in a row is believed. */
const ABSENT_TIMES = 3;
/** A difference that stays so long is nothing that is under way. */
const DIFFERENCE_MS = 15_000;

export interface WatchDeps {
  readonly engine: EngineControl;
  readonly venue: Venue & { readonly capital: Pick<VenueCapital, 'balances'> };
  readonly memory: VenueMemory;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly events: EventBus;
  readonly logger: Logger;
}

interface Account {
  readonly asset: string;
  readonly booked: string;
  readonly actual: string;
}

type Balance = Awaited<ReturnType<VenueCapital['balances']>>[number];

export interface Watch {
  stop(): void;
  /** Reads the trades by id soon: events were missed. */
  drain(): void;
  /** Balances as they were just read, and the markets that had an order under way before or after. */
  compare(rows: readonly Balance[], busyMarkets: ReadonlySet<string>): Promise<void>;
}

/**
 * Watches over the account at the venue: is it still the one we know, has anybody else traded on it, does it hold what
 * our books say; and brings the books to it when an operator opens it again.
 */
export function startWatch(deps: WatchDeps): Watch {
  const { engine, clock, logger } = deps;
  const due = { rising: 0, known: 0, drain: 0 };
  const [known, rising] = [knownOrder(deps), risingIds(deps)];
  const foreign = foreignTrades(deps);
  let busy = false;

  const every = async (name: keyof typeof due, ms: number, work: () => Promise<void>): Promise<void> => {
    if (clock.now() < due[name]) return;
    due[name] = clock.now() + ms;
    await work();
  };
  const look = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      const { state } = engine.venue();
      if (state === 'OPENING') await reconcile(deps);
      if (state !== 'OPEN') return;
      await every('rising', KNOWN_EVERY_MS, rising);
      await every('known', KNOWN_EVERY_MS, known);
      await every('drain', DRAIN_EVERY_MS, foreign);
    } catch (error) {
      logger.debug({ error: String(error) }, 'the venue cannot be watched now');
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  return {
    stop: () => clearInterval(timer),
    compare: comparison(deps),
    drain: () => {
      due.drain = 0;
    },
  };
}

/** An order that the venue had a final word on is gone, time and again: the venue was reset. */
function knownOrder({ engine, venue, memory, clock }: WatchDeps): () => Promise<void> {
  let closed: { order: KnownOrder; times: number; at: number } | undefined;
  return async () => {
    const now = clock.now();
    const { at } = engine.venue();
    if (closed?.at !== at) closed = undefined;
    // One that was missed once is asked for until it is found, or believed to be gone.
    const order =
      closed?.order ?? (await memory.lastOrder(at > now - REMEMBERED_MS ? at : now - REMEMBERED_MS, now - SETTLED_MS));
    if (!order || (await venue.knows(order))) {
      closed = undefined;
      return;
    }
    closed = { order, at, times: (closed?.times ?? 0) + 1 };
    if (closed.times >= ABSENT_TIMES)
      await stopRouting(engine, `the venue no longer knows order ${order.venueOrderId} of ${order.symbol}`);
  };
}

/**
 * The venue numbers the orders of a market upwards. A lower number than a much older order has means that it began
 * anew, also where nobody could ask it while its old orders were still the newest.
 */
function risingIds({ engine, memory }: WatchDeps): () => Promise<void> {
  return async () => {
    const back = wentBack(await memory.finalOrders(engine.venue().at));
    if (back)
      await stopRouting(engine, `order ${back.venueOrderId} of ${back.symbol} has a lower number than those before it`);
  };
}

/** The first order with a lower number than one of its market that was written down a good while earlier. */
export function wentBack<T extends { readonly symbol: string; readonly venueOrderId: string; readonly at: number }>(
  orders: readonly T[],
): T | undefined {
  const bySymbol = new Map<string, T[]>();
  for (const order of orders.toSorted((a, b) => a.at - b.at))
    bySymbol.set(order.symbol, [...(bySymbol.get(order.symbol) ?? []), order]);
  for (const own of bySymbol.values()) {
    let highest = 0n;
    let past = 0;
    for (const order of own) {
      // Orders written down at about the same time may arrive in another order.
      for (let old = own[past]; old && old.at <= order.at - SETTLED_MS; old = own[++past])
        if (BigInt(old.venueOrderId) > highest) highest = BigInt(old.venueOrderId);
      if (BigInt(order.venueOrderId) < highest) return order;
    }
  }
  return undefined;
}

/** Trades past the last settled one, in each market: what belongs to no order of ours is somebody's with our keys. */
function foreignTrades({ engine, venue, memory, registry, events, logger }: WatchDeps): () => Promise<void> {
  /** A market that cannot be read is no reason not to look at the others. */
  const tradesOf = (symbol: string, from: number): Promise<AccountTrade[]> =>
    venue.tradesFrom(symbol, from).catch((error: unknown) => {
      logger.debug({ symbol, error: String(error) }, 'the trades of a market cannot be read now');
      return [];
    });
  /** The last trade looked at in each market. */
  const seen = new Map<string, number>();
  return async () => {
    const { epoch } = engine.venue();
    const last = await memory.lastTrades(epoch);
    for (const { symbol } of registry.markets.filter(({ venue: name }) => name !== null)) {
      const place = `${epoch}|${symbol}`;
      const [settled, looked] = [last.get(symbol) ?? 0, seen.get(place)];
      // A market that never traded has no place to begin at; its first trades are found when it has one.
      if (settled === 0) continue;
      const trades = await tradesOf(symbol, (looked ?? settled) + 1);
      logger.debug({ symbol, trades: trades.length }, 'trades were read by id');
      const unsettled = new Set(
        await memory.unsettled(
          epoch,
          symbol,
          trades.map(({ id }) => id),
        ),
      );
      for (const trade of trades.filter(({ id }) => unsettled.has(id))) {
        const clientId = await venue.clientIdOf(symbol, trade.orderId);
        if (clientId !== undefined && (await memory.isOurs(clientId))) continue;
        const details = {
          symbol,
          tradeId: trade.id,
          orderId: trade.orderId,
          clientId,
          price: trade.price,
          quantity: trade.quantity,
        };
        events.publish({
          name: 'alert',
          code: 'FOREIGN_TRADE',
          message: 'A trade on our account at the venue belongs to no order of ours.',
          details,
        });
      }
      seen.set(place, trades.at(-1)?.id ?? looked ?? settled);
    }
  };
}

function compared({ engine, registry, venue }: WatchDeps, rows: readonly Balance[]): Promise<Account[]> {
  return engine.custody().then((places) => {
    const booked = new Map(
      places.filter(({ place }) => place === venue.id).map(({ asset, amount }) => [asset, amount]),
    );
    return registry.assets.map(({ code }) => {
      const row = rows.find(({ asset }) => asset === code);
      return {
        asset: code,
        booked: booked.get(code) ?? '0',
        actual: row ? formatAmount(parseAmount(row.free) + parseAmount(row.locked)) : '0',
      };
    });
  });
}

const differs = ({ booked, actual }: Account): Units => parseAmount(actual) - parseSigned(booked);

/** An operator has opened the venue: when every order is answered for, the books follow the account. */
async function reconcile(deps: WatchDeps): Promise<void> {
  const { engine, venue, clock, logger } = deps;
  if (engine.openIntents() > 0)
    return logger.debug({ intents: engine.openIntents() }, 'orders are asked for before the venue opens');
  const accounts = await compared(deps, await venue.capital.balances());
  await engine.submit({
    kind: 'venue.reconciled',
    reference: `venue-reconciled:${engine.venue().epoch}:${clock.now()}`,
    accounts,
  });
  logger.info({ epoch: engine.venue().epoch }, 'the venue is open');
}

/**
 * What the account has besides our books, once it has stayed the same for a while; assets with an order under way are
 * left out.
 */
function comparison(deps: WatchDeps): (rows: readonly Balance[], busyMarkets: ReadonlySet<string>) => Promise<void> {
  const { clock, events, registry } = deps;
  const since = new Map<string, { difference: Units; at: number; told: boolean }>();
  return async (rows, busyMarkets) => {
    const busy = new Set(
      registry.markets.filter(({ symbol }) => busyMarkets.has(symbol)).flatMap(({ base, quote }) => [base, quote]),
    );
    for (const account of await compared(deps, rows)) {
      if (busy.has(account.asset)) continue;
      const difference = differs(account);
      const before = since.get(account.asset);
      if (difference === 0n) {
        since.delete(account.asset);
      } else if (before?.difference !== difference) {
        since.set(account.asset, { difference, at: clock.now(), told: false });
      } else if (!before.told && clock.now() - before.at >= DIFFERENCE_MS) {
        before.told = true;
        const { asset, booked, actual } = account;
        events.publish({
          name: 'alert',
          code: 'VENUE_DIFFERENCE',
          message: "The venue's account differs from our books.",
          details: { asset, booked, actual, difference: formatAmount(difference) },
        });
      }
    }
  };
}
