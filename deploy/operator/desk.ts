/**
 * The operator's own money: what is theirs in the books, what lies unexplained at our addresses, and booking it. Runs
 * where the engine is.
 */
import type { DataSource } from 'typeorm';
import { custodyBookedBy } from '../../db/stores/audit';
import { userByEmail } from '../../db/stores/users';
import type { CustodyPlace } from '../../domain/contract/commands';
import type { CustodyReader } from '../../domain/contract/custody';
import { DomainError } from '../../domain/contract/errors';
import type { Engine, Signer } from '../../domain/contract/ports';
import { formatAmount, isAmount, parseAmount } from '../../domain/money/amount';
import type { Registry } from '../../domain/registry';
import type { PlaceResult } from '../../ledger/audit';
import { compare } from '../../solvency/audit';

/** Coins of the operator that were sent to one of our places. */
export interface Contribution {
  readonly asset: string;
  /** A decimal string. */
  readonly amount: string;
  /** `hot/<network>`, `cold/<network>` or `binance`; left out, where most of the asset lies unexplained. */
  readonly place?: string;
  /** Unique for ever: the same again has one effect. */
  readonly reference: string;
}

export interface Grant {
  readonly email: string;
  readonly asset: string;
  readonly amount: string;
  readonly why: string;
  readonly reference: string;
}

export interface OperatorPosition {
  /** Equity, revenue and expense together, by asset: what may be spent on costs. */
  readonly position: readonly { readonly asset: string; readonly amount: string }[];
  readonly places: readonly {
    readonly place: string;
    readonly asset: string;
    readonly booked: string;
    readonly actual: string | null;
    readonly unexplained: string | null;
  }[];
  /** Where the operator sends coins for network fees. */
  readonly addresses: readonly { readonly network: string; readonly asset: string; readonly address: string }[];
}

export interface OperatorDesk {
  position(): Promise<OperatorPosition>;
  /**
   * Books coins as the operator's. No more than lies unexplained at the place, by two readings; refuses
   * OPERATOR_FUNDS_NOT_FOUND for the first that is not there, and then books none of them.
   */
  contribute(
    contributions: readonly Contribution[],
  ): Promise<{ readonly asset: string; readonly amount: string; readonly place: string }[]>;
  /** Gives a user coins out of the operator's position. Refuses NEEDS_OPERATOR_FUNDS, NOT_FOUND. */
  grant(grant: Grant): Promise<{ readonly userId: string; readonly asset: string; readonly amount: string }>;
}

export interface DeskDeps {
  readonly dataSource: DataSource;
  readonly engine: Engine;
  readonly signer: Signer;
  readonly registry: Registry;
  readonly readers: readonly CustodyReader[];
}

/** Coins go on moving while places are read: only what is unexplained in two readings this far apart is believed. */
const READINGS_APART_MS = 1000;
const OWN_PLACE = /^(binance|(hot|cold)\/[a-z0-9-]+)$/;
const REFERENCE = /^[A-Za-z0-9:_-]{8,100}$/;

export function createOperatorDesk(deps: DeskDeps): OperatorDesk {
  let busy: Promise<unknown> = Promise.resolve();
  return {
    position: () => readPosition(deps),
    // One after the other: the second must see what the first has booked.
    contribute: (contributions) => {
      const mine = busy.then(
        () => bookContributions(deps, contributions),
        () => bookContributions(deps, contributions),
      );
      busy = mine.catch(() => undefined);
      return mine;
    },
    grant: (grant) => grantToUser(deps, grant),
  };
}

const readPlaces = async ({ dataSource, readers }: DeskDeps): Promise<PlaceResult[]> =>
  (await compare(dataSource, readers)).places;

async function readPosition(deps: DeskDeps): Promise<OperatorPosition> {
  const [places, position] = await Promise.all([readPlaces(deps), deps.engine.operatorPosition()]);
  const rows = places.filter(({ booked, actual, unexplained }) => booked !== 0n || actual !== 0n || unexplained !== 0n);
  const text = (amount: bigint | undefined): string | null => (amount === undefined ? null : formatAmount(amount));
  return {
    position,
    places: rows.map(({ place, asset, booked, actual, unexplained }) => ({
      place,
      asset,
      booked: formatAmount(booked),
      actual: text(actual),
      unexplained: text(unexplained),
    })),
    addresses: await hotAddresses(deps),
  };
}

/** Hot wallets that the signer tells. */
async function hotAddresses({ registry, signer }: DeskDeps): Promise<OperatorPosition['addresses']> {
  const all = await Promise.all(
    registry.networks.map(async ({ id, gasAsset }) => ({
      network: id,
      asset: gasAsset,
      address: await signer.identity(id).then(
        ({ hotAddress }) => hotAddress,
        () => '',
      ),
    })),
  );
  return all.filter(({ address }) => address !== '');
}

/** What was unexplained in two readings, a moment apart. */
async function readUnexplained(deps: DeskDeps): Promise<Map<string, bigint>> {
  const first = await readPlaces(deps);
  await new Promise((resolve) => setTimeout(resolve, READINGS_APART_MS));
  return unexplainedInBoth(first, await readPlaces(deps));
}

async function bookContributions(
  deps: DeskDeps,
  contributions: readonly Contribution[],
): Promise<{ asset: string; amount: string; place: string }[]> {
  for (const contribution of contributions) checkContribution(contribution, deps.registry);
  // Asked again it is what it was, whatever lies unexplained by now, here or elsewhere.
  const before = await Promise.all(
    contributions.map(({ reference }) => custodyBookedBy(deps.dataSource, `operator:${reference}`)),
  );
  const found = before.includes(undefined) ? await readUnexplained(deps) : new Map<string, bigint>();
  const wanted = contributions.map((contribution, at) => {
    const place = contribution.place ?? before[at] ?? most(found, contribution.asset);
    if (before[at] === undefined) take(found, place, contribution);
    return { ...contribution, place: place ?? '' };
  });
  for (const { asset, amount, place, reference } of wanted) {
    await deps.engine.submit({
      kind: 'operator.contribute',
      reference: `operator:${reference}`,
      asset,
      amount,
      custody: place as CustodyPlace,
    });
  }
  return wanted.map(({ asset, amount, place }) => ({ asset, amount, place }));
}

async function grantToUser(
  { dataSource, engine }: DeskDeps,
  { email, asset, amount, why, reference }: Grant,
): Promise<{ userId: string; asset: string; amount: string }> {
  checkReference(reference);
  if (!isAmount(amount) || parseAmount(amount) === 0n) throw new DomainError('BAD_AMOUNT', { amount });
  if (typeof why !== 'string' || why.trim().length < 3) throw new DomainError('BAD_REQUEST', { field: 'why' });
  const user = await userByEmail(dataSource, email);
  if (!user) throw new DomainError('NOT_FOUND', { email });
  const userId = user.id;
  await engine.submit({ kind: 'operator.grant', reference: `operator:${reference}`, userId, asset, amount, why });
  return { userId, asset, amount };
}

function checkReference(reference: unknown): void {
  if (typeof reference !== 'string' || !REFERENCE.test(reference))
    throw new DomainError('BAD_REQUEST', { field: 'reference' });
}

function checkContribution({ asset, amount, place, reference }: Contribution, registry: Registry): void {
  checkReference(reference);
  if (!registry.assets.some(({ code }) => code === asset)) throw new DomainError('UNKNOWN_ASSET', { asset });
  if (!isAmount(amount) || parseAmount(amount) === 0n) throw new DomainError('BAD_AMOUNT', { amount });
  if (place !== undefined && !OWN_PLACE.test(place)) throw new DomainError('BAD_REQUEST', { field: 'place' });
}

/** What was unexplained at places of our own in both readings, the smaller amount of the two. */
function unexplainedInBoth(one: readonly PlaceResult[], other: readonly PlaceResult[]): Map<string, bigint> {
  const amounts = (rows: readonly PlaceResult[]): Map<string, bigint> =>
    new Map(
      rows
        .filter(({ place }) => OWN_PLACE.test(place))
        .map(({ place, asset, unexplained }) => [`${place} ${asset}`, unexplained ?? 0n]),
    );
  const [first, second] = [amounts(one), amounts(other)];
  return new Map(
    [...second].map(([name, amount]) => [name, (first.get(name) ?? 0n) < amount ? (first.get(name) ?? 0n) : amount]),
  );
}

function most(found: ReadonlyMap<string, bigint>, asset: string): string | undefined {
  const places = [...found]
    .filter(([name, amount]) => name.endsWith(` ${asset}`) && amount > 0n)
    .sort(([, a], [, b]) => (a < b ? 1 : -1));
  return places[0]?.[0].split(' ')[0];
}

/** Takes the amount out of what was found. Throws where less lies there. */
function take(found: Map<string, bigint>, place: string | undefined, { asset, amount }: Contribution): void {
  const name = `${place ?? ''} ${asset}`;
  const there = found.get(name) ?? 0n;
  if (place === undefined || there < parseAmount(amount)) {
    throw new DomainError('OPERATOR_FUNDS_NOT_FOUND', {
      asset,
      amount,
      unexplained: formatAmount(there > 0n ? there : 0n),
      ...(place && { place }),
    });
  }
  found.set(name, there - parseAmount(amount));
}
