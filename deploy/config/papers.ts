/** The reference page and the example files, made from the tables of `reference.ts`. */
import { EXCHANGE_SECTIONS, LOCAL_SETTINGS, NETWORK_FIELDS, NODE_HEADERS, SIGNER_SECTIONS } from './reference';
import type { Section, Setting } from './reference';

const HEAD = 'made by `npm run config -- docs` from deploy/config/reference.ts; edit that';
const WIDTH = 116;

/** A paragraph as comment lines. */
function comment(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = `${indent}#`;
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = `${indent}#`;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

const commented = ({ key, what, example = '' }: Setting, indent: string): string[] => [
  ...comment(what, indent),
  `${indent}# ${key}: ${example}`.trimEnd(),
];

const sectionLines = ({ name, what, settings }: Section): string[] => [
  '',
  ...comment(what, ''),
  `${name}:`,
  ...settings.flatMap((setting) => commented(setting, '  ')),
];

const networkLines = (forSigner: boolean): string[] => [
  '',
  '# Networks, by their ids. A further one of the Ethereum kind is an entry with name, chainId, gasAsset, venueNetwork,',
  '# rpcUrl, confirmations, traces and usdt (contract, decimals).',
  'networks:',
  ...NETWORK_FIELDS.flatMap(({ id, what, fields }) => [
    ...comment(what, '  '),
    `  # - id: ${id}`,
    ...fields
      .filter(({ key }) => !forSigner || ['chainId', 'usdt', 'network'].includes(key))
      .map(({ key, example = '' }) => `  #   ${key}: ${example}`.trimEnd()),
  ]),
];

/** `javizen.example.yaml`. */
export const exchangeExample = (): string =>
  [
    `# Settings of Javizen (${HEAD}).`,
    '# `npm start` on one machine needs none of them. Copy this file to javizen.yaml and take the # from what you set.',
    '# Secrets stand here as env:NAME or file:/path. `npm run config -- check` says what is wrong, with the line.',
    ...EXCHANGE_SECTIONS.flatMap(sectionLines),
    ...networkLines(false),
    '',
    ...commented(NODE_HEADERS, ''),
    '',
  ].join('\n');

/** `signer.example.yaml`. */
export const signerExample = (): string =>
  [
    `# Settings of the signer (${HEAD}).`,
    '# Copy it to signer.yaml where the signer runs, readable by its user alone.',
    ...SIGNER_SECTIONS.flatMap(sectionLines),
    ...networkLines(true),
    '',
  ].join('\n');

const cell = (text: string): string => text.replaceAll('|', '\\|');
const row = (prefix: string, { key, name, what, secret, example }: Setting): string =>
  `| \`${prefix}${key}\` | \`${name}\` | ${cell(what)}${secret ? ' **Secret**: `env:NAME` or `file:/path`.' : ''} | ${example ? `\`${cell(example)}\`` : ''} |`;
const table = (rows: string[]): string[] => [
  '| setting | environment | meaning | example |',
  '|---|---|---|---|',
  ...rows,
  '',
];

/** `docs/settings.md`. */
export const settingsPage = (): string =>
  [
    '# Settings',
    '',
    `(${HEAD}.)`,
    '',
    'The exchange reads `javizen.yaml` (or the file that `JAVIZEN_CONFIG` names), the signer `signer.yaml` (`SIGNER_CONFIG`).',
    'Each setting has an environment variable of the same meaning, which wins over the file; `.env` may carry those.',
    'Amounts stand in quotes. `npm run config -- check` reads the files and says what is wrong, with the line.',
    '',
    '## javizen.yaml',
    '',
    ...EXCHANGE_SECTIONS.flatMap(({ name, what, settings }) => [
      `### ${name}`,
      '',
      what,
      '',
      ...table(settings.map((setting) => row(`${name}.`, setting))),
    ]),
    '### networks',
    '',
    'A list; what is said of a network stands beside its `id`. The signer is told the same without nodes.',
    '',
    ...NETWORK_FIELDS.flatMap(({ id, what, fields }) => [
      `#### ${id}`,
      '',
      what,
      '',
      ...table(fields.map((setting) => row('', setting))),
    ]),
    ...table([row('', NODE_HEADERS)]),
    '## signer.yaml',
    '',
    ...SIGNER_SECTIONS.flatMap(({ name, settings }) => table(settings.map((setting) => row(`${name}.`, setting)))),
    '## Set by `npm start` on one machine',
    '',
    ...Object.entries(LOCAL_SETTINGS).map(([name, what]) => `- \`${name}\`: ${what}`),
    '',
  ].join('\n');

/** What each command makes: path from the root, and its text. */
export const PAPERS: Readonly<Record<string, () => string>> = {
  'docs/settings.md': settingsPage,
  'javizen.example.yaml': exchangeExample,
  'signer.example.yaml': signerExample,
};
