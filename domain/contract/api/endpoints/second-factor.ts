import { nothing } from '../common';
import * as secondFactor from '../second-factor';
import { get, post } from './endpoint';
import type { Endpoint } from './endpoint';

export const secondFactorEndpoints = {
  secondFactor: get('/second-factor', 'Whether I have a second factor', { answers: secondFactor.secondFactorView }),
  beginSecondFactor: post('/second-factor', 'Begin a second factor: the secret for an authenticator', {
    access: 'confirmed',
    carries: 'json',
    limit: 'login',
    body: secondFactor.withPassword,
    answers: secondFactor.enrolAnswer,
    refuses: ['SECOND_FACTOR_STATE', 'BAD_CREDENTIALS'],
    event: 'second-factor.begin',
  }),
  confirmSecondFactor: post(
    '/second-factor/confirm',
    'Put it in force with a code of it; answers recovery codes, shown once',
    {
      limit: 'login',
      carries: 'json',
      body: secondFactor.withCode,
      answers: secondFactor.recoveryView,
      refuses: ['SECOND_FACTOR_STATE', 'SECOND_FACTOR_WRONG'],
      event: 'second-factor.confirm',
    },
  ),
  removeSecondFactor: post('/second-factor/remove', 'Give it up, with a code of it', {
    limit: 'login',
    carries: 'json',
    body: secondFactor.withCode,
    answers: nothing,
    refuses: ['SECOND_FACTOR_STATE', 'SECOND_FACTOR_WRONG'],
    event: 'second-factor.remove',
  }),
} satisfies Record<string, Endpoint>;
