import fc from 'fast-check';
import { RecentAnswers } from './recent-answers';
import type { KnownAnswer } from './recent-answers';

const known = (text: string): KnownAnswer => ({ bodyHash: text, answer: {} });

test('the last answers are known, and none before them', () => {
  const step = fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 40 }).map(String) },
    { weight: 1, arbitrary: fc.constant('clear') },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 200 }), (size, steps) => {
      const answers = new RecentAnswers(size);
      let expected: string[] = [];
      for (const reference of steps) {
        if (reference === 'clear') {
          answers.clear();
          expected = [];
          continue;
        }
        answers.keep(reference, known(reference));
        if (!expected.includes(reference)) expected = [...expected, reference].slice(-size);
      }
      for (let n = 0; n <= 40; n++) {
        expect(answers.get(String(n))?.bodyHash).toBe(expected.includes(String(n)) ? String(n) : undefined);
      }
    }),
  );
});
