import type { EntitySchemaColumnOptions } from 'typeorm';

/** Column kinds used by all entities. Amounts stay decimal strings; houses parse them with domain/money. */
type Column = EntitySchemaColumnOptions;

export const id = (name?: string): Column => ({ type: 'varchar', length: 64, primary: true, ...(name && { name }) });
export const text = (name?: string, length = 190): Column => ({ type: 'varchar', length, ...(name && { name }) });
export const money = (name?: string): Column => ({ type: 'decimal', precision: 38, scale: 18, ...(name && { name }) });
export const int = (name?: string): Column => ({ type: 'int', ...(name && { name }) });
/** Milliseconds since 1970 or another whole number beyond 32 bits; read as a string by the driver, so transformed. */
export const big = (name?: string): Column => ({
  type: 'bigint',
  transformer: {
    to: (value: number | null) => value,
    from: (value: string | null) => (value === null ? null : Number(value)),
  },
  ...(name && { name }),
});
export const flag = (name?: string): Column => ({ type: 'boolean', ...(name && { name }) });
export const json = (name?: string): Column => ({ type: 'simple-json', ...(name && { name }) });
export const longText = (name?: string): Column => ({ type: 'text', ...(name && { name }) });
export const nullable = (column: Column): Column => ({ ...column, nullable: true });
export const primary = (column: Column): Column => ({ ...column, primary: true });
