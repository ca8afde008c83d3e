/**
 * `npm run proof [-- --out directory]`: publishes what users are owed and what covers it, for each of them to check.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatAmount } from '../../domain/money/amount';
import { openBooks } from '../custody';
import { LOCAL_WORLD, runningConfig } from '../config/running';
import { runCommand } from './lifetime';
import { json, line, option, table, wantsJson } from './print';
import { publish } from '../../solvency/proof/publish';

/** a / b with four decimals; `-` where nothing is owed. */
const ratio = (a: bigint, b: bigint): string => (b === 0n ? '-' : formatAmount(((a * 10_000n) / b) * 10n ** 14n));

/** Answers 0 where what is owed is covered, else 1. */
export async function main(): Promise<number> {
  const config = await runningConfig();
  const { dataSource, readers, close } = await openBooks(config);
  try {
    const { statement, proof, addresses, leaves, entry } = await publish(
      dataSource,
      readers,
      config.PROOF_KEY_FILE ?? join(LOCAL_WORLD, 'proof-key.pem'),
      Date.now(),
    );
    const out = option('out') ?? join(LOCAL_WORLD, 'proof');
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'proof.json'), JSON.stringify(proof));
    writeFileSync(join(out, 'addresses.json'), JSON.stringify(addresses));
    const owed = new Map(
      statement.liabilities
        .split(',')
        .filter(Boolean)
        .map((part) => part.split(':') as [string, string])
        .map(([asset, amount]) => [asset, BigInt(amount)]),
    );
    const there = new Map<string, bigint>();
    for (const { asset, amount } of statement.assets) there.set(asset, (there.get(asset) ?? 0n) + BigInt(amount));
    const assets = [...new Set([...owed.keys(), ...there.keys()])].toSorted();
    const rows = assets.map((asset) => ({ asset, liabilities: owed.get(asset) ?? 0n, assets: there.get(asset) ?? 0n }));
    const covered = rows.every((row) => row.assets >= row.liabilities);
    if (wantsJson()) {
      const byAsset = (field: 'liabilities' | 'assets'): Record<string, string> =>
        Object.fromEntries(rows.map((row) => [row.asset, formatAmount(row[field])]));
      json({
        id: statement.id,
        root: statement.root,
        leaves,
        entry,
        liabilities: byAsset('liabilities'),
        assets: byAsset('assets'),
        ratio: Object.fromEntries(rows.map((row) => [row.asset, ratio(row.assets, row.liabilities)])),
        covered,
      });
    } else {
      line(`\nProof ${statement.id}: ${leaves} leaves, books up to entry ${entry}, root ${statement.root}\n`);
      table(
        ['asset', 'owed', 'there', 'ratio'],
        rows.map((row) => [
          row.asset,
          formatAmount(row.liabilities),
          formatAmount(row.assets),
          ratio(row.assets, row.liabilities),
        ]),
      );
      line(
        `\n  ${out}: proof.json and addresses.json, for everybody; users find their own leaf in the page.\n  Check: node solvency/proof/verify.mjs proof.json leaf.json\n\n  ${covered ? 'covered' : 'NOT COVERED'}\n`,
      );
    }
    return covered ? 0 : 1;
  } finally {
    await close();
  }
}

if (require.main === module) runCommand(main);
