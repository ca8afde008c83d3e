/** A list as a file for a spreadsheet: every row that the list has, not only those shown. */
import { api } from '../api/client';
import type { LiveList, Page } from './list';

export type Columns<Item> = readonly (readonly [name: string, value: (item: Item) => string | number | null])[];

const MOST_ROWS = 10_000;

/** One cell: quoted where it must be; what a spreadsheet would carry out as a formula is marked as text. */
function cell(value: string | number | null): string {
  const text = String(value ?? '');
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** RFC 4180, with the mark by which spreadsheets know UTF-8. */
export function csvOf<Item>(columns: Columns<Item>, rows: readonly Item[]): string {
  const lines = [
    columns.map(([name]) => cell(name)),
    ...rows.map((row) => columns.map(([, value]) => cell(value(row)))),
  ];
  return `\uFEFF${lines.map((line) => `${line.join(',')}\r\n`).join('')}`;
}

/** All pages of a list, newest first, at most 10,000 rows. Throws ApiError. */
export async function everyRow<Item>({ pageAt }: Pick<LiveList<Item>, 'pageAt'>): Promise<Item[]> {
  const rows: Item[] = [];
  for (let cursor: string | null = null; rows.length < MOST_ROWS;) {
    const page: Page<Item> = await api.get<Page<Item>>(pageAt(cursor));
    rows.push(...page.items);
    cursor = page.next ?? null;
    if (cursor === null) break;
  }
  return rows.slice(0, MOST_ROWS);
}

/** A moment in a file: the same everywhere, and sorted by time when sorted as text. */
export const csvTime = (ms: number): string => new Date(ms).toISOString();

/** Hands a file to the browser. */
export function saveFile(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  [link.href, link.download] = [url, name];
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
