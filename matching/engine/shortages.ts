import type { AlertCode } from '../../domain/alerts';
import type { Clock } from '../../domain/clock-and-ids';
import { DomainError } from '../../domain/contract/errors';
import type { ErrorCode } from '../../domain/contract/errors';
import type { EventBus } from '../../domain/contract/ports';

const AGAIN_MS = 3_600_000;

/** What an operator must hear when a command is refused for it, because whoever asked can do nothing about it. */
const TOLD: Partial<Record<ErrorCode, { readonly code: AlertCode; readonly message: string }>> = {
  NEEDS_OPERATOR_FUNDS: {
    code: 'OPERATOR_FUNDS_MISSING',
    message:
      "The operator's position does not cover a cost: what needs it waits. Send coins to the hot wallet and book them: npm run operator -- contribute.",
  },
  FUNDS_IN_TRANSIT: {
    code: 'VENUE_FUNDS_MISSING',
    message: 'Orders or swaps are refused because the coins for them are not at the venue yet.',
  },
};

/** Publishes an alert for refusals that only an operator can end, once an hour for each asset. */
export function createShortages(deps: {
  readonly events: EventBus;
  readonly clock: Clock;
}): (refusal: unknown) => void {
  const told = new Map<string, number>();
  return (refusal) => {
    if (!(refusal instanceof DomainError)) return;
    const alert = TOLD[refusal.code];
    if (!alert) return;
    const name = `${alert.code} ${String(refusal.details?.asset)}`;
    const now = deps.clock.now();
    if (now - (told.get(name) ?? -AGAIN_MS) < AGAIN_MS) return;
    told.set(name, now);
    deps.events.publish({ name: 'alert', ...alert, details: { ...refusal.details } });
  };
}
