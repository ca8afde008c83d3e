/**
 * Random trading by many users while everything that can go wrong at the venue does. Loopback only, bounded in time.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../../../db/data-source';
import { createEngineStore } from '../../../db/stores/engine';
import { loadRegistry } from '../../../db/stores/registry';
import { createEventBus } from '../../../domain/contract/event-bus';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import { createEngine } from '../../../matching/engine';
import { ensureAccount } from '../../../server';
import { auditBySettings } from '../../../deploy/custody';
import type { AuditResult } from '../../../solvency/audit';
import { DEMO_ADMIN } from '../../world/demo-accounts';
import { FAULT_NAMES } from '../../emulators/binance/fault-table';
import { LOCAL } from '../../../deploy/config/paths';
import { localSecret } from '../../services';
import { freePort, sleep } from '../../services/process';
import { World, worldConfig } from '../../world';
import type { WorldAddress } from '../../world';
import { OURS, RESET, controlOf, storm as weather } from './faults';
import type { Helper } from './faults';
import { Hand } from './hand';
import { Dice } from '../../stage/random';
import { readLog } from './recoveries';
import { StormClient, Trader } from './traders';
import type { Floor, MarketFacts } from './traders';
import { checkTables, checkTrades, untilQuiet } from './verdict';
import type { Quiet } from './verdict';

export interface VenueStormOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly users: number;
  /** How long orders are poured in before the storm, to see how few go to the venue. */
  readonly floodSeconds: number;
  readonly kills: number;
  /** So many faults, drawn by the seed, and no reset of the venue; all of them, unless told. */
  readonly drawn?: number;
  readonly say: (line: string) => void;
}

export interface VenueStormResult {
  readonly seed: number;
  readonly orders: number;
  readonly fills: number;
  readonly swaps: number;
  readonly kills: number;
  readonly faults: Record<string, number>;
  readonly faultsNeverFired: string[];
  readonly recoveries: Record<string, number>;
  readonly routing: {
    userOrders: number;
    venueOrders: number;
    perVenueOrder: number;
    perSecond: number;
    mostIn10s: number;
  };
  readonly refused: Record<string, number>;
  readonly quiet: Quiet;
  readonly differences: { asset: string; difference: string; reason: string | null }[];
  readonly unexplained: number;
  readonly balanced: boolean;
  readonly problems: string[];
  readonly audit: AuditResult;
}

/** What the account at the venue holds at first, all of it the operator's; users are given a part. */
const FIRST: Readonly<Record<string, string>> = {
  USDT: '4000000',
  ETH: '900',
  BTC: '30',
  BNB: '3000',
  SOL: '8000',
  TRX: '3000000',
  XRP: '600000',
  LTC: '6000',
};
/** Of it, each user gets a part in so many. */
const PART = 40n;
const QUIET_MS = 60_000;
/** A difference of the account must be told within this. */
const DIFFERENCE_MS = 60_000;
const AUDIT_WAIT_MS = 60_000;
/** The venue's day, scaled. */
const DAY_MS = 25_000;
const PASSWORD = 'storm at the venue';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Runs the storm in a world of its own. Rejects when it cannot run at all. */
export async function venueStorm(options: VenueStormOptions): Promise<VenueStormResult> {
  const dir = join(LOCAL, 'venue-storm', `${process.pid}`);
  mkdirSync(dir, { recursive: true });
  const world = new World({
    dir,
    say: options.say,
    throwAway: true,
    port: await freePort(),
    env: { LOG_LEVEL: 'debug' },
    networks: ['ethereum'],
    venue: { balances: FIRST, connectionMs: DAY_MS },
  });
  let database: DataSource | undefined;
  try {
    const address = await world.start();
    database = await openDatabase({ url: address.databaseUrl, poolSize: 4 });
    await endow(database, options.users);
    // The engine that gave the coins out has taken the tables over.
    await world.killAndRestart('javizen');
    return await inWorld({ world, address, database, options });
  } finally {
    await database?.destroy();
    await world.stop();
    if (!process.env.STORM_KEEP) rmSync(dir, { recursive: true, force: true });
  }
}

/** Accounts, and coins for them, by an engine of the storm's own. */
async function endow(database: DataSource, users: number): Promise<void> {
  const clock = { now: () => Date.now() };
  const ids = { next: () => `u${Date.now().toString(36)}${Math.floor(Math.random() * 1e9).toString(36)}` };
  const engine = createEngine({
    dataSource: database,
    store: createEngineStore(database),
    registry: await loadRegistry(database),
    clock,
    events: createEventBus(() => undefined),
    logger: silent,
    onFenced: () => undefined,
  });
  await engine.start();
  for (const [asset, amount] of Object.entries(FIRST))
    await engine.submit({
      kind: 'operator.contribute',
      reference: `storm:first:${asset}`,
      asset,
      amount,
      custody: 'binance',
    });
  for (let n = 0; n < users; n++) {
    const userId = await ensureAccount(
      { dataSource: database, clock, ids },
      { email: emailOf(n), password: PASSWORD, kycState: 'APPROVED', locale: 'en' },
    );
    for (const [asset, amount] of Object.entries(FIRST)) {
      await engine.submit({
        kind: 'operator.grant',
        reference: `storm:grant:${n}:${asset}`,
        userId,
        asset,
        amount: formatAmount(parseAmount(amount) / PART),
        why: 'storm',
      });
    }
  }
  await engine.stop();
}

const emailOf = (n: number): string => `storm-${n}@javizen.local`;

interface Setting {
  readonly world: World;
  readonly address: WorldAddress;
  readonly database: DataSource;
  readonly options: VenueStormOptions;
}

/** Who trades, and what they see of the markets. */
interface Trading {
  readonly admin: StormClient;
  readonly floor: Floor;
  readonly traders: Trader[];
  endPrices(): void;
}

async function openTrading({ address, options }: Setting): Promise<Trading> {
  const client = (email: string, password: string): StormClient => new StormClient(address.url, email, password);
  const admin = client(DEMO_ADMIN, address.adminPassword);
  await admin.start();
  const { markets } = await admin.call<{ markets: (MarketFacts & { venue: string | null })[] }>('GET', '/assets');
  const floor: Floor = {
    markets: markets.filter(({ venue }) => venue !== null),
    prices: new Map(),
    placed: new Set(),
    refused: new Map(),
    running: true,
  };
  const prices = followPrices(floor, admin);
  const clients = Array.from({ length: options.users }, (_, n) => client(emailOf(n), PASSWORD));
  await Promise.all(clients.map((one) => one.start()));
  const traders = clients.map((one, n) => new Trader(one, floor, `t${n}`, options.seed * 1000 + n + 1));
  while (floor.prices.size < floor.markets.length) await sleep(100);
  options.say(`${options.users} users, ${floor.markets.length} markets`);
  return { admin, floor, traders, endPrices: () => clearInterval(prices) };
}

/** Which faults are to come, whether the venue is reset among them, and what came. */
interface Weather {
  readonly faults: readonly string[];
  readonly isWhole: boolean;
  readonly fired: Record<string, number>;
  readonly kills: number;
  readonly help: ReturnType<typeof helperOf>;
}

/** Users trade and an operator opens again what was stopped, while faults fire and processes are killed. */
async function storm({ world, address, options }: Setting, { admin, floor, traders }: Trading): Promise<Weather> {
  const { seed, minutes, say } = options;
  const dice = new Dice(seed);
  const control = controlOf(address.binanceUrl);
  const until = Date.now() + minutes * 60_000;
  const trading = Promise.all(traders.map((trader) => trader.run(60)));
  const operator = operate(admin, () => floor.running, say);
  const killing = killer(world, new Dice(seed + 7), options.kills, until, say);
  const ahead = { ms: 0 };
  const faults = options.drawn === undefined ? FAULT_NAMES : dice.shuffled(OURS).slice(0, options.drawn);
  const help = helperOf(world, address, floor, new Dice(seed + 13), control, ahead);
  const [{ drifts }, kills] = await Promise.all([
    weather({ control, dice, help: help.give, until, ahead, faults, say }),
    killing,
  ]);
  await world.ensure();
  floor.running = false;
  await Promise.all([trading, operator]);
  await help.done();
  await sleep(2500); // the last ban, and what lasts
  const fired: Record<string, number> = { ...(await control.fired()), 'clock-drift': drifts, 'kill-9': kills };
  say('the faults have stopped');
  return { faults, isWhole: faults.includes(RESET), fired, kills, help };
}

/** Everything that is not as it should be once it is quiet, a sentence each. */
async function problemsOf(
  { address, database }: Setting,
  { floor }: Trading,
  { isWhole, help }: Weather,
  settled: Quiet,
  noticed: boolean,
): Promise<{ problems: string[]; recoveries: Record<string, number> }> {
  const told = readLog(address.dir);
  const problems = [
    ...(await checkTables(database, floor.placed)),
    ...settled.unnamed.map((text) => `open without a reason: ${text}`),
    ...new Set(told.broken),
  ];
  if (!noticed) problems.push('nobody was told that the account at the venue differs from our books');
  if (isWhole && (told.recoveries.venueStopped ?? 0) === 0) problems.push('the reset of the venue was not noticed');
  for (const { symbol } of floor.markets)
    problems.push(...(await checkTrades(database, symbol, await help.hand.history(symbol))));
  if (settled.intents > 0) problems.push(`${settled.intents} orders at the venue without a final word`);
  return { problems, recoveries: told.recoveries };
}

async function inWorld(setting: Setting): Promise<VenueStormResult> {
  const { address, database, options } = setting;
  const { seed, say } = options;
  const trading = await openTrading(setting);
  const { admin, floor } = trading;
  const routing = await flooded(database, trading.traders, options.floodSeconds);
  say(
    `calm: ${routing.userOrders} orders of users, ${routing.venueOrders} at the venue: ${routing.perVenueOrder} each`,
  );
  const weathered = await storm(setting, trading);
  const { faults, isWhole, fired, kills, help } = weathered;
  await operate(admin, once(), say);
  const quiet = await untilQuiet(database, floor, QUIET_MS);
  say(`quiet after ${quiet.ms} ms`);
  const noticed = !isWhole || (await differenceByHand(help.hand, address.dir));
  // What others did with the account is booked by an explicit word of the operator.
  if (isWhole) await openVenue(admin, false, 'trades and withdrawals by hand, as the venue tells them', say);
  const settled = isWhole ? await untilQuiet(database, floor, QUIET_MS) : quiet;
  trading.endPrices();
  const result = await auditBySettings(worldConfig(address), AUDIT_WAIT_MS);
  const { problems, recoveries } = await problemsOf(setting, trading, weathered, settled, noticed);
  return {
    ...(await sums(database)),
    seed,
    kills,
    faults: fired,
    faultsNeverFired: faults.filter((name) => !fired[name]),
    recoveries,
    routing,
    refused: Object.fromEntries(floor.refused),
    quiet: { ...settled, ms: quiet.ms },
    unexplained: result.places.filter(({ unexplained }) => unexplained !== 0n).length,
    balanced: result.balanced,
    problems,
    audit: result,
  };
}

function once(): () => boolean {
  let times = 2;
  return () => times-- > 0;
}

/** Once more by hand, now that it is quiet: somebody must be told, whatever the reset took with it. */
async function differenceByHand(hand: Hand, dir: string): Promise<boolean> {
  await hand.buy('LTCUSDT', '25');
  return untilTold(dir, 'differencesFound', DIFFERENCE_MS);
}

/** Waits until the log tells of something. */
async function untilTold(dir: string, name: string, mostMs: number): Promise<boolean> {
  for (const end = Date.now() + mostMs; ; await sleep(1000)) {
    if ((readLog(dir).recoveries[name] ?? 0) > 0) return true;
    if (Date.now() > end) return false;
  }
}

function followPrices(floor: Floor, admin: StormClient): NodeJS.Timeout {
  let asking = false;
  return setInterval(() => {
    if (asking) return;
    asking = true;
    admin
      .call<{ items: { symbol: string; bid: string; ask: string; mode: string }[] }>('GET', '/tickers')
      .then(({ items }) => {
        for (const { symbol, bid, ask, mode } of items)
          if (floor.markets.some((market) => market.symbol === symbol))
            floor.prices.set(symbol, { bid: Number(bid), ask: Number(ask), mode });
      })
      .catch(() => undefined)
      .finally(() => (asking = false));
  }, 400);
}

/** Orders at market as fast as they are answered, and how few orders at the venue they became. */
async function flooded(
  database: DataSource,
  traders: readonly Trader[],
  seconds: number,
): Promise<VenueStormResult['routing']> {
  const read = async (): Promise<[number, number]> => {
    const [row] = (await database.query(
      'SELECT SUM(user_orders) AS users, SUM(venue_orders) AS venue FROM routing',
    )) as { users: string; venue: string }[];
    return [Number(row?.users), Number(row?.venue)];
  };
  const [before, began] = [await read(), Date.now()];
  await Promise.all(traders.map((trader) => trader.flood(began + seconds * 1000)));
  const took = (Date.now() - began) / 1000;
  await sleep(2000);
  const after = await read();
  const [userOrders, venueOrders] = [after[0] - before[0], after[1] - before[1]];
  const windows = (await database.query(
    'SELECT COUNT(*) AS n FROM venue_intents WHERE created_at >= ? GROUP BY FLOOR(created_at / 10000) ORDER BY n DESC LIMIT 1',
    [began],
  )) as { n: string }[];
  const perVenueOrder = venueOrders === 0 ? 0 : Math.round((userOrders / venueOrders) * 10) / 10;
  return {
    userOrders,
    venueOrders,
    perVenueOrder,
    perSecond: Math.round(userOrders / took),
    mostIn10s: Number(windows[0]?.n ?? 0),
  };
}

/** kill -9 of the exchange at random moments. */
async function killer(
  world: World,
  dice: Dice,
  kills: number,
  until: number,
  say: (line: string) => void,
): Promise<number> {
  const each = (until - Date.now()) / (kills + 1);
  for (let n = 0; n < kills; n++) {
    await sleep(each * dice.between(0.7, 1.1));
    say(`kill ${n + 1} of ${kills}`);
    await world.killAndRestart('javizen');
  }
  return kills;
}

async function openVenue(
  admin: StormClient,
  newEpoch: boolean,
  why: string,
  say: (line: string) => void,
): Promise<void> {
  const { epoch, state } = await admin.call<{ epoch: number; state: string }>('POST', '/admin/venue/open', {
    newEpoch,
    why,
  });
  say(`an operator opens the venue: epoch ${epoch}, ${state}`);
}

/** An operator who opens the venue when it was stopped. */
async function operate(admin: StormClient, goes: () => boolean, say: (line: string) => void): Promise<void> {
  while (goes()) {
    const venue = await admin
      .call<{ state: string; reason: string | null }>('GET', '/admin/venue')
      .catch(() => undefined);
    if (venue?.state === 'STOPPED') {
      say(`the venue is stopped: ${venue.reason}`);
      await openVenue(admin, true, 'the venue was reset', say).catch((error: unknown) => say(String(error)));
    }
    await sleep(1000);
  }
}

function helperOf(
  world: World,
  address: WorldAddress,
  floor: Floor,
  dice: Dice,
  control: ReturnType<typeof controlOf>,
  ahead: { ms: number },
): { hand: Hand; give: (helper: Helper) => void; done: () => Promise<void> } {
  const hand = new Hand(
    address.binanceUrl,
    { key: localSecret(address.dir, 'tradingKey'), secret: localSecret(address.dir, 'tradingSecret') },
    () => ahead.ms,
  );
  const running = new Set<Promise<unknown>>();
  const start = (work: Promise<unknown>): void => {
    const ended = work.catch(() => undefined).finally(() => running.delete(ended));
    running.add(ended);
  };
  return {
    hand,
    give: (helper) => {
      if (helper === 'cut') return start(control.post('faults', { name: 'socket-cut', count: 1 }));
      const market = dice.pick(floor.markets.filter(({ quote }) => quote === 'USDT'));
      const price = floor.prices.get(market.symbol)?.bid ?? 0;
      if (helper === 'buy') return start(hand.buy(market.symbol, '25'));
      const tick = Number(market.tick);
      const decimals = market.tick.split('.')[1]?.replace(/0+$/, '').length ?? 0;
      const low = (Math.floor((price * 0.99) / tick) * tick).toFixed(decimals);
      const lot = Number(market.lot);
      start(
        hand.rest(
          market.symbol,
          low,
          (Math.ceil(40 / price / lot) * lot).toFixed(market.lot.split('.')[1]?.replace(/0+$/, '').length ?? 0),
          800,
        ),
      );
    },
    done: async () => void (await Promise.all(running)),
  };
}

async function sums(
  database: DataSource,
): Promise<Pick<VenueStormResult, 'orders' | 'fills' | 'swaps' | 'differences'>> {
  const count = async (sql: string): Promise<number> => Number(((await database.query(sql)) as { n: string }[])[0]?.n);
  const rows = (await database.query('SELECT asset, difference, reason FROM venue_differences ORDER BY at, asset')) as {
    asset: string;
    difference: string;
    reason: string | null;
  }[];
  return {
    orders: await count('SELECT COUNT(*) AS n FROM orders'),
    fills: await count('SELECT COUNT(*) AS n FROM fills'),
    swaps: await count('SELECT COUNT(*) AS n FROM swaps'),
    differences: rows,
  };
}
