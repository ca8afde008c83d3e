import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSeed } from './seed';

const PASSPHRASE = 'a long enough passphrase';
let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'seed-'));
  file = join(dir, 'seed.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('made once, opened again, readable by its owner alone, and not in the clear', async () => {
  const made = await openSeed(file, PASSPHRASE);
  expect(made.phrase.split(' ')).toHaveLength(24);
  expect((await openSeed(file, PASSPHRASE)).phrase).toBe(made.phrase);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const text = readFileSync(file, 'utf8');
  expect(text).not.toContain(made.phrase.split(' ').slice(0, 2).join(' '));
  expect(text).not.toContain(made.entropy.slice(2));
});

test('two seeds differ; so do two seals', async () => {
  const [one, two] = [await openSeed(file, PASSPHRASE), await openSeed(join(dir, 'other.json'), PASSPHRASE)];
  expect(one.phrase).not.toBe(two.phrase);
  const salts = [file, join(dir, 'other.json')].map((name) => (JSON.parse(readFileSync(name, 'utf8')) as { salt: string }).salt);
  expect(new Set(salts).size).toBe(2);
});

test('a wrong or a short passphrase opens nothing and changes nothing', async () => {
  await openSeed(file, PASSPHRASE);
  const before = readFileSync(file, 'utf8');
  await expect(openSeed(file, `${PASSPHRASE}.`)).rejects.toThrow('cannot be opened');
  await expect(openSeed(file, 'short')).rejects.toThrow('at least 12');
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test.each(['salt', 'nonce', 'text', 'tag'] as const)('a changed %s is noticed', async (field) => {
  await openSeed(file, PASSPHRASE);
  const sealed = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  const value = sealed[field] ?? '';
  writeFileSync(file, JSON.stringify({ ...sealed, [field]: (value.startsWith('0') ? '1' : '0') + value.slice(1) }));
  await expect(openSeed(file, PASSPHRASE)).rejects.toThrow('cannot be opened');
});

test('a shortened seal is noticed: fewer bytes of it prove less', async () => {
  await openSeed(file, PASSPHRASE);
  const sealed = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  writeFileSync(file, JSON.stringify({ ...sealed, tag: sealed.tag?.slice(0, 8) }));
  await expect(openSeed(file, PASSPHRASE)).rejects.toThrow('cannot be opened');
});
