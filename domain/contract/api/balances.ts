import { z } from 'zod';
import { amount, assetCode } from './common';

export const balanceView = z.object({ asset: assetCode, available: amount, held: amount });
export type BalanceView = z.infer<typeof balanceView>;
