/**
 * The books against the chains and the venue, every minute. What nothing explains, twice running, stops the asset's
 * withdrawals.
 */
import type { DataSource } from 'typeorm';
import type { Clock } from '../domain/clock-and-ids';
import type { CustodyReader } from '../domain/contract/custody';
import type { Engine, EventBus, Logger, Reconciliation } from '../domain/contract/ports';
import { formatAmount } from '../domain/money/amount';
import type { Units } from '../domain/money/amount';
import type { PlaceResult } from '../ledger/audit';
import { compare } from './audit';

const EVERY_MS = 60_000;

export interface ReconcilerDeps {
  readonly dataSource: DataSource;
  readonly engine: Engine;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly readers: readonly CustodyReader[];
  /** What may be missing of an asset without stopping it; nothing, where it is left out. */
  readonly threshold?: (asset: string) => Units;
}

export interface Reconciler extends Reconciliation {
  /** Compares once, now. */
  round(): Promise<void>;
  start(): void;
  stop(): void;
}

/**
 * Compares in rounds. Reading several places takes a moment in which coins go on moving, so one difference proves
 * nothing: what is unexplained by the same amount in two rounds is. An asset of which more is missing than the
 * threshold is paused once; an operator alone lets it go on.
 */
export function createReconciler({
  dataSource,
  engine,
  events,
  clock,
  logger,
  readers,
  threshold = () => 0n,
}: ReconcilerDeps): Reconciler {
  let latest: { at: number | null; places: PlaceResult[] } = { at: null, places: [] };
  let before = new Map<string, bigint>();
  let told = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let rounds = 0;

  const round = async (): Promise<void> => {
    const { findings, places } = await compare(dataSource, readers);
    latest = { at: clock.now(), places };
    const now = new Map(
      places.flatMap(({ place, asset, unexplained }) =>
        unexplained === undefined || unexplained === 0n ? [] : [[`${place} ${asset}`, unexplained] as const],
      ),
    );
    const lasting = places.filter(
      ({ place, asset, unexplained }) =>
        unexplained !== undefined && unexplained !== 0n && before.get(`${place} ${asset}`) === unexplained,
    );
    before = now;
    const paused = new Set((await engine.paused()).map(({ asset }) => asset));
    for (const { place, asset, unexplained = 0n } of lasting) {
      const why = `${place}: ${formatAmount(unexplained)} ${asset} are not explained`;
      // More than is booked is nobody's loss: anybody may send dust to an address of ours, and must not stop
      // withdrawals by it.
      if (unexplained > 0n) {
        if (!told.has(why))
          events.publish({
            name: 'alert',
            code: 'UNBOOKED_SURPLUS',
            message: 'More lies there than our books say.',
            details: { place, asset, unexplained: formatAmount(unexplained) },
          });
        continue;
      }
      if (-unexplained <= threshold(asset)) continue;
      // An operator who let it go on knows of this difference; another one stops it again.
      if (paused.has(asset) || told.has(why)) continue;
      await engine.submit({
        kind: 'asset.pause',
        asset,
        why,
        adminId: null,
        reference: `reconcile:${clock.now()}:${++rounds}:${asset}`,
      });
    }
    told = new Set(
      lasting.map(
        ({ place, asset, unexplained }) => `${place}: ${formatAmount(unexplained ?? 0n)} ${asset} are not explained`,
      ),
    );
    if (findings.length > 0)
      events.publish({
        name: 'alert',
        code: 'LEDGER_INVARIANT_BROKEN',
        message: 'A rule of the books is broken.',
        details: { rules: [...new Set(findings.map(({ rule }) => rule))] },
      });
  };

  const loop = async (): Promise<void> => {
    await round().catch((error: unknown) =>
      logger.warn(
        { event: 'solvency.not_compared', error: error instanceof Error ? error.message : String(error) },
        'the books could not be compared',
      ),
    );
    if (timer) timer = setTimeout(() => void loop(), EVERY_MS).unref();
  };

  return {
    round,
    latest: async () => ({
      at: latest.at,
      places: latest.places.map(({ place, asset, booked, actual, unexplained, items }) => ({
        place,
        asset,
        booked: formatAmount(booked),
        actual: actual === undefined ? null : formatAmount(actual),
        unexplained: unexplained === undefined ? null : formatAmount(unexplained),
        inFlight: items.map(({ id, amount, ageMs }) => ({ id, amount: formatAmount(amount), ageMs })),
      })),
    }),
    start: () => {
      timer = setTimeout(() => void loop(), EVERY_MS).unref();
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
