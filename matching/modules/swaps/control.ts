import type { EngineHost } from '../../engine/module';
import type { OfferedQuote, SwapsState } from './state';

/** An expired quote is forgotten so long after it expired. */
const FORGET_AFTER_MS = 60_000;

export const swapsControl = ({ state, clock }: EngineHost<SwapsState>) => ({
  /** Remembers a quote until it expires, so that `swap.accept` can find it. */
  offer: (quote: OfferedQuote): void => {
    const { quotes } = state();
    const now = clock.now();
    for (const [id, old] of quotes) if (old.quote.expiresAt + FORGET_AFTER_MS < now) quotes.delete(id);
    quotes.set(quote.quote.id, { ...quote, used: false });
  },
});
export type SwapsControl = ReturnType<typeof swapsControl>;
