/** What commands print: a table for people, or one JSON object a line with `--json`, the last one the summary. */
export const wantsJson = (): boolean => process.argv.includes('--json');

/** `--quick`: the short form of a bench or storm, which shows that it works and ends. */
export const isQuick = (): boolean => process.argv.includes('--quick');

/** `--name value`, or undefined. */
export function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

/** `60s`, `2m` or plain milliseconds, in milliseconds. */
export function duration(text: string | undefined, usual: number): number {
  const match = /^(\d+)(ms|s|m)?$/.exec(text ?? '');
  if (!match) return usual;
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[(match[2] ?? 'ms') as 'ms' | 's' | 'm'];
}

export function line(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function json(value: unknown): void {
  line(JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? field.toString() : field)));
}

/** Columns as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const show = (cells: readonly string[]): void =>
    line(`  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
  show(head);
  show(widths.map((width) => '-'.repeat(width)));
  for (const row of rows) show(row);
}
