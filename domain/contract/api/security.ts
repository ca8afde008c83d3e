/** What is written down about the security of an account. */
import { z } from 'zod';
import { id, page, time } from './common';

/** Kinds of event. With the outcome `refused` they tell of a try. */
export const SECURITY_EVENT_KINDS = [
  // accounts and sessions
  'account.open',
  'account.confirm',
  'account.freeze',
  'account.unfreeze',
  'log-in',
  'log-in.new-device',
  'log-out',
  'session.end',
  'session.end-others',
  'password.change',
  // second factors
  'second-factor.begin',
  'second-factor.confirm',
  'second-factor.remove',
  'second-factor.code',
  'passkey.add',
  'passkey.rename',
  'passkey.remove',
  // where coins go
  'address.add',
  'address.remove',
  'withdrawal.request',
  'withdrawal.cancel',
  'withdrawal.approve',
  'withdrawal.refuse',
  // what people of the house decide about an account
  'identity.submit',
  'identity.approve',
  'identity.refuse',
  'identity.view-document',
  'tier.change',
  'approval-key.offer',
  // what was refused at the door
  'request.forged',
  'request.forbidden',
  'request.too-many',
] as const;
export const securityEventKind = z.enum(SECURITY_EVENT_KINDS);
export type SecurityEventKind = z.infer<typeof securityEventKind>;
export const securityEventOutcome = z.enum(['done', 'refused']);
export type SecurityEventOutcome = z.infer<typeof securityEventOutcome>;

export const securityEventView = z.object({
  id,
  at: time,
  kind: securityEventKind,
  outcome: securityEventOutcome,
  /** The network it came from: of IPv4 the first three numbers, of IPv6 the first 48 bits. */
  address: z.string().nullable(),
  agent: z.string().nullable(),
});
export type SecurityEventView = z.infer<typeof securityEventView>;
export const securityEventsQuery = page;

export const adminSecurityEventView = securityEventView.extend({
  userId: id.nullable(),
  email: z.string().nullable(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export type AdminSecurityEventView = z.infer<typeof adminSecurityEventView>;
export const adminSecurityEventsQuery = page.extend({ userId: id.optional(), kind: securityEventKind.optional() });
