import { VenueIntentEntity } from '../../../db/entities/swaps';
import { VenueDifferenceEntity, VenueStateEntity } from '../../../db/entities/venue';
import type { VenueStateRow } from '../../../db/entities/venue';
import { insertRow, updateRow, upsertRow } from '../../../db/stores/rows';
import type { CommandOf } from '../../../domain/contract/commands';
import { DomainError } from '../../../domain/contract/errors';
import { formatAmount, parseAmount, parseSigned } from '../../../domain/money/amount';
import { custody } from '../../../ledger/accounts';
import * as transfers from '../../../ledger/transfers';
import type { Context, Draft as DraftOf } from '../../engine/draft';
import { adminAudit } from '../admin-audit';
import { venueOf } from './state';
import type { OpenIntent, VenueState } from './state';

/** What the venue's module needs of the markets: those of a venue that is not open route nothing. */
export interface VenueExpect {
  readonly markets: ReadonlyMap<string, { stopped: boolean; readonly listing: { readonly venue: string | null } }>;
}
export type VenueDraft = DraftOf<VenueState & VenueExpect>;
type Draft = VenueDraft;

/** Writes the venue's new state, and stops or starts routing in its markets. */
function changeVenue(draft: Draft, next: VenueStateRow): void {
  draft.remember(draft.state.venues, next.venue, next);
  draft.rows.push(upsertRow(VenueStateEntity, next));
  for (const market of draft.state.markets.values())
    market.stopped = next.state !== 'OPEN' && market.listing.venue === next.venue;
  draft.answer = { venue: next.venue, epoch: next.epoch, state: next.state };
}

/** The order at the venue has its final outcome. */
export function closeIntent(
  draft: Draft,
  command: CommandOf<'venue.report'>,
  intent: OpenIntent,
  { now }: Context,
): void {
  draft.forget(draft.state.intents, intent.id);
  const set = {
    state: command.outcome === 'done' ? ('DONE' as const) : ('REJECTED' as const),
    venueOrderId: command.venueOrderId,
    reason: command.reason,
    updatedAt: now,
  };
  draft.rows.push(updateRow(VenueIntentEntity, { id: intent.id }, set));
}

/** Routing stops in every market; what is open outside stays open until an operator opens the venue. */
export function stopVenue(draft: Draft, command: CommandOf<'venue.stop'>, context: Context): void {
  const venue = venueOf(draft.state);
  if (venue.state === 'STOPPED')
    return void (draft.answer = { venue: venue.venue, epoch: venue.epoch, state: venue.state });
  const reason = command.reason.slice(0, 500);
  changeVenue(draft, { ...venue, state: 'STOPPED', reason, at: context.now });
  draft.events.push({
    name: 'alert',
    code: 'VENUE_STOPPED',
    message: 'Nothing is sent to the venue until an operator opens it.',
    details: { venue: venue.venue, epoch: venue.epoch, reason },
  });
}

/**
 * An operator's word. Nothing is sent yet: open orders are asked for, then the account is compared
 * (`venue.reconciled`).
 */
export function openVenue(draft: Draft, command: CommandOf<'venue.open'>, reference: string, context: Context): void {
  const venue = venueOf(draft.state);
  if (venue.state === 'OPENING') throw new DomainError('BUSY', { state: venue.state });
  const reason = command.why.slice(0, 500);
  const epoch = venue.epoch + (command.newEpoch ? 1 : 0);
  changeVenue(draft, { ...venue, epoch, state: 'OPENING', reason, adminId: command.adminId, at: context.now });
  const details = { newEpoch: command.newEpoch, epoch, why: reason };
  draft.rows.push(adminAudit(reference, command.adminId, command.kind, venue.venue, details, context.now));
}

/**
 * The account as it was read, while nothing was under way, against what was booked at that moment. Each difference is
 * one entry into suspense under the operator who asked for it; then orders go out again. An asset of which coins are
 * on their way to or from the venue is left as it is: what they change there is booked by themselves.
 */
export function reconcileVenue(
  draft: Draft,
  command: CommandOf<'venue.reconciled'>,
  reference: string,
  context: Context,
): void {
  const venue = venueOf(draft.state);
  const { books, intents } = draft.state;
  if (venue.state !== 'OPENING') throw new DomainError('BUSY', { state: venue.state });
  const moved = command.accounts.find(
    ({ asset, booked }) => -books.balance(custody(venue.venue), asset) !== parseSigned(booked),
  );
  if (moved || intents.size > 0) throw new DomainError('BUSY', { intents: intents.size, moved: moved?.asset ?? null });
  const found: Record<string, string> = {};
  for (const { asset, booked, actual } of command.accounts) {
    const difference = parseAmount(actual) - parseSigned(booked);
    if (difference === 0n || onTheWay(draft.state, asset)) continue;
    found[asset] = formatAmount(difference);
    draft.postFact(`${reference}#${asset}`, command.kind, transfers.venueDifference(venue.venue, asset, difference));
    const row = {
      id: `${reference}#${asset}`,
      epoch: venue.epoch,
      asset,
      booked,
      actual,
      difference: found[asset],
      reason: venue.reason,
      adminId: venue.adminId,
      at: context.now,
    };
    draft.rows.push(insertRow(VenueDifferenceEntity, row));
  }
  changeVenue(draft, { ...venue, state: 'OPEN', at: context.now });
  if (Object.keys(found).length > 0)
    draft.events.push({
      name: 'alert',
      code: 'VENUE_DIFFERENCE',
      message: "The venue's account differed from our books; the difference was booked to suspense.",
      details: { epoch: venue.epoch, ...found },
    });
}

const onTheWay = ({ books, reserves }: Draft['state'], asset: string): boolean =>
  books.balance(custody('transit'), asset) !== 0n || [...reserves.values()].some((reserve) => reserve.asset === asset);
