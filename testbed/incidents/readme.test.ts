/** The paper names every incident once, and only files in which a test has its number. */
import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { ROOT } from '../../deploy/config/paths';
import { placesOf } from '../checks/without';
import { GUARDS } from './guards';

const NUMBERS = Array.from({ length: 38 }, (_, at) => `E${at + 1}`);
const text = readFileSync(join(__dirname, 'README.md'), 'utf8');
const rows = text.split('\n').flatMap((line) => {
  const [, number, , files] = /^\| (E\d+) \| ([^|]+) \| ([^|]+) \|/.exec(line) ?? [];
  return number && files ? [{ number, files: [...files.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '') }] : [];
});
/** As the paper names it: here, from here, or from the root. */
const pathOf = (file: string): string =>
  /^(wallets|server|testbed)\//.test(file) ? file : normalize(join('testbed/incidents', file));
const source = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

test('every number has one row', () => {
  expect(rows.map(({ number }) => number)).toEqual(NUMBERS);
});

test('each file that a row names has a test of that number', () => {
  const empty = rows.flatMap(({ number, files }) =>
    files
      .map(pathOf)
      .filter((path) => !new RegExp(`(?:['"(]|^/\\*\\* )(E\\d+ )*${number}[ :)]`).test(source(path)))
      .map((path) => `${number}: ${path}`),
  );
  expect(empty).toEqual([]);
});

test('each guard is one line of the product, and its test is there', () => {
  for (const { incident, file, line, testFile, test: name } of GUARDS) {
    expect([line, placesOf(source(file), line).length]).toEqual([line, 1]);
    expect(source(testFile)).toContain(`${incident} `);
    expect(name).toContain(incident);
  }
});
