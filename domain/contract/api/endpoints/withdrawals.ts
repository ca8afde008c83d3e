import { byId, listOf, nothing, pageOf } from '../common';
import * as approvals from '../approvals';
import * as kyc from '../kyc';
import * as withdrawals from '../withdrawals';
import { ADMIN, decide, get, post } from './endpoint';
import type { Endpoint } from './endpoint';

export const withdrawalsEndpoints = {
  askWithdrawal: post('/withdrawals', 'Ask for a withdrawal', {
    access: 'active',
    status: 201,
    carries: 'json',
    idempotent: true,
    body: withdrawals.askWithdrawal,
    answers: withdrawals.withdrawalView,
    refuses: [
      'UNKNOWN_ASSET',
      'UNKNOWN_NETWORK',
      'BAD_ADDRESS',
      'ADDRESS_DENIED',
      'BAD_AMOUNT',
      'AMOUNT_TOO_SMALL',
      'INSUFFICIENT_FUNDS',
      'ASSET_PAUSED',
      'NEGATIVE_BALANCE',
      'NO_PRICE',
      'WITHDRAWAL_LIMIT',
      'WITHDRAWALS_LOCKED',
      'RECEIVED_RECENTLY',
      'MEMO_REQUIRED',
      'MEMO_NOT_SUPPORTED',
      'SECOND_FACTOR_REQUIRED',
      'SECOND_FACTOR_WRONG',
      'CONFIRMATION_REQUIRED',
      'CONFIRMATION_REFUSED',
      'IDEMPOTENCY_KEY_REUSED',
      'UNKNOWN_OUTCOME',
    ],
    event: 'withdrawal.request',
  }),
  withdrawalLimits: get('/withdrawal-limits', 'What I may still withdraw within 24 hours', {
    answers: withdrawals.withdrawalLimitsView,
  }),
  knownAddresses: get(
    '/withdrawal-addresses',
    'My address book: where coins of mine were paid to and what I wrote down, and since when',
    { query: withdrawals.knownAddressesQuery, answers: pageOf(withdrawals.knownAddressView) },
  ),
  knowAddress: post('/withdrawal-addresses', 'Write an address into my book; its cool-off of a day begins', {
    access: 'active',
    status: 201,
    carries: 'json',
    body: withdrawals.knownAddress,
    answers: withdrawals.knownAddressView,
    refuses: ['UNKNOWN_NETWORK', 'BAD_ADDRESS', 'ADDRESS_DENIED', 'SECOND_FACTOR_REQUIRED', 'SECOND_FACTOR_WRONG'],
    event: 'address.add',
  }),
  forgetAddress: post('/withdrawal-addresses/forget', 'Take an address out of my book, in any of its spellings', {
    carries: 'json',
    body: withdrawals.knownAddress,
    answers: nothing,
    refuses: ['NOT_FOUND'],
    event: 'address.remove',
  }),
  withdrawals: get('/withdrawals', 'My withdrawals', {
    query: withdrawals.withdrawalsQuery,
    answers: pageOf(withdrawals.withdrawalView),
  }),
  withdrawal: get('/withdrawals/:id', 'One withdrawal', {
    params: byId,
    answers: withdrawals.withdrawalView,
    refuses: ['NOT_FOUND'],
  }),
  cancelWithdrawal: post('/withdrawals/:id', 'Take back a withdrawal that was not decided yet', {
    method: 'delete',
    params: byId,
    answers: withdrawals.withdrawalView,
    refuses: ['NOT_FOUND', 'WITHDRAWAL_STATE'],
    event: 'withdrawal.cancel',
  }),
  adminWithdrawals: get('/admin/withdrawals', 'Withdrawals', {
    ...ADMIN,
    query: withdrawals.adminWithdrawalsQuery,
    answers: pageOf(withdrawals.adminWithdrawalView),
  }),
  approveWithdrawal: post(
    '/admin/withdrawals/:id/approve',
    'Approve a withdrawal with a signature; it is paid when enough admins have',
    {
      ...decide,
      carries: 'json',
      body: approvals.approval,
      answers: approvals.approvalProgress,
      refuses: [
        'NOT_FOUND',
        'WITHDRAWAL_STATE',
        'SELF_APPROVAL',
        'ASSET_PAUSED',
        'APPROVAL_REFUSED',
        'CONFIRMATION_REFUSED',
        'WITHDRAWAL_CHANGED',
        'BUSY',
      ],
      event: 'withdrawal.approve',
    },
  ),
  approvalKeys: get('/admin/approval-keys', 'Public keys of admins, and which of them the signer knows', {
    ...ADMIN,
    answers: listOf(approvals.approvalKeyView),
    refuses: ['BUSY'],
  }),
  offerApprovalKey: post(
    '/admin/approval-keys',
    'Offer my public key; it counts when an operator has enrolled it at the signer',
    {
      ...ADMIN,
      status: 201,
      carries: 'json',
      body: approvals.offerKey,
      answers: approvals.approvalKeyView,
      refuses: ['FORBIDDEN', 'BUSY'],
      event: 'approval-key.offer',
    },
  ),
  refuseWithdrawal: post('/admin/withdrawals/:id/refuse', 'Refuse a withdrawal', {
    ...decide,
    carries: 'json',
    body: kyc.refusal,
    refuses: ['NOT_FOUND', 'WITHDRAWAL_STATE', 'SELF_APPROVAL'],
    event: 'withdrawal.refuse',
  }),
} satisfies Record<string, Endpoint>;
