/** What an admin signs. Without a schema, so that the page carries none for it. */
/** A payout as it is approved and signed. `round` counts its payouts: one that failed needs new approvals. */
export interface ApprovedPayment {
  readonly withdrawalId: string;
  readonly round: number;
  readonly network: string;
  readonly asset: string;
  readonly to: string;
  readonly amount: string;
}

/** What is signed, word for word; the page, the signer and programs build it from what they know themselves. */
export const approvalText = (
  payment: ApprovedPayment,
  { at, feeCap }: { readonly at: number; readonly feeCap: string },
): string =>
  [
    'Javizen: I approve this withdrawal.',
    `withdrawal ${payment.withdrawalId}`,
    `round ${payment.round}`,
    `network ${payment.network}`,
    `asset ${payment.asset}`,
    `to ${payment.to}`,
    `amount ${payment.amount}`,
    `fee cap ${feeCap}`,
    `time ${at}`,
    '',
  ].join('\n');
