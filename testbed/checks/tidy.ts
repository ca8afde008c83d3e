/** What no linter of ours says: rules of this house about money, time and talk, read from the syntax tree. */
import ts from 'typescript';
import { SETTINGS } from '../../deploy/config';
import { PAPERS } from '../../deploy/config/papers';
import { ALL_SETTINGS, LOCAL_SETTINGS, OTHER_NETWORKS } from '../../deploy/config/reference';
import { SIGNER_SETTINGS } from '../../deploy/config/signer';
import { HOUSES, gitFiles, read } from './files';
import { oldLifecycles } from './lifecycles';

const LONGEST_FUNCTION = 70;

interface Allowed {
  readonly file: string;
  readonly text: string;
  readonly reason: string;
}

/** Numbers that are not money, on paths where money is decided. `text` is how the expression begins. */
const NOT_MONEY: readonly Allowed[] = [
  { file: 'matching/book/ids.ts', text: 'Math.imul(', reason: 'a hash of ids' },
  { file: 'matching/venues/binance/orders.ts', text: "Number(params.get('timestamp'))", reason: 'a time' },
  { file: 'matching/venues/binance/rest.ts', text: 'Math.floor(', reason: 'the minute of a time' },
  { file: 'matching/venues/binance/rest.ts', text: 'Math.max(bannedUntil', reason: 'a time' },
  { file: 'matching/venues/binance/errors.ts', text: 'Number(seconds)', reason: 'the seconds of Retry-After' },
  { file: 'wallets/deposits/scanner.ts', text: 'Math.min(head', reason: 'block heights' },
  { file: 'wallets/chains/evm/index.ts', text: "Number(await rpc<string>('eth_chainId'", reason: 'a chain id' },
  { file: 'wallets/chains/evm/index.ts', text: "Number(await rpc<string>('eth_blockNumber'", reason: 'a block height' },
  { file: 'wallets/chains/evm/index.ts', text: 'Number(found.blockNumber)', reason: 'a block height' },
  {
    file: 'wallets/chains/evm/index.ts',
    text: "Number(await rpc<string>('eth_getTransactionCount'",
    reason: 'a nonce',
  },
  { file: 'wallets/chains/bitcoin/psbt.ts', text: 'Number(index)', reason: 'the number of a child key' },
  { file: 'wallets/chains/tron/wire.ts', text: 'Number(bits)', reason: 'seven bits of a count' },
  { file: 'wallets/chains/tron/wire.ts', text: 'Number(value)', reason: 'times and lengths of at most 56 bits' },
  {
    file: 'wallets/chains/tron/transaction.ts',
    text: 'Number(count)',
    reason: 'the one way into the library: refused where it is not exact, and compared with our own bytes',
  },
  {
    file: 'wallets/utxo/own-addresses.ts',
    text: "Number(position.slice('out:'.length))",
    reason: 'the place of an output',
  },
  { file: 'db/chains.ts', text: 'Number(text ?? 0)', reason: 'places of rows in a chain' },
  { file: 'db/stores/withdrawal-records.ts', text: 'Number(row.', reason: 'rounds, times and places' },
  {
    file: 'db/stores/audit.ts',
    text: 'Number(((await manager.query(sql)) as { n: string }[])',
    reason: 'a count of rows',
  },
  { file: 'db/stores/audit.ts', text: 'Number(row[field])', reason: 'heights and times, named by the caller' },
  { file: 'db/stores/batches.ts', text: 'Number(last.at)', reason: 'a time' },
  { file: 'db/stores/batches.ts', text: 'Number(row.', reason: 'counts of rows' },
  { file: 'db/stores/chain.ts', text: 'Number(locked?.next)', reason: 'a nonce' },
  { file: 'db/stores/engine.ts', text: 'Number(fence?.', reason: 'numbers of epochs, batches and entries' },
  { file: 'db/stores/engine.ts', text: 'Number(last)', reason: 'the number of a trade' },
  { file: 'db/stores/engine.ts', text: 'Number(row?.', reason: 'numbers of orders and places in a queue' },
  { file: 'db/stores/venue.ts', text: 'Number(row.at)', reason: 'a time' },
  { file: 'db/stores/venue.ts', text: 'Number(tradeId)', reason: 'the number of a trade' },
  { file: 'db/stores/venue.ts', text: 'Number(last)', reason: 'the number of a trade' },
  { file: 'db/stores/market-history.ts', text: 'Number(at)', reason: 'a time' },
  { file: 'db/stores/reviews.ts', text: 'Number(at)', reason: 'a time' },
  { file: 'db/stores/prices.ts', text: 'Number(row.at)', reason: 'a time' },
  { file: 'db/stores/market-history.ts', text: 'Number(opens)', reason: 'a time' },
  {
    file: 'matching/modules/orders/scales.ts',
    text: 'Number(value)',
    reason: 'the one way into a book: whole counts, refused where they are not exact',
  },
  {
    file: 'db/entities/columns.ts',
    text: 'Number(value)',
    reason: 'the type of BIGINT columns: heights, times, numbers of rows',
  },
];

const isTest = (file: string): boolean => /(\.test|\/testing)\.ts$/.test(file);
const inHouse = (file: string): boolean => !/^(deploy|testbed)\//.test(file);
const decidesMoney = (file: string): boolean =>
  /^(domain\/money|ledger|matching|wallets|db)\//.test(file) && !isTest(file);
const isPure = (file: string): boolean =>
  /^(domain|ledger|matching\/engine)\/|^matching\/swaps\/price\.ts$|^matching\/venues\/binance\/book\.ts$/.test(file) &&
  !isTest(file);

/** The engine writes its rows by itself, tests make what they need, and migrations know former states. */
const mayNotSetStates = (file: string): boolean =>
  !/^(matching|testbed|web)\/|^db\/(migrations\/|lifecycle\.ts$)/.test(file) && !isTest(file);

/** The code of a file; of a page's component its script. Line numbers stay. */
function code(file: string): string {
  const text = read(file);
  if (!file.endsWith('.vue')) return text;
  const script = /<script\b[^>]*>([\s\S]*?)<\/script>/.exec(text);
  return script ? '\n'.repeat(text.slice(0, script.index).split('\n').length - 1) + (script[1] ?? '') : '';
}

/** Every finding in one file's code. */
export function findingsIn(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const findings: string[] = [];
  const tell = (node: ts.Node, what: string): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    findings.push(`${file}:${line + 1}: ${what}: ${node.getText(source).split('\n')[0]?.slice(0, 90)}`);
  };
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) tell(node.parent, 'any');
    if (decidesMoney(file) && isFloatMaths(node) && !allowed(file, node.getText(source)))
      tell(node, 'floating point where money is decided');
    if (isPure(file) && isClockOrRandom(node, source)) tell(node, 'clock or random in a pure part');
    if (inHouse(file) && !isTest(file) && isTalkOrEnvironment(node, source))
      tell(node, 'console or process.env in a house');
    if (mayNotSetStates(file) && setsState(node)) tell(node, 'a state that is set past db/lifecycle.ts');
    if (!isTest(file) && isFunction(node) && lines(node, source) > LONGEST_FUNCTION)
      tell(node, `a function of ${lines(node, source)} lines`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return findings;
}

const packed = (text: string): string => text.replaceAll(/\s/g, '');
const allowed = (file: string, text: string): boolean =>
  NOT_MONEY.some((entry) => entry.file === file && packed(text).startsWith(packed(entry.text)));

function isFloatMaths(node: ts.Node): boolean {
  if (ts.isNumericLiteral(node)) return /^\d*\.\d|e/i.test(node.text) && !/^0x/i.test(node.text);
  if (!ts.isCallExpression(node)) return false;
  const { expression } = node;
  if (ts.isIdentifier(expression)) return ['Number', 'parseFloat', 'parseInt'].includes(expression.text);
  if (!ts.isPropertyAccessExpression(expression)) return false;
  if (['toFixed', 'toPrecision', 'toExponential'].includes(expression.name.text)) return true;
  return (
    ts.isIdentifier(expression.expression) &&
    (expression.expression.text === 'Math' ||
      (expression.expression.text === 'Number' && /^parse/.test(expression.name.text)))
  );
}

function isClockOrRandom(node: ts.Node, source: ts.SourceFile): boolean {
  if (ts.isNewExpression(node)) return node.expression.getText(source) === 'Date';
  return (
    ts.isPropertyAccessExpression(node) &&
    /^(Date\.now|Math\.random|performance\.now|process\.hrtime|crypto\.\w+)$/.test(node.getText(source))
  );
}

/** An update by the mapper, or by SQL, that names a state among what it sets. */
function setsState(node: ts.Node): boolean {
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node))
    return /\bUPDATE\s(?:(?!\sWHERE\s)[^;])*\sSET\s(?:(?!\sWHERE\s)[^;])*\bstate\s*=/i.test(node.getText());
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const [method, count] = [node.expression.name.text, node.arguments.length];
  const set = node.arguments.at(-1);
  if (!set || !((method === 'update' && count >= 2) || (method === 'set' && count === 1))) return false;
  return ts.isObjectLiteralExpression(set) && set.properties.some((property) => property.name?.getText() === 'state');
}

const isTalkOrEnvironment = (node: ts.Node, source: ts.SourceFile): boolean =>
  ts.isPropertyAccessExpression(node) && /^(console\.\w+|process\.env)$/.test(node.getText(source));

const isFunction = (node: ts.Node): boolean =>
  ts.isFunctionDeclaration(node) ||
  ts.isFunctionExpression(node) ||
  ts.isArrowFunction(node) ||
  ts.isMethodDeclaration(node) ||
  ts.isConstructorDeclaration(node);

/** Lines of a function that are its own: those of a function inside it belong to that one, save its first. */
function lines(node: ts.Node, source: ts.SourceFile): number {
  const span =
    source.getLineAndCharacterOfPosition(node.end).line -
    source.getLineAndCharacterOfPosition(node.getStart(source)).line;
  let inside = 0;
  const visit = (child: ts.Node): void => {
    if (isFunction(child))
      inside +=
        source.getLineAndCharacterOfPosition(child.end).line -
        source.getLineAndCharacterOfPosition(child.getStart(source)).line;
    else ts.forEachChild(child, visit);
  };
  ts.forEachChild(node, visit);
  return span - inside + 1;
}

/** Marks of unfinished work, written so that this file does not find itself. */
const UNFINISHED = new RegExp(
  `\\b(${['FIX', 'TO'].map((word) => (word === 'FIX' ? `${word}ME` : `${word}DO`)).join('|')}|X{3})\\b`,
);

function texts(): string[] {
  const files = gitFiles('*.ts', '*.mts', '*.mjs', '*.cjs', '*.vue', '*.md', '*.yaml', '*.yml', '*.sh', '.ci/*');
  const unfinished = files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, at) =>
        UNFINISHED.test(line) ? [`${file}:${at + 1}: unfinished: ${line.trim().slice(0, 90)}`] : [],
      ),
  );
  const html = gitFiles('*.vue').filter((file) => /\sv-html\b/.test(read(file)));
  return [...unfinished, ...html.map((file) => `${file}: v-html`)];
}

function lockFile(): string[] {
  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { resolved?: string; link?: boolean }>;
  };
  return Object.entries(lock.packages).flatMap(([name, { resolved, link }]) =>
    resolved && !link ? [`package-lock.json: ${name} names an address (${resolved})`] : [],
  );
}

/**
 * Every setting of the two schemas stands in the reference, and the papers that are made of it are as made;
 * `.env.example` names no other.
 */
function settings(): string[] {
  const known = new Set([...SETTINGS, ...SIGNER_SETTINGS]);
  const told = [...ALL_SETTINGS.map(({ name }) => name), OTHER_NETWORKS, ...Object.keys(LOCAL_SETTINGS)];
  const named = [...read('.env.example').matchAll(/^(?:# ?)?([A-Z][A-Z0-9_]*)=/gm)].map((match) => match[1] ?? '');
  return [
    ...[...known].filter((name) => !told.includes(name)).map((name) => `deploy/config/reference.ts has no ${name}`),
    ...told
      .filter((name) => !known.has(name))
      .map((name) => `deploy/config/reference.ts names ${name}, which no part reads`),
    ...named.filter((name) => !known.has(name)).map((name) => `.env.example names ${name}, which no part reads`),
    ...named.filter((name, at) => named.indexOf(name) !== at).map((name) => `.env.example names ${name} twice`),
    ...Object.entries(PAPERS)
      .filter(([path, text]) => read(path) !== text())
      .map(([path]) => `${path} is not as its tables say: npm run config -- docs`),
  ];
}

/** A rule that finds nothing in what breaks it is no rule. */
function missedPlants(): string[] {
  const plants: [string, string][] = [
    ['ledger/planted.ts', 'export const a = (x: any): number => 1;'],
    ['ledger/planted.ts', 'export const a = parseFloat("1");'],
    ['domain/money/planted.ts', 'export const a = Number("1");'],
    ['matching/planted.ts', 'export const a = Math.round(1);'],
    ['wallets/planted.ts', 'export const a = 0.1;'],
    ['domain/planted.ts', 'export const a = new Date();'],
    ['matching/engine/planted.ts', 'export const a = Date.now();'],
    ['ledger/planted.ts', 'export const a = Math.random();'],
    ['server/planted.ts', 'console.log(1);'],
    ['web/planted.ts', 'export const a = process.env.HOME;'],
    ['db/planted.ts', "export const a = (m) => m.update(SweepEntity, { id }, { state: 'DONE', updatedAt: 1 });"],
    ['db/planted.ts', 'export const a = (m, state) => m.update(SweepEntity, { id }, { state });'],
    ['db/planted.ts', "export const a = (b) => b.update(SweepEntity).set({ state: 'DONE' }).where({ id });"],
    ['wallets/planted.ts', 'export const a = (q) => q.query("UPDATE sweeps s SET s.state = \'DONE\' WHERE id = ?");'],
    ['db/planted.ts', 'export const a = (q) => q.query(`UPDATE deposits SET fee = 1, state = ? WHERE id = ${id}`);'],
    ['server/planted.ts', `export function a(): void {${'\n'.repeat(LONGEST_FUNCTION)}}`],
  ];
  /** Reads and conditions name states too. */
  const sound: [string, string][] = [
    ['db/planted.ts', "export const a = (m) => m.update(SweepEntity, { id, state: 'PLANNED' }, { amount: '1' });"],
    ['db/planted.ts', 'export const a = (q) => q.query("UPDATE sweeps SET amount = 1 WHERE state = \'PLANNED\'");'],
  ];
  return [
    ...plants
      .filter(([file, text]) => findingsIn(file, text).length === 0)
      .map(([file, text]) => `a planted fault was not found: ${file}: ${text.trim().slice(0, 60)}`),
    ...sound.flatMap(([file, text]) => findingsIn(file, text).map((found) => `found in what is sound: ${found}`)),
  ];
}

/** Everything untidy; an allowance that nothing needs any more is untidy too. */
export function untidy(): string[] {
  const files = gitFiles(...HOUSES.flatMap((house) => [`${house}/*.ts`, `${house}/*.mts`, `${house}/*.vue`]));
  const unused = NOT_MONEY.filter(
    ({ file, text }) => !files.includes(file) || !packed(read(file)).includes(packed(text)),
  ).map(({ file, text }) => `allowed and not there: ${file}: ${text}`);
  return [
    ...files.flatMap((file) => findingsIn(file, code(file))),
    ...texts(),
    ...lockFile(),
    ...settings(),
    ...oldLifecycles(),
    ...unused,
    ...missedPlants(),
  ];
}
