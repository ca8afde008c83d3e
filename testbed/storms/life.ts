/** Many lives at once while parts of the house are killed. Loopback only, bounded in kills and time. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Redis from 'ioredis';
import { parseAmount } from '../../domain/money/amount';
import { auditBySettings } from '../../deploy/custody';
import type { AuditResult } from '../../solvency/audit';
import { balanceOf } from '../emulators/evm/balance';
import { LOCAL } from '../../deploy/config/paths';
import { sleep } from '../services/process';
import { World, chainOf, worldConfig } from '../world';
import type { WorldAddress } from '../world';
import { PatientClient } from '../stage/client';
import { live } from '../stage/life';
import type { LifeResult } from '../stage/life';

export interface StormOptions {
  readonly kills: number;
  readonly users: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface StormResult {
  readonly seed: number;
  readonly lives: number;
  readonly ended: number;
  readonly faults: Record<string, number>;
  readonly faultsNeverFired: string[];
  readonly problems: string[];
  readonly audit: AuditResult;
}

const TARGETS = ['javizen', 'signer', 'mariadb', 'redis', 'flushall'] as const;
const LAST_KILL_MS = 300_000;
const AUDIT_WAIT_MS = 120_000;

/** xorshift32: the same seed draws the same kills. */
function generator(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * Runs the storm in a world of its own and tells what broke; nothing broken is an empty `problems` and a balanced
 * audit.
 */
export async function storm({ kills, users, seed, say }: StormOptions): Promise<StormResult> {
  const dir = join(LOCAL, 'storm', `${process.pid}`);
  mkdirSync(dir, { recursive: true });
  // Not throw-away: a killed database must keep what it has acknowledged.
  const world = new World({ dir, say, networks: ['ethereum'] });
  try {
    const address = await world.start();
    const running = lives(address, users, seed);
    const crashes: string[] = [];
    const faults = await killer(world, address, { kills, random: generator(seed), done: running.done, say, crashes });
    const results = await supervised(world, running.all, crashes);
    const problems = [
      ...crashes.map((name) => `${name} ended by itself`),
      ...results.flatMap((result) => (typeof result === 'string' ? [result] : [])),
    ];
    const ended = results.filter((result): result is LifeResult => typeof result !== 'string');
    for (const life of ended) problems.push(...(await check(address, life)));
    const result = await auditBySettings(worldConfig(address), AUDIT_WAIT_MS);
    const wanted = TARGETS.slice(0, Math.min(kills, TARGETS.length));
    return {
      seed,
      lives: users,
      ended: ended.length,
      faults,
      faultsNeverFired: wanted.filter((target) => !faults[target]),
      problems,
      audit: result,
    };
  } finally {
    await world.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

function lives(
  address: WorldAddress,
  users: number,
  seed: number,
): { all: Promise<(LifeResult | string)[]>; done: () => number } {
  let done = 0;
  const one = async (n: number): Promise<LifeResult | string> => {
    let step = 0;
    try {
      await sleep(n * 700);
      return await live(address, (reached) => (step = reached), {
        client: (url) => new PatientClient(url),
        name: `${seed}-${n}-${randomBytes(2).toString('hex')}`,
        listen: false,
      });
    } catch (error) {
      return `life ${n} ended after step ${step}: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      done++;
    }
  };
  return { all: Promise.all(Array.from({ length: users }, (_, n) => one(n))), done: () => done };
}

/** Kills at random moments; each target once before any is drawn again, so that none is left out. */
async function killer(
  world: World,
  address: WorldAddress,
  {
    kills,
    random,
    done,
    say,
    crashes,
  }: { kills: number; random: () => number; done: () => number; say: (line: string) => void; crashes: string[] },
): Promise<Record<string, number>> {
  const faults: Record<string, number> = {};
  const end = Date.now() + LAST_KILL_MS;
  for (let n = 0; n < kills && Date.now() < end; n++) {
    await sleep(1000 + random() * 4000);
    // The exchange itself twice as often as any other.
    const drawn = TARGETS[Math.floor(random() * (TARGETS.length + 1))] ?? 'javizen';
    const target = n < TARGETS.length ? (TARGETS[n] ?? drawn) : drawn;
    say(`kill ${n + 1} of ${kills}: ${target} (${done()} lives have ended)`);
    if (target === 'flushall') await flush(address);
    else await world.killAndRestart(target);
    crashes.push(...(await world.ensure()));
    faults[target] = (faults[target] ?? 0) + 1;
  }
  return faults;
}

/** Waits for the lives; what ends meanwhile ended by itself, and is a problem of its own. */
async function supervised<T>(world: World, all: Promise<T>, crashes: string[]): Promise<T> {
  let over = false;
  const watch = async (): Promise<void> => {
    while (!over) {
      await sleep(1000);
      crashes.push(...(await world.ensure()));
    }
  };
  const watching = watch();
  try {
    return await all;
  } finally {
    over = true;
    await watching;
  }
}

async function flush(address: WorldAddress): Promise<void> {
  const redis = new Redis(address.redisUrl, { maxRetriesPerRequest: 1, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}

/** What a finished life must have left: paid out once on the chain, to the unit. */
async function check(address: WorldAddress, life: LifeResult): Promise<string[]> {
  const arrived = await balanceOf(chainOf(address), life.withdrawal.to, 'USDT');
  return parseAmount(arrived) === parseAmount(life.withdrawal.amount)
    ? []
    : [`withdrawal ${life.withdrawalId}: ${arrived} USDT arrived instead of ${life.withdrawal.amount}`];
}
