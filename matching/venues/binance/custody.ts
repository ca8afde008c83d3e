/**
 * What lies at Binance, for the audit: the account's balances, and what our orders and transfers moved that is not
 * booked yet.
 */
import type { CustodyItem, CustodyReader, OpenMovements } from '../../../domain/contract/custody';
import type { VenueCapital } from '../../../domain/contract/ports';
import { parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import type { Registry } from '../../../domain/registry';
import type { Venue } from '../venue';
import { BINANCE } from './id';

/** The venue's clock may be behind ours when it writes down a deposit. */
const EARLIER_MS = 3_600_000;

export interface VenueCustody {
  readonly registry: Registry;
  readonly capital: VenueCapital;
  readonly find: Venue['find'];
}

export function venueCustody(custody: VenueCustody): CustodyReader {
  const { registry, capital } = custody;
  return {
    read: async (movements) => {
      const items = await itemsOf(custody, movements).catch(() => undefined);
      const balances = items && (await capital.balances().catch(() => undefined));
      return registry.assets.map(({ code }) => {
        const row = balances?.find((candidate) => candidate.asset === code);
        const actual = balances && (row ? parseAmount(row.free) + parseAmount(row.locked) : 0n);
        return { place: BINANCE, asset: code, actual, items: (items ?? []).filter(({ asset }) => asset === code) };
      });
    },
    // The venue's addresses are the venue's.
    ownAddresses: async () => [],
    close: () => undefined,
  };
}

type Add = (id: string, asset: string, amount: Units, createdAt: number) => void;

/** Orders, arrivals and departures at the venue that the books do not hold yet. */
async function itemsOf(custody: VenueCustody, movements: OpenMovements): Promise<CustodyItem[]> {
  const now = Date.now();
  const items: CustodyItem[] = [];
  const add: Add = (id, asset, amount, createdAt) =>
    void items.push({ id, place: BINANCE, asset, amount, ageMs: now - createdAt });
  for (const transfer of movements.transfers) await addTransfer(add, custody, transfer);
  for (const intent of movements.intents) await addOrder(add, custody, intent);
  return items;
}

async function addTransfer(
  add: Add,
  { capital }: VenueCustody,
  transfer: OpenMovements['transfers'][number],
): Promise<void> {
  const { id, direction, asset, amount, state, txid, createdAt } = transfer;
  if (direction === 'to-venue') {
    if (state !== 'IN_TRANSIT') return;
    const seen = await capital.deposits(asset, createdAt - EARLIER_MS);
    if (seen.some((deposit) => deposit.txid === txid && deposit.credited)) {
      add(`to venue ${id}`, asset, parseAmount(amount), createdAt);
    }
  } else if (state === 'REQUESTED' || state === 'UNKNOWN') {
    const known = await capital.withdrawal(id);
    if (known && known.state !== 'failed') add(`pull-back ${id}`, asset, -parseAmount(known.amount), createdAt);
  }
}

async function addOrder(
  add: Add,
  { registry, find }: VenueCustody,
  intent: OpenMovements['intents'][number],
): Promise<void> {
  const market = registry.markets.find((candidate) => candidate.symbol === intent.symbol);
  const found = await find(intent);
  if (found.found !== 'final' || !market) return;
  const sign = intent.side === 'BUY' ? 1n : -1n;
  for (const trade of found.trades) {
    add(`order ${intent.id}`, market.base, sign * parseAmount(trade.quantity), intent.createdAt);
    add(`order ${intent.id}`, market.quote, -sign * parseAmount(trade.quoteQuantity), intent.createdAt);
    add(`order ${intent.id} fee`, trade.commissionAsset, -parseAmount(trade.commission), intent.createdAt);
  }
}
