/**
 * Settings files: `javizen.yaml` for the exchange, `signer.yaml` for the signer. Read into the names that the schemas
 * know.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, Pair, YAMLMap } from 'yaml';
import { EXCHANGE_SECTIONS, NETWORK_FIELDS, NODE_HEADERS, OTHER_NETWORKS, SIGNER_SECTIONS } from './reference';
import type { Section, Setting } from './reference';

/** What is wrong in a settings file, with the line. */
export class SettingsFault extends Error {
  override readonly name = 'SettingsFault';
}

export interface FileSettings {
  /** Values by their environment names. */
  readonly values: NodeJS.ProcessEnv;
  /** Where each stands: `javizen.yaml line 12 (site.port)`. */
  readonly places: ReadonlyMap<string, string>;
}

export type FileKind = 'exchange' | 'signer';

interface Reading {
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  readonly document: Document;
  readonly counter: LineCounter;
  readonly values: Record<string, string>;
  readonly places: Map<string, string>;
  readonly isWanted: (name: string) => boolean;
}

/**
 * Reads one file; only settings that are `wanted` are looked up where they refer to. Throws SettingsFault with the
 * line for what cannot be read, is unknown, or is a secret in clear.
 */
export function readSettingsFile(
  file: string,
  kind: FileKind,
  env: NodeJS.ProcessEnv,
  isWanted: (name: string) => boolean = () => true,
): FileSettings {
  const counter = new LineCounter();
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: counter, uniqueKeys: true });
  const [broken] = document.errors;
  if (broken)
    throw new SettingsFault(`${file} line ${counter.linePos(broken.pos[0]).line}: ${broken.message.split('\n')[0]}`);
  const reading: Reading = { file, env, document, counter, values: {}, places: new Map(), isWanted };
  if (document.contents !== null) readSections(reading, kind, mapOf(reading, document.contents, 'the file'));
  return { values: reading.values, places: reading.places };
}

function readSections(reading: Reading, kind: FileKind, root: YAMLMap): void {
  const sections = kind === 'signer' ? SIGNER_SECTIONS : EXCHANGE_SECTIONS;
  const known = [...sections.map(({ name }) => name), 'networks', ...(kind === 'exchange' ? [NODE_HEADERS.key] : [])];
  for (const pair of root.items) {
    const name = keyOf(reading, pair, known);
    const section = sections.find((one) => one.name === name);
    if (section) readSection(reading, section, pair);
    else if (name === 'networks') readNetworks(reading, kind, pair);
    else readValue(reading, NODE_HEADERS, pair, name);
  }
}

function readSection(reading: Reading, { name, settings }: Section, pair: Pair): void {
  if (pair.value === null || (isScalar(pair.value) && pair.value.value === null)) return;
  const known = settings.map(({ key }) => key);
  for (const one of mapOf(reading, pair.value, name).items) {
    const key = keyOf(reading, one, known, name);
    readValue(reading, settings.find((setting) => setting.key === key) as Setting, one, `${name}.${key}`);
  }
}

/** A list of networks by their ids; one that has no fields of its own is a further one of the Ethereum kind. */
function readNetworks(reading: Reading, kind: FileKind, pair: Pair): void {
  if (pair.value === null || (isScalar(pair.value) && pair.value.value === null)) return;
  if (!isSeq(pair.value)) throw fault(reading, pair.value, 'networks is a list: - id: ethereum');
  const others: unknown[] = [];
  for (const item of pair.value.items) {
    const map = mapOf(reading, item, 'a network');
    const id = map.get('id');
    if (typeof id !== 'string') throw fault(reading, map, 'a network needs an id');
    const known = NETWORK_FIELDS.find((network) => network.id === id);
    if (!known) {
      others.push(map.toJS(reading.document));
      reading.places.set(OTHER_NETWORKS, placeOf(reading, map, `networks.${id}`));
      continue;
    }
    const keys = known.fields.map(({ key }) => key);
    for (const one of map.items) {
      const key = keyOf(reading, one, ['id', ...keys], `networks.${id}`);
      if (key === 'id') continue;
      const setting = known.fields.find((field) => field.key === key) as Setting;
      if (kind === 'signer' && setting.key === 'nodes') throw fault(reading, one.key, 'the signer is told no nodes');
      readValue(reading, setting, one, `networks.${id}.${key}`);
    }
  }
  if (others.length > 0) reading.values[OTHER_NETWORKS] = JSON.stringify(others);
}

function readValue(reading: Reading, setting: Setting, pair: Pair, path: string): void {
  const { value } = pair;
  reading.places.set(setting.name, placeOf(reading, pair.key, path));
  if (value === null || (isScalar(value) && value.value === null) || !reading.isWanted(setting.name)) return;
  const referred =
    isScalar(value) && typeof value.value === 'string' ? referredTo(reading, value, value.value) : undefined;
  if (referred !== undefined) {
    reading.values[setting.name] = referred;
    return;
  }
  if (setting.secret) throw fault(reading, value, `${path} is a secret: write env:NAME or file:/path, not the value`);
  reading.values[setting.name] = textOf(reading, setting, value, path);
}

/** `env:NAME` and `file:/path` stand for what is there. */
function referredTo(reading: Reading, node: Node, text: string): string | undefined {
  if (text.startsWith('env:')) {
    const value = reading.env[text.slice(4)];
    if (value === undefined || value === '')
      throw fault(reading, node, `${text.slice(4)} is not set in the environment`);
    return value;
  }
  if (!text.startsWith('file:')) return undefined;
  try {
    return readFileSync(text.slice(5), 'utf8').trim();
  } catch (error) {
    throw fault(reading, node, `${text.slice(5)} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function textOf(reading: Reading, { shape }: Setting, value: unknown, path: string): string {
  if (shape === 'json') {
    if (isMap(value) || isSeq(value)) return JSON.stringify(value.toJS(reading.document));
    throw fault(reading, value, `${path} is a list or a map`);
  }
  if (shape === 'list' && isSeq(value)) return (value.toJS(reading.document) as unknown[]).join(',');
  if (!isScalar(value)) throw fault(reading, value, `${path} is one value`);
  if (shape === 'flag' || shape === 'yesNo') {
    if (typeof value.value !== 'boolean') throw fault(reading, value, `${path} is true or false`);
    return shape === 'flag' ? String(value.value) : value.value ? '1' : '';
  }
  // As it was written: 0.10 stays 0.10, and 0x... is an address.
  return value.source ?? String(value.value);
}

function mapOf(reading: Reading, node: unknown, what: string): YAMLMap {
  if (!isMap(node)) throw fault(reading, node, `${what} is a list of names and values`);
  return node;
}

/** The name of a pair. Throws where it is unknown, with the nearest that there is. */
function keyOf(reading: Reading, { key }: Pair, known: readonly string[], within?: string): string {
  const name = isScalar(key) ? String(key.value) : String(key);
  if (known.includes(name)) return name;
  throw fault(reading, key, `${within ? `${within}.` : ''}${name} is no setting; there are: ${known.join(', ')}`);
}

const lineOf = ({ counter }: Reading, node: unknown): number =>
  counter.linePos((node as Node | null)?.range?.[0] ?? 0).line;
const placeOf = (reading: Reading, node: unknown, path: string): string =>
  `${reading.file} line ${lineOf(reading, node)} (${path})`;
const fault = (reading: Reading, node: unknown, what: string): SettingsFault =>
  new SettingsFault(`${reading.file} line ${lineOf(reading, node)}: ${what}`);

/**
 * The file of the settings, where there is one: JAVIZEN_CONFIG or SIGNER_CONFIG, else `javizen.yaml` or `signer.yaml`
 * in `root`. `none`: no file.
 */
export function settingsFile(kind: FileKind, root: string, env: NodeJS.ProcessEnv): string | undefined {
  const named = env[kind === 'signer' ? 'SIGNER_CONFIG' : 'JAVIZEN_CONFIG'];
  if (named === 'none') return undefined;
  const file = named || `${root}/${kind === 'signer' ? 'signer' : 'javizen'}.yaml`;
  if (!existsSync(file) && named) throw new SettingsFault(`${file} is named in the environment and is not there`);
  return existsSync(file) ? file : undefined;
}
