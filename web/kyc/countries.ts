import { COUNTRIES } from '../../domain/contract/api/countries';

/** By name in the reader's language; the browser knows them. */
export function countries(locale: string): { code: string; name: string }[] {
  const names = new Intl.DisplayNames([locale], { type: 'region' });
  const list = COUNTRIES.map((code) => ({ code, name: names.of(code) ?? code }));
  return list.sort((a, b) => a.name.localeCompare(b.name, locale));
}
