/**
 * Deposits and withdrawals on all networks while nodes misbehave and our processes are killed. Loopback only, bounded
 * in time.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../../db/data-source';
import { auditBySettings } from '../../../deploy/custody';
import type { AuditResult } from '../../../solvency/audit';
import { DEMO_ADMIN } from '../../world/demo-accounts';
import { LOCAL } from '../../../deploy/config/paths';
import { World, worldConfig } from '../../world';
import type { WorldAddress } from '../../world';
import { PatientClient } from '../../stage/client';
import { approvePayout } from '../../stage/life';
import { proxyOf } from '../../stage/node-proxy';
import type { NodeProxy } from '../../stage/node-proxy';
import { Dice } from '../../stage/random';
import { faultsOf, rage } from './faults';
import { Payer, RAILS } from './payers';
import type { Ledger } from './payers';
import { judge, untilQuiet } from './verdict';
import type { Verdict } from './verdict';

export interface ChainStormOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly users: number;
  /** All four, unless told. */
  readonly networks?: readonly string[];
  /** The longest pause between two faults. */
  readonly pauseMs?: number;
  readonly say: (text: string) => void;
}

export interface ChainStormResult extends Verdict {
  readonly seed: number;
  readonly faults: Record<string, number>;
  readonly faultsNeverFired: string[];
  /** Assets whose withdrawals were stopped meanwhile, and let go on by an operator afterwards. */
  readonly stopped: string[];
  readonly refused: Record<string, number>;
  readonly networks: string[];
  readonly audit: AuditResult;
}

const NETWORKS = ['ethereum', 'bsc', 'bitcoin', 'tron'];
/** The operator's own for fees: hours of payments in minutes, some of them at thirty times the price. */
const RESERVES = { ETHEREUM_GAS_RESERVE: '5', BSC_GAS_RESERVE: '5', BITCOIN_RESERVE: '1', TRON_GAS_RESERVE: '50000' };
const QUIET_MS = 300_000;
const AUDIT_WAIT_MS = 60_000;

export async function stormChains({
  minutes,
  seed,
  users,
  networks = NETWORKS,
  pauseMs = 2500,
  say,
}: ChainStormOptions): Promise<ChainStormResult> {
  const dir = join(LOCAL, 'storm', `chains-${process.pid}`);
  mkdirSync(dir, { recursive: true });
  const proxies = new Map<string, NodeProxy>();
  const world = new World({ dir, say, networks, prepare: (settings) => between(settings, proxies) });
  const closes: (() => unknown)[] = [];
  try {
    const address = await world.start();
    const admin = new PatientClient(address.url);
    await admin.logIn(DEMO_ADMIN, address.adminPassword);
    const rails = RAILS.filter(
      ({ network }) =>
        address.chains[network] ||
        (network === 'bitcoin' && address.bitcoinUrl) ||
        (network === 'tron' && address.tronUrl),
    );
    const ledger: Ledger = { paidIn: [], takenOut: [], refused: {} };
    const payers = Array.from(
      { length: users },
      (_, n) => new Payer(address, admin, rails, ledger, new Dice(seed * 100 + n), `storm-${seed}-${n}`),
    );
    closes.push(
      () => payers.forEach((payer) => payer.close()),
      () => admin.close(),
    );
    for (const payer of payers) await payer.begin();
    say(`${users} users on ${[...new Set(rails.map(({ network }) => network))].join(', ')}`);

    const faults = faultsOf(world, address, proxies);
    const end = Date.now() + minutes * 60_000;
    const living = Promise.all(payers.map((payer) => payer.live(end)));
    const fired = await rage(faults, new Dice(seed), { until: end, pauseMs }, say);
    await living;
    say('the storm is over; what is under way comes to its end');
    const stopped = new Set<string>();
    // Only now: a pool of ours would not live through the kills of the database.
    const database = await openDatabase({ url: address.databaseUrl, poolSize: 2 });
    closes.push(() => database.destroy().catch(() => undefined));
    const left = await untilQuiet(database, QUIET_MS, async () => {
      await letGoOn(admin, stopped);
      await decideRest(address, admin);
    });
    const verdict = await judge(database, address, ledger);
    const result = await auditBySettings(worldConfig(address), AUDIT_WAIT_MS);
    const problems = [...left.map((text) => `never ended: ${text}`), ...verdict.problems];
    return {
      ...verdict,
      problems,
      seed,
      faults: fired,
      faultsNeverFired: faults.map(({ name }) => name).filter((name) => !fired[name]),
      stopped: [...stopped],
      refused: ledger.refused,
      networks: [...new Set(rails.map(({ network }) => network))],
      audit: result,
    };
  } finally {
    for (const close of closes.reverse()) await close();
    await world.stop();
    for (const proxy of proxies.values()) await proxy.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The exchange asks each node through somebody who can spoil what it says, and a second time directly. */
async function between(settings: NodeJS.ProcessEnv, proxies: Map<string, NodeProxy>): Promise<void> {
  Object.assign(settings, RESERVES);
  for (const network of ['ethereum', 'bsc', 'bitcoin']) {
    const name = `${network.toUpperCase()}_RPC_URL`;
    const direct = settings[name];
    if (!direct) continue;
    const proxy = await proxyOf(direct);
    proxies.set(network, proxy);
    settings[name] = `${proxy.url},${direct}`;
  }
}

/** Whose approval a kill has cut off is decided now. */
async function decideRest(address: WorldAddress, admin: PatientClient): Promise<void> {
  const { items } = await admin.call<{ items: { id: string }[] }>(
    'GET',
    '/admin/withdrawals?state=REQUESTED&limit=100',
  );
  for (const { id } of items) await approvePayout(address, admin, id, true).catch(() => undefined);
}

/** What an operator does once it is known that a node lied: withdrawals go on. */
async function letGoOn(admin: PatientClient, stopped: Set<string>): Promise<void> {
  const { paused } = await admin.call<{ paused: { asset: string }[] }>('GET', '/admin/reconciliation');
  for (const { asset } of paused) {
    stopped.add(asset);
    await admin.call(
      'POST',
      `/admin/assets/${asset}/pause`,
      { why: null },
      { 'idempotency-key': `go-on-${asset}-${Date.now()}` },
    );
  }
}
