import type { Units } from '../../../domain/money/amount';
import type { CoreState } from '../../engine/draft';

/** What the module `money` remembers. */
export interface MoneyState extends CoreState {
  /** Reserved costs that are not settled, by the reference of their reservation. */
  readonly costs: Map<string, { asset: string; amount: Units }>;
  /** Assets whose withdrawals are paused, and why. */
  readonly paused: Map<string, string>;
}
