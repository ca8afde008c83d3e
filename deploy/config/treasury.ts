import { z } from 'zod';
import { parseAmount } from '../../domain/money/amount';

const amount = z.string().regex(/^(0|[1-9]\d{0,17})(\.\d{1,18})?$/, 'an amount as a decimal text');
const network = z.string().regex(/^[a-z][a-z0-9-]{1,30}$/);

/** What an operator wants of one asset on one network. */
const policy = z
  .strictObject({
    network,
    asset: z.string().regex(/^[A-Z0-9]{2,10}$/),
    /** Coins of one address are moved on when so many lie there. */
    sweepFrom: amount.default('0'),
    /** And then all at once, so often. */
    sweepEveryMinutes: z.number().int().min(0).max(1440).default(0),
    floor: amount.default('0'),
    ceiling: amount.default('0'),
    above: z.enum(['venue', 'cold']).default('venue'),
  })
  .refine(({ floor, ceiling }) => parseAmount(floor) <= parseAmount(ceiling), {
    message: 'the floor lies above the ceiling',
    path: ['floor'],
  });

/** Keys or addresses whose private parts no machine of the exchange has ever seen. */
const cold = z.union([
  z.strictObject({ addresses: z.array(z.string().min(20).max(100)).min(1).max(20) }),
  z
    .strictObject({
      required: z.number().int().min(1).max(15),
      keys: z.array(z.string().min(100).max(120)).min(1).max(15),
    })
    .refine(({ required, keys }) => required <= keys.length, {
      message: 'more signatures than keys',
      path: ['required'],
    }),
]);

/** From which amounts on a deposit waits for how many confirmations. */
const steps = z
  .array(z.strictObject({ from: amount, confirmations: z.number().int().min(1).max(1000) }))
  .min(1)
  .max(10)
  .refine(([first]) => first === undefined || parseAmount(first.from) === 0n, 'the first step begins at 0')
  .refine(
    (all) =>
      all.every(
        (step, at) =>
          at === 0 ||
          (parseAmount(all[at - 1]?.from ?? '0') < parseAmount(step.from) &&
            (all[at - 1]?.confirmations ?? 0) < step.confirmations),
      ),
    'each step begins at more than the one before and asks for more',
  );

/** What an operator wants of deposits of one asset on one network. */
const terms = z.strictObject({
  network,
  asset: z.string().regex(/^[A-Z0-9]{2,10}$/),
  minimum: amount.optional(),
  fee: amount.optional(),
  feeRate: amount.refine((rate) => parseAmount(rate) < parseAmount('1'), 'a share below 1').optional(),
  steps: steps.optional(),
});

const json = <Schema extends z.ZodType>(schema: Schema, empty: string) =>
  z
    .string()
    .default(empty)
    .transform((text, context) => {
      try {
        return schema.parse(JSON.parse(text || empty)) as z.output<Schema>;
      } catch (error) {
        context.addIssue({
          code: 'custom',
          message: error instanceof z.ZodError ? z.prettifyError(error) : 'not JSON',
        });
        return z.NEVER;
      }
    });

/** Where coins lie, as settings. Read by the exchange; the signer reads COLD_STORAGE from its own. */
export const TREASURY_SETTINGS = {
  TREASURY: json(z.array(policy), '[]'),
  RECONCILE_THRESHOLDS: json(z.record(z.string(), amount), '{}'),
} as const;
export const DEPOSIT_SETTINGS = {
  DEPOSIT_TERMS: json(
    z
      .array(terms)
      .refine(
        (all) => new Set(all.map(({ network: on, asset }) => `${asset} ${on}`)).size === all.length,
        'an asset on a network is named twice',
      ),
    '[]',
  ),
} as const;
export const COLD_SETTINGS = {
  COLD_STORAGE: json(z.record(network, cold), '{}'),
} as const;

export type TreasuryPolicies = z.output<(typeof TREASURY_SETTINGS)['TREASURY']>;
export type ColdPlaces = z.output<(typeof COLD_SETTINGS)['COLD_STORAGE']>;
