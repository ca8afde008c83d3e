/** Every state and every event of each table, written out: what is not in the list is refused. */
import { CHAIN_TRANSACTION } from './chain-transaction';
import { DEPOSIT } from './deposit';
import { KYC } from './kyc';
import { ORDER } from './order';
import { INTENT, SWAP } from './swap';
import { COLD_TRANSFER, STAKE, SWEEP, VENUE_TRANSFER } from './transfers';
import { advance, finalStates, stepOf } from './transitions';
import type { Transitions } from './transitions';
import { ENDED_WITHDRAWALS, PAYOUT, WITHDRAWAL } from './withdrawal';

interface Case {
  readonly name: string;
  readonly table: Transitions<string, string>;
  readonly events: readonly string[];
  /** `STATE event NEXT` */
  readonly allowed: readonly string[];
  readonly final: readonly string[];
  readonly first: string | readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: 'deposit',
    table: DEPOSIT as Transitions<string, string>,
    events: ['confirm', 'credit', 'sweep', 'orphan', 'reverse', 'ignore', 'reappear', 'hold', 'release'],
    allowed: [
      'SEEN confirm CONFIRMING',
      'SEEN credit CREDITED',
      'SEEN orphan ORPHANED',
      'SEEN hold HELD',
      'CONFIRMING confirm CONFIRMING',
      'CONFIRMING credit CREDITED',
      'CONFIRMING orphan ORPHANED',
      'CONFIRMING hold HELD',
      'CREDITED sweep SWEPT',
      'CREDITED reverse ORPHANED',
      'SWEPT reverse ORPHANED',
      'ORPHANED reappear SEEN',
      'ORPHANED ignore IGNORED',
      'IGNORED orphan ORPHANED',
      'HELD release CONFIRMING',
      'HELD orphan ORPHANED',
    ],
    final: [],
    first: 'SEEN',
  },
  {
    name: 'chain transaction',
    table: CHAIN_TRANSACTION as Transitions<string, string>,
    events: ['plan', 'sign', 'broadcast', 'void', 'confirm', 'fail'],
    allowed: [
      'PLANNED sign SIGNED',
      'PLANNED void VOID',
      'SIGNED broadcast BROADCAST',
      'SIGNED confirm CONFIRMED',
      'SIGNED fail FAILED',
      'BROADCAST confirm CONFIRMED',
      'BROADCAST fail FAILED',
      'CONFIRMED confirm CONFIRMED',
      'CONFIRMED fail FAILED',
      'FAILED confirm CONFIRMED',
      'FAILED fail FAILED',
      'VOID plan PLANNED',
    ],
    final: [],
    first: 'PLANNED',
  },
  {
    name: 'sweep',
    table: SWEEP as Transitions<string, string>,
    events: ['topUp', 'lack', 'send', 'finish', 'fail'],
    allowed: ['PLANNED', 'TOPPING_UP', 'NEEDS_OPERATOR_FUNDS', 'SENDING'].flatMap((state) => [
      `${state} topUp TOPPING_UP`,
      `${state} lack NEEDS_OPERATOR_FUNDS`,
      `${state} send SENDING`,
      `${state} finish DONE`,
      `${state} fail FAILED`,
    ]),
    final: ['DONE', 'FAILED'],
    first: 'PLANNED',
  },
  {
    name: 'transfer to or from the venue',
    table: VENUE_TRANSFER as Transitions<string, string>,
    events: ['ask', 'accept', 'send', 'lack', 'leave', 'store', 'arrive', 'fail'],
    allowed: [
      'RESERVED ask UNKNOWN',
      'RESERVED fail FAILED',
      'UNKNOWN accept REQUESTED',
      'UNKNOWN leave IN_TRANSIT',
      'UNKNOWN fail FAILED',
      'REQUESTED leave IN_TRANSIT',
      'REQUESTED fail FAILED',
      ...['SENDING', 'NEEDS_OPERATOR_FUNDS'].flatMap((state) => [
        `${state} send SENDING`,
        `${state} lack NEEDS_OPERATOR_FUNDS`,
        `${state} leave IN_TRANSIT`,
        `${state} store DONE`,
        `${state} fail FAILED`,
      ]),
      'IN_TRANSIT arrive DONE',
    ],
    final: ['DONE', 'FAILED'],
    first: ['RESERVED', 'SENDING'],
  },
  {
    name: 'transfer from cold storage',
    table: COLD_TRANSFER as Transitions<string, string>,
    events: ['announce', 'cancel', 'finish', 'fail'],
    allowed: [
      'WAITING_SIGNATURES announce SENDING',
      'WAITING_SIGNATURES cancel CANCELED',
      'SENDING announce SENDING',
      'SENDING finish DONE',
      'SENDING fail FAILED',
    ],
    final: ['DONE', 'CANCELED', 'FAILED'],
    first: 'WAITING_SIGNATURES',
  },
  {
    name: 'stake',
    table: STAKE as Transitions<string, string>,
    events: ['send', 'cancel', 'finish', 'unstake', 'receive', 'fail'],
    allowed: [
      'PLANNED send SENDING',
      'PLANNED cancel CANCELED',
      'SENDING finish DONE',
      'SENDING unstake UNSTAKING',
      'SENDING fail FAILED',
      'UNSTAKING receive DONE',
    ],
    final: ['DONE', 'FAILED', 'CANCELED'],
    first: 'PLANNED',
  },
  {
    name: 'kyc',
    table: KYC as Transitions<string, string>,
    events: ['submit', 'approve', 'refuse'],
    allowed: [
      'NONE submit SUBMITTED',
      'SUBMITTED approve APPROVED',
      'SUBMITTED refuse REJECTED',
      'REJECTED submit SUBMITTED',
    ],
    final: ['APPROVED'],
    first: 'NONE',
  },
  {
    name: 'swap',
    table: SWAP as Transitions<string, string>,
    events: ['fillAll', 'fillPart', 'fillNone'],
    allowed: ['EXECUTING fillAll COMPLETED', 'EXECUTING fillPart PARTIAL', 'EXECUTING fillNone RETURNED'],
    final: ['COMPLETED', 'PARTIAL', 'RETURNED'],
    first: 'EXECUTING',
  },
  {
    name: 'intent',
    table: INTENT as Transitions<string, string>,
    events: ['lose', 'settle', 'refuse'],
    allowed: [
      'PENDING lose UNKNOWN',
      'PENDING settle DONE',
      'PENDING refuse REJECTED',
      'UNKNOWN lose UNKNOWN',
      'UNKNOWN settle DONE',
      'UNKNOWN refuse REJECTED',
    ],
    final: ['DONE', 'REJECTED'],
    first: 'PENDING',
  },
  {
    name: 'order',
    table: ORDER as Transitions<string, string>,
    events: ['fill', 'fillRest', 'askCancel', 'cancel', 'expire', 'prevent', 'amend'],
    allowed: [
      'NEW fill PARTIALLY_FILLED',
      'NEW fillRest FILLED',
      'NEW askCancel PENDING_CANCEL',
      'NEW cancel CANCELED',
      'NEW expire EXPIRED',
      'NEW prevent EXPIRED_IN_MATCH',
      'NEW amend NEW',
      'PARTIALLY_FILLED fill PARTIALLY_FILLED',
      'PARTIALLY_FILLED fillRest FILLED',
      'PARTIALLY_FILLED askCancel PENDING_CANCEL',
      'PARTIALLY_FILLED cancel CANCELED',
      'PARTIALLY_FILLED expire EXPIRED',
      'PARTIALLY_FILLED prevent EXPIRED_IN_MATCH',
      'PARTIALLY_FILLED amend PARTIALLY_FILLED',
      'PENDING_CANCEL fill PENDING_CANCEL',
      'PENDING_CANCEL fillRest FILLED',
      'PENDING_CANCEL askCancel PENDING_CANCEL',
      'PENDING_CANCEL cancel CANCELED',
      'PENDING_CANCEL expire EXPIRED',
      'PENDING_CANCEL prevent EXPIRED_IN_MATCH',
    ],
    final: ['FILLED', 'CANCELED', 'EXPIRED', 'EXPIRED_IN_MATCH'],
    first: 'NEW',
  },
  {
    name: 'withdrawal',
    table: WITHDRAWAL as Transitions<string, string>,
    events: ['approve', 'refuse', 'cancel', 'confirm', 'settleInternal', 'fail'],
    allowed: [
      'REQUESTED approve APPROVED',
      'REQUESTED refuse REJECTED',
      'REQUESTED cancel CANCELED',
      'APPROVED confirm CONFIRMED',
      'APPROVED settleInternal CONFIRMED',
      'APPROVED fail REQUESTED',
    ],
    final: ENDED_WITHDRAWALS,
    first: 'REQUESTED',
  },
  {
    name: 'payout',
    table: PAYOUT as Transitions<string, string>,
    events: ['wait', 'sign', 'broadcast'],
    allowed: [
      'APPROVED wait WAITING_FUNDS',
      'APPROVED sign SIGNED',
      'WAITING_FUNDS wait WAITING_FUNDS',
      'WAITING_FUNDS sign SIGNED',
      'SIGNED broadcast BROADCAST',
    ],
    final: ['BROADCAST'],
    first: 'APPROVED',
  },
];

describe.each(CASES)('$name', ({ table, events, allowed, final, first }) => {
  const states = Object.keys(table);

  test('every pair of state and event', () => {
    const walked = states.flatMap((state) =>
      events.flatMap((event) => {
        const next = advance(table, state, event);
        return next === undefined ? [] : [`${state} ${event} ${next}`];
      }),
    );
    expect(walked.sort()).toEqual([...allowed].sort());
  });

  test('no event besides, no state besides', () => {
    const used = new Set(states.flatMap((state) => Object.keys(table[state] ?? {})));
    expect([...used].sort()).toEqual([...events].sort());
    for (const state of states) for (const next of Object.values(table[state] ?? {})) expect(states).toContain(next);
  });

  test('final states accept nothing, and every state can be reached from the first', () => {
    expect(finalStates(table).sort()).toEqual([...final].sort());
    const reached = new Set([first].flat());
    for (let size = 0; size !== reached.size;) {
      size = reached.size;
      for (const state of [...reached])
        for (const next of Object.values(table[state] ?? {})) if (next) reached.add(next);
    }
    expect([...reached].sort()).toEqual([...states].sort());
  });
});

test('what objects inherit is no event', () => {
  for (const word of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    expect(typeof advance(KYC as Transitions<string, string>, 'NONE', word)).not.toBe('string');
  }
});

test('an event that leads to several states is no step: the row alone would not tell which', () => {
  const twofold: Transitions<string, string> = { A: { go: 'B' }, B: { go: 'C' }, C: {} };
  expect(() => stepOf(twofold, 'go')).toThrow('go leads to 2 states');
  expect(() => stepOf(twofold, 'stay')).toThrow('stay leads to');
});

/** Tables whose rows are changed by a condition on the row (db/lifecycle.ts). */
const BY_ROW = CASES.filter(({ name }) => !['order', 'kyc', 'withdrawal', 'swap'].includes(name));

test.each(BY_ROW)('$name: each event leads to one state, from all that accept it', ({ table, events }) => {
  for (const event of events) {
    const { from, to } = stepOf(table, event);
    for (const state of Object.keys(table)) expect(table[state]?.[event]).toBe(from.includes(state) ? to : undefined);
  }
});
