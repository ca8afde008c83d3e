/**
 * Every endpoint of the API: the server mounts this table, the document is built from it, the tests walk it. Each
 * word's own are in its file below endpoints/.
 */
import { accountsEndpoints } from './endpoints/accounts';
import { kycEndpoints } from './endpoints/kyc';
import { marketsEndpoints } from './endpoints/markets';
import { balancesEndpoints } from './endpoints/balances';
import { depositsEndpoints } from './endpoints/deposits';
import { swapsEndpoints } from './endpoints/swaps';
import { withdrawalsEndpoints } from './endpoints/withdrawals';
import { tiersEndpoints } from './endpoints/tiers';
import { secondFactorEndpoints } from './endpoints/second-factor';
import { passkeysEndpoints } from './endpoints/passkeys';
import { ordersEndpoints } from './endpoints/orders';
import { proofEndpoints } from './endpoints/proof';
import { adminEndpoints } from './endpoints/admin';
import { coldEndpoints } from './endpoints/cold';
import { securityEndpoints } from './endpoints/security';
import type { Endpoint } from './endpoints/endpoint';

export type { Access, Endpoint, LimitName, Method } from './endpoints/endpoint';

export const ENDPOINTS = {
  ...accountsEndpoints,
  ...kycEndpoints,
  ...marketsEndpoints,
  ...balancesEndpoints,
  ...depositsEndpoints,
  ...swapsEndpoints,
  ...withdrawalsEndpoints,
  ...tiersEndpoints,
  ...secondFactorEndpoints,
  ...passkeysEndpoints,
  ...ordersEndpoints,
  ...proofEndpoints,
  ...adminEndpoints,
  ...coldEndpoints,
  ...securityEndpoints,
} satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof ENDPOINTS;
