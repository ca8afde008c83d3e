/** The answer, or undefined where it could not be had: what cannot be read is never taken for zero. */
export const orUnreadable = <T>(read: Promise<T>): Promise<T | undefined> => read.catch(() => undefined);
