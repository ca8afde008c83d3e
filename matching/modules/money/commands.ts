import { CostEntity } from '../../../db/entities/ledger';
import { DepositEntity } from '../../../db/entities/deposits';
import { AssetPauseEntity } from '../../../db/entities/treasury';
import { fitted } from '../../../db/references';
import { deleteRow, insertRow, updateRow, upsertRow } from '../../../db/stores/rows';
import type { CommandOf, CostPaid } from '../../../domain/contract/commands';
import { DomainError } from '../../../domain/contract/errors';
import { formatAmount, parseAmount } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { floorToStep, stepOf } from '../../../domain/money/rounding';
import { assetOf, depositParts, railOf } from '../../../domain/registry';
import { available, debt } from '../../../ledger/accounts';
import type { Posting } from '../../../ledger/post';
import * as transfers from '../../../ledger/transfers';
import type { Context, Draft as DraftOf } from '../../engine/draft';
import { adminAudit } from '../admin-audit';
import type { MoneyState } from './state';

type Draft = DraftOf<MoneyState>;

/** Operator's own coins: the only way money enters without a user. */
export function contribute(
  draft: Draft,
  command: CommandOf<'operator.contribute'>,
  reference: string,
  { registry, now }: Context,
): void {
  assetOf(registry, command.asset);
  const { asset, amount, custody } = command;
  draft.rows.push(adminAudit(reference, 'operator', command.kind, asset, { amount, custody }, now));
  draft.post(
    reference,
    command.kind,
    transfers.operatorContribution(command.asset, positive(command.amount), command.custody),
  );
}

/** The operator's own coins become a user's. */
export function grant(
  draft: Draft,
  command: CommandOf<'operator.grant'>,
  reference: string,
  { registry, now }: Context,
): void {
  const amount = positive(command.amount);
  if (amount % stepOf(assetOf(registry, command.asset).scale) !== 0n)
    throw new DomainError('BAD_AMOUNT', { asset: command.asset, amount: command.amount });
  draft.post(reference, command.kind, transfers.operatorGrant(command.userId, command.asset, amount));
  draft.rows.push(
    adminAudit(
      reference,
      'operator',
      command.kind,
      command.userId,
      { asset: command.asset, amount: command.amount, why: command.why },
      now,
    ),
  );
}

/**
 * What a deposit of `amount` is worth to its user: floored to the ledger scale, less the rail's commission, or the one
 * that was taken.
 */
function split(
  command: { asset: string; network: string; amount: string; fee?: string },
  { registry }: Context,
): { amount: Units; credited: Units; fee: Units } {
  const rail = railOf(registry, command.asset, command.network);
  if (!rail) throw new DomainError('UNKNOWN_NETWORK', { asset: command.asset, network: command.network });
  const amount = positive(command.amount);
  const asset = assetOf(registry, command.asset);
  if (command.fee === undefined) return { amount, ...depositParts(rail, asset, amount) };
  const [whole, fee] = [floorToStep(amount, stepOf(asset.scale)), parseAmount(command.fee)];
  if (fee > whole) throw new DomainError('BAD_AMOUNT', { fee: command.fee, amount: command.amount });
  return { amount, credited: whole - fee, fee };
}

export function creditDeposit(
  draft: Draft,
  command: CommandOf<'deposit.credit'>,
  reference: string,
  context: Context,
): void {
  const parts = split(command, context);
  const { userId, asset, network } = command;
  draft.post(reference, command.kind, transfers.depositCredit({ userId, network, asset, ...parts }));
  draft.rows.push(
    updateRow(
      DepositEntity,
      { id: command.depositId },
      {
        state: 'CREDITED',
        creditedAt: context.now,
        credited: formatAmount(parts.credited),
        fee: formatAmount(parts.fee),
      },
    ),
  );
  draft.events.push({
    name: 'deposit.changed',
    userId,
    depositId: command.depositId,
    state: 'CREDITED',
    confirmations: 0,
  });
  draft.answer = { depositId: command.depositId, credited: formatAmount(parts.credited), fee: formatAmount(parts.fee) };
}

/** Whatever becomes available to a user who owes us pays the debt first, wherever it comes from. */
export function collectDebts(draft: Draft, reference: string): void {
  for (const event of [...draft.events]) {
    if (event.name !== 'balance.changed') continue;
    const { userId, asset } = event;
    const owed = -draft.state.books.balance(debt(userId), asset);
    const has = draft.state.books.balance(available(userId), asset);
    const pays = owed < has ? owed : has;
    if (pays > 0n)
      draft.postFact(
        fitted(`${reference}#debt:${userId}:${asset}`, 190),
        'debt.repay',
        transfers.debtRepayment(userId, asset, pays),
      );
  }
}

/** Does the user owe anything? Then nothing of theirs leaves the house. */
export function refuseDebtor(draft: Draft, userId: string, { registry }: Context): void {
  const owes = registry.assets.find(({ code }) => draft.state.books.balance(debt(userId), code) < 0n);
  if (owes)
    throw new DomainError('NEGATIVE_BALANCE', {
      asset: owes.code,
      owed: formatAmount(-draft.state.books.balance(debt(userId), owes.code)),
    });
}

export function refusePaused(draft: Draft, asset: string): void {
  if (draft.state.paused.has(asset)) throw new DomainError('ASSET_PAUSED', { asset });
}

export function pauseAsset(
  draft: Draft,
  command: CommandOf<'asset.pause'>,
  reference: string,
  { now, registry }: Context,
): void {
  const { asset, why, adminId } = command;
  if (!registry.assets.some(({ code }) => code === asset)) throw new DomainError('UNKNOWN_ASSET', { asset });
  if (why === null && adminId === null) throw new DomainError('FORBIDDEN');
  if (adminId !== null) draft.rows.push(adminAudit(reference, adminId, command.kind, asset, { why }, now));
  pause(draft, asset, why, now);
}

function pause(draft: Draft, asset: string, why: string | null, now: number): void {
  if (why === null) {
    draft.forget(draft.state.paused, asset);
    draft.rows.push(deleteRow(AssetPauseEntity, { asset }));
    return;
  }
  draft.remember(draft.state.paused, asset, why);
  draft.rows.push(upsertRow(AssetPauseEntity, { asset, why: why.slice(0, 500), at: now }));
  draft.events.push({
    name: 'alert',
    code: 'ASSET_PAUSED',
    message: `Nothing of ${asset} is withdrawn until an operator lets it go on.`,
    details: { asset, why },
  });
}

export function reverseDeposit(
  draft: Draft,
  command: CommandOf<'deposit.reverse'>,
  reference: string,
  context: Context,
): void {
  const { userId, asset, network } = command;
  const { amount, credited, fee } = split(command, context);
  const has = draft.state.books.balance(available(userId), asset);
  const taken = has < credited ? has : credited;
  draft.postFact(
    reference,
    command.kind,
    transfers.depositReversal({ userId, network, asset, amount, taken, owed: credited - taken, fee }),
  );
  draft.rows.push(
    updateRow(
      DepositEntity,
      { id: command.depositId },
      { state: 'ORPHANED', creditedAt: null, credited: null, fee: null },
    ),
  );
  draft.events.push({
    name: 'deposit.changed',
    userId,
    depositId: command.depositId,
    state: 'ORPHANED',
    confirmations: 0,
  });
  const details = { depositId: command.depositId, asset, owed: formatAmount(credited - taken) };
  // Coins that were used and then were never there: nothing more of them leaves before a person has looked.
  if (taken < credited)
    pause(draft, asset, `deposit ${command.depositId} left the chain after it was used`, context.now);
  draft.events.push({
    name: 'alert',
    code: 'DEPOSIT_REVERSED',
    message: 'A credited deposit left the chain.',
    details,
  });
  draft.answer = { depositId: command.depositId, taken: formatAmount(taken), owed: formatAmount(credited - taken) };
}

export function reserveCost(
  draft: Draft,
  command: CommandOf<'cost.reserve'>,
  reference: string,
  { now }: Context,
): void {
  const amount = positive(command.amount);
  draft.post(reference, command.kind, transfers.costReservation(command.asset, amount));
  draft.remember(draft.state.costs, reference, { asset: command.asset, amount });
  const row = {
    reference,
    asset: command.asset,
    amount: command.amount,
    purpose: command.purpose,
    settled: false,
    actual: null,
    at: now,
  };
  draft.rows.push(insertRow(CostEntity, row));
  draft.answer = { reserved: formatAmount(amount) };
}

/** Closes a reservation and gives the postings that book what was really paid. */
export function closeCost(draft: Draft, paid: CostPaid): Posting[] {
  const reserved = takeReservation(draft, paid.reservation, paid.asset, paid.actual);
  return transfers.costSettlement(paid.asset, reserved, parseAmount(paid.actual), paid.from);
}

/** Closes a reservation: what was set aside. A reservation that is not open is a bug of the caller. */
export function takeReservation(draft: Draft, reservation: string, asset: string, actual: string): Units {
  const open = draft.state.costs.get(reservation);
  if (!open || open.asset !== asset) throw new DomainError('NOT_FOUND', { reservation });
  draft.forget(draft.state.costs, reservation);
  draft.rows.push(updateRow(CostEntity, { reference: reservation }, { settled: true, actual }));
  return open.amount;
}

export function settleCost(draft: Draft, command: CommandOf<'cost.settle'>, reference: string): void {
  draft.postFact(reference, command.kind, closeCost(draft, command.paid));
}

export function moveCustody(draft: Draft, command: CommandOf<'custody.move'>, reference: string): void {
  const cost = command.cost ? closeCost(draft, command.cost) : [];
  const postings = [
    ...transfers.custodyMove(command.asset, positive(command.amount), command.from, command.to),
    ...cost,
  ];
  draft.postFact(reference, command.kind, postings);
}

/** An amount above zero. */
export function positive(text: string): Units {
  const amount = parseAmount(text);
  if (amount === 0n) throw new DomainError('BAD_AMOUNT', { amount: text });
  return amount;
}
