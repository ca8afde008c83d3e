import { byId, pageOf } from '../common';
import * as kyc from '../kyc';
import { ADMIN, decide, get, post } from './endpoint';
import type { Endpoint } from './endpoint';

export const kycEndpoints = {
  applyKyc: post('/kyc', 'Send an identity application with a document', {
    access: 'confirmed',
    limit: 'document',
    status: 201,
    carries: 'multipart',
    body: kyc.applyKyc,
    answers: kyc.kycView,
    refuses: ['KYC_STATE', 'BAD_DOCUMENT', 'AGE_LIMIT'],
    event: 'identity.submit',
  }),
  kyc: get('/kyc', 'My identity application', { answers: kyc.kycView }),
  adminKyc: get('/admin/kyc', 'Identity applications', {
    ...ADMIN,
    query: kyc.adminKycQuery,
    answers: pageOf(kyc.adminKycView),
  }),
  adminKycDocument: get(
    '/admin/kyc/:id/document',
    'The document of an application, as an attachment; looking is recorded',
    {
      ...ADMIN,
      params: byId,
      answers: 'file',
      refuses: ['NOT_FOUND'],
      event: 'identity.view-document',
    },
  ),
  approveKyc: post('/admin/kyc/:id/approve', 'Approve an identity', {
    ...decide,
    carries: 'optional-json',
    body: kyc.approveKyc,
    answers: kyc.decidedKyc,
    refuses: ['NOT_FOUND', 'KYC_STATE', 'KYC_TWIN', 'SELF_APPROVAL'],
    event: 'identity.approve',
  }),
  refuseKyc: post('/admin/kyc/:id/refuse', 'Refuse an identity', {
    ...decide,
    carries: 'json',
    body: kyc.refusal,
    refuses: ['NOT_FOUND', 'KYC_STATE', 'SELF_APPROVAL'],
    event: 'identity.refuse',
  }),
} satisfies Record<string, Endpoint>;
