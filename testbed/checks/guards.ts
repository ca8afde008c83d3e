/**
 * Every guard of the incidents names a test that exists: found by reading the test files, because running them takes
 * an hour.
 */
import ts from 'typescript';
import { ATTACK_GUARDS } from '../attack/guards';
import { GUARDS } from '../incidents/guards';
import { read } from './files';
import { placesOf } from './without';

/** A test's full name: literal pieces, and null where a table or a variable fills something in. */
type Name = readonly (string | null)[];

const EACH_PLACEHOLDER = /%[a-zA-Z#%]|\$[\w.#]+/;

function pieces(title: ts.Expression): Name {
  if (ts.isStringLiteralLike(title)) {
    return title.text.split(EACH_PLACEHOLDER).flatMap((part, at) => (at === 0 ? [part] : [null, part]));
  }
  if (!ts.isTemplateExpression(title)) return [null];
  return [title.head.text, ...title.templateSpans.flatMap(({ literal }) => [null, literal.text])];
}

/**
 * Names under which a test file keeps `describe` for machines that can run it: `const onNode = there ? describe :
 * describe.skip`.
 */
function aliasesOf(source: ts.SourceFile): ReadonlySet<string> {
  const found = source.statements.flatMap((statement) =>
    ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.filter(
          ({ initializer }) => initializer && /^[^'"(]*\bdescribe\b/.test(initializer.getText(source)),
        )
      : [],
  );
  return new Set(['describe', ...found.map(({ name }) => name.getText(source))]);
}

/**
 * `test`, `it.each(...)`, `describe.each(...)`, `(there ? describe : describe.skip)`: which of them a call is, if any.
 */
function kindOf(call: ts.CallExpression, describes: ReadonlySet<string>): 'test' | 'describe' | undefined {
  let callee: ts.Expression = call.expression;
  for (;;) {
    if (ts.isTaggedTemplateExpression(callee)) callee = callee.tag;
    else if (ts.isConditionalExpression(callee)) callee = callee.whenFalse;
    else if (
      ts.isCallExpression(callee) ||
      ts.isPropertyAccessExpression(callee) ||
      ts.isParenthesizedExpression(callee)
    )
      callee = callee.expression;
    else break;
  }
  if (!ts.isIdentifier(callee)) return undefined;
  if (describes.has(callee.text)) return 'describe';
  return callee.text === 'test' || callee.text === 'it' ? 'test' : undefined;
}

/** The full names of the tests in a file's text, as Jest joins them. */
export function testNamesIn(text: string): Name[] {
  const source = ts.createSourceFile('tests.ts', text, ts.ScriptTarget.Latest, true);
  const describes = aliasesOf(source);
  const names: Name[] = [];
  const visit = (node: ts.Node, above: Name): void => {
    const kind = ts.isCallExpression(node) ? kindOf(node, describes) : undefined;
    const [title, ...rest] = ts.isCallExpression(node) ? node.arguments : [];
    if (kind === undefined || title === undefined || rest.length === 0)
      return ts.forEachChild(node, (child) => visit(child, above));
    const name = above.length === 0 ? pieces(title) : [...above, ' ', ...pieces(title)];
    if (kind === 'test') names.push(name);
    else for (const part of rest) visit(part, name);
  };
  visit(source, []);
  return names;
}

/** Can a name of these pieces begin with this text? */
export function canBegin(name: Name, text: string): boolean {
  const [first, ...rest] = name;
  if (text === '') return true;
  if (first === undefined) return false;
  if (first === null) return [...text, ''].some((_, at) => canBegin(rest, text.slice(at + 1))) || canBegin(rest, text);
  return text.startsWith(first) ? canBegin(rest, text.slice(first.length)) : first.startsWith(text);
}

/** Guards of the incidents and of the attacks whose line is not in its file, or more than once. */
function guardsWithoutLine(): string[] {
  const lines = [
    ...GUARDS.map((guard) => ({ name: guard.incident, ...guard })),
    ...ATTACK_GUARDS.flatMap(({ attack: name, also, ...guard }) =>
      [guard, ...(also ? [also] : [])].map((one) => ({ name, ...one })),
    ),
  ];
  return lines
    .filter(({ file, line }) => placesOf(read(file), line).length !== 1)
    .map(({ name, file, line }) => `${name}: ${file} has not once: ${line.slice(0, 80)}`);
}

/** Guards whose line or whose test is not there, a sentence each. */
export function looseGuards(): string[] {
  return [...guardsWithoutLine(), ...guardsWithoutTest()];
}

function guardsWithoutTest(): string[] {
  return GUARDS.flatMap(({ incident, testFile, test }) =>
    testNamesIn(read(testFile)).some((name) => canBegin(name, test))
      ? []
      : [`${incident}: no test in ${testFile} has a name that begins "${test}"`],
  );
}
