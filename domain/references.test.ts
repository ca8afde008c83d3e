/** What is built is read back, and no two things that are built are the same. */
import fc from 'fast-check';
import * as references from './references';
import type { Movement, TransactionStep } from './references';

const WORD = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const COUNT = fc.nat({ max: 999_999_999 });
const PAYOUT = fc.record({ withdrawalId: WORD, round: COUNT });
const MOVEMENTS: readonly Movement[] = [
  'batch',
  'sweep',
  'topup',
  'venue',
  'cold',
  'consolidation',
  'delegate',
  'undelegate',
  'stake',
  'unstake',
];
const MOVED = fc
  .tuple(fc.constantFrom(...MOVEMENTS), WORD, COUNT)
  .map(([movement, subject, attempt]) => references.transactionId(movement, subject, attempt));
const PAID = PAYOUT.map(references.payoutId);
const ORIGINAL = fc.oneof(PAID, MOVED, MOVED.map(references.childId), PAID.map(references.childId));
const ID = fc.oneof(
  ORIGINAL,
  fc.tuple(ORIGINAL, fc.integer({ min: 1, max: 30 })).map(([id, n]) => references.replacementId(id, n)),
);

/** Order of ids as the tables have it: they are ASCII, and '#' and '$' follow each other. */
const isWithin = (id: string, { above, below }: { above: string; below: string }): boolean => id > above && id < below;

describe('payouts', () => {
  test('what is built is read back', () => {
    fc.assert(
      fc.property(PAYOUT, (payout) => expect(references.readPayoutId(references.payoutId(payout))).toEqual(payout)),
    );
  });

  test.each([
    '',
    'withdrawal:w',
    'withdrawal::0',
    'withdrawal:w:',
    'withdrawal:w:01',
    'withdrawal:w:-1',
    'withdrawal:w:1e3',
    'withdrawal:w:1234567890',
    'withdrawal:w:0#1',
    'withdrawal:w:0\n',
    ' withdrawal:w:0',
    'withdrawal:a:b:0',
    `withdrawal:${'w'.repeat(65)}:0`,
    'batch:w:0',
  ])('%j is no payout', (id) => expect(references.readPayoutId(id)).toBeUndefined());

  test('whatever is read was built', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), ID, PAID), (id) => {
        const payout = references.readPayoutId(id);
        if (payout) expect(references.payoutId(payout)).toBe(id);
      }),
    );
  });
});

describe('replacements', () => {
  test('each leads back to its original, and is in the range of that one alone', () => {
    fc.assert(
      fc.property(ORIGINAL, ORIGINAL, fc.integer({ min: 1, max: 30 }), (original, other, n) => {
        const replacement = references.replacementId(original, n);
        expect(references.originalOf(replacement)).toBe(original);
        expect(references.originalOf(original)).toBe(original);
        expect([references.isReplacement(original), references.isReplacement(replacement)]).toEqual([false, true]);
        expect(isWithin(replacement, references.replacementRange(original))).toBe(true);
        expect(isWithin(original, references.replacementRange(original))).toBe(false);
        if (other !== original) expect(isWithin(replacement, references.replacementRange(other))).toBe(false);
      }),
    );
  });

  test('an id that another one begins with is not within its range', () => {
    const range = references.replacementRange('withdrawal:w1:1');
    for (const id of ['withdrawal:w1:1', 'withdrawal:w1:10', 'withdrawal:w1:10#1', 'withdrawal:w1:1:final'])
      expect(isWithin(id, range)).toBe(false);
    for (const id of ['withdrawal:w1:1#1', 'withdrawal:w1:1#25']) expect(isWithin(id, range)).toBe(true);
  });
});

describe('credits and reversals', () => {
  const PLACE = fc.record({
    network: WORD,
    txid: fc.stringMatching(/^[0-9a-f]{8}$/),
    position: fc.tuple(fc.constantFrom('log', 'out', 'trace'), COUNT).map(([kind, n]) => `${kind}:${n}`),
  });

  test('reversals are in the range of their own deposit alone, and no credit is', () => {
    fc.assert(
      fc.property(PLACE, PLACE, COUNT, (place, other, n) => {
        const [reversal, range] = [references.reversalReference(place, n), references.reversalRange(place)];
        expect(isWithin(reversal, range)).toBe(true);
        expect(isWithin(references.creditReference(place, n), range)).toBe(false);
        if (references.creditReference(place) !== references.creditReference(other))
          expect(isWithin(reversal, references.reversalRange(other))).toBe(false);
      }),
    );
  });
});

describe('no two are the same', () => {
  const place = fc.record({ network: WORD, txid: WORD, position: WORD.map((word) => `out:${word}`) });
  const steps: readonly TransactionStep[] = ['final', 'coins', 'void', 'fell-out', 'otherwise:CONFIRMED'];
  const home = fc.oneof(
    WORD.map((subject) => references.transactionId('consolidation', subject)),
    MOVED.map(references.childId),
  );
  const withdrawalId = WORD.map((word) => `wd_${word}`);
  const payout = fc.record({ withdrawalId, round: COUNT });
  const key = fc.stringMatching(/^[A-Za-z0-9_-]{8,64}$/);
  const at = fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 });
  /** Each with its parts, so that what differs in its parts must differ as it is built. */
  const built = <T>(
    name: string,
    parts: fc.Arbitrary<T>,
    build: (parts: T) => string,
  ): fc.Arbitrary<[string, string]> => parts.map((value) => [JSON.stringify([name, value]), build(value)]);
  const ANY = fc.oneof(
    built('payout', payout, references.payoutId),
    built('moved', fc.tuple(fc.constantFrom(...MOVEMENTS), WORD, COUNT), (parts) => references.transactionId(...parts)),
    built('claim', fc.tuple(WORD, COUNT, COUNT), (parts) => references.claimId(...parts)),
    built('child', ORIGINAL, references.childId),
    built('replacement', fc.tuple(ORIGINAL, COUNT), (parts) => references.replacementId(...parts)),
    built('cost', ID, references.costReference),
    built('retried', fc.tuple(home, at), (parts) => references.retriedCostReference(...parts)),
    built('batch cost', fc.tuple(WORD, withdrawalId), (parts) => references.batchCostReference(...parts)),
    built('correction cost', fc.tuple(ORIGINAL, at), (parts) => references.correctionCostReference(...parts)),
    built('release', ID.map(references.costReference), references.releaseReference),
    built('transaction', fc.tuple(ORIGINAL, fc.constantFrom(...steps)), (parts) =>
      references.transactionReference(...parts),
    ),
    built(
      'payment',
      fc.tuple(
        WORD.map((batch) => references.transactionId('batch', batch)),
        withdrawalId,
        fc.constantFrom('final' as const, 'void' as const),
      ),
      (parts) => references.paymentReference(...parts),
    ),
    built('correction', fc.tuple(ORIGINAL, at), (parts) => references.correctionReference(...parts)),
    built(
      'decision',
      fc.tuple(payout, fc.constantFrom('approve' as const, 'refuse' as const, 'cancel' as const, 'refused' as const)),
      (parts) => references.decisionReference(...parts),
    ),
    built('inside', withdrawalId, references.insideReference),
    built(
      'request',
      fc.tuple(
        WORD.map((word) => `u_${word}`),
        key,
      ),
      (parts) => references.withdrawalRequestReference(...parts),
    ),
    built(
      'venue transfer',
      fc.tuple(WORD, WORD, fc.constantFrom('reserve' as const, 'left' as const, 'failed' as const, 'arrived' as const)),
      (parts) => references.venueTransferReference(...parts),
    ),
    built('cold arrival', fc.tuple(WORD, WORD, WORD), (parts) => references.coldArrivalReference(...parts)),
    built('credit', fc.tuple(place, COUNT), (parts) => references.creditReference(...parts)),
    built('reversal', fc.tuple(place, COUNT), (parts) => references.reversalReference(...parts)),
  );

  test('different parts make different ones', () => {
    fc.assert(
      fc.property(fc.array(ANY, { minLength: 2, maxLength: 40 }), (many) => {
        const known = new Map<string, string>();
        for (const [parts, text] of many) {
          expect(known.get(text) ?? parts).toBe(parts);
          known.set(text, parts);
        }
      }),
      { numRuns: 500 },
    );
  });
});
