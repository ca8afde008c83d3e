/**
 * What a scanner needs and nothing else: a database of its own, an engine, and 100,000 addresses of which most are
 * nobody's.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../../db/data-source';
import { prepareDatabase } from '../../db/prepare';
import { keySpaceOf } from '../../db/stores/child-numbers';
import { createDepositStore } from '../../db/stores/deposits';
import { createEngineStore } from '../../db/stores/engine';
import { createEventBus } from '../../domain/contract/event-bus';
import type { Engine } from '../../domain/contract/ports';
import type { Registry } from '../../domain/registry';
import { networkOf } from '../../domain/registry';
import { createEngine } from '../../matching/engine';
import type { Chain } from '../../wallets/chains/chain';
import { OwnAddresses } from '../../wallets/deposits/addresses';
import { createBalanceWatch } from '../../wallets/deposits/balances';
import { createScanner } from '../../wallets/deposits/scanner';
import { LOCAL } from '../../deploy/config/paths';
import { startStores } from '../services';
import { stopAtEnd } from '../../deploy/cli/lifetime';
import { stopLeftovers } from '../services/process';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const clock = { now: () => Date.now() };

export interface Scanned {
  readonly network: string;
  readonly blocks: number;
  readonly seconds: number;
  /** Of them, waiting for the node; its answers' parsing is in it. */
  readonly nodeSeconds: number;
  readonly addresses: number;
  readonly deposits: number;
  readonly credited: number;
}

export interface ScanStage {
  readonly dataSource: DataSource;
  /** Reads every block of the chain up to its head, credits what counts, and says how long it took. */
  scan(wanted: Wanted): Promise<Scanned>;
  close(): Promise<void>;
}

export async function openScanStage(registry: Registry, say: (line: string) => void): Promise<ScanStage> {
  const dir = join(LOCAL, 'bench-scan', `${process.pid}-${process.hrtime.bigint()}`);
  mkdirSync(dir, { recursive: true });
  const forget = stopAtEnd(() => stopLeftovers(dir));
  // Durable: the database flushes at every commit.
  const stores = await startStores({ dir, throwAway: false, say });
  await prepareDatabase({ url: stores.databaseUrl, migrateUrl: stores.databaseMigrateUrl });
  const dataSource = await openDatabase({ url: stores.databaseUrl, poolSize: 5 });
  const events = createEventBus((error) => {
    throw error;
  });
  const engine = createEngine({
    dataSource,
    registry,
    clock,
    events,
    logger: silent,
    onFenced: () => undefined,
    store: createEngineStore(dataSource),
  });
  await engine.start();
  return {
    dataSource,
    scan: (wanted) => scan({ dataSource, engine, registry, events }, wanted),
    close: async () => {
      await engine.stop();
      await dataSource.destroy();
      await stopLeftovers(dir);
      forget();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface House {
  readonly dataSource: DataSource;
  readonly engine: Engine;
  readonly registry: Registry;
  readonly events: ReturnType<typeof createEventBus>;
}

export interface Wanted {
  readonly network: string;
  readonly chain: Pick<Chain, 'head' | 'header' | 'transfers' | 'nativeBalances'>;
  /** Looks at balances too, as where nodes do not trace. */
  readonly balances?: boolean;
  readonly spell: (bytes: Buffer) => string;
  readonly watched: readonly string[];
  readonly addresses: number;
}

async function scan(
  { dataSource, engine, registry, events }: House,
  { network: id, chain, balances, spell, watched, addresses }: Wanted,
): Promise<Scanned> {
  const network = networkOf(registry, id);
  const rows = Array.from({ length: addresses }, (_, at) => [
    id,
    at,
    watched[at] ?? spell(randomBytes(20)),
    `user-${at}`,
    0,
    at,
  ]);
  for (let at = 0; at < rows.length; at += 5000)
    await dataSource.query(
      'INSERT INTO deposit_addresses (network, child_index, address, user_id, created_at, place) VALUES ?',
      [rows.slice(at, at + 5000)],
    );
  const store = createDepositStore(dataSource);
  // The key is not what is measured: each address is what the table says.
  const own = await OwnAddresses.load(keySpaceOf(network, []), (index) => String(rows[index]?.[2]), store, clock);
  const { asked, spent } = timed(chain);
  const head = await asked.head();
  let next = 0;
  const { nativeBalances } = chain;
  const watch =
    balances &&
    nativeBalances &&
    createBalanceWatch({
      network: id,
      asset: network.gasAsset,
      chain: { nativeBalances },
      store,
      addresses: () => own.all(),
    });
  const scanner = createScanner({
    chain: asked,
    network,
    store,
    own,
    engine,
    events,
    clock,
    rails: registry.rails.filter((rail) => rail.network === id),
    assets: registry.assets,
    ...(watch && { balances: watch }),
    hotAddress: 'nobody',
    scanFrom: 0,
    ids: { next: () => `${id}-${String(++next).padStart(9, '0')}` },
    logger: silent,
  });
  await scanner.anchor();
  const began = process.hrtime.bigint();
  while ((scanner.height() ?? 0) < head) await scanner.round();
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const counts = (await dataSource.query(
    "SELECT COUNT(*) AS deposits, SUM(state = 'CREDITED') AS credited FROM deposits WHERE network = ?",
    [id],
  )) as { deposits: string; credited: string }[];
  return {
    network: id,
    blocks: head,
    seconds,
    nodeSeconds: spent(),
    addresses,
    deposits: Number(counts[0]?.deposits ?? 0),
    credited: Number(counts[0]?.credited ?? 0),
  };
}

/** The same node, and how long it was waited for. */
function timed(chain: Wanted['chain']): { asked: Wanted['chain']; spent(): number } {
  let spent = 0n;
  const time = async <T>(ask: () => Promise<T>): Promise<T> => {
    const began = process.hrtime.bigint();
    try {
      return await ask();
    } finally {
      spent += process.hrtime.bigint() - began;
    }
  };
  const asked = {
    ...chain,
    head: () => time(() => chain.head()),
    header: (height: number) => time(() => chain.header(height)),
    transfers: (...given: Parameters<Chain['transfers']>) => time(() => chain.transfers(...given)),
  };
  return { asked, spent: () => Number(spent) / 1e9 };
}
