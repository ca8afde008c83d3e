/** Tiers of identity: what may be withdrawn in a day, and what each of them asks for. */
import { z } from 'zod';
import { amount, assetCode, id, page, time } from './common';
import { kycState } from './accounts';
import { line } from './text';

/** What a tier may ask for. The first two are known to the house; of the others a person of the house is convinced. */
export const tierAsk = z.enum(['identity', 'second-factor', 'proof-of-address', 'source-of-funds', 'call']);
export type TierAsk = z.infer<typeof tierAsk>;

/** `met` null: a person of the house looks at it. */
const ask = z.object({ what: tierAsk, met: z.boolean().nullable() });

/** 0 before the identity is approved. Amounts are of any 24 hours, in the quote asset. */
export const myTierView = z.object({
  tier: z.number().int(),
  quote: assetCode,
  perDay: amount,
  used: amount,
  left: amount,
  tiers: z.array(z.object({ tier: z.number().int(), perDay: amount, asks: z.array(ask) })),
});
export type MyTierView = z.infer<typeof myTierView>;

/** As the settings have them. */
export const tiersView = z.object({
  quote: assetCode,
  /** How many admins it takes to raise a user's tier. */
  adminsToRaise: z.number().int(),
  tiers: z.array(z.object({ tier: z.number().int(), perDay: amount, small: amount, asks: z.array(tierAsk) })),
});
export type TiersView = z.infer<typeof tiersView>;

export const setTier = z.strictObject({ tier: z.number().int().min(1).max(9), why: line(3, 500) });
export type SetTier = z.infer<typeof setTier>;

/** A higher tier that one admin wants for a user, and another must confirm. */
const wish = z.object({
  tier: z.number().int(),
  why: z.string(),
  adminId: id,
  adminEmail: z.string().nullable(),
  at: time,
});
export const setTierAnswer = z.object({ tier: z.number().int(), waiting: wish.nullable() });
export type SetTierAnswer = z.infer<typeof setTierAnswer>;

/** `email`: what the address begins with. */
export const adminUsersQuery = page.extend({ email: z.string().trim().toLowerCase().min(1).max(190).optional() });
export const adminUserView = z.object({
  id,
  email: z.string(),
  role: z.enum(['user', 'admin']),
  kycState,
  createdAt: time,
  /** 0 before the identity is approved. */
  tier: z.number().int(),
  perDay: amount,
  used: amount,
  emailConfirmed: z.boolean(),
  frozen: z.boolean(),
  waiting: wish.nullable(),
});
export type AdminUserView = z.infer<typeof adminUserView>;
