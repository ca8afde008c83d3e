import { createCipheriv } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mnemonic } from 'ethers';
import { hashRaw } from '@node-rs/argon2';
import { freshSeed, openOrMakeSeed, readSeed, rotateSeed, writeSeed } from './seed';

const PASSPHRASE = 'a long enough passphrase';
let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'seed-'));
  file = join(dir, 'seed.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('made once, opened again, readable by its owner alone, and not in the clear', async () => {
  const made = await openOrMakeSeed(file, PASSPHRASE);
  expect(made.phrase.split(' ')).toHaveLength(24);
  expect((await openOrMakeSeed(file, PASSPHRASE)).phrase).toBe(made.phrase);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const text = readFileSync(file, 'utf8');
  expect(text).not.toContain(made.phrase.split(' ').slice(0, 2).join(' '));
  expect(text).not.toContain(made.entropy.slice(2));
});

test('two seeds differ; so do two seals', async () => {
  const [one, two] = [
    await openOrMakeSeed(file, PASSPHRASE),
    await openOrMakeSeed(join(dir, 'other.json'), PASSPHRASE),
  ];
  expect(one.phrase).not.toBe(two.phrase);
  const salts = [file, join(dir, 'other.json')].map(
    (name) => (JSON.parse(readFileSync(name, 'utf8')) as { wrapped: { salt: string } }).wrapped.salt,
  );
  expect(new Set(salts).size).toBe(2);
});

test('a wrong or a short passphrase opens nothing and changes nothing', async () => {
  await openOrMakeSeed(file, PASSPHRASE);
  const before = readFileSync(file, 'utf8');
  await expect(openOrMakeSeed(file, `${PASSPHRASE}.`)).rejects.toThrow('cannot be opened');
  await expect(openOrMakeSeed(file, 'short')).rejects.toThrow('at least 12');
  expect(readFileSync(file, 'utf8')).toBe(before);
});

const other = (value = ''): string => (value.startsWith('0') ? '1' : '0') + value.slice(1);
test.each(['nonce', 'text', 'tag', 'kek', 'version', 'wrapped.salt', 'wrapped.nonce', 'wrapped.text', 'wrapped.tag'])(
  'a changed %s is noticed',
  async (field) => {
    await openOrMakeSeed(file, PASSPHRASE);
    const sealed = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string> & {
      wrapped: Record<string, string>;
    };
    const [outer = '', inner] = field.split('.');
    const changed =
      inner === undefined
        ? { [outer]: other(String(sealed[outer])) }
        : { wrapped: { ...sealed.wrapped, [inner]: other(sealed.wrapped[inner]) } };
    writeFileSync(file, JSON.stringify({ ...sealed, ...changed }));
    await expect(openOrMakeSeed(file, PASSPHRASE)).rejects.toThrow('cannot be opened');
  },
);

test('a shortened seal is noticed: fewer bytes of it prove less', async () => {
  await openOrMakeSeed(file, PASSPHRASE);
  const sealed = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  writeFileSync(file, JSON.stringify({ ...sealed, tag: sealed.tag?.slice(0, 8) }));
  await expect(openOrMakeSeed(file, PASSPHRASE)).rejects.toThrow('cannot be opened');
});

test('a file of the first form opens, and is written in the second at the next rotation', async () => {
  const mnemonic = Mnemonic.fromPhrase(
    'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
  );
  const salt = Buffer.alloc(16, 1);
  const key = await hashRaw(PASSPHRASE, { salt, memoryCost: 65_536, timeCost: 3, parallelism: 1, outputLen: 32 });
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12, 2)).setAAD(Buffer.from('javizen:seed:1'));
  const text = Buffer.concat([cipher.update(mnemonic.phrase, 'utf8'), cipher.final()]);
  writeFileSync(
    file,
    JSON.stringify({
      version: 1,
      salt: salt.toString('hex'),
      nonce: '02'.repeat(12),
      text: text.toString('hex'),
      tag: cipher.getAuthTag().toString('hex'),
    }),
  );
  expect((await openOrMakeSeed(file, PASSPHRASE)).phrase).toBe(mnemonic.phrase);
  await rotateSeed(file, PASSPHRASE, 'another good passphrase');
  expect((await readSeed(file, 'another good passphrase')).phrase).toBe(mnemonic.phrase);
  await expect(readSeed(file, PASSPHRASE)).rejects.toThrow('cannot be opened');
});

test('a seed is not written over another, and a file that is not there is not made by reading', async () => {
  await writeSeed(file, freshSeed(), PASSPHRASE);
  await expect(writeSeed(file, freshSeed(), PASSPHRASE)).rejects.toThrow('never overwritten');
  await expect(readSeed(join(dir, 'none'), PASSPHRASE)).rejects.toThrow('no sealed seed');
});
