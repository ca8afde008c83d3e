import { formatAmount, parseSigned } from '../domain/money/amount';

/** A decimal as a table gives it ("1.500000000000000000"), in its shortest exact form. */
export const plain = (stored: string): string => formatAmount(parseSigned(stored));
