/** The modules of the engine: the one place where they are named. A new one adds its lines here. */
import { COMMANDS } from '../../domain/contract/commands';
import type { CommandKind } from '../../domain/contract/commands';
import { MONEY } from '../modules/money/module';
import type { MoneyState } from '../modules/money/state';
import { ordersControl } from '../modules/orders/control';
import { ORDERS, settleHedgeOrderOf } from '../modules/orders/module';
import type { OrdersState } from '../modules/orders/state';
import { swapsControl } from '../modules/swaps/control';
import { SWAPS, settleSwapIntent } from '../modules/swaps/module';
import type { SwapsState } from '../modules/swaps/state';
import { venueControl } from '../modules/venue/control';
import { venueModule } from '../modules/venue/module';
import type { VenueState } from '../modules/venue/state';
import { WITHDRAWALS, addPullBackFee } from '../modules/withdrawals/module';
import { withdrawalsControl } from '../modules/withdrawals/control';
import type { WithdrawalsState } from '../modules/withdrawals/state';
import { Books } from '../../ledger/post';
import type { EngineHost, EngineModule, Handler, MemorySetting } from './module';

/** The memory of the engine: the books, and each module's own part. */
export type EngineState = MoneyState & VenueState & SwapsState & WithdrawalsState & OrdersState;

/** In the order in which they fill the memory: a later one may read what an earlier one has put there. */
export const MODULES: readonly EngineModule<EngineState>[] = [
  MONEY,
  venueModule<EngineState>({ settleHedgeOrder: settleHedgeOrderOf, settleSwapOrder: settleSwapIntent, addPullBackFee }),
  SWAPS,
  WITHDRAWALS,
  ORDERS,
];

/** Who carries out which command. */
export const HANDLERS = handlersOf(MODULES);
/** Commands that are not written down when they changed nothing. */
export const QUIET: ReadonlySet<CommandKind> = new Set(MODULES.flatMap(({ quiet }) => quiet ?? []));

/** Throws where a kind has no module, or two. */
function handlersOf(modules: readonly EngineModule<EngineState>[]): {
  readonly [Kind in CommandKind]: Handler<EngineState, Kind>;
} {
  const found = modules.flatMap(({ commands }) => Object.entries(commands));
  const table = Object.fromEntries(found);
  const kinds = Object.keys(COMMANDS);
  if (found.length !== kinds.length || kinds.some((kind) => !Object.hasOwn(table, kind)))
    throw new Error('each kind of command belongs to one module of the engine');
  return table as { [Kind in CommandKind]: Handler<EngineState, Kind> };
}

/** A memory with nothing in it. */
export const emptyState = (setting: Partial<MemorySetting> = {}): EngineState =>
  Object.assign(
    { books: new Books() },
    ...MODULES.map(({ memory }) => memory({ epoch: 0, ...setting })),
  ) as EngineState;

/** What the modules offer to the rest of the exchange besides their commands. */
export const moduleControls = (host: EngineHost<EngineState>) => ({
  ...venueControl(host),
  ...swapsControl(host),
  ...withdrawalsControl(host),
  ...ordersControl(host),
});
export type ModuleControls = ReturnType<typeof moduleControls>;
