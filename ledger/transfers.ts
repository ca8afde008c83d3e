/**
 * Every reason money moves, by name. Each function gives the postings of one entry; they sum to zero per asset by
 * construction. Signs: see accounts.ts. All amounts are Units and >= 0 unless said otherwise.
 */
import {
  DUST,
  EQUITY,
  PULL_BACK_FEES,
  RESERVED_COSTS,
  VENUE_DIFFERENCES,
  available,
  custody,
  debt,
  expense,
  held,
  revenue,
} from './accounts';
import type { CustodyPlace } from '../domain/contract/commands';
import type { Units } from '../domain/money/amount';
import type { Posting } from './post';

const line = (account: string, asset: string, amount: Units): Posting => ({ account, asset, amount });
const nonZero = (postings: Posting[]): Posting[] => postings.filter((posting) => posting.amount !== 0n);

/** The operator's own coins arrived in custody. */
export function operatorContribution(asset: string, amount: Units, place: CustodyPlace): Posting[] {
  return [line(custody(place), asset, -amount), line(EQUITY, asset, amount)];
}

/**
 * A deposit of `amount` (the chain's, exact) is credited: the user gets `credited` (a multiple of the ledger scale),
 * the house `fee`, and what is finer than the scale waits in dust.
 */
export function depositCredit(p: {
  userId: string;
  network: string;
  asset: string;
  amount: Units;
  credited: Units;
  fee: Units;
}): Posting[] {
  return nonZero([
    line(custody(`deposit/${p.network}`), p.asset, -p.amount),
    line(available(p.userId), p.asset, p.credited),
    line(revenue('deposit-fee'), p.asset, p.fee),
    line(DUST, p.asset, p.amount - p.credited - p.fee),
  ]);
}

/**
 * A credited deposit left the chain: `taken` comes from the user's available balance, `owed` becomes the user's debt.
 */
export function depositReversal(p: {
  userId: string;
  network: string;
  asset: string;
  amount: Units;
  taken: Units;
  owed: Units;
  fee: Units;
}): Posting[] {
  return nonZero([
    line(custody(`deposit/${p.network}`), p.asset, p.amount),
    line(available(p.userId), p.asset, -p.taken),
    line(debt(p.userId), p.asset, -p.owed),
    line(revenue('deposit-fee'), p.asset, -p.fee),
    line(DUST, p.asset, -(p.amount - p.taken - p.owed - p.fee)),
  ]);
}

/** A user who owes us pays from what is available. */
export function debtRepayment(userId: string, asset: string, amount: Units): Posting[] {
  return [line(available(userId), asset, -amount), line(debt(userId), asset, amount)];
}

/** Sets a cost aside: out of the operator's position, into suspense. */
export function costReservation(asset: string, amount: Units): Posting[] {
  return [line(expense('network-fee'), asset, -amount), line(RESERVED_COSTS, asset, amount)];
}

/** A reserved cost was paid (`actual`, possibly above or below what was reserved) out of a place of ours. */
export function costSettlement(asset: string, reserved: Units, actual: Units, from: CustodyPlace): Posting[] {
  return nonZero([
    line(RESERVED_COSTS, asset, -reserved),
    line(expense('network-fee'), asset, reserved - actual),
    line(custody(from), asset, actual),
  ]);
}

/** Coins went from one place of ours to another. */
export function custodyMove(asset: string, amount: Units, from: CustodyPlace, to: CustodyPlace): Posting[] {
  return [line(custody(from), asset, amount), line(custody(to), asset, -amount)];
}

/**
 * A pull-back left the venue: `amount` was debited there, `fee` of it kept. The fee waits in suspense for the
 * withdrawal it serves, or is the house's expense when it serves none.
 */
export function pullBack(venue: string, asset: string, amount: Units, fee: Units, serves: boolean): Posting[] {
  return nonZero([
    line(custody(venue), asset, amount),
    line(custody('transit'), asset, -(amount - fee)),
    line(serves ? PULL_BACK_FEES : expense('network-fee'), asset, -fee),
  ]);
}

/** Available to held, for a swap, an order or a withdrawal. */
export function hold(userId: string, asset: string, amount: Units): Posting[] {
  return [line(available(userId), asset, -amount), line(held(userId), asset, amount)];
}

/** Held back to available. */
export function release(userId: string, asset: string, amount: Units): Posting[] {
  return [line(held(userId), asset, -amount), line(available(userId), asset, amount)];
}

/** A refused withdrawal whose coins had already been brought back from the venue: the position pays that fee. */
export function pullBackFeeLost(asset: string, fee: Units): Posting[] {
  return [line(PULL_BACK_FEES, asset, fee), line(expense('network-fee'), asset, -fee)];
}

/** Gas of a payout from the hot wallet. `reserved` is 0 where the entry's own fee pays. */
function gasPaid(network: string, asset: string, reserved: Units, actual: Units): Posting[] {
  return costSettlement(asset, reserved, actual, `hot/${network}`);
}

/**
 * A withdrawal is final on the chain: `amount` left the hot wallet, the fee is earned and pays for its pull-back and
 * gas.
 */
export function withdrawalPaid(p: {
  userId: string;
  network: string;
  asset: string;
  amount: Units;
  fee: Units;
  pullBackFee: Units;
  gas: { asset: string; reserved: Units; actual: Units };
}): Posting[] {
  return nonZero([
    line(held(p.userId), p.asset, -(p.amount + p.fee)),
    line(custody(`hot/${p.network}`), p.asset, p.amount),
    line(revenue('withdrawal-fee'), p.asset, p.fee),
    line(PULL_BACK_FEES, p.asset, p.pullBackFee),
    line(expense('network-fee'), p.asset, -p.pullBackFee),
    ...gasPaid(p.network, p.gas.asset, p.gas.reserved, p.gas.actual),
  ]);
}

/** A payout was mined and failed: only its gas is gone. */
export function payoutFailed(network: string, gas: { asset: string; reserved: Units; actual: Units }): Posting[] {
  return gasPaid(network, gas.asset, gas.reserved, gas.actual);
}

/** A withdrawal to another user of ours: no chain, no fee. */
export function insideTransfer(p: {
  fromUserId: string;
  toUserId: string;
  asset: string;
  amount: Units;
  fee: Units;
}): Posting[] {
  return nonZero([
    line(held(p.fromUserId), p.asset, -(p.amount + p.fee)),
    line(available(p.toUserId), p.asset, p.amount),
    line(available(p.fromUserId), p.asset, p.fee),
  ]);
}

/**
 * One trade at the venue, made for a swap. The user gives `userPays` of what is held and gets `userGets`, which stays
 * held where a second leg will spend it; the venue takes `venuePays` and gives `venueGives` before its commission.
 * What lies between is ours: commission and spread. The venue's commission is booked in whatever asset it was taken.
 */
export function swapTrade(p: {
  /** The id of the venue, which is the place of the coins there. */
  venue: string;
  userId: string;
  /** The user's account that gets: held for the next leg, or available. */
  into: 'available' | 'held';
  from: string;
  to: string;
  userPays: Units;
  userGets: Units;
  venuePays: Units;
  venueGives: Units;
  commission: Units;
  venueFee: { asset: string; amount: Units };
}): Posting[] {
  return nonZero([
    line(held(p.userId), p.from, -p.userPays),
    line(custody(p.venue), p.from, p.venuePays),
    line(revenue('swap-spread'), p.from, p.userPays - p.venuePays),
    line(custody(p.venue), p.to, -p.venueGives),
    line((p.into === 'held' ? held : available)(p.userId), p.to, p.userGets),
    line(revenue('swap-commission'), p.to, p.commission),
    line(revenue('swap-spread'), p.to, p.venueGives - p.userGets - p.commission),
    line(custody(p.venue), p.venueFee.asset, p.venueFee.amount),
    line(expense('venue-fee'), p.venueFee.asset, -p.venueFee.amount),
  ]);
}

/** The operator gives a user something of its own: own tokens, a refund. */
export function operatorGrant(userId: string, asset: string, amount: Units): Posting[] {
  return [line(EQUITY, asset, -amount), line(available(userId), asset, amount)];
}

/**
 * The venue's account has `difference` more (+) or less (-) than our books: an operator says so, and it waits in
 * suspense under its own name.
 */
export function venueDifference(venue: string, asset: string, difference: Units): Posting[] {
  return [line(custody(venue), asset, -difference), line(VENUE_DIFFERENCES, asset, difference)];
}

/**
 * One trade in our own book. Each side's fee comes out of what it receives; `paid` - `received` is what rounding left.
 */
export function orderTrade(p: {
  buyer: string;
  seller: string;
  base: { asset: string; quantity: Units; fee: Units };
  quote: { asset: string; paid: Units; received: Units; fee: Units };
}): Posting[] {
  const { base, quote } = p;
  return nonZero([
    line(held(p.buyer), quote.asset, -quote.paid),
    line(available(p.seller), quote.asset, quote.received - quote.fee),
    line(revenue('trading-fee'), quote.asset, quote.fee),
    line(revenue('rounding'), quote.asset, quote.paid - quote.received),
    line(held(p.seller), base.asset, -base.quantity),
    line(available(p.buyer), base.asset, base.quantity - base.fee),
    line(revenue('trading-fee'), base.asset, base.fee),
  ]);
}

/**
 * One trade at the venue, shared by the members of a bundle: what each pays and gets, and what the venue took and
 * gave.
 */
export function bundleTrade(p: {
  venue: string;
  from: string;
  to: string;
  members: readonly { userId: string; pays: Units; gets: Units; fee: Units }[];
  /** Paid by members and kept by nobody (a residue): taken over by the house. */
  venuePays: Units;
  venueGives: Units;
  venueFee: { asset: string; amount: Units };
}): Posting[] {
  const sum = (of: (member: { pays: Units; gets: Units; fee: Units }) => Units): Units =>
    p.members.reduce((total, member) => total + of(member), 0n);
  return nonZero([
    ...p.members.flatMap(({ userId, pays, gets, fee }) => [
      line(held(userId), p.from, -pays),
      line(available(userId), p.to, gets - fee),
    ]),
    line(custody(p.venue), p.from, p.venuePays),
    line(revenue('rounding'), p.from, sum((member) => member.pays) - p.venuePays),
    line(custody(p.venue), p.to, -p.venueGives),
    line(
      revenue('trading-fee'),
      p.to,
      sum((member) => member.fee),
    ),
    line(revenue('rounding'), p.to, p.venueGives - sum((member) => member.gets)),
    line(custody(p.venue), p.venueFee.asset, p.venueFee.amount),
    line(expense('venue-fee'), p.venueFee.asset, -p.venueFee.amount),
  ]);
}
