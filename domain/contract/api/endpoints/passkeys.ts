import { nothing } from '../common';
import * as passkeys from '../passkeys';
import { get, post } from './endpoint';
import type { Endpoint } from './endpoint';

export const passkeysEndpoints = {
  passkeys: get('/passkeys', 'My passkeys', { answers: passkeys.passkeysView }),
  beginPasskey: post(
    '/passkeys/options',
    'What to ask an authenticator for; takes the second factor, or the password where there is none, before the first passkey',
    {
      access: 'confirmed',
      limit: 'login',
      carries: 'json',
      body: passkeys.beginPasskey,
      answers: passkeys.passkeyOptions,
      refuses: ['BAD_CREDENTIALS', 'SECOND_FACTOR_REQUIRED', 'SECOND_FACTOR_WRONG', 'PASSKEY_STATE', 'BUSY'],
    },
  ),
  addPasskey: post(
    '/passkeys',
    'Add a passkey; confirmed by one that I have, where I have one. All other log-ins end',
    {
      access: 'confirmed',
      limit: 'login',
      status: 201,
      carries: 'json',
      body: passkeys.addPasskey,
      answers: passkeys.passkeyView,
      refuses: ['PASSKEY_STATE', 'WITHDRAWALS_OPEN', 'CONFIRMATION_REQUIRED', 'CONFIRMATION_REFUSED', 'BUSY'],
      event: 'passkey.add',
    },
  ),
  renamePasskey: post('/passkeys/:id', 'Give a passkey another name', {
    params: passkeys.byPasskeyId,
    carries: 'json',
    body: passkeys.renamePasskey,
    answers: passkeys.passkeyView,
    refuses: ['NOT_FOUND'],
    event: 'passkey.rename',
  }),
  removePasskey: post(
    '/passkeys/:id/remove',
    'Give up a passkey, confirmed by one of mine; all other log-ins end, and nothing is withdrawn for a day',
    {
      limit: 'login',
      params: passkeys.byPasskeyId,
      carries: 'json',
      body: passkeys.removePasskey,
      answers: nothing,
      refuses: ['NOT_FOUND', 'CONFIRMATION_REQUIRED', 'CONFIRMATION_REFUSED', 'BUSY'],
      event: 'passkey.remove',
    },
  ),
} satisfies Record<string, Endpoint>;
