/** The books against themselves, and against what each network and each venue says lies there. */
import { readBookFacts, readOpenMovements } from '../db/stores/audit';
import type { DataSource } from 'typeorm';
import type { CustodyBalance, CustodyReader, OpenMovements } from '../domain/contract/custody';
import { parseAmount } from '../domain/money/amount';
import type { Units } from '../domain/money/amount';
import { auditBooks, auditPlace } from '../ledger/audit';
import type { BookFacts, Finding, OutsidePlace, PlaceResult } from '../ledger/audit';
import { chainFindings } from './chain-watch';

export interface AuditResult {
  readonly findings: Finding[];
  readonly places: PlaceResult[];
  readonly balanced: boolean;
  readonly unreadable: number;
}

export interface Comparison {
  readonly findings: Finding[];
  readonly places: PlaceResult[];
  readonly facts: BookFacts;
  readonly movements: OpenMovements;
}

export interface AuditDeps {
  readonly dataSource: DataSource;
  /** For the sums over all of the books: a replica's answer will do, for what it has not heard of yet is waited for. */
  readonly reader?: DataSource;
  readonly readers: readonly CustodyReader[];
  /** Where the heads of the chained logs are noted outside the database. */
  readonly notesFile?: string | undefined;
}

const AGAIN_MS = 1000;

/**
 * Audits until everything is explained or `waitMs` is over: what is on its way is named item by item, and what no item
 * explains for so long is unexplained. A source that cannot be read is unreadable, never zero.
 */
export async function audit(
  { dataSource, reader = dataSource, readers, notesFile }: AuditDeps,
  waitMs: number,
): Promise<AuditResult> {
  // What is broken in a chained log does not become whole by waiting.
  const broken = await chainFindings(dataSource, notesFile);
  for (const end = Date.now() + waitMs; ;) {
    const { findings: rules, places } = await compare(reader, readers);
    const findings = [...broken, ...rules];
    const unreadable = places.filter((place) => place.unexplained === undefined).length;
    const balanced = findings.length === 0 && places.every((place) => place.unexplained === 0n);
    if (balanced || broken.length > 0 || Date.now() > end) return { findings, places, balanced, unreadable };
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** Reads the books and the outside once. */
export async function compare(dataSource: DataSource, readers: readonly CustodyReader[]): Promise<Comparison> {
  // In this order: what moves meanwhile is then on its way by the tables, and not missing.
  const facts = await readBookFacts(dataSource);
  const movements = await readOpenMovements(dataSource);
  const read = (await Promise.all(readers.map((reader) => reader.read(movements)))).flat();
  const places: OutsidePlace[] = [...read, ...readTransit(read, facts, movements)].map((balance) => ({
    ...balance,
    booked: booked(facts, balance.place, balance.asset),
  }));
  return { facts, movements, findings: auditBooks(facts), places: places.map(auditPlace) };
}

/** What our books say lies in a place. */
const booked = (facts: BookFacts, place: string, asset: string): Units =>
  -(facts.balances.find((row) => row.account === `custody/${place}` && row.asset === asset)?.amount ?? 0n);

type Transfer = OpenMovements['transfers'][number];

const movingOf = ({ amount, fee, direction }: Transfer): Units =>
  parseAmount(amount) - (direction === 'pull-back' ? parseAmount(fee) : 0n);

const sumOf = (transfers: readonly Transfer[], asset: string): Units =>
  transfers.filter((transfer) => transfer.asset === asset).reduce((sum, transfer) => sum + movingOf(transfer), 0n);

/** Coins between two places: what is booked as under way must be the open transfers. */
function readTransit(
  read: readonly CustodyBalance[],
  facts: BookFacts,
  { transfers }: OpenMovements,
): CustodyBalance[] {
  const moving = transfers.filter(({ state }) => state === 'IN_TRANSIT');
  const inBooks = facts.balances.filter(({ account }) => account === 'custody/transit');
  const assets = new Set([...read, ...inBooks, ...moving].map(({ asset }) => asset));
  return [...assets].map((asset) => ({ place: 'transit', asset, actual: sumOf(moving, asset), items: [] }));
}

/**
 * What of an asset lies between two places by the outside's own word: not what has arrived already and is not booked
 * yet.
 */
export function stillMoving(
  movements: Pick<OpenMovements, 'transfers'>,
  places: readonly Pick<OutsidePlace, 'items'>[],
  asset: string,
): Units {
  const arrived = new Set(places.flatMap(({ items }) => items.map(({ id }) => id)));
  const isMoving = ({ id, state }: Transfer): boolean =>
    state === 'IN_TRANSIT' && !arrived.has(`pull-back ${id}`) && !arrived.has(`to venue ${id}`);
  return sumOf(movements.transfers.filter(isMoving), asset);
}
