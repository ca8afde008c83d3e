/** The document of the API as a page for people: no scripts, nothing from elsewhere. */
import type { OpenApi } from './openapi';

type Json = Record<string, unknown>;

const MARKS: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: unknown): string => String(text).replace(/[&<>"']/g, (mark) => MARKS[mark] ?? mark);
const anchor = (method: string, path: string): string => `${method}${path.replace(/[^a-z]+/gi, '-')}`;

export const DOCS_CSS = `:root{color-scheme:light dark;--line:#8884;--soft:#8882;--accent:#0b7a6b}
body{font:16px/1.55 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:2rem 1rem}
h1{margin-bottom:.25rem}section{border:1px solid var(--line);border-radius:.75rem;padding:1rem 1.25rem;margin:1rem 0}
h2{font-size:1.05rem;margin:0;display:flex;gap:.6rem;align-items:baseline;flex-wrap:wrap}
.method{text-transform:uppercase;font:700 .8rem ui-monospace,monospace;color:var(--accent);min-width:4rem}
code,pre{font:.85rem/1.5 ui-monospace,monospace}pre{background:var(--soft);padding:.75rem;border-radius:.5rem;overflow:auto}
.access{font-size:.8rem;border:1px solid var(--line);border-radius:1rem;padding:0 .6rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}
td,th{border-top:1px solid var(--line);padding:.35rem;text-align:start;vertical-align:top}
@media(prefers-color-scheme:dark){:root{--accent:#2bb3a3}}
nav ul{columns:20rem;padding:0;list-style:none}a{color:var(--accent)}`;

export function docsPage(document: OpenApi): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const links = operations.map(
    ({ path, method }) =>
      `<li><a href="#${anchor(method, path)}"><span class="method">${method}</span> ${escape(path)}</a></li>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Javizen API</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="stylesheet" href="/api/docs.css"></head><body>
<h1>Javizen API</h1><p>${escape(document.info.description)} The same as <a href="/api/openapi.json">OpenAPI 3.1</a>.</p>
<nav aria-label="Endpoints"><ul>${links.join('')}</ul></nav>${operations.map(section).join('')}</body></html>`;
}

function section({ path, method, operation }: { path: string; method: string; operation: Json }): string {
  const [[status, success] = ['', undefined], ...refusals] = Object.entries(
    operation.responses as Record<string, Part & { description: string }>,
  );
  return `<section id="${anchor(method, path)}"><h2><span class="method">${method}</span><code>${escape(path)}</code>
<span class="access">${escape(operation['x-access'])}</span></h2><p>${escape(operation.summary)}</p>
${parameters(operation.parameters as Json[])}
${contents('Body', operation.requestBody as Part | undefined)}
${contents(`Answer ${status}`, success)}
${table(
  ['Status', 'Refusals'],
  refusals.map(([code, { description }]) => [code, description]),
)}</section>`;
}

interface Part {
  readonly content?: Record<string, { schema?: Json }>;
}

const contents = (title: string, part: Part | undefined): string =>
  Object.entries(part?.content ?? {})
    .map(([type, { schema }]) => `<h3>${escape(title)} (${escape(type)})</h3>${shape(schema)}`)
    .join('');

const table = (heads: string[], rows: string[][]): string =>
  `<table><tr>${heads.map((head) => `<th>${escape(head)}</th>`).join('')}</tr>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${escape(cell)}</td>`).join('')}</tr>`)
    .join('')}</table>`;

const parameters = (list: Json[]): string =>
  list.length === 0
    ? ''
    : table(
        ['Parameter', 'In', 'Required'],
        list.map((field) => [String(field.name), String(field.in), field.required ? 'yes' : 'no']),
      );

const shape = (schema: Json | undefined): string =>
  schema ? `<pre>${escape(JSON.stringify(outline(schema), null, 2))}</pre>` : '<p>Bytes.</p>';

/** A schema as an example-like outline: property names and types. */
function outline(schema: Json): unknown {
  const variants = schema.anyOf as Json[] | undefined;
  if (variants)
    return variants.some(({ type }) => type === 'object')
      ? outline(variants[0] ?? {})
      : variants.map(outline).join(' | ');
  if (schema.enum) return (schema.enum as string[]).join(' | ');
  if (schema.type === 'array') return [outline((schema.items as Json | undefined) ?? {})];
  if (schema.type !== 'object')
    return schema.description ? `${String(schema.type)}: ${String(schema.description)}` : String(schema.type ?? 'any');
  return Object.fromEntries(
    Object.entries((schema.properties as Record<string, Json> | undefined) ?? {}).map(([name, field]) => [
      name,
      outline(field),
    ]),
  );
}
