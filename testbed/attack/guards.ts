/**
 * What holds an attack off: a line of the product without which it must go through. `npm run attack -- --guards` tries
 * each.
 */
import type { Line } from '../checks/without';

export interface AttackGuard extends Line {
  /** The attack that breaks without it, by its id. */
  readonly attack: string;
  /** Where two stand behind each other, the second one, taken out with the first. */
  readonly also?: Line;
}

const nothing = '';

export const ATTACK_GUARDS: readonly AttackGuard[] = [
  {
    attack: 'RIGHTS adminUsers trader',
    file: 'server/http/access.ts',
    line: "const OPERATOR: Rule = ['FORBIDDEN', ({ role }) => role === 'admin'];",
    without: "const OPERATOR: Rule = ['FORBIDDEN', () => true];",
  },
  {
    attack: 'CSRF askWithdrawal 1',
    file: 'server/http/session.ts',
    line: 'return expected.length > 0 && expected.length === given.length && timingSafeEqual(expected, given);',
    without: 'return expected !== given && timingSafeEqual !== undefined;',
  },
  {
    attack: 'A1.1',
    file: 'server/second-factor/routes.ts',
    line: 'const { recoveryCodes, generation } = await service.confirm(user.id, body.code, attemptIn(sessions, req));',
    without:
      'const { recoveryCodes } = await service.confirm(user.id, body.code, attemptIn(sessions, req));\n      if (recoveryCodes.length > 0) return { recoveryCodes };\n      const generation = 0;',
    also: {
      file: 'server/http/session.ts',
      line: '(session.generation ?? 0) === user.sessionGeneration;',
      without: '(session.generation ?? 0) <= user.sessionGeneration;',
    },
  },
  {
    attack: 'A2.1',
    file: 'server/withdrawals/recorded.ts',
    line: 'const record = records.get(row.id);',
    without: 'const record = records.size < 0 ? records.get(row.id) : undefined;',
  },
  {
    attack: 'PASSKEY 1',
    file: 'server/passkeys/changes.ts',
    line: 'if (rows.length === 0) await prove(secondFactors, user, proof, attempt);',
    without: nothing,
  },
  {
    attack: 'PASSKEY 3',
    file: 'server/passkeys/service.ts',
    line: '(await challenges.take(challenge));',
    without: 'true;',
  },
  {
    attack: 'CONFIRM 1',
    file: 'server/passkeys/service.ts',
    line: 'if (!(await fits(rows, assertion, digestOf(text(expiresAt)))))',
    without: 'if (rows.length < 0)',
  },
  { attack: 'CONFIRM 3', file: 'wallets/keys/approvals.ts', line: 'checkOwner(payment);', without: nothing },
  {
    attack: 'A2.9',
    file: 'wallets/withdrawals/recorded.ts',
    line: "if (row.state === 'REQUESTED' || record?.stage !== 'APPROVED' || record.attempt !== row.attempt) return false;",
    without: 'if (!record) return false;',
    also: {
      file: 'wallets/withdrawals/recorded.ts',
      line: '    return columns.length === 0;',
      without: '    return columns.length >= 0;',
    },
  },
  {
    attack: 'A3.1',
    file: 'db/references.ts',
    line: '`${prefix}_${hashOf(reference)}`',
    without: "`${prefix}${hashOf('') && ''}${reference}`.slice(-64)",
  },
  {
    attack: 'A3.2',
    file: 'server/http/answers.ts',
    line: '    return !fault;',
    without: '    return unreadable.length >= 0;',
  },
  {
    attack: 'A4.1',
    file: 'server/withdrawals/risk.ts',
    line: 'const reasons: ReviewReason[] = [];',
    without: "const reasons: ReviewReason[] = [];\n  if (facts.value !== null) return { verdict: 'pass', reasons };",
  },
  {
    attack: 'A4.2',
    file: 'server/withdrawals/request.ts',
    line: "  if (now < user.withdrawalsFrom) throw new DomainError('WITHDRAWALS_LOCKED', { until: user.withdrawalsFrom });",
    without: nothing,
  },
  {
    attack: 'A4.3',
    file: 'server/http/access.ts',
    line: "['ACCOUNT_FROZEN', ({ frozenAt }) => frozenAt === null]",
    without: "['ACCOUNT_FROZEN', () => true]",
    also: {
      file: 'server/withdrawals/request.ts',
      line: 'if (user === null || user.frozenAt !== null) throw',
      without: 'if (user === null) throw',
    },
  },
  {
    attack: 'A6.1',
    file: 'server/accounts/service.ts',
    line: "if (await isCommon(password, email)) throw new DomainError('PASSWORD_TOO_COMMON');",
    without: nothing,
  },
  {
    attack: 'A6.20',
    file: 'server/sessions/guesses.ts',
    line: 'if (bits === 0 || (proof',
    without: 'if (bits >= 0 || (proof',
  },
  {
    attack: 'A7.1',
    file: 'server/sessions/guesses.ts',
    line: '    if (device !== undefined && (await failures(email, device)) < FREE) return 0;',
    without: nothing,
  },
  {
    attack: 'A10.1',
    file: 'server/accounts/routes.ts',
    line: "if (token === undefined) post.send('address-taken', deps.ids.next(), user);",
    without: "if (token === undefined) throw new DomainError('IDEMPOTENCY_KEY_REUSED');",
  },
  {
    attack: 'A10.3',
    file: 'server/http/access.ts',
    line: '({ confirmedAt }) => confirmedAt !== null',
    without: '() => true',
  },
  {
    attack: 'A13.2',
    file: 'matching/modules/withdrawals/commands.ts',
    line: '  draft.rows.push(deleteRow(KnownAddressEntity, { userId, network, address }));',
    without: '  void deleteRow; void [userId, network, address];',
  },
  {
    attack: 'A15.1',
    file: 'server/http/origin.ts',
    line: 'if (publicOrigin === null) return LOOPBACK.test(host);',
    without: 'if (publicOrigin === null) return LOOPBACK !== undefined;',
  },
  {
    attack: 'A15.2',
    file: 'server/http/session.ts',
    line: '(config.secureCookies ? THIS_MACHINE : [])',
    without: 'THIS_MACHINE',
  },
  {
    attack: 'A16.1',
    file: 'server/second-factor/attempt.ts',
    line: 'purpose: `session:${publicId}`,',
    without: "purpose: publicId === '' ? '' : 'login',",
  },
  {
    attack: 'A16.2',
    file: 'server/second-factor/service.ts',
    line: "      if (next === 'used') return new DomainError('SECOND_FACTOR_WRONG');\n      if (next === undefined) {",
    without: "      if (next === undefined || next === 'used') {",
  },
  {
    attack: 'A17.1',
    file: 'db/references.ts',
    line: '`${prefix}_${hashOf(reference)}`',
    without: "`${prefix}${hashOf('') && ''}${reference}`.slice(-64)",
  },
  {
    attack: 'A8.1',
    file: 'server/orders/socket.ts',
    line: "  if (line.refused(1)) end(line, 'TOO_MANY_REQUESTS');\n",
    without: '\n',
  },
  {
    attack: 'HEADERS 3',
    file: 'server/http/app.ts',
    line: `connectSrc: ["'self'"],`,
    without: `connectSrc: ["'self'", 'ws:', 'wss:'],`,
  },
  {
    attack: 'A11.1',
    file: 'server/security/events.ts',
    line: 'await insertSecurityEvent(dataSource, { id: ids.next()',
    without: 'if (times < 0) await insertSecurityEvent(dataSource, { id: ids.next()',
  },
];
