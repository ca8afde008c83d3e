/**
 * Ids of our own transactions and references of what is booked for them: built, read and searched for here and nowhere
 * else. They are kept for ever (in the journal, in the signer's log), so that what is built here never changes. A part
 * is a word without ':' and '#', save the id of a transaction inside a longer reference, which stands between fixed
 * words.
 */

/** Where a payout of a withdrawal stands: `round` counts the decisions on it, from 0. */
export interface Payout {
  readonly withdrawalId: string;
  readonly round: number;
}

const PAYOUT = /^withdrawal:([A-Za-z0-9_-]{1,64}):(0|[1-9][0-9]{0,8})$/;
/** Stands behind an original and before the number of its replacement. No part has it. */
const REPLACEMENT = '#';
/** The character after `REPLACEMENT`: every id that begins with `<original>#` is below `<original>$`. */
const AFTER_REPLACEMENT = '$';

/** The id under which a withdrawal is approved, signed and paid in one round. */
export const payoutId = ({ withdrawalId, round }: Payout): string => `withdrawal:${withdrawalId}:${round}`;

/** Reads what `payoutId` built; undefined for any other id, a replacement's too. */
export function readPayoutId(id: string): Payout | undefined {
  const [, withdrawalId, round] = PAYOUT.exec(id) ?? [];
  return withdrawalId === undefined || round === undefined ? undefined : { withdrawalId, round: Number(round) };
}

/** What a transaction of ours is for, where it is not one payout. */
export type Movement =
  'batch' | 'sweep' | 'topup' | 'venue' | 'cold' | 'consolidation' | 'delegate' | 'undelegate' | 'stake' | 'unstake';

/**
 * The id of a transaction of ours. `attempt`: how many there were for the same subject before; the first has no
 * number.
 */
export const transactionId = (movement: Movement, subject: string, attempt = 0): string =>
  attempt === 0 ? `${movement}:${subject}` : `${movement}:${subject}:${attempt}`;

/** Takes unstaked coins that can be had since `due` (ms). */
export const claimId = (network: string, due: number, attempt = 0): string =>
  attempt === 0 ? `claim:${network}:${due}` : `claim:${network}:${due}:${attempt}`;

/** A child that pays for a transaction of ours (CPFP). One of a child is its grandchild. */
export const childId = (parent: string): string => `cpfp:${parent}`;

/** The n-th replacement (from 1) of a transaction: the same payment, other bytes. */
export const replacementId = (original: string, n: number): string => `${original}${REPLACEMENT}${n}`;

/** The id whose replacement this is, or the id itself. */
export const originalOf = (id: string): string => id.split(REPLACEMENT)[0] ?? id;

export const isReplacement = (id: string): boolean => id.includes(REPLACEMENT);

/** All replacements of a transaction, and nothing else, are above `above` and below `below`. */
export const replacementRange = (original: string): { above: string; below: string } => ({
  above: `${original}${REPLACEMENT}`,
  below: `${original}${AFTER_REPLACEMENT}`,
});

/** The reservation of a transaction's cost, or of a replacement's higher fee. */
export const costReference = (id: string): string => `cost:${id}`;

/**
 * The same for a consolidation or a child, which may be made anew: each try, at `at` (ms), reserves under a name of
 * its own.
 */
export const retriedCostReference = (id: string, at: number): string => `cost:${id}:${at}`;

/** The reservation of what a batch costs one of its withdrawals. */
export const batchCostReference = (batch: string, withdrawalId: string): string =>
  `cost:${transactionId('batch', batch)}:${withdrawalId}`;

/** The reservation of what a transaction cost more when it was mined a second time. */
export const correctionCostReference = (id: string, settledAt: number): string => `cost:${id}:again:${settledAt}`;

/** The entry that gives a reservation back of which nothing was paid. */
export const releaseReference = (reservation: string): string => `${reservation}:released`;

/**
 * What is booked when something becomes of a transaction. `final`: it is settled. `coins`: the coins of deposits that
 * it spends. `void`: its withdrawal goes back to review, unsigned. `fell-out`, `otherwise:...`: its asset is paused
 * after a reorganisation.
 */
export type TransactionStep = 'final' | 'coins' | 'void' | 'fell-out' | `otherwise:${'CONFIRMED' | 'FAILED'}`;
export const transactionReference = (id: string, step: TransactionStep): string => `tx:${id}:${step}`;

/** As `transactionReference`, of one of the withdrawals that a batch pays. */
export const paymentReference = (batch: string, withdrawalId: string, step: 'final' | 'void'): string =>
  `tx:${batch}:${withdrawalId}:${step}`;

/** The correction of a settlement that was made at `settledAt` (ms). */
export const correctionReference = (id: string, settledAt: number): string => `tx:${id}:again:${settledAt}`;

/**
 * A user's request of a withdrawal. `key` is the caller's own, of letters, digits, '_' and '-'; no user's id begins as
 * a withdrawal's does.
 */
export const withdrawalRequestReference = (userId: string, key: string): string => `withdrawal:${userId}:${key}`;

/** A decision on a withdrawal in its round. */
export const decisionReference = (
  { withdrawalId, round }: Payout,
  decision: 'approve' | 'refuse' | 'cancel' | 'refused',
): string => `withdrawal:${withdrawalId}:${decision}:${round}`;

/** A withdrawal to an address of ours is settled in the books, once. */
export const insideReference = (withdrawalId: string): string => `withdrawal:${withdrawalId}:inside`;

/** What is booked of a transfer to or from the venue. */
export const venueTransferReference = (
  network: string,
  transferId: string,
  step: 'reserve' | 'left' | 'failed' | 'arrived',
): string => `venue:${network}:${transferId}:${step}`;

/**
 * Coins from cold storage that the transaction brought: by the transaction, so that what is announced twice is booked
 * once.
 */
export const coldArrivalReference = (network: string, txid: string, asset: string): string =>
  `cold:${network}:${txid}:${asset}`;

/** Coins from cold storage that our own plan brought. */
export const coldPlanReference = (transferId: string): string => `cold:${transferId}:arrived`;

/** The reservation of what a transfer from cold storage costs. */
export const coldCostReference = (transferId: string): string => `cost:cold:${transferId}`;

/** One payment that a block has made to us. `position` is its place within its transaction: `log:3`, `out:0`. */
export interface PaymentPlace {
  readonly network: string;
  readonly txid: string;
  readonly position: string;
}

/**
 * A deposit's credit. Credits and reversals of one payment take turns, so that the number of reversals names the next
 * credit. Not the hash of the block: a chain may come back to a block.
 */
export const creditReference = ({ network, txid, position }: PaymentPlace, reversals = 0): string =>
  reversals === 0 ? `deposit:${network}:${txid}:${position}` : `deposit:${network}:${txid}:${position}:${reversals}`;

/** The reversal of a credit, of which there were `reversals` before. */
export const reversalReference = (place: PaymentPlace, reversals: number): string =>
  `${creditReference(place)}:reverse:${reversals}`;

/** All reversals of a deposit, and nothing else, are above `above` and below `below`. */
export const reversalRange = (place: PaymentPlace): { above: string; below: string } => ({
  above: `${creditReference(place)}:reverse:`,
  below: `${creditReference(place)}:reverse;`,
});
