import { byId, nothing, pageOf } from '../common';
import * as accounts from '../accounts';
import { decide, get, none, post } from './endpoint';
import type { Endpoint } from './endpoint';

export const accountsEndpoints = {
  register: post(
    '/accounts',
    'Ask for an account: a letter goes to the address, whoever asked and whether it has one already',
    {
      access: 'public',
      limit: 'register',
      status: 202,
      carries: 'json',
      body: accounts.register,
      answers: nothing,
      event: 'account.open',
      refuses: ['PASSWORD_TOO_COMMON', 'BUSY'],
    },
  ),
  confirmAccount: post('/accounts/confirm', 'Confirm the e-mail address with the token of the letter', {
    access: 'public',
    carries: 'json',
    body: accounts.withToken,
    answers: nothing,
    event: 'account.confirm',
    refuses: ['NOT_FOUND'],
  }),
  resendLetter: post('/accounts/resend', 'Send the letter once more, if there is an account that waits for it', {
    access: 'public',
    limit: 'register',
    status: 202,
    carries: 'json',
    body: accounts.withEmail,
    answers: nothing,
  }),
  login: post('/session', 'Log in', {
    access: 'public',
    limit: 'login',
    carries: 'json',
    body: accounts.login,
    answers: accounts.sessionView,
    refuses: ['BAD_CREDENTIALS', 'CHALLENGE_NEEDED', 'SECOND_FACTOR_REQUIRED', 'SECOND_FACTOR_WRONG', 'BUSY'],
    event: 'log-in',
  }),
  logout: post('/session', 'Log out', { method: 'delete', answers: nothing, event: 'log-out' }),
  session: get('/session', 'Who am I', { access: 'public', answers: accounts.sessionView }),
  sessions: get('/sessions', 'My log-ins that have not ended, newest first', {
    query: accounts.sessionsQuery,
    answers: pageOf(accounts.sessionItem),
    refuses: ['BAD_CURSOR'],
  }),
  endSession: post('/sessions/:id', 'End one of my log-ins', {
    method: 'delete',
    params: byId,
    answers: nothing,
    event: 'session.end',
    refuses: ['NOT_FOUND'],
  }),
  endOtherSessions: post('/sessions', 'End all my log-ins but this one', {
    method: 'delete',
    answers: nothing,
    event: 'session.end-others',
  }),
  changePassword: post(
    '/account/password',
    'Change my password; all other log-ins end, and nothing is withdrawn for a day',
    {
      limit: 'login',
      carries: 'json',
      body: accounts.changePassword,
      answers: nothing,
      event: 'password.change',
      refuses: ['BAD_CREDENTIALS', 'PASSWORD_TOO_COMMON', 'SECOND_FACTOR_REQUIRED', 'SECOND_FACTOR_WRONG', 'BUSY'],
    },
  ),
  freeze: post('/account/freeze', 'Freeze my account: nothing leaves it, and no order is taken', {
    carries: 'json',
    body: none,
    answers: nothing,
    event: 'account.freeze',
  }),
  freezeLink: get('/account/freeze/:token', 'Whether the link of a letter can freeze its account', {
    access: 'public',
    params: accounts.withToken,
    answers: nothing,
    refuses: ['NOT_FOUND'],
  }),
  freezeByLink: post('/account/freeze/:token', 'Freeze the account whose letter the link was in', {
    access: 'public',
    carries: 'json',
    params: accounts.withToken,
    body: none,
    answers: nothing,
    event: 'account.freeze',
    refuses: ['NOT_FOUND'],
  }),
  setFrozen: post('/admin/users/:id/freeze', 'Freeze an account, or open it again', {
    ...decide,
    carries: 'json',
    body: accounts.setFrozen,
    event: 'account.freeze',
    refuses: ['NOT_FOUND', 'SELF_APPROVAL'],
  }),
} satisfies Record<string, Endpoint>;
