/**
 * The languages of the page and of the letters. A further one is one line here, a `words.<language>.ts` in each folder
 * of the page that has words, and `letters.<language>.ts` beside the others.
 *
 * `name`: in the language itself; `intl`: how dates are written; `direction`: of the page.
 */
export const LANGUAGES = {
  en: { name: 'English', intl: 'en-GB', direction: 'ltr' },
  fa: { name: 'فارسی', intl: 'fa-IR', direction: 'rtl' },
} as const;

export type Locale = keyof typeof LANGUAGES;

export const LOCALES = Object.keys(LANGUAGES) as [Locale, ...Locale[]];

/** Whether this names a language that we have. */
export const isLocale = (name: unknown): name is Locale => LOCALES.includes(name as Locale);
