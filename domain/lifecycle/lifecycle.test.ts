/** Every state and every event of each table, written out: what is not in the list is refused. */
import { DEPOSIT } from './deposit';
import { KYC } from './kyc';
import { ORDER } from './order';
import { INTENT, SWAP } from './swap';
import { advance, finalStates } from './transitions';
import type { Transitions } from './transitions';
import { WITHDRAWAL } from './withdrawal';

interface Case {
  readonly name: string;
  readonly table: Transitions<string, string>;
  readonly events: readonly string[];
  /** `STATE event NEXT` */
  readonly allowed: readonly string[];
  readonly final: readonly string[];
  readonly first: string;
}

const CASES: readonly Case[] = [
  {
    name: 'deposit',
    table: DEPOSIT as Transitions<string, string>,
    events: ['confirm', 'credit', 'sweep', 'orphan', 'ignore', 'reappear', 'hold', 'release'],
    allowed: [
      'SEEN confirm CONFIRMING',
      'SEEN credit CREDITED',
      'SEEN orphan ORPHANED',
      'SEEN ignore IGNORED',
      'CONFIRMING confirm CONFIRMING',
      'CONFIRMING credit CREDITED',
      'CONFIRMING orphan ORPHANED',
      'CONFIRMING ignore IGNORED',
      'CONFIRMING hold HELD',
      'CREDITED sweep SWEPT',
      'CREDITED orphan ORPHANED',
      'SWEPT orphan ORPHANED',
      'ORPHANED reappear SEEN',
      'IGNORED orphan ORPHANED',
      'HELD release CONFIRMING',
      'HELD orphan ORPHANED',
    ],
    final: [],
    first: 'SEEN',
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
    events: ['approve', 'refuse', 'cancel', 'wait', 'sign', 'broadcast', 'confirm', 'settleInternal', 'fail'],
    allowed: [
      'REQUESTED approve APPROVED',
      'REQUESTED refuse REJECTED',
      'REQUESTED cancel CANCELED',
      'APPROVED wait WAITING_FUNDS',
      'APPROVED sign SIGNED',
      'APPROVED settleInternal CONFIRMED',
      'APPROVED fail REQUESTED',
      'WAITING_FUNDS sign SIGNED',
      'WAITING_FUNDS wait WAITING_FUNDS',
      'WAITING_FUNDS fail REQUESTED',
      'SIGNED broadcast BROADCAST',
      'SIGNED confirm CONFIRMED',
      'SIGNED fail REQUESTED',
      'BROADCAST broadcast BROADCAST',
      'BROADCAST confirm CONFIRMED',
      'BROADCAST fail REQUESTED',
    ],
    final: ['CONFIRMED', 'REJECTED', 'CANCELED'],
    first: 'REQUESTED',
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
    const reached = new Set([first]);
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
