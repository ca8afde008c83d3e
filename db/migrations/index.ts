import { Foundation1763700000000 } from './1763700000000-foundation';
import { Trading1763800000000 } from './1763800000000-trading';
import { SecondLeg1763900000000 } from './1763900000000-second-leg';
import { VenueEpochs1764000000000 } from './1764000000000-venue-epochs';
import { Pauses1764100000000 } from './1764100000000-pauses';
import { Proofs1764200000000 } from './1764200000000-proofs';
import { FewerIndexes1764300000000 } from './1764300000000-fewer-indexes';
import { FinalIntents1764400000000 } from './1764400000000-final-intents';
import { Coins1764500000000 } from './1764500000000-coins';
import { FrozenAddresses1764610000000 } from './1764610000000-frozen-addresses';
import { Batches1764620000000 } from './1764620000000-batches';
import { Approvals1764700000000 } from './1764700000000-approvals';
import { WithdrawalPolicy1764710000000 } from './1764710000000-withdrawal-policy';
import { ConfirmationSteps1764720000000 } from './1764720000000-confirmation-steps';
import { DepositFees1764721000000 } from './1764721000000-deposit-fees';
import { TierWishes1764722000000 } from './1764722000000-tier-wishes';
import { MemoRules1764723000000 } from './1764723000000-memo-rules';
import { BalancesByAddress1764800000000 } from './1764800000000-balances-by-address';
import { Stakes1764810000000 } from './1764810000000-stakes';
import { OneNumber1764820000000 } from './1764820000000-one-number';
import { Cold1764900000000 } from './1764900000000-cold';
import { TransactionsByPlace1764910000000 } from './1764910000000-transactions-by-place';
import { ListIndexes1764920000000 } from './1764920000000-list-indexes';
import { AddressTrust1764930000000 } from './1764930000000-address-trust';
import { DocumentHashes1764940000000 } from './1764940000000-document-hashes';
import { AccountAccess1764950000000 } from './1764950000000-account-access';
import { Chains1764960000000 } from './1764960000000-chains';
import { WithdrawalRecords1764961000000 } from './1764961000000-withdrawal-records';
import { Twins1764962000000 } from './1764962000000-twins';
import { Passkeys1764971000000 } from './1764971000000-passkeys';
import { AppendOnly1764972000000 } from './1764972000000-append-only';
import { FieldWords1764980000000 } from './1764980000000-field-words';
import { PayoutStage1764990000000 } from './1764990000000-payout-stage';
import type { Migration } from '../migration';

/** In the order they are carried out, which is that of their names. */
export const MIGRATIONS: readonly Migration[] = [
  Foundation1763700000000,
  Trading1763800000000,
  SecondLeg1763900000000,
  VenueEpochs1764000000000,
  Pauses1764100000000,
  Proofs1764200000000,
  FewerIndexes1764300000000,
  FinalIntents1764400000000,
  Coins1764500000000,
  FrozenAddresses1764610000000,
  Batches1764620000000,
  Approvals1764700000000,
  WithdrawalPolicy1764710000000,
  ConfirmationSteps1764720000000,
  DepositFees1764721000000,
  TierWishes1764722000000,
  MemoRules1764723000000,
  BalancesByAddress1764800000000,
  Stakes1764810000000,
  OneNumber1764820000000,
  Cold1764900000000,
  TransactionsByPlace1764910000000,
  ListIndexes1764920000000,
  AddressTrust1764930000000,
  DocumentHashes1764940000000,
  AccountAccess1764950000000,
  Chains1764960000000,
  WithdrawalRecords1764961000000,
  Twins1764962000000,
  Passkeys1764971000000,
  AppendOnly1764972000000,
  FieldWords1764980000000,
  PayoutStage1764990000000,
];
