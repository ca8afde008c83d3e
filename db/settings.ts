import type { DataSource } from 'typeorm';

interface Rule {
  readonly variable: string;
  readonly good: (value: string) => boolean;
  readonly want: string;
  /** Money can be lost without it; the rest is only advice. */
  readonly fatal: boolean;
}

const on = (value: string): boolean => ['1', 'ON', 'on'].includes(value);
const RULES: readonly Rule[] = [
  { variable: 'innodb_flush_log_at_trx_commit', good: (value) => value === '1', want: '1', fatal: true },
  {
    variable: 'innodb_doublewrite',
    good: (value) => value !== '0' && value.toUpperCase() !== 'OFF',
    want: 'ON',
    fatal: true,
  },
  { variable: 'innodb_rollback_on_timeout', good: on, want: 'ON', fatal: true },
  {
    variable: 'sql_mode',
    good: (value) => /STRICT_ALL_TABLES|STRICT_TRANS_TABLES/.test(value),
    want: 'STRICT_ALL_TABLES',
    fatal: true,
  },
  // Batches are written as text with backslash escapes: under this mode a reason with a quote in it would be SQL.
  {
    variable: 'sql_mode',
    good: (value) => !/NO_BACKSLASH_ESCAPES/.test(value),
    want: 'without NO_BACKSLASH_ESCAPES',
    fatal: true,
  },
  // Isolation is set on every transaction as well; a server that offers none of it would show here.
  {
    variable: 'tx_isolation',
    good: (value) => ['READ-COMMITTED', 'REPEATABLE-READ', 'SERIALIZABLE'].includes(value),
    want: 'READ-COMMITTED',
    fatal: true,
  },
  {
    variable: 'transaction_isolation',
    good: (value) => ['READ-COMMITTED', 'REPEATABLE-READ', 'SERIALIZABLE'].includes(value),
    want: 'READ-COMMITTED',
    fatal: true,
  },
  { variable: 'innodb_snapshot_isolation', good: on, want: 'ON', fatal: false },
  { variable: 'innodb_lock_wait_timeout', good: (value) => BigInt(value) <= 10n, want: '5', fatal: false },
  { variable: 'time_zone', good: (value) => value === '+00:00' || value === 'UTC', want: '+00:00', fatal: false },
];

/** What a backup to a moment is made from. */
const BINARY_LOG: Rule = {
  variable: 'log_bin',
  good: on,
  want: 'ON: without it a backup cannot be brought up to a moment',
  fatal: false,
};

export interface SettingsReport {
  readonly fatal: string[];
  readonly warnings: string[];
}

/**
 * Compares the server's settings with those that protect money. `throwAway` instances of tests may relax flushing.
 * With a binary log, sync_binlog must be 1 as well.
 */
export async function checkServerSettings(dataSource: DataSource, throwAway: boolean): Promise<SettingsReport> {
  const rows = (await dataSource.query('SHOW GLOBAL VARIABLES')) as { Variable_name: string; Value: string }[];
  const values = new Map(rows.map((row) => [row.Variable_name, row.Value]));
  const report: SettingsReport = { fatal: [], warnings: [] };
  const binlog: Rule[] = on(values.get('log_bin') ?? 'OFF')
    ? [{ variable: 'sync_binlog', good: (value) => value === '1', want: '1', fatal: true }]
    : [];
  for (const rule of [...RULES, BINARY_LOG, ...binlog]) {
    const value = values.get(rule.variable);
    if (value === undefined || rule.good(value)) continue;
    const flushing = ['innodb_flush_log_at_trx_commit', 'innodb_doublewrite', 'sync_binlog'].includes(rule.variable);
    const line = `${rule.variable} is ${value}, should be ${rule.want}`;
    if (rule.fatal && !(throwAway && flushing)) report.fatal.push(line);
    else report.warnings.push(line);
  }
  return report;
}
