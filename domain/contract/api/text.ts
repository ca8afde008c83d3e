/**
 * What people type and paste, made to one form before anything is compared, kept or shown. Pure, for page and server
 * alike.
 */
import { z } from 'zod';

/** Format and control characters, variation selectors, and letters that have no picture. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Variation_Selector}\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]/gu;
/** Joiners are part of how Persian and Indic names are written, between two letters. */
const JOINER = /(?<=[\p{L}\p{M}])[\u200c\u200d](?=\p{L})/gu;

/** Without marks that nobody sees, and without blanks around. */
export const visible = (text: string): string => text.replaceAll(INVISIBLE, '').trim();

const hasInvisible = (text: string): boolean => text.replaceAll(JOINER, '').search(INVISIBLE) >= 0;

/**
 * One line for people to read: composed (NFC), without blanks around; refuses marks that nobody sees or that turn the
 * text around.
 */
export const line = (least: number, most: number) =>
  z
    .string()
    .max(most * 4)
    .transform((text) => text.normalize('NFC').trim())
    .pipe(
      z
        .string()
        .min(least)
        .max(most)
        .refine((text) => !hasInvisible(text), 'invisible characters'),
    );

/** A person's name: at least a letter. */
export const personName = line(1, 190).refine((text) => /\p{L}/u.test(text), 'no letter');
/** The number of a document: at least a letter or a digit. */
export const documentNumber = line(1, 60).refine((text) => /[\p{L}\p{Nd}]/u.test(text), 'no letter or digit');

/** Digits of every script as 0 to 9: Persian and Arabic keyboards write their own. */
export const asciiDigits = (text: string): string =>
  text.normalize('NFKC').replaceAll(/\p{Nd}/gu, (digit) => String(valueOf(digit.codePointAt(0) ?? 0)));

/** Unicode keeps the ten digits of a script next to each other, from nought to nine. */
function valueOf(point: number): number {
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(point - value - 1))) value++;
  return value;
}

/**
 * Two spellings of one document number are one: digits of every script, letters of either size, and nothing between
 * them.
 */
export const plainNumber = (text: string): string =>
  asciiDigits(text)
    .toUpperCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
