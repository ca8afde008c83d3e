/** Language: words, and the direction of the page. The choice is kept in the browser. */
import { createI18n } from 'vue-i18n';
import { en } from './en';
import { fa } from './fa';

export type Locale = 'en' | 'fa';
const KEPT = 'javizen.locale';

const first = (): Locale => {
  const kept = localStorage.getItem(KEPT);
  if (kept === 'en' || kept === 'fa') return kept;
  return navigator.language.startsWith('fa') ? 'fa' : 'en';
};

export const i18n = createI18n({ legacy: false, locale: first(), fallbackLocale: 'en', messages: { en, fa } });

export const currentLocale = (): Locale => i18n.global.locale.value as Locale;

/** Sets the language of the page, and its direction. */
export function useLanguage(locale: Locale): void {
  i18n.global.locale.value = locale;
  localStorage.setItem(KEPT, locale);
  document.documentElement.lang = locale;
  document.documentElement.dir = locale === 'fa' ? 'rtl' : 'ltr';
}

/** The time of a day, to the second. */
export const formatClock = (ms: number): string =>
  new Intl.DateTimeFormat(currentLocale() === 'fa' ? 'fa-IR' : 'en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(ms);

/** A moment in the reader's own calendar and time zone. */
export function formatTime(ms: number): string {
  const locale = currentLocale() === 'fa' ? 'fa-IR' : 'en-GB';
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
}
