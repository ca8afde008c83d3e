const { existsSync } = require('node:fs');
const { join } = require('node:path');

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['domain', 'ledger', 'matching', 'wallets', 'solvency', 'server', 'db', 'deploy', 'testbed', 'web']
    .filter((house) => existsSync(join(__dirname, house)))
    .map((house) => `<rootDir>/${house}`),
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2023', parser: { syntax: 'typescript' }, keepClassNames: true },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/.local', '<rootDir>/dist'],
  maxWorkers: 2,
  workerIdleMemoryLimit: '1GB',
  testTimeout: 60000,
};
