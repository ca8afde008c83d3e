import type { Logger } from '../../../domain/contract/ports';
import type { Rest } from './rest';

/** What the venue says where no country's travel rule binds the account. */
const NONE = 'NIL';

/**
 * Accounts of some countries must answer a questionnaire with each withdrawal (the `localentity` endpoints), which this
 * exchange does not do: says so in one sentence at the start. Silent where the venue cannot be asked.
 */
export async function tellTravelRule(rest: Rest, logger: Logger): Promise<void> {
  try {
    const answer = (await rest.capital(() => rest.treasury.getPrivate('sapi/v1/localentity/questionnaire-requirements'))) as unknown as { questionnaireCountryCode?: unknown };
    const country = answer.questionnaireCountryCode;
    if (typeof country !== 'string' || country === '' || country === NONE) return;
    logger.error(
      { country },
      `the Binance account is under the travel rule of ${country}: Binance refuses withdrawals from it that come without a questionnaire, so that coins can be sent there and traded and do not come back by themselves. Withdraw by hand, or use an account without it`,
    );
  } catch (error) {
    logger.debug({ error: error instanceof Error ? error.message : 'refused' }, 'the venue does not say whether a travel rule binds our account');
  }
}
