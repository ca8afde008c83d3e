/** Everything that an operator is alerted to, how urgent it is, and what is to be done about it. */

/**
 * `critical`: money or keys may be at risk, or trading or payouts stand still: at any hour. `warning`: in working
 * hours.
 */
export type AlertSeverity = 'critical' | 'warning';

interface Alert {
  readonly severity: AlertSeverity;
  readonly action: string;
}

const critical = (action: string): Alert => ({ severity: 'critical', action });
const warning = (action: string): Alert => ({ severity: 'warning', action });

export const ALERTS = {
  // The books.
  LEDGER_INVARIANT_BROKEN: critical(
    'Run npm run audit, pause the assets that it names, and explain the difference before they are opened again.',
  ),
  UNBOOKED_SURPLUS: warning(
    'Find out whose coins these are. Own coins are booked with npm run operator -- contribute.',
  ),
  LOG_CHANGED: critical(
    'Somebody has changed a chained log. Keep the database as it is, run npm run audit, and look at who had access.',
  ),
  QUARANTINED: critical('Read the command and its error in the quarantine table; what it was to do has not happened.'),
  ROW_UNREADABLE: warning(
    'Compare the row that the details name with its table: it was changed by hand or is damaged.',
  ),
  NEEDS_OPERATOR_FUNDS: warning(
    'Send coins of this asset to the hot wallet and book them: npm run operator -- contribute.',
  ),
  OPERATOR_FUNDS_MISSING: warning(
    'Send coins of this asset to the hot wallet and book them: npm run operator -- contribute.',
  ),
  ASSET_PAUSED: warning('Read why it was paused; an admin opens it again at the treasury page when that is explained.'),
  // The venue.
  VENUE_STOPPED: critical(
    'Look at the account at the venue itself, then open it at the treasury page: orders go out again only then.',
  ),
  VENUE_DIFFERENCE: critical('Compare the account at the venue with the books and explain the difference by name.'),
  VENUE_FUNDS_MISSING: warning(
    'Raise the target of this asset at the venue, or wait for the transfer that is under way.',
  ),
  FOREIGN_TRADE: critical(
    'Somebody else trades with our key. Change the key of the venue unless an operator did it by hand.',
  ),
  MARKET_UNKNOWN: warning('The venue has delisted or renamed this market: delist it here, or correct its symbol.'),
  PULL_BACK_REFUSED: critical('Look at why the venue pays nothing out for us; withdrawals that need its coins wait.'),
  VENUE_WANTS_MEMO: warning('Set another deposit address of the venue for this asset, on a network without memos.'),
  // Deposits.
  DEPOSIT_SUSPECT: critical('Look at the transaction with a second explorer before it is credited or refused by hand.'),
  DEPOSIT_HELD: warning('Find out whose deposit it is and release it: npm run deposit.'),
  DEPOSIT_REVERSED: critical('A credited deposit left the chain. Look at what the user has done with it meanwhile.'),
  ADDRESS_FROZEN: critical(
    'Somebody else can sign for this deposit address: find out how, and give its user another one.',
  ),
  // Withdrawals and our own transactions.
  WITHDRAWAL_CHANGED: critical(
    'The database says something else than was asked for. Compare the record with the row, and look at who had access.',
  ),
  PAYOUT_FAILED: warning(
    'The withdrawal is back in review: look at why the chain refused it before it is approved again.',
  ),
  SIGNER_REFUSED: critical(
    'Read what the signer objects to: its limits, its allow-list, or a payment that was changed.',
  ),
  TRANSACTION_FAILED: warning('Look at the transaction with an explorer; what it was for is tried again or in review.'),
  TRANSACTION_STUCK: warning('Look at the fee market and at the limits of the signer; the transaction is sent again.'),
  NONCE_TAKEN: critical('Another transaction has the nonce of ours: somebody else may have the key of this wallet.'),
  COINS_TAKEN: critical('The coins of our transaction were spent by another: somebody else may have the key.'),
  HOT_WALLET_COMPROMISED: critical('Move what is left to cold storage from another machine, and replace the keys.'),
  TX_REORGED: warning('Wait until the transaction is mined again; look at the chain if it is not within an hour.'),
  TX_OUTCOME_CHANGED: critical('The books say what it was before: correct them by hand, then open the asset again.'),
  // How it runs.
  NETWORK_HALTED: critical('The network stands still until the cause in the message is put right and we start again.'),
  WALLETS_FAILING: warning('Read the error in the details: the step is tried again until it succeeds.'),
  SECURITY_THRESHOLD: warning('Look at the security events of this account or network; freeze the account if need be.'),
  SECURITY_LOG_FAILED: critical('Security events are being lost: look at the database and its free space.'),
} as const satisfies Readonly<Record<string, Alert>>;

export type AlertCode = keyof typeof ALERTS;
