import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LOCAL, ROOT } from '../../deploy/config/paths';
import { HOUSES, gitFiles } from './files';
import { arrowsOf, oldPicture } from './picture';
import type { Arrows } from './picture';

interface Cruised {
  readonly modules: { source: string; dependencies: { resolved: string }[] }[];
  readonly summary: { violations: { from: string; to: string; rule: { name: string } }[]; totalCruised: number };
}

function cruise(directory: string, houses: readonly string[]): Cruised {
  const tool = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const result = spawnSync(
    process.execPath,
    [tool, '--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json', ...houses],
    {
      cwd: directory,
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
    },
  );
  if (!result.stdout.startsWith('{'))
    throw new Error(`dependency-cruiser said nothing readable: ${result.stderr || result.stdout}`);
  return JSON.parse(result.stdout) as Cruised;
}

/**
 * Broken rules of `.dependency-cruiser.cjs`, and files that git lists and the tool did not look at: a tool that cannot
 * read the language reports "no violations" over nothing.
 */
export function brokenImports(): string[] {
  const { modules, summary } = cruise(ROOT, HOUSES);
  const seen = new Set(modules.map(({ source }) => source));
  const listed = gitFiles(...HOUSES.flatMap((house) => [`${house}/*.ts`, `${house}/*.mts`, `${house}/*.vue`]));
  return [
    ...summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
    ...listed.filter((file) => !seen.has(file)).map((file) => `not looked at: ${file}`),
    ...oldPicture(arrowsOfModules(modules)),
    ...missedPlants(),
  ];
}

/** Which house imports which, tests left out. */
const arrowsOfModules = (modules: Cruised['modules']): Arrows =>
  arrowsOf(
    modules
      .filter(({ source }) => !/\.test\.ts$/.test(source))
      .flatMap(({ source, dependencies }) => dependencies.map(({ resolved }) => ({ from: source, to: resolved }))),
  );

export const currentArrows = (): Arrows => arrowsOfModules(cruise(ROOT, HOUSES).modules);

/** Each breaks one rule; the same configuration must say so. */
const PLANTS: readonly { rule: string; file: string; text: string }[] = [
  {
    rule: 'domain-points-one-way',
    file: 'domain/planted.ts',
    text: "import { ledger } from '../ledger/real';\nexport const planted = ledger;\n",
  },
  {
    rule: 'domain-imports-zod-at-most',
    file: 'domain/reads-a-file.ts',
    text: "import { readFileSync } from 'node:fs';\nexport const planted = readFileSync;\n",
  },
  {
    rule: 'ledger-points-one-way',
    file: 'ledger/planted.ts',
    text: "import { db } from '../db/real';\nexport const planted = db;\n",
  },
  {
    rule: 'db-points-one-way',
    file: 'db/planted.ts',
    text: "import type { Matching } from '../matching/real';\nexport type Planted = Matching;\n",
  },
  {
    rule: 'matching-points-one-way',
    file: 'matching/planted.ts',
    text: "import { wallets } from '../wallets/real';\nexport const planted = wallets;\n",
  },
  {
    rule: 'wallets-points-one-way',
    file: 'wallets/planted.ts',
    text: "import { server } from '../server/real';\nexport const planted = server;\n",
  },
  {
    rule: 'server-points-one-way',
    file: 'server/planted.ts',
    text: "import type { Wallets } from '../wallets/real';\nexport type Planted = Wallets;\n",
  },
  {
    rule: 'server-points-one-way',
    file: 'server/asks-deploy.ts',
    text: "import { deploy } from '../deploy/real';\nexport const planted = deploy;\n",
  },
  {
    rule: 'web-points-one-way',
    file: 'web/Planted.vue',
    text: '<script setup lang="ts">\nimport { server } from \'../server/real\';\n</script>\n<template>{{ server }}</template>\n',
  },
  {
    rule: 'stand-ins-know-no-house',
    file: 'testbed/emulators/planted.ts',
    text: "import { wallets } from '../../wallets/real';\nexport const planted = wallets;\n",
  },
  {
    rule: 'services-know-no-house',
    file: 'testbed/services/planted.ts',
    text: "import { server } from '../../server/real';\nexport const planted = server;\n",
  },
  {
    rule: 'deploy-points-one-way',
    file: 'deploy/roles/planted.ts',
    text: "import { testbed } from '../../testbed/real';\nexport const planted = testbed;\n",
  },
  {
    rule: 'solvency-points-one-way',
    file: 'solvency/planted.ts',
    text: "import { server } from '../server/real';\nexport const planted = server;\n",
  },
  {
    rule: 'the-link-knows-ports-alone',
    file: 'deploy/link/planted.ts',
    text: "import { server } from '../../server/real';\nexport const planted = server;\n",
  },
  {
    rule: 'typeorm-only-in-db',
    file: 'server/deps.ts',
    text: "import { DataSource } from 'typeorm';\nexport const planted = DataSource;\n",
  },
  {
    rule: 'typeorm-types-only-at-the-door',
    file: 'matching/orm.ts',
    text: "import type { DataSource } from 'typeorm';\nexport type Planted = DataSource;\n",
  },
  {
    rule: 'http-only-in-server',
    file: 'wallets/http.ts',
    text: "import express from 'express';\nexport const planted = express;\n",
  },
  {
    rule: 'chains-only-in-wallets',
    file: 'server/chain.ts',
    text: "import { id } from 'ethers';\nexport const planted = id;\n",
  },
  {
    rule: 'venue-sdk-only-in-its-folder',
    file: 'matching/sdk.ts',
    text: "import { MainClient } from 'binance';\nexport const planted = MainClient;\n",
  },
  {
    rule: 'the-engine-names-modules-in-one-place',
    file: 'matching/engine/planted.ts',
    text: "import type { Planted } from '../modules/planted';\nexport type Again = Planted;\n",
  },
  {
    rule: 'modules-see-the-interface-of-the-engine',
    file: 'matching/modules/planted.ts',
    text: "import type { Again } from '../engine/planted';\nexport type Planted = Again | 1;\n",
  },
  {
    rule: 'no-cycles',
    file: 'ledger/real.ts',
    text: "import { circle } from './circle';\nexport const ledger = (): unknown => circle;\n",
  },
  {
    rule: 'unresolvable',
    file: 'ledger/lost.ts',
    text: "import { nowhere } from './nowhere';\nexport const planted = nowhere;\n",
  },
];

function missedPlants(): string[] {
  mkdirSync(LOCAL, { recursive: true });
  const directory = mkdtempSync(join(LOCAL, 'planted-'));
  try {
    for (const house of HOUSES)
      write(
        directory,
        `${house}/real.ts`,
        `export const ${house} = 1;\nexport type ${house[0]?.toUpperCase()}${house.slice(1)} = 1;\n`,
      );
    write(
      directory,
      'ledger/circle.ts',
      "import { ledger } from './real';\nexport const circle = (): unknown => ledger;\n",
    );
    write(
      directory,
      'tsconfig.json',
      '{ "compilerOptions": { "target": "ES2023", "module": "Node20", "strict": true } }\n',
    );
    write(directory, 'package.json', '{ "name": "planted", "private": true }\n');
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'), 'junction');
    for (const { file, text } of PLANTS) write(directory, file, text);
    const { violations } = cruise(directory, HOUSES).summary;
    return PLANTS.filter(
      ({ rule, file }) =>
        !violations.some((violation) => violation.rule.name === rule && [violation.from, violation.to].includes(file)),
    ).map(({ rule, file }) => `a planted violation was not caught: ${rule} in ${file}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function write(directory: string, file: string, text: string): void {
  const path = join(directory, ...file.split('/'));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
