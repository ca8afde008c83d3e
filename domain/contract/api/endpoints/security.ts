import { pageOf } from '../common';
import * as security from '../security';
import { ADMIN, get } from './endpoint';
import type { Endpoint } from './endpoint';

export const securityEndpoints = {
  securityEvents: get('/security-events', 'What concerned the security of my account, newest first', {
    query: security.securityEventsQuery,
    answers: pageOf(security.securityEventView),
  }),
  adminSecurityEvents: get('/admin/security-events', 'Security events of an account, or of all', {
    ...ADMIN,
    query: security.adminSecurityEventsQuery,
    answers: pageOf(security.adminSecurityEventView),
  }),
} satisfies Record<string, Endpoint>;
