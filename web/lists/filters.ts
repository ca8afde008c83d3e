/** What a list is narrowed to. Empty: everything. */
export interface Filters {
  asset: string;
  market: string;
  state: string;
  /** Days as a date field has them: 2026-11-30, in the reader's time zone. Both are included. */
  from: string;
  to: string;
}

export const noFilters = (): Filters => ({ asset: '', market: '', state: '', from: '', to: '' });

/** The first moment (ms) of a day, or of the day after it. */
function dayAt(day: string, plus: 0 | 1): number | null {
  const [year, month, date] = day.split('-').map(Number);
  return year && month && date ? new Date(year, month - 1, date + plus).getTime() : null;
}

/** As the API wants them; what is empty is left out. */
export function queryOf({ from, to, ...words }: Filters): string {
  const [first, after] = [dayAt(from, 0), dayAt(to, 1)];
  const times = { ...(first !== null && { from: String(first) }), ...(after !== null && { to: String(after - 1) }) };
  const given = Object.entries({ ...words, ...times }).filter(([, value]) => value !== '');
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

/** Would the list have this row? For what the live feed tells. */
export function fits(
  filters: Filters,
  row: { readonly assets: readonly string[]; readonly market?: string; readonly state: string; readonly at: number },
): boolean {
  const [first, after] = [dayAt(filters.from, 0), dayAt(filters.to, 1)];
  return (
    (filters.asset === '' || row.assets.includes(filters.asset)) &&
    (filters.market === '' || row.market === filters.market) &&
    (filters.state === '' || row.state === filters.state) &&
    (first === null || row.at >= first) &&
    (after === null || row.at < after)
  );
}
