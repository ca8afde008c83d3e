/**
 * A secret that is being replaced has several versions, with commas between: the first is used from now on, the others
 * are still believed.
 */
export const versionsOf = (setting: string): readonly string[] =>
  setting
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** The one that is used from now on. */
export const currentOf = (setting: string): string => versionsOf(setting)[0] ?? '';
