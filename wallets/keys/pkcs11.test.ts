/** The key-encryption key in a device; SoftHSM is the device here. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceKek } from './pkcs11';
import { openSeed, readSeed, rotateSeed } from './seed';

const MODULES = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so', '/usr/lib64/pkcs11/libsofthsm2.so', '/opt/homebrew/lib/softhsm/libsofthsm2.so', '/usr/local/lib/softhsm/libsofthsm2.so'];
const softHsm = MODULES.find((path) => existsSync(path)) ?? '';
const binding = ((): boolean => {
  try {
    createRequire(__filename)('pkcs11js');
    return true;
  } catch {
    return false;
  }
})();
const missing = [softHsm === '' && 'SoftHSM (package softhsm2)', !binding && 'pkcs11js (needs a C++ compiler at npm install)'].filter(Boolean);
if (missing.length > 0) process.stderr.write(`PKCS#11 is not tested here: ${missing.join(' and ')} is not installed.\n`);
// Where everything is demanded it fails instead.
const withDevice = missing.length === 0 || process.env.CI === '1' ? describe : describe.skip;

withDevice('a key-encryption key in a device', () => {
  const PIN = '123456';
  let dir: string;
  let file: string;
  const device = (over: { pin?: string; token?: string; key?: string } = {}, make = false) => deviceKek({ module: softHsm, token: 'javizen', pin: PIN, key: 'kek', ...over }, make);
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'softhsm-'));
    mkdirSync(join(dir, 'tokens'));
    writeFileSync(join(dir, 'softhsm2.conf'), `directories.tokendir = ${join(dir, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`);
    process.env.SOFTHSM2_CONF = join(dir, 'softhsm2.conf');
    const made = spawnSync('softhsm2-util', ['--init-token', '--free', '--label', 'javizen', '--so-pin', '12345678', '--pin', PIN], { encoding: 'utf8' });
    expect([made.status, made.stderr]).toEqual([0, '']);
    file = join(dir, 'seed.sealed');
  });
  afterAll(() => {
    delete process.env.SOFTHSM2_CONF;
    rmSync(dir, { recursive: true, force: true });
  });

  test('without a key in it nothing is sealed; made once, the seed opens again and again', async () => {
    await expect(openSeed(file, device())).rejects.toThrow('no AES key "kek"');
    const seed = await openSeed(file, device({}, true));
    expect((await readSeed(file, device())).phrase).toBe(seed.phrase);
    expect((await readSeed(file, device())).phrase).toBe(seed.phrase);
    expect(readFileSync(file, 'utf8')).not.toContain(seed.phrase.split(' ')[0]);
  });

  test('another PIN, token, key, a changed wrapping and a passphrase open nothing', async () => {
    const text = readFileSync(file, 'utf8');
    await expect(readSeed(file, device({ pin: '654321' }))).rejects.toThrow('CKR_PIN_INCORRECT');
    await expect(readSeed(file, device({ token: 'other' }))).rejects.toThrow('no token "other"');
    await expect(readSeed(file, 'a long enough passphrase')).rejects.toThrow('cannot be opened');
    const sealed = JSON.parse(text) as { wrapped: { key: string; label: string } };
    const changed = { ...sealed.wrapped, key: (sealed.wrapped.key.startsWith('0') ? '1' : '0') + sealed.wrapped.key.slice(1) };
    writeFileSync(file, JSON.stringify({ ...sealed, wrapped: changed }));
    await expect(readSeed(file, device())).rejects.toThrow('cannot be opened');
    writeFileSync(file, JSON.stringify({ ...sealed, wrapped: { ...sealed.wrapped, label: 'other' } }));
    await expect(readSeed(file, device())).rejects.toThrow('no AES key "other"');
    writeFileSync(file, text);
  });

  test('from a passphrase into the device, to another key of it, and back', async () => {
    const seed = await readSeed(file, device());
    await rotateSeed(file, device(), 'a long enough passphrase');
    await expect(readSeed(file, device())).rejects.toThrow('cannot be opened');
    await rotateSeed(file, 'a long enough passphrase', device({ key: 'second' }, true));
    expect((await readSeed(file, device({ key: 'second' }))).phrase).toBe(seed.phrase);
    await expect(readSeed(file, 'a long enough passphrase')).rejects.toThrow('cannot be opened');
  });
});
