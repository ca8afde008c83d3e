import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../deploy/config/paths';
import { LIFECYCLES, lifecyclesPage, oldLifecycles } from './lifecycles';

test('the page is what the tables are', () => expect(oldLifecycles()).toEqual([]));

test('every table of domain/lifecycle is drawn', () => {
  const house = join(ROOT, 'domain/lifecycle');
  const tables = readdirSync(house)
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) => [...readFileSync(join(house, file), 'utf8').matchAll(/^export const \w+: Transitions</gm)]);
  expect(LIFECYCLES).toHaveLength(tables.length);
});

test('every step of every table is on the page, and nothing else', () => {
  const page = lifecyclesPage();
  const parts = page.split('\n## ').slice(1);
  for (const [at, { title, table }] of LIFECYCLES.entries()) {
    const part = parts[at] ?? '';
    expect(part.startsWith(title)).toBe(true);
    const shown = [...part.matchAll(/^ {4}(\w+) --> (\w+): (.+)$/gm)].flatMap(([, from, to, events = '']) =>
      events.split(', ').map((event) => `${from} ${event} ${to}`),
    );
    const steps = Object.entries(table).flatMap(([from, events]) =>
      Object.entries(events).map(([event, to]) => `${from} ${event} ${to}`),
    );
    expect(shown.toSorted()).toEqual(steps.toSorted());
  }
});
