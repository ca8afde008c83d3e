/** Exact decimals of the emulator: bigint counting 10^-18. Its own, so that it shares no bug with the product. */
const SCALE = 18;
export const UNIT = 10n ** BigInt(SCALE);

/** Reads a plain decimal; undefined for anything else. */
export function read(text: unknown): bigint | undefined {
  if (typeof text !== 'string' || !/^\d{1,20}(\.\d{1,18})?$/.test(text)) return undefined;
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(SCALE, '0'));
}

/** Reads a decimal that is known to be good (recorded data, our own journal). */
export function must(text: string): bigint {
  const value = read(text);
  if (value === undefined) throw new Error(`not a decimal: ${text}`);
  return value;
}

/** Writes with exactly `decimals` places (8 as the venue does), cutting what is finer. */
export function show(value: bigint, decimals = 8): string {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(SCALE + 1, '0');
  const whole = digits.slice(0, -SCALE);
  return `${negative ? '-' : ''}${whole}${decimals > 0 ? `.${digits.slice(-SCALE).slice(0, decimals)}` : ''}`;
}

/** a x b, cut to 8 decimals: the venue's precision for quote amounts and commissions. */
export function times(a: bigint, b: bigint): bigint {
  const step = 10n ** BigInt(SCALE - 8);
  const exact = (a * b) / UNIT;
  return exact - (exact % step);
}
