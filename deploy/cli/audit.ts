/**
 * `npm run audit [-- --wait 60s] [-- --all] [-- --json]`: do the books agree with themselves, the chain and Binance?
 */
import { formatAmount } from '../../domain/money/amount';
import { auditBySettings } from '../custody';
import type { AuditResult } from '../../solvency/audit';
import { runningConfig } from '../config/running';
import { runCommand } from './lifetime';
import { duration, json, line, option, table, wantsJson } from './print';

/** Places where nothing lies, is booked or moves are left out unless `--all` asks for them. */
function shownOf(places: AuditResult['places']): AuditResult['places'] {
  if (process.argv.includes('--all')) return places;
  return places.filter(
    ({ booked, actual, unexplained, items }) =>
      booked !== 0n || actual !== 0n || unexplained !== 0n || items.length > 0,
  );
}

export function printAudit(result: AuditResult): void {
  const { findings, balanced, unreadable } = result;
  const places = shownOf(result.places);
  if (wantsJson()) {
    for (const place of places) {
      const { booked, actual, unexplained, items } = place;
      json({
        place: place.place,
        asset: place.asset,
        booked: formatAmount(booked),
        actual: actual === undefined ? null : formatAmount(actual),
        unexplained: unexplained === undefined ? null : formatAmount(unexplained),
        items: items.map((item) => ({ ...item, amount: formatAmount(item.amount) })),
      });
    }
    for (const finding of findings) json({ finding });
    json({
      balanced,
      findings: findings.length,
      unexplained: places.filter((place) => place.unexplained !== undefined && place.unexplained !== 0n).length,
      unreadable,
    });
    return;
  }
  table(
    ['place', 'asset', 'booked', 'actual', 'on its way', 'unexplained'],
    places.map(({ place, asset, booked, actual, items, unexplained }) => [
      place,
      asset,
      formatAmount(booked),
      actual === undefined ? 'unreadable' : formatAmount(actual),
      items.length === 0 ? '' : String(items.length),
      unexplained === undefined ? '?' : formatAmount(unexplained),
    ]),
  );
  const hidden = result.places.length - places.length;
  if (hidden > 0) line(`  (${hidden} more with nothing in them: -- --all)`);
  if (findings.length > 0) {
    line('\n  Rules that are broken:');
    table(
      ['rule', 'subject', 'asset', 'expected', 'found'],
      findings.map(({ rule, subject, asset, expected, found }) => [rule, subject, asset, expected, found]),
    );
  }
  line(`\n  audit: ${balanced ? 'balanced' : unreadable > 0 ? 'unreadable' : 'NOT BALANCED'}`);
}

/** Answers 0 where all is balanced, 1 where it is not, 2 where a place could not be read. */
export async function main(): Promise<number> {
  const result = await auditBySettings(await runningConfig(), duration(option('wait'), 30_000));
  printAudit(result);
  return result.balanced ? 0 : result.unreadable > 0 ? 2 : 1;
}

if (require.main === module) runCommand(main);
