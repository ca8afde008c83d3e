/**
 * The single writer of all balances: `writer.ts` is its loop, `modules.ts` names its modules, each of which carries
 * out its commands.
 */
import { createEngineStore } from '../../db/stores/engine';
import type { EngineStore } from '../../db/stores/engine';
import type { Clock } from '../../domain/clock-and-ids';
import type { Engine, EventBus, Logger, UserBalance } from '../../domain/contract/ports';
import { formatAmount, parseSigned } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Registry } from '../../domain/registry';
import { available, held } from '../../ledger/accounts';
import type { DataSource } from 'typeorm';
import { Effects } from './effects';
import type { EffectHandler } from './effects';
import { moduleControls } from './modules';
import type { ModuleControls } from './modules';
import { Writer } from './writer';

export interface EngineDeps {
  readonly dataSource: DataSource;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly events: EventBus;
  readonly logger: Logger;
  /** Another engine has taken over; end the process. */
  readonly onFenced: () => void;
  /** For tests that break commits; the real one otherwise. */
  readonly store?: EngineStore;
}

/** The engine as matching sees it: the port, and what each module offers besides its commands. */
export interface EngineControl extends Engine, ModuleControls {
  start(): Promise<void>;
  stop(): Promise<void>;
  onEffect(kind: string, handler: EffectHandler): void;
}

/** The single writer of balances. Start it before use; submit commands through the port. */
export function createEngine(deps: EngineDeps): EngineControl {
  const store = deps.store ?? createEngineStore(deps.dataSource);
  const effects = new Effects(store, deps.logger);
  const writer = new Writer({ ...deps, store, effects });
  const submit: Engine['submit'] = (command) => writer.submit(command);
  return {
    ...moduleControls({ ...deps, store, submit, state: () => writer.state }),
    ...balancesPort(store),
    submit,
    start: () => writer.start(),
    stop: async () => {
      effects.stop();
      await writer.stop();
      await store.close();
    },
    onEffect: (kind, handler) => effects.on(kind, handler),
  };
}

/** What the tables say of balances: always what is durable. */
const balancesPort = (store: EngineStore): Pick<Engine, 'balancesOf' | 'operatorPosition' | 'custody' | 'paused'> => ({
  balancesOf: async (userId) => userBalances(await store.balances([available(userId), held(userId)])),
  operatorPosition: async () => sums(await store.balancesLike(['equity/operator', 'revenue/', 'expense/'])),
  custody: async () => {
    const rows = await store.balancesLike(['custody/']);
    return rows.map((row) => ({
      place: row.account.slice('custody/'.length),
      asset: row.asset,
      amount: formatAmount(-parseSigned(row.amount)),
    }));
  },
  paused: () => store.pauses(),
});

function userBalances(rows: { account: string; asset: string; amount: string }[]): UserBalance[] {
  const byAsset = new Map<string, { available: Units; held: Units }>();
  for (const row of rows) {
    const entry = byAsset.get(row.asset) ?? { available: 0n, held: 0n };
    entry[row.account.endsWith('/held') ? 'held' : 'available'] = parseSigned(row.amount);
    byAsset.set(row.asset, entry);
  }
  return [...byAsset]
    .filter(([, entry]) => entry.available !== 0n || entry.held !== 0n)
    .map(([asset, entry]) => ({ asset, available: formatAmount(entry.available), held: formatAmount(entry.held) }))
    .sort((a, b) => (a.asset < b.asset ? -1 : 1));
}

function sums(rows: { asset: string; amount: string }[]): { asset: string; amount: string }[] {
  const total = new Map<string, Units>();
  for (const row of rows) total.set(row.asset, (total.get(row.asset) ?? 0n) + parseSigned(row.amount));
  return [...total].map(([asset, amount]) => ({ asset, amount: formatAmount(amount) }));
}
