import { readApiConfig } from './index';

const SETTINGS = {
  DATABASE_URL: 'mysql://here',
  REDIS_URL: 'redis://here',
  SESSION_SECRET: 's'.repeat(32),
  KYC_KEY: '0'.repeat(64),
  KYC_DIR: '/kyc',
  MAIL_DIR: '/mail',
  ENGINE_SOCKET: '/engine',
  ENGINE_SECRET: 'e'.repeat(32),
};
const read = (more: NodeJS.ProcessEnv) => readApiConfig({ ...SETTINGS, ...more } as NodeJS.ProcessEnv);
const HTTPS = 'https://exchange.example';

test.each<[string, NodeJS.ProcessEnv, RegExp]>([
  ['a foreign interface alone', { HOST: '0.0.0.0' }, /PUBLIC_ORIGIN.*HOST=0\.0\.0\.0 is reached from other machines/],
  [
    'one without https',
    { HOST: '192.0.2.7', PUBLIC_ORIGIN: 'http://exchange.example', TRUSTED_PROXIES: '10.0.0.0/8' },
    /PUBLIC_ORIGIN/,
  ],
  ['one whose proxies are not named', { HOST: '::', PUBLIC_ORIGIN: HTTPS }, /TRUSTED_PROXIES.*name the networks/],
  ['a network that is none', { TRUSTED_PROXIES: '10.0.0.0/33' }, /TRUSTED_PROXIES: 10\.0\.0\.0\/33 is no network/],
  ['a name instead of a network', { TRUSTED_PROXIES: 'proxy.example' }, /TRUSTED_PROXIES/],
  ['an origin with a path', { PUBLIC_ORIGIN: `${HTTPS}/app` }, /PUBLIC_ORIGIN: not an origin/],
])('A15 refused with words: %s', (_what, settings, words) => {
  expect(() => read(settings)).toThrow(words);
});

test.each<[string, NodeJS.ProcessEnv]>([
  ['this machine alone', {}],
  ['this machine behind https', { PUBLIC_ORIGIN: HTTPS }],
  [
    'a foreign interface behind named proxies',
    { HOST: '0.0.0.0', PUBLIC_ORIGIN: HTTPS, TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8::/32' },
  ],
])('taken: %s', (_what, settings) => {
  expect(read(settings).HOST).toBe(settings.HOST ?? '127.0.0.1');
});
