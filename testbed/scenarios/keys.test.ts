/** The operator's commands about the seed, as an operator runs them: each a process of its own. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drill } from '../../deploy/cli/keys-drill';
import { ROOT } from '../../deploy/config/paths';

jest.setTimeout(120_000);
const FIRST = 'the first good passphrase';
const SECOND = 'the second good passphrase';
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keys-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function keys(
  args: string[],
  env: NodeJS.ProcessEnv = {},
): { code: number | null; last: Record<string, string>; said: string } {
  const settings = { PATH: process.env.PATH, SIGNER_SEED_FILE: join(dir, 'seed'), SIGNER_PASSPHRASE: FIRST, ...env };
  const ran = spawnSync(process.execPath, ['--import', 'tsx', 'deploy/cli/keys.ts', ...args, '--json'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: settings,
  });
  const lines = ran.stdout.trim().split('\n');
  return {
    code: ran.status,
    last: JSON.parse(lines.at(-1) || '{}') as Record<string, string>,
    said: ran.stdout + ran.stderr,
  };
}

test(
  'a signer without a seed refuses to start and says what to do; the local world asks it to ' +
    'make one, and never in place of one that has signed',
  () => {
    const signer = (over: NodeJS.ProcessEnv = {}): { code: number | null; said: string } => {
      const settings = {
        PATH: process.env.PATH,
        SIGNER_SOCKET: join(dir, 'socket'),
        SIGNER_SEED_FILE: join(dir, 'seed'),
        SIGNER_DIR: dir,
        SIGNER_PASSPHRASE: FIRST,
        ...over,
      };
      const ran = spawnSync(process.execPath, ['--import', 'tsx', 'deploy/roles/signer.ts', dir], {
        cwd: ROOT,
        encoding: 'utf8',
        env: settings,
        timeout: 30_000,
      });
      return { code: ran.status, said: ran.stdout + ran.stderr };
    };
    const refused = signer();
    expect(refused.code).toBe(2);
    expect(refused.said).toContain('npm run keys -- generate');
    expect(refused.said).toContain('import');
    expect([existsSync(join(dir, 'seed')), existsSync(join(dir, 'socket'))]).toEqual([false, false]);
    // What it signed with is lost: another seed would not be the one that the coins lie under.
    writeFileSync(join(dir, 'signed-tron.jsonl'), '{}\n');
    expect(signer({ SIGNER_MAKE_SEED: '1' })).toMatchObject({
      code: 2,
      said: expect.stringContaining('no sealed seed'),
    });
    expect(existsSync(join(dir, 'seed'))).toBe(false);
  },
);

test('the drill: made, backed up, destroyed, restored from any two of three shares, rotated', async () => {
  const steps = await drill();
  expect(steps.filter(({ ok }) => !ok)).toEqual([]);
  expect(steps).toHaveLength(9);
});

test('imported words, shares, a restored seed and a rotated one are known by the same addresses; no command says a secret', () => {
  const words = 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';
  writeFileSync(join(dir, 'words'), `${words}\n`);
  const imported = keys(['import', '--words', join(dir, 'words')]);
  // In every wallet the first addresses of this mnemonic.
  expect(imported.last).toMatchObject({
    ethereumDeposit0: '0x9858EfFD232B4033E47d90003D41EC34EcaEda94',
    bitcoinDeposit0: 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu',
    fingerprint: '73c5da0a',
  });
  expect(keys(['generate']).code).toBe(2);
  const backup = keys(['backup', '--to', join(dir, 'shares')]);
  const shares = readdirSync(join(dir, 'shares')).toSorted();
  expect(shares).toHaveLength(3);
  rmSync(join(dir, 'seed'));
  expect(keys(['restore', '--from', join(dir, 'shares', shares[2] ?? '')]).code).toBe(2);
  const restored = keys(['restore', ...[0, 2].flatMap((at) => ['--from', join(dir, 'shares', shares[at] ?? '')])]);
  const rotated = keys(['rotate'], { NEW_PASSPHRASE: SECOND });
  expect(keys(['verify']).code).toBe(2);
  const verified = keys(['verify'], { SIGNER_PASSPHRASE: SECOND });
  for (const one of [backup, restored, rotated, verified]) {
    const { done: _done, file: _file, ...known } = one.last;
    expect(imported.last).toMatchObject(known);
    for (const secret of ['abandon', FIRST, SECOND]) expect(one.said).not.toContain(secret);
  }
  expect(readFileSync(join(dir, 'seed'), 'utf8')).not.toContain('abandon');
});

const LIBRARIES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
];
const softHsm = LIBRARIES.find((path) => existsSync(path));
const binding = ((): boolean => {
  try {
    createRequire(__filename)('pkcs11js');
    return true;
  } catch {
    return false;
  }
})();
const missing = [
  !softHsm && 'SoftHSM (package softhsm2)',
  !binding && 'pkcs11js (needs a C++ compiler at npm install)',
].filter(Boolean);
if (missing.length > 0)
  process.stderr.write(`PKCS#11 is not tested here: ${missing.join(' and ')} is not installed.\n`);
// Where everything is demanded it fails instead.
const withDevice = missing.length === 0 || process.env.CI === '1' ? describe : describe.skip;

/**
 * SoftHSM is the device. Its library reads its settings from the environment, so that each test is a process of its
 * own.
 */
withDevice('a key-encryption key in a PKCS#11 device', () => {
  let device: NodeJS.ProcessEnv;
  beforeEach(() => {
    mkdirSync(join(dir, 'tokens'));
    const SOFTHSM2_CONF = join(dir, 'softhsm2.conf');
    writeFileSync(
      SOFTHSM2_CONF,
      `directories.tokendir = ${join(dir, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    );
    const made = spawnSync(
      'softhsm2-util',
      ['--init-token', '--free', '--label', 'javizen', '--so-pin', '12345678', '--pin', '123456'],
      { encoding: 'utf8', env: { PATH: process.env.PATH, SOFTHSM2_CONF } },
    );
    expect([made.status, made.stderr]).toEqual([0, '']);
    device = {
      SIGNER_KEK: 'pkcs11',
      SIGNER_PKCS11_MODULE: softHsm,
      SIGNER_PKCS11_PIN: '123456',
      SIGNER_PASSPHRASE: undefined,
      SOFTHSM2_CONF,
    };
  });

  test('sealed by it, opened by it alone, and by nothing that is a little different', () => {
    const made = keys(['generate'], device);
    expect(made.code).toBe(0);
    expect(keys(['verify'], device).last.ethereumHot).toBe(made.last.ethereumHot);
    const refusals: [NodeJS.ProcessEnv, string][] = [
      [{ ...device, SIGNER_PKCS11_PIN: '654321' }, 'CKR_PIN_INCORRECT'],
      [{ ...device, SIGNER_PKCS11_TOKEN: 'other' }, 'no token'],
      [{ ...device, SIGNER_PKCS11_MODULE: '/none.so' }, 'cannot be opened'],
      [{ ...device, SIGNER_PKCS11_PIN: '' }, 'SIGNER_PKCS11_PIN'],
      [{ SIGNER_PASSPHRASE: FIRST }, 'cannot be opened'],
    ];
    for (const [env, why] of refusals)
      expect(keys(['verify'], env)).toMatchObject({ code: 2, said: expect.stringContaining(why) });
    const file = join(dir, 'seed');
    const sealed = JSON.parse(readFileSync(file, 'utf8')) as { wrapped: Record<string, string> };
    for (const [field, value] of [
      ['key', (sealed.wrapped.key?.startsWith('0') ? '1' : '0') + (sealed.wrapped.key ?? '').slice(1)],
      ['label', 'another'],
    ] as const) {
      writeFileSync(file, JSON.stringify({ ...sealed, wrapped: { ...sealed.wrapped, [field]: value } }));
      expect(keys(['verify'], device)).toMatchObject({ code: 2, said: expect.stringContaining('cannot be opened') });
    }
  });

  test('from a passphrase into the device, to another key of it, and out again', () => {
    const made = keys(['generate']);
    expect(
      keys(['rotate', '--kek', 'pkcs11'], { ...device, SIGNER_KEK: 'passphrase', SIGNER_PASSPHRASE: FIRST }).code,
    ).toBe(0);
    expect(keys(['verify']).code).toBe(2);
    expect(keys(['rotate', '--kek', 'pkcs11', '--key', 'second'], device).code).toBe(0);
    expect(JSON.parse(readFileSync(join(dir, 'seed'), 'utf8'))).toMatchObject({
      kek: 'pkcs11',
      wrapped: { label: 'second' },
    });
    expect(keys(['rotate', '--kek', 'passphrase'], { ...device, NEW_PASSPHRASE: SECOND }).code).toBe(0);
    expect(keys(['verify'], { SIGNER_PASSPHRASE: SECOND }).last.signature).toBe(made.last.signature);
  });
});
