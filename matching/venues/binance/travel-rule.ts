import type { Logger } from '../../../domain/contract/ports';
import type { Rest } from './rest';

/** What the venue says where no country's travel rule binds the account. */
const NONE = 'NIL';
const REQUIREMENTS = 'sapi/v1/localentity/questionnaire-requirements';

const sentence = (country: string): string =>
  `the Binance account is under the travel rule of ${country}: Binance refuses withdrawals from it that come without a ` +
  'questionnaire, so that coins can be sent there and traded, and do not come back by themselves. Withdraw by hand on ' +
  "Binance's own page, or use an account that is not under it";

/**
 * Accounts of some countries must answer a questionnaire with each withdrawal (the `localentity` endpoints), which this
 * exchange does not do: says so in one sentence at the start. Silent where the venue cannot be asked.
 */
export async function tellTravelRule(rest: Rest, logger: Logger): Promise<void> {
  try {
    const answer = await rest.capital(() => rest.treasury.getPrivate(REQUIREMENTS));
    const country = (answer as unknown as { questionnaireCountryCode?: unknown }).questionnaireCountryCode;
    if (typeof country === 'string' && country !== '' && country !== NONE)
      logger.error({ event: 'venue.travel_rule', country }, sentence(country));
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'refused';
    logger.debug({ error: reason }, 'the venue does not say whether a travel rule binds our account');
  }
}
