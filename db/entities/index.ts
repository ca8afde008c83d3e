/** Every table, as typeorm knows it: a folder of row types with their columns. */
import * as accounts from './accounts';
import * as approvals from './approvals';
import * as coins from './utxos';
import * as cold from './cold';
import * as deposits from './deposits';
import * as ledger from './ledger';
import * as orders from './orders';
import * as passkeys from './passkeys';
import * as proofs from './proofs';
import * as registry from './registry';
import * as reviews from './reviews';
import * as secondFactors from './second-factors';
import * as security from './security';
import * as stakes from './stakes';
import * as swaps from './swaps';
import * as treasury from './treasury';
import * as venue from './venue';
import * as withdrawals from './withdrawals';
import { EntitySchema } from 'typeorm';

/** Every table. */
export const ENTITIES: EntitySchema<object>[] = [
  accounts,
  approvals,
  coins,
  cold,
  deposits,
  ledger,
  orders,
  passkeys,
  proofs,
  registry,
  reviews,
  secondFactors,
  security,
  stakes,
  swaps,
  treasury,
  venue,
  withdrawals,
].flatMap((file) =>
  (Object.values(file) as unknown[]).filter((value): value is EntitySchema<object> => value instanceof EntitySchema),
);
