/** Language: words, and the direction of the page. The choice is kept in the browser. */
import { createI18n } from 'vue-i18n';
import { LANGUAGES, LOCALES, isLocale } from '../../domain/contract/api/languages';
import type { Locale } from '../../domain/contract/api/languages';

const KEPT = 'javizen.locale';

/** Words of one folder: subject -> key -> text, or a further table of texts. */
interface Words {
  readonly [subject: string]: { readonly [key: string]: string | object };
}
const FILES = import.meta.glob<Words>(['../*/words.*.ts', '!../**/*.test.ts'], { import: 'words' });

const first = (): Locale => {
  const kept = localStorage.getItem(KEPT);
  if (isLocale(kept)) return kept;
  return LOCALES.find((locale) => navigator.language.startsWith(locale)) ?? 'en';
};

export const i18n = createI18n({ legacy: false, locale: first() as string, fallbackLocale: false, messages: {} });

export const currentLocale = (): Locale => i18n.global.locale.value as Locale;
/** How Intl names the language of the page. */
export const intlLocale = (): string => LANGUAGES[currentLocale()].intl;

/** The words of all folders; a subject may have some in several. Rejects where they cannot be fetched. */
async function wordsOf(locale: Locale): Promise<Words> {
  const paths = Object.keys(FILES).filter((path) => path.endsWith(`.${locale}.ts`));
  const all: Record<string, Words[string]> = {};
  for (const words of await Promise.all(paths.map((path) => FILES[path]!())))
    for (const [subject, texts] of Object.entries(words)) all[subject] = { ...all[subject], ...texts };
  return all;
}

/**
 * Sets the language of the page, and its direction. Rejects where its words cannot be fetched; nothing is changed
 * then.
 */
export async function useLanguage(locale: Locale): Promise<void> {
  if (!i18n.global.availableLocales.includes(locale)) i18n.global.setLocaleMessage(locale, await wordsOf(locale));
  i18n.global.locale.value = locale;
  localStorage.setItem(KEPT, locale);
  document.documentElement.lang = locale;
  document.documentElement.dir = LANGUAGES[locale].direction;
}

/** The time of a day, to the second. */
export const formatClock = (ms: number): string =>
  new Intl.DateTimeFormat(intlLocale(), { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms);

/** A moment in the reader's own calendar and time zone. */
export const formatTime = (ms: number): string =>
  new Intl.DateTimeFormat(intlLocale(), { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
