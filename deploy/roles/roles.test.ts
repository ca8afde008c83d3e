/**
 * What each role really loads, asked of the process itself: imports by name are checked by `npm run check`, this is
 * the sum.
 */
import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import { ROOT } from '../config/paths';

/** Own files and packages that a role has loaded by the time it ends, here because its settings are missing. */
function loadedBy(role: string): { files: string[]; packages: string[] } {
  const script = `process.on('exit', () => process.stdout.write(JSON.stringify(Object.keys(require.cache)))); require('./deploy/roles/${role}.ts');`;
  const env = { PATH: process.env.PATH, NODE_ENV: 'production' };
  const { stdout, stderr } = spawnSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
    env,
    timeout: 60_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  if (!stdout.startsWith('[')) throw new Error(stderr);
  const paths = (JSON.parse(stdout) as string[]).map((path) => relative(ROOT, path).replaceAll('\\', '/'));
  const packages = paths.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  return { files: paths.filter((path) => !path.includes('node_modules/')), packages: [...new Set(packages)] };
}

test('the signer loads keys and chains, and neither a web server nor a database nor the venue', () => {
  const { files, packages } = loadedBy('signer');
  const strangers = files.filter(
    (file) =>
      !/^(domain|wallets\/(keys|chains))\/|^deploy\/(roles\/signer|config\/(signer|networks|treasury|file|reference|paths))\.ts$/.test(
        file,
      ),
  );
  expect(strangers).toEqual([]);
  expect(files.length).toBeLessThanOrEqual(60);
  expect(
    packages.filter((name) =>
      /^(express|typeorm|mysql2|socket\.io|binance|nodemailer|ioredis|bull|pino|multer|passport)/.test(name),
    ),
  ).toEqual([]);
  expect(packages.length).toBeLessThanOrEqual(75);
});

test.each(['exchange', 'api'])('the role %s holds no faucet, no emulator and no development key', (role) => {
  const { files } = loadedBy(role);
  expect(files).toContain(`deploy/roles/${role}.ts`);
  expect(files.filter((file) => /^testbed\/|^deploy\/cli\//.test(file))).toEqual([]);
});
