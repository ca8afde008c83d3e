/** The books against themselves and against the outside: the chain, and the venue. */
import { openDatabase } from '../db/data-source';
import { readBookFacts, readInFlight } from '../db/stores/audit';
import { chainFindings } from './chain-watch';
import type { InFlightRows } from '../db/stores/audit';
import { loadRegistry } from '../db/stores/registry';
import type { DataSource } from 'typeorm';
import type { Signer, VenueCapital } from '../domain/contract/ports';
import { parseAmount } from '../domain/money/amount';
import type { Units } from '../domain/money/amount';
import type { Network, Rail, Registry } from '../domain/registry';
import { auditBooks, auditPlace } from '../ledger/audit';
import type { BookFacts, Finding, InFlight, OutsidePlace, PlaceResult } from '../ledger/audit';
import { createBinance } from '../matching/venues/binance';
import type { Binance } from '../matching/venues/binance';
import { createEvmChain } from '../wallets/chains/evm';
import type { Chain, ChainReceipt } from '../wallets/chains/chain';
import { createTronChain } from '../wallets/chains/tron';
import { coldList } from '../wallets/chains/cold-places';
import { coldPlace } from '../wallets/cold/storage';
import { connectSigner } from '../wallets/keys';
import { binanceSettings } from '../deploy/config';
import type { Config } from '../deploy/config';
import { anyNode } from '../deploy/config/any-node';
import { bitcoinOutside, readBitcoin } from './audit-bitcoin';
import type { BitcoinOutside } from './audit-bitcoin';
import { openBitcoin, openNetworks, openTron } from '../deploy/config/networks';

export interface AuditResult {
  readonly findings: Finding[];
  readonly places: PlaceResult[];
  readonly balanced: boolean;
  readonly unreadable: number;
}

/** Where the outside can be asked: the venue, and the chains with our addresses on them. */
export interface Outside {
  readonly registry: Registry;
  readonly binance: { readonly capital: VenueCapital; readonly find: Binance['find'] };
  readonly chains: {
    network: Network;
    rails: readonly Rail[];
    chain: Chain;
    hotAddress: string | undefined;
    cold: readonly string[];
  }[];
  readonly bitcoin?: BitcoinOutside | undefined;
}

const AGAIN_MS = 1000;
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Audits until everything is explained or `waitMs` is over: what is on its way is named item by item, and what no item
 * explains for so long is unexplained. A source that cannot be read is unreadable, never zero.
 */
export async function audit(config: Config, waitMs: number): Promise<AuditResult> {
  const dataSource = await openDatabase({ url: config.DATABASE_URL, poolSize: 3 });
  const { outside, close } = await openOutside(config, await loadRegistry(dataSource));
  try {
    // What is broken in a chained log does not become whole by waiting.
    const broken = await chainFindings(dataSource, config.CHAIN_NOTES_FILE);
    for (const end = Date.now() + waitMs; ;) {
      const { findings: rules, places } = await compare(dataSource, outside);
      const findings = [...broken, ...rules];
      const unreadable = places.filter((place) => place.unexplained === undefined).length;
      const balanced = findings.length === 0 && places.every((place) => place.unexplained === 0n);
      if (balanced || broken.length > 0 || Date.now() > end) return { findings, places, balanced, unreadable };
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  } finally {
    close();
    await dataSource.destroy();
  }
}

/** Reads the books and the outside once. */
export async function compare(
  dataSource: DataSource,
  outside: Outside,
): Promise<Pick<AuditResult, 'findings' | 'places'> & { facts: BookFacts; rows: InFlightRows }> {
  const [facts, rows] = [await readBookFacts(dataSource), await readInFlight(dataSource)];
  return {
    facts,
    rows,
    findings: auditBooks(facts),
    places: (await readPlaces(dataSource, outside, facts, rows)).map(auditPlace),
  };
}

/** The outside for a command: with clients of its own, to be closed when it is done. */
export async function openOutside(config: Config, registry: Registry): Promise<{ outside: Outside; close(): void }> {
  // Never started: only its queries are used.
  const binance = createBinance(binanceSettings(config), [], { clock: { now: () => Date.now() }, logger: silent });
  const signer = connectSigner(config.SIGNER_SOCKET);
  const chains = await openChains(config, registry, signer);
  return {
    outside: {
      registry,
      binance,
      chains,
      bitcoin: await bitcoinOutside(openBitcoin(config), registry, signer, config.COLD_STORAGE.bitcoin),
    },
    close: () => closeChains({ chains }),
  };
}

/** The chains with our hot addresses on them, for reading alone; an address that the signer does not tell is unreadable. */
async function openChains(config: Config, registry: Registry, signer: Signer): Promise<Outside['chains']> {
  const nodes = new Map(openNetworks(config).map(({ id, rpcUrls }) => [id, rpcUrls]));
  const tron = openTron(config);
  return Promise.all(
    registry.networks
      .filter(({ kind }) => kind !== 'bitcoin')
      .map(async (network) => {
        const rails = registry.rails.filter((rail) => rail.network === network.id);
        const hotAddress = await signer.identity(network.id).then(
          (identity) => identity.hotAddress,
          () => undefined,
        );
        const place = config.COLD_STORAGE[network.id];
        const evm = (rpcUrl: string) =>
          createEvmChain(network, rails, { rpcUrl, headers: config.NODE_HEADERS, traces: false });
        const chain: Chain =
          network.kind === 'tron'
            ? anyNode(network, tron?.rpcUrls ?? [], (rpcUrl) =>
                createTronChain(network, rails, { rpcUrl, headers: tron?.headers ?? {}, tron: tron?.tron ?? 'main' }),
              )
            : anyNode(network, nodes.get(network.id) ?? [], evm);
        return { network, rails, chain, hotAddress, cold: place ? coldList(network, place, chain.address) : [] };
      }),
  );
}

/** What our books say lies in a place. */
function booked(facts: BookFacts, place: string, asset: string): Units {
  return -(facts.balances.find((row) => row.account === `custody/${place}` && row.asset === asset)?.amount ?? 0n);
}

async function readPlaces(
  dataSource: DataSource,
  outside: Outside,
  facts: BookFacts,
  rows: InFlightRows,
): Promise<OutsidePlace[]> {
  const chainPlaces = await Promise.all(outside.chains.map((chain) => readChain(outside, chain, facts, rows)));
  const { bitcoin, binance } = outside;
  const coinPlaces = bitcoin
    ? await readBitcoin(
        dataSource,
        bitcoin,
        binance.capital,
        (place) => booked(facts, place, bitcoin.network.gasAsset),
        rows,
      )
    : [];
  return [
    ...chainPlaces.flat(),
    ...coinPlaces,
    ...(await readVenue(outside, facts, rows)),
    ...readTransit(outside.registry, facts, rows),
  ];
}

const orUnreadable = <T>(read: Promise<T>): Promise<T | undefined> => read.catch(() => undefined);

async function readChain(
  outside: Outside,
  at: Outside['chains'][number],
  facts: BookFacts,
  rows: InFlightRows,
): Promise<OutsidePlace[]> {
  const { network, rails, chain, hotAddress, cold } = at;
  const head = await orUnreadable(chain.head());
  const items =
    head === undefined || !hotAddress
      ? undefined
      : await orUnreadable(chainItems(outside, { ...at, hotAddress }, head, rows));
  const addresses = rows.addresses.filter((row) => row.network === network.id).map((row) => row.address);
  const sum = async (asset: string, of: readonly string[]): Promise<Units> =>
    (await Promise.all(of.map((address) => chain.balance(address, asset, head)))).reduce(
      (total, amount) => total + amount,
      0n,
    );
  const places: OutsidePlace[] = [];
  for (const { asset } of rails) {
    for (const [place, of] of [
      [`hot/${network.id}`, hotAddress ? [hotAddress] : undefined],
      [`deposit/${network.id}`, addresses],
      [coldPlace(network), cold],
    ] as const) {
      if (place === coldPlace(network) && cold.length === 0) continue;
      const actual = items && of ? await orUnreadable(sum(asset, of)) : undefined;
      places.push({
        place,
        asset,
        booked: booked(facts, place, asset),
        actual,
        items: (items ?? []).filter((item) => item.place === place && item.asset === asset),
      });
    }
  }
  const { staked } = chain;
  if (!staked) return places;
  const [place, asset] = [stakedPlace(network), network.gasAsset];
  return [
    ...places,
    {
      place,
      asset,
      booked: booked(facts, place, asset),
      actual: items && hotAddress ? await orUnreadable(staked(hotAddress)) : undefined,
      items: (items ?? []).filter((item) => item.place === place),
    },
  ];
}

/** Coins of the hot wallet that are staked, or were and wait: ours, and no balance. */
const stakedPlace = (network: Network): string => `staked/${network.id}`;

type Item = InFlight & { readonly place: string; readonly asset: string };

/** Everything on the chain up to `head` that the books do not hold yet. */
async function chainItems(
  { binance }: Outside,
  { network, chain, hotAddress, cold }: Outside['chains'][number] & { hotAddress: string },
  head: number,
  rows: InFlightRows,
): Promise<Item[]> {
  const now = Date.now();
  const items: Item[] = [];
  const add = (id: string, place: string, asset: string, amount: Units, createdAt: number): void =>
    void items.push({ id, place, asset, amount, ageMs: now - createdAt });
  const placeOf = (address: string): string | undefined => {
    if (address === hotAddress) return `hot/${network.id}`;
    if (cold.includes(address)) return coldPlace(network);
    return rows.addresses.some((row) => row.network === network.id && row.address === address)
      ? `deposit/${network.id}`
      : undefined;
  };
  for (const deposit of rows.deposits) {
    if (deposit.network === network.id && deposit.blockHeight <= head)
      add(
        `deposit ${deposit.id} ${deposit.state}`,
        `deposit/${network.id}`,
        deposit.asset,
        parseAmount(deposit.amount),
        deposit.createdAt,
      );
  }
  for (const row of rows.transactions.filter(
    (candidate) => candidate.network === network.id && candidate.state !== 'PLANNED',
  )) {
    const receipt = await firstReceipt(chain, [row.txid, ...(row.former?.split(',') ?? [])]);
    if (!receipt || receipt.height > head) continue;
    const [from, to] = [
      placeOf(row.fromAddress),
      row.purpose.startsWith('stake-') ? stakedPlace(network) : placeOf(row.toAddress),
    ];
    const id = `${row.purpose} ${row.id}`;
    if (from) add(`${id} gas`, from, network.gasAsset, -receipt.fee, row.createdAt);
    if (!receipt.succeeded) continue;
    if (from) add(id, from, row.asset, -parseAmount(row.amount), row.createdAt);
    if (to) add(id, to, row.asset, parseAmount(row.amount), row.createdAt);
    const released = receipt.released ?? 0n;
    if (released > 0n) add(id, stakedPlace(network), network.gasAsset, -released, row.createdAt);
    if (released > 0n) add(id, `hot/${network.id}`, network.gasAsset, released, row.createdAt);
  }
  for (const { id, asset, amount, txid, createdAt } of rows.cold.filter((row) => row.network === network.id)) {
    const receipt = await chain.receipt(txid);
    if (!receipt || receipt.height > head) continue;
    if (receipt.sender !== undefined && cold.includes(receipt.sender))
      add(`from cold ${id} gas`, coldPlace(network), network.gasAsset, -receipt.fee, createdAt);
    if (!receipt.succeeded) continue;
    add(`from cold ${id}`, coldPlace(network), asset, -parseAmount(amount), createdAt);
    add(`from cold ${id}`, `hot/${network.id}`, asset, parseAmount(amount), createdAt);
  }
  for (const transfer of rows.transfers.filter(
    (candidate) =>
      candidate.network === network.id && candidate.direction === 'pull-back' && candidate.state !== 'RESERVED',
  )) {
    const known = await binance.capital.withdrawal(transfer.id);
    const receipt = known?.txid ? await chain.receipt(known.txid) : undefined;
    if (!known || !receipt?.succeeded || receipt.height > head) continue;
    add(
      `pull-back ${transfer.id}`,
      `hot/${network.id}`,
      transfer.asset,
      parseAmount(known.amount) - parseAmount(known.fee),
      transfer.createdAt,
    );
  }
  return items;
}

async function firstReceipt(
  chain: Pick<Chain, 'receipt'>,
  txids: readonly string[],
): Promise<ChainReceipt | undefined> {
  for (const txid of txids) {
    const receipt = await chain.receipt(txid);
    if (receipt) return receipt;
  }
  return undefined;
}

async function readVenue(
  { registry, binance }: Outside,
  facts: BookFacts,
  rows: InFlightRows,
): Promise<OutsidePlace[]> {
  const items = await orUnreadable(venueItems(registry, binance, rows));
  const balances = items && (await orUnreadable(binance.capital.balances()));
  return registry.assets.map(({ code }) => {
    const row = balances?.find((candidate) => candidate.asset === code);
    const actual = balances && (row ? parseAmount(row.free) + parseAmount(row.locked) : 0n);
    return {
      place: 'binance',
      asset: code,
      booked: booked(facts, 'binance', code),
      actual,
      items: (items ?? []).filter((item) => item.asset === code),
    };
  });
}

/** Orders, arrivals and departures at the venue that the books do not hold yet. */
async function venueItems(
  registry: Registry,
  { capital, find }: Outside['binance'],
  rows: InFlightRows,
): Promise<Item[]> {
  const now = Date.now();
  const items: Item[] = [];
  const add = (id: string, asset: string, amount: Units, createdAt: number): void =>
    void items.push({ id, place: 'binance', asset, amount, ageMs: now - createdAt });
  for (const transfer of rows.transfers) {
    if (transfer.direction === 'to-venue') {
      if (transfer.state !== 'IN_TRANSIT') continue;
      const seen = await capital.deposits(transfer.asset, transfer.createdAt - 3_600_000);
      if (seen.some((deposit) => deposit.txid === transfer.txid && deposit.credited))
        add(`to venue ${transfer.id}`, transfer.asset, parseAmount(transfer.amount), transfer.createdAt);
    } else if (transfer.state === 'REQUESTED' || transfer.state === 'UNKNOWN') {
      const known = await capital.withdrawal(transfer.id);
      if (known && known.state !== 'failed')
        add(`pull-back ${transfer.id}`, transfer.asset, -parseAmount(known.amount), transfer.createdAt);
    }
  }
  for (const intent of rows.intents) {
    const market = registry.markets.find((candidate) => candidate.symbol === intent.symbol);
    const found = await find(intent);
    if (found.found !== 'final' || !market) continue;
    const sign = intent.side === 'BUY' ? 1n : -1n;
    for (const trade of found.trades) {
      add(`order ${intent.id}`, market.base, sign * parseAmount(trade.quantity), intent.createdAt);
      add(`order ${intent.id}`, market.quote, -sign * parseAmount(trade.quoteQuantity), intent.createdAt);
      add(`order ${intent.id} fee`, trade.commissionAsset, -parseAmount(trade.commission), intent.createdAt);
    }
  }
  return items;
}

type Transfer = InFlightRows['transfers'][number];
const movingOf = ({ amount, fee, direction }: Transfer): Units =>
  parseAmount(amount) - (direction === 'pull-back' ? parseAmount(fee) : 0n);
const sumOf = (transfers: readonly Transfer[], asset: string): Units =>
  transfers.filter((transfer) => transfer.asset === asset).reduce((sum, transfer) => sum + movingOf(transfer), 0n);

/** Coins between two places: what is booked as under way must be the open transfers. */
function readTransit(registry: Registry, facts: BookFacts, rows: InFlightRows): OutsidePlace[] {
  const moving = rows.transfers.filter((transfer) => transfer.state === 'IN_TRANSIT');
  return registry.assets.map(({ code }) => ({
    place: 'transit',
    asset: code,
    booked: booked(facts, 'transit', code),
    actual: sumOf(moving, code),
    items: [],
  }));
}

/** What of an asset lies between two places by the outside's own word: not what has arrived already and is not booked yet. */
export function stillMoving(rows: InFlightRows, places: readonly OutsidePlace[], asset: string): Units {
  const arrived = new Set(places.flatMap(({ items }) => items.map(({ id }) => id)));
  const isMoving = ({ id, state }: Transfer): boolean =>
    state === 'IN_TRANSIT' && !arrived.has(`pull-back ${id}`) && !arrived.has(`to venue ${id}`);
  return sumOf(rows.transfers.filter(isMoving), asset);
}

/** The outside for a process that runs on: what the signer did not tell yet is asked for again. */
export function watchOutside(
  config: Config,
  registry: Registry,
  signer: Signer,
  binance: Outside['binance'],
): { outside(): Promise<Outside>; close(): void } {
  let chains: Outside['chains'] = [];
  return {
    outside: async () => {
      if (chains.length === 0 || chains.some(({ hotAddress }) => hotAddress === undefined)) {
        closeChains({ chains });
        chains = await openChains(config, registry, signer);
      }
      return {
        registry,
        binance,
        chains,
        bitcoin: await bitcoinOutside(openBitcoin(config), registry, signer, config.COLD_STORAGE.bitcoin),
      };
    },
    close: () => closeChains({ chains }),
  };
}

function closeChains({ chains }: Pick<Outside, 'chains'>): void {
  for (const { chain } of chains) chain.close();
}
