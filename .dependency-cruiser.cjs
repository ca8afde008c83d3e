/**
 * Imports point one way (ARCHITECTURE.md). Type imports count. Read by `npm run check`, step imports.
 * `deploy` puts the houses together; `testbed` may import everything, and nothing imports it.
 */
const HOUSES = 'domain|ledger|db|matching|wallets|solvency|server|web|deploy|testbed';
const library = (names) => `node_modules/(${names})/`;

/** `house` may import itself and what is named, and no other house. */
const oneWay = (house, allowed) => ({
  name: `${house}-points-one-way`,
  comment: `${house} may import ${allowed.join(', ') || 'nothing'} of ours`,
  severity: 'error',
  from: { path: `^${house}/` },
  to: { path: `^(${HOUSES})/`, pathNot: [`^${house}/`, ...allowed.map((path) => `^${path}(/|\\.ts$)`)] },
});

const onlyIn = (name, names, places, more = {}) => ({
  name,
  severity: 'error',
  from: { path: `^(${HOUSES})/`, pathNot: places },
  to: { path: library(names), ...more },
});

const COMPOSED = ['domain', 'ledger', 'db'];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    oneWay('domain', []),
    oneWay('ledger', ['domain']),
    oneWay('db', ['domain', 'ledger']),
    oneWay('matching', COMPOSED),
    oneWay('wallets', COMPOSED),
    oneWay('server', COMPOSED),
    oneWay('solvency', COMPOSED),
    oneWay('deploy', [...COMPOSED, 'matching', 'wallets', 'solvency', 'server']),
    oneWay('web', ['domain/money', 'domain/lifecycle', 'domain/contract/api', 'domain/contract/errors']),
    {
      name: 'domain-imports-zod-at-most',
      severity: 'error',
      from: { path: '^domain/', pathNot: ['\\.test\\.ts$', '/testing\\.ts$'] },
      to: { pathNot: ['^domain/', library('zod')] },
    },
    {
      name: 'ledger-is-pure',
      severity: 'error',
      from: { path: '^ledger/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['^ledger/', '^domain/'] },
    },
    {
      name: 'stand-ins-know-no-house',
      comment: 'product and stand-ins share no bug; tests of a stand-in may drive it by the SDK that the product uses',
      severity: 'error',
      from: { path: '^testbed/emulators/' },
      to: { path: `^(${HOUSES})/`, pathNot: '^testbed/emulators/' },
    },
    {
      name: 'services-know-no-house',
      comment: 'what starts a database or a program knows how programs run, not what they are for',
      severity: 'error',
      from: { path: '^testbed/services/' },
      to: { path: `^(${HOUSES})/`, pathNot: ['^testbed/services/', '^deploy/config/paths\\.ts$'] },
    },
    {
      name: 'the-link-knows-ports-alone',
      comment: 'what carries the ports between processes knows the contract and no house',
      severity: 'error',
      from: { path: '^deploy/link/' },
      to: { path: `^(${HOUSES})/`, pathNot: ['^deploy/link/', '^domain/'] },
    },
    {
      name: 'the-signer-loads-keys-and-chains',
      comment: 'the process that knows the seed reaches wallets/keys, wallets/chains and domain, and no other house',
      severity: 'error',
      from: { path: '^deploy/roles/signer\\.ts$' },
      to: { path: '^(ledger|db|matching|solvency|server|web)/|^wallets/(?!keys/|chains/)', reachable: true },
    },
    {
      name: 'the-engine-names-modules-in-one-place',
      comment: 'the writer knows no module; modules.ts alone puts them together',
      severity: 'error',
      from: {
        path: '^matching/engine/',
        pathNot: ['^matching/engine/modules\\.ts$', '\\.test\\.ts$', '/testing\\.ts$'],
      },
      to: { path: '^matching/modules/' },
    },
    {
      name: 'modules-see-the-interface-of-the-engine',
      comment: 'a module reads the draft of a command and the interface of a module, and nothing else of the engine',
      severity: 'error',
      from: { path: '^matching/(modules|routing/aggregate)', pathNot: '\\.test\\.ts$' },
      to: { path: '^matching/engine/', pathNot: '^matching/engine/(draft|module)\\.ts$' },
    },
    onlyIn('typeorm-only-in-db', 'typeorm', ['^db/'], { dependencyTypesNot: ['type-only'] }),
    // A test may type the database it was handed; testbed/services only asks whether the server answers.
    {
      name: 'typeorm-types-only-at-the-door',
      comment: 'a house takes its DataSource in index.ts or deps.ts and hands it to the stores of db',
      severity: 'error',
      from: {
        path: '^(domain|ledger|matching|wallets|server|web)/',
        pathNot: ['/(index|deps|testing)\\.ts$', '\\.test\\.ts$'],
      },
      to: { path: library('typeorm') },
    },
    // testbed/benches/yardstick.ts is another design of the same thing, to be measured against.
    onlyIn('mysql-only-in-db', 'mysql2', ['^db/', '^testbed/services/', '^testbed/benches/yardstick\\.ts$']),
    onlyIn(
      'http-only-in-server',
      'express|express-session|socket\\.io|helmet|multer|passport|passport-local|connect-redis',
      ['^server/', '^testbed/benches/yardstick\\.ts$'],
    ),
    onlyIn('chains-only-in-wallets', 'ethers|bip32|tiny-secp256k1|bitcoinjs-lib|tronweb', [
      '^wallets/',
      '^testbed/emulators/',
    ]),
    onlyIn('venue-sdk-only-in-its-folder', 'binance', [
      '^matching/venues/binance/',
      '^testbed/emulators/.*\\.test\\.ts$',
    ]),
    onlyIn('vue-only-in-web', 'vue|vue-router|vue-i18n|pinia', ['^web/']),
    {
      name: 'no-test-tools-in-products',
      severity: 'error',
      from: {
        path: '^(domain|ledger|db|matching|wallets|solvency|server|web)/',
        pathNot: ['\\.test\\.ts$', '/testing\\.ts$'],
      },
      to: { path: ['\\.test\\.ts$', '/testing\\.ts$', library('supertest|fast-check|jest|playwright-core')] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.local)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    // Packages with an ES module entry alone (vite) are found too.
    enhancedResolveOptions: {
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.mts', '.mjs', '.cjs', '.js', '.json', '.vue', '.d.ts'],
    },
  },
};
