/** The letters in each language. */
import type { Locale } from '../../domain/contract/api/languages';
import * as en from './letters.en';
import * as fa from './letters.fa';

export const LETTERS: Readonly<Record<Locale, typeof en>> = { en, fa };

export type LetterKind = keyof typeof en.letters;

/** These go to an address that may be a stranger's: its reader has no account to freeze yet. */
const WITHOUT_FREEZE: readonly LetterKind[] = ['confirm-address', 'account-frozen'];

/** Returns the letter with its facts. A fact that is missing leaves its placeholder. */
export function words(
  kind: LetterKind,
  locale: Locale,
  facts: Readonly<Record<string, string>>,
): { subject: string; text: string } {
  const { letters, freezeLink } = LETTERS[locale];
  const { subject, text } = letters[kind];
  const whole = WITHOUT_FREEZE.includes(kind) ? text : `${text}\n\n${freezeLink}`;
  return { subject, text: `${whole.replaceAll(/\{([a-z]+)\}/g, (found, name: string) => facts[name] ?? found)}\n` };
}
