/** The catalogue of alerts is what is published, no more and no less; and what is logged as a problem has a name. */
import { ALERTS } from '../../domain/alerts';
import type { Logger } from '../../domain/contract/ports';
import { gitFiles, read } from './files';

const files = gitFiles(
  'domain/*.ts',
  'matching/*.ts',
  'wallets/*.ts',
  'solvency/*.ts',
  'server/*.ts',
  'db/*.ts',
  'deploy/*.ts',
)
  .filter((file) => !/(\.test|\/testing)\.ts$/.test(file) && file !== 'domain/alerts.ts')
  .map((file) => ({ file, text: read(file) }));

/** The code beside its message, or the code that `tell` is called with. */
const PUBLISHED = /\bcode: '([A-Z_]+)',(?:\s+asset: [^\n]+,)?\s+message\b|\btell\(\s*row,\s*'([A-Z_]+)'/g;

test('every alert of the catalogue is published somewhere, and no other is', () => {
  const published = files.flatMap(({ text }) =>
    [...text.matchAll(PUBLISHED)].map(([, one, other]) => one ?? other ?? ''),
  );
  expect([...new Set(published)].sort()).toEqual(Object.keys(ALERTS).sort());
});

test('each says in a sentence what is to be done', () => {
  for (const { action } of Object.values(ALERTS)) expect(action).toMatch(/^[A-Z].{20,160}\.$/);
});

test('events of the log have names of one form', () => {
  const names = files.flatMap(({ text }) =>
    [...text.matchAll(/\.(?:warn|error)\(\s*\{\s*event: '([^']+)'/g)].map(([, name]) => name ?? ''),
  );
  expect(names.length).toBeGreaterThan(70);
  for (const name of names) expect(name).toMatch(/^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$/);
});

test('the compiler refuses a warning or an error without a name', () => {
  const logger: Pick<Logger, 'warn' | 'error'> = { warn: () => undefined, error: () => undefined };
  // @ts-expect-error an event is missing
  logger.warn({ error: 'x' }, 'x');
  // @ts-expect-error a name is a subject and what happened to it
  logger.error({ event: 'lost' }, 'x');
  logger.error({ event: 'link.lost' }, 'x');
});
