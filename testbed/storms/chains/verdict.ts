/** Whether everything came to an end, once: by our tables, by the chains, and by both together. */
import { replacesSql } from '../../../db/references';
import type { DataSource } from 'typeorm';
import { parseAmount } from '../../../domain/money/amount';
import { askBitcoin } from '../../emulators/bitcoin/start';
import { paidBy } from '../../emulators/bitcoin/faucet';
import type { WorldAddress } from '../../world';
import { sleep } from '../../services/process';
import { outsideOf } from '../../stage/life';
import type { Ledger, TakenOut } from './payers';

/** What is under way still, a line each. */
export async function underWay(database: DataSource): Promise<string[]> {
  const rows = async (sql: string): Promise<string[]> =>
    ((await database.query(sql)) as { text: string }[]).map(({ text }) => text);
  return [
    ...(await rows(
      "SELECT CONCAT('deposit ', id, ' ', network, ' ', state) AS text FROM deposits WHERE state IN ('SEEN', 'CONFIRMING')",
    )),
    ...(await rows(
      "SELECT CONCAT('withdrawal ', id, ' ', network, ' ', asset, ' ', state, ' ', " +
        "COALESCE(reason, '')) AS text FROM withdrawals WHERE state NOT IN ('CONFIRMED', " +
        "'REJECTED', 'CANCELED')",
    )),
    ...(await rows(
      "SELECT CONCAT('transaction ', id, ' ', state) AS text FROM chain_transactions WHERE state IN ('PLANNED', 'SIGNED', 'BROADCAST')",
    )),
    ...(await rows(
      "SELECT CONCAT('transfer ', id, ' ', network, ' ', asset, ' ', state) AS text FROM " +
        "venue_transfers WHERE state IN ('REQUESTED', 'UNKNOWN', 'SENDING', 'IN_TRANSIT')",
    )),
  ];
}

export async function untilQuiet(database: DataSource, mostMs: number, help: () => Promise<void>): Promise<string[]> {
  for (const end = Date.now() + mostMs; ;) {
    const left = await underWay(database).catch(() => ['the database is away']);
    if (left.length === 0 || Date.now() > end) return left;
    await help();
    await sleep(1000);
  }
}

export interface Verdict {
  readonly deposits: number;
  readonly withdrawals: number;
  readonly creditedTwice: number;
  readonly paidTwice: number;
  readonly problems: string[];
}

export async function judge(database: DataSource, world: WorldAddress, { paidIn, takenOut }: Ledger): Promise<Verdict> {
  const rows = async <T>(sql: string, values: unknown[] = []): Promise<T[]> =>
    (await database.query(sql, values)) as T[];
  const problems: string[] = [];
  const known = new Map(
    (await rows<{ txid: string; state: string }>('SELECT txid, state FROM deposits')).map((row) => [
      row.txid,
      row.state,
    ]),
  );
  for (const { network, asset, txid } of paidIn) {
    const state = known.get(txid);
    if (state === 'CREDITED' || state === 'SWEPT') continue;
    if (!(await stillThere(world, network, txid))) continue;
    problems.push(`${asset} paid in by ${txid} on ${network} is ${state ?? 'unknown to us'}`);
  }
  const twice = await rows<{ reference: string }>(
    `SELECT d.id AS reference FROM deposits d JOIN journal_entries e ON e.reference = CONCAT('deposit:', d.network, ':', d.txid, ':', d.position) OR e.reference LIKE CONCAT('deposit:', d.network, ':', d.txid, ':', d.position, ':%')
     GROUP BY d.id HAVING SUM(CASE WHEN e.reason = 'deposit.credit' THEN 1 WHEN e.reason = 'deposit.reverse' THEN -1 ELSE 0 END) > 1`,
  );
  let paidTwice = 0;
  const states = new Map(
    (await rows<{ id: string; state: string }>('SELECT id, state FROM withdrawals')).map((row) => [row.id, row.state]),
  );
  for (const out of takenOut) {
    const [arrived, wanted] = [
      await arrivedAt(database, world, out),
      states.get(out.id) === 'CONFIRMED' ? parseAmount(out.amount) : 0n,
    ];
    if (arrived > wanted) paidTwice++;
    if (arrived !== wanted)
      problems.push(
        `withdrawal ${out.id} (${out.network} ${out.asset}) is ${states.get(out.id) ?? 'unknown'}, and ${arrived} of ${wanted} units arrived`,
      );
  }
  return { deposits: paidIn.length, withdrawals: takenOut.length, creditedTwice: twice.length, paidTwice, problems };
}

/** A payment of a stranger may have been lost with its block for good. */
async function stillThere(world: WorldAddress, network: string, txid: string): Promise<boolean> {
  if (network === 'bitcoin')
    return askBitcoin(world.bitcoinUrl ?? '', 'getrawtransaction', txid, true).then(
      (found) => 'blockhash' in (found as object),
      () => false,
    );
  const chain = world.chains[network];
  if (!chain) return true;
  const response = await fetch(chain.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getTransactionReceipt', params: [txid] }),
  });
  return ((await response.json()) as { result: unknown }).result !== null;
}

/** What came to an address that nobody else pays, in units. */
async function arrivedAt(database: DataSource, world: WorldAddress, { network, asset, to }: TakenOut): Promise<bigint> {
  if (network !== 'bitcoin') return parseAmount(await outsideOf(world, network).arrived(to, asset, ''));
  const sent = (await database.query(
    `SELECT DISTINCT t.txid AS txid FROM batch_payments p JOIN chain_transactions t ON t.id = p.transaction_id OR (${replacesSql('t', 'p.transaction_id')})
     WHERE t.network = ? AND p.address = ?`,
    [network, to],
  )) as { txid: string }[];
  let sum = 0n;
  for (const { txid } of sent)
    if (await stillThere(world, network, txid)) sum += parseAmount(await paidBy(world.bitcoinUrl ?? '', txid, to));
  return sum;
}
