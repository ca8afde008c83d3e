/** What the house owes and what covers it, so that each user can check the own part. */
import { z } from 'zod';

/** The statement is JSON as it was signed; whoever checks the signature needs it letter by letter. */
export const proofView = z.object({ statement: z.string(), signature: z.string(), publicKey: z.string() });
export type ProofView = z.infer<typeof proofView>;

/** What a statement says. Sums are written `BTC:1,ETH:20`, in whole numbers of 10^-18. */
export const proofStatement = z.object({
  id: z.string(),
  at: z.number().int(),
  root: z.string(),
  liabilities: z.string(),
  assets: z.array(z.object({ place: z.string(), asset: z.string(), amount: z.string() })),
  /** Of the published list of addresses. */
  addressesSha256: z.string(),
});
export type ProofStatement = z.infer<typeof proofStatement>;

export const proofLeafView = z.object({
  proof: z.string(),
  salt: z.string(),
  userId: z.string(),
  sums: z.string(),
  path: z.array(z.object({ side: z.enum(['left', 'right']), hash: z.string(), sums: z.string() })),
});
export type ProofLeafView = z.infer<typeof proofLeafView>;
