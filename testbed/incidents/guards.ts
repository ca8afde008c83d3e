/** What holds each test up: a line of the product without which the test must fail. `npm run incidents -- --guards` tries each. */
import type { Line } from '../checks/without';

export interface Guard extends Line {
  /** The incident it holds. */
  readonly incident: string;
  /** The test that must then fail: its file, and how its name begins. */
  readonly testFile: string;
  readonly test: string;
}

const incidents = (name: string): string => `testbed/incidents/${name}.test.ts`;

export const GUARDS: readonly Guard[] = [
  { incident: 'E4', file: 'wallets/chains/evm/true-transfers.ts', line: 'if (after - before < told) doubted.add(pair);', without: '', testFile: incidents('tokens'), test: 'E4 a token that tells of a payment' },
  { incident: 'E5', file: 'wallets/networks/evm.ts', line: '...(!settings.traces && { balances }),', without: '', testFile: incidents('contracts'), test: 'by balances E5 paid by a contract that ends itself' },
  { incident: 'E5', file: 'wallets/chains/evm/transfers.ts', line: "'CREATE2', 'SELFDESTRUCT']", without: "'CREATE2']", testFile: incidents('contracts'), test: 'with traces E5 paid by a contract that ends itself' },
  { incident: 'E6', file: 'wallets/chains/evm/transfers.ts', line: 'if (frame.error) return;', without: '', testFile: incidents('contracts'), test: 'with traces E6' },
  { incident: 'E7', file: 'wallets/deposits/scanner.ts', line: 'if (!(await onOurChain(head))) await rollBack(head);', without: '', testFile: 'testbed/scenarios/wallets.test.ts', test: 'reorganisations E7 before it is final' },
  { incident: 'E8', file: 'wallets/deposits/scanner.ts', line: "if (row.state === 'CREDITED' || row.state === 'SWEPT') {", without: "if (row.state === 'SWEPT') {", testFile: 'testbed/scenarios/wallets.test.ts', test: 'reorganisations E8 deeper than what counts' },
  { incident: 'E8', file: 'wallets/treasury/fallen-out.ts', line: 'else if (!found && !mayBePaidAnew(row)) await chain.broadcast(row.rawTransaction);', without: '', testFile: 'testbed/scenarios/wallets-troubles.test.ts', test: 'a reorganisation deeper than what counts takes a final transaction of ours away E8 sent again' },
  { incident: 'E9', file: 'wallets/chains/evm/whole.ts', line: "if ((expected & ~there) !== 0n) throw new Error('logs are missing from the receipts');", without: '', testFile: incidents('nodes'), test: 'one node E9 receipts without some' },
  { incident: 'E9', file: 'wallets/deposits/agreement.ts', line: 'return witnesses.length >= 2 ?', without: 'return witnesses.length >= 1 ?', testFile: incidents('nodes'), test: 'several nodes E9 a large deposit that the preferred node made up' },
  { incident: 'E9', file: 'wallets/deposits/agreement.ts', line: 'if (other.length <= same.length) throw', without: 'if (other.length < 0) throw', testFile: incidents('nodes'), test: 'several nodes E9 nodes on different forks' },
  { incident: 'E9', file: 'wallets/treasury/transactions.ts', line: 'if (objection !== undefined) return void this.objections.add(objection);', without: 'void objection;', testFile: incidents('nodes'), test: 'several nodes E9 a payout that one node alone' },
  { incident: 'E10', file: 'wallets/chains/nodes.ts', line: 'if (wrong) throw wrong;', without: '', testFile: incidents('nodes'), test: 'chains that are not the right one E10 a node of another chain' },
  { incident: 'E11', file: 'wallets/chains/evm/transfers.ts', line: 'position: `log:${ordinal}`', without: "position: 'log:0'", testFile: incidents('tokens'), test: 'E11 three logs' },
  { incident: 'E12', file: 'wallets/chains/evm/index.ts', line: 'succeeded: BigInt(found.status) === 1n', without: 'succeeded: true', testFile: 'testbed/scenarios/wallets-troubles.test.ts', test: 'E12 a payout that is mined and fails' },
  { incident: 'E12', file: 'db/stores/coins.ts', line: "AND NOT EXISTS (SELECT 1 FROM chain_transactions r WHERE r.id > CONCAT(t.id, '#') AND r.id < CONCAT(t.id, '$'))", without: '', testFile: 'testbed/scenarios/own-coins.test.ts', test: 'our own coins change E12' },
  { incident: 'E13', file: 'wallets/treasury/transactions.ts', line: 'const sent = await chain.broadcast(row.rawTransaction);', without: "const sent = row.state === 'SIGNED' ? await chain.broadcast(row.rawTransaction) : ({ taken: true } as const);", testFile: incidents('payouts'), test: 'E13 the node drops a transaction' },
  { incident: 'E6', file: 'wallets/chains/tron/transfers.ts', line: 'const dead = undone(calls);', without: 'const dead = new Set<number>(); void undone;', testFile: incidents('tron'), test: 'incidents of TRON E6' },
  { incident: 'E15', file: 'wallets/chains/tron/transfers.ts', line: "transaction.ret?.[0]?.contractRet === 'SUCCESS' && info.result !== 'FAILED' && (info.receipt?.result ?? 'SUCCESS') === 'SUCCESS';", without: "transaction.txID !== info.blockNumber.toString();", testFile: incidents('tron'), test: 'incidents of TRON E15' },
  { incident: 'E16', file: 'wallets/chains/tron/transfers.ts', line: "if (only?.type !== 'TransferContract' || more.length > 0) return [];", without: "if (!only?.type.startsWith('Transfer') || more.length > 0) return [];", testFile: incidents('tron'), test: 'incidents of TRON E16' },
  { incident: 'E17', file: 'wallets/tron/guard.ts', line: 'if (!(await isOurs(row.address))) return false;', without: '', testFile: incidents('tron'), test: 'incidents of TRON E17 an address that somebody else' },
  { incident: 'E17', file: 'wallets/tron/watch.ts', line: 'if (!own.isFrozen(address) && !(await guard.maySweep(address)))', without: 'if (own.isFrozen(address) && address === hotAddress)', testFile: incidents('tron'), test: 'incidents of TRON E17 an address that is given away' },
  { incident: 'E17', file: 'wallets/tron/watch.ts', line: 'const strangers = await chain.strangersOf(hotAddress);', without: 'const strangers: string[] = [];', testFile: incidents('tron'), test: 'incidents of TRON E17 a hot wallet' },
  { incident: 'E18', file: 'wallets/tron/renewals.ts', line: 'const ended = (await chain.solidTime()) > expiration;', without: 'const ended = (await chain.solidTime()) > 0 && expiration > 0;', testFile: incidents('tron'), test: 'incidents of TRON E18 while the chain stands still' },
  { incident: 'E18', file: 'wallets/tron/renewals.ts', line: 'if (!ended || (await chain.knows(row.txid))) {', without: 'if (!ended) {', testFile: incidents('tron'), test: 'incidents of TRON E18 a node that has the transaction' },
  { incident: 'E38', file: 'wallets/keys/tron.ts', line: "if (now < line.expiration + SURELY_ENDED_MS) refuse(`${line.intentId} may still be mined`);", without: '', testFile: incidents('tron'), test: 'incidents of TRON E38' },
  { incident: 'E38', file: 'wallets/keys/tron.ts', line: '    checkNonce(nonces, { rawTransaction, txid });\n', without: '', testFile: 'wallets/keys/nonces.test.ts', test: 'E38 on TRON too' },
  { incident: 'E18', file: 'wallets/tron/renewals.ts', line: 'if (said.some(({ answer }) => answer)) return true;', without: 'if (said[0]?.answer) return true;', testFile: incidents('tron'), test: 'incidents of TRON E18 E9 a payout that one node hides' },
  { incident: 'E20', file: 'wallets/chains/bitcoin/blocks.ts', line: 'position: `out:${index}`', without: "position: 'out:0'", testFile: incidents('bitcoin'), test: 'incidents on Bitcoin E20' },
  { incident: 'E22', file: 'wallets/chains/bitcoin/blocks.ts', line: 'if (isCoinbase) continue;', without: '', testFile: incidents('bitcoin'), test: 'incidents on Bitcoin E22' },
  { incident: 'E23', file: 'wallets/chains/bitcoin/addresses.ts', line: 'if (script[0] !== 0) return undefined;', without: '', testFile: incidents('bitcoin'), test: 'incidents on Bitcoin E23' },
  { incident: 'E24', file: 'wallets/withdrawals/steps.ts', line: 'const owner = own.ownerOf(address);', without: 'const owner = false ? own.ownerOf(address) : undefined;', testFile: 'testbed/scenarios/wallets.test.ts', test: "withdrawals E24 to another user's deposit address" },
  { incident: 'E25', file: 'wallets/withdrawals/address-check.ts', line: ' || known.isHouse(address)', without: '', testFile: 'wallets/withdrawals/address-check.test.ts', test: 'E25 our own change' },
  { incident: 'E26', file: 'wallets/withdrawals/address-check.ts', line: "if (!address) throw new DomainError('BAD_ADDRESS', { network });", without: '', testFile: 'wallets/withdrawals/address-check.test.ts', test: 'E26 on' },
  { incident: 'E27', file: 'wallets/networks/index.ts', line: "if (network.memo !== 'none') throw", without: "if (network.memo === undefined) throw", testFile: incidents('payouts'), test: 'E27 memos and tags, which nothing here can send E27 a network whose' },
  { incident: 'E27', file: 'matching/engine/commands/withdrawals.ts', line: 'if (fault) throw new DomainError(fault, { network });', without: '', testFile: incidents('payouts'), test: 'E27 memos and tags, which nothing here can send E27 a withdrawal with' },
  { incident: 'E29', file: 'wallets/keys/coins.ts', line: 'if (payer !== undefined && payer !== original) ofPayout(payout, () => refuse(`${payout} is paid by ${payer}`));', without: '', testFile: 'wallets/keys/batches.test.ts', test: 'E29 a withdrawal is signed away once' },
  { incident: 'E30', file: 'wallets/chains/evm/transfers.ts', line: 'if (!token || count === 0n || !watched(to)) return [];', without: 'if (!token || !watched(to)) return [];', testFile: incidents('tokens'), test: 'E30 moves of nothing' },
  { incident: 'E31', file: 'wallets/deposits/scanner.ts', line: ' || transfer.amount < parseAmount(rail.minDeposit)', without: '', testFile: 'testbed/scenarios/wallets.test.ts', test: 'deposits E31 below the smallest deposit' },
  { incident: 'E32', file: 'wallets/sweeps/index.ts', line: 'const AFTER_FAILURE_MS = 600_000;', without: 'const AFTER_FAILURE_MS = 0;', testFile: incidents('tokens'), test: 'E32 a token that is paused E32 between the signature' },
  { incident: 'E33', file: 'wallets/keys/approvals.ts', line: 'if (judgement.needed > 0) refuse(', without: 'if (judgement.needed > 9) refuse(', testFile: 'wallets/keys/approvals.test.ts', test: 'E33 a forged state' },
  { incident: 'E33', file: 'wallets/keys/approvals.ts', line: 'if (isAboveDay(asset, units, besides)) return 2;', without: '', testFile: 'wallets/keys/approvals.test.ts', test: 'E33 what one admin lets through' },
  { incident: 'E33', file: 'domain/lifecycle/approval.ts', line: '`to ${payment.to}`,', without: '', testFile: 'wallets/keys/approvals.test.ts', test: 'E33 a forged state' },
  { incident: 'E34', file: 'wallets/networks/opening.ts', line: 'throw new WrongKey(`${id}: ${whose} cannot be read', without: 'throw new Error(`${id}: ${whose} cannot be read', testFile: incidents('payouts'), test: 'E34 a mistyped key E34 one letter' },
  { incident: 'E35', file: 'wallets/chains/evm/index.ts', line: 'const gasLimit = (estimate * 120n) / 100n;', without: 'const gasLimit = estimate > 0n ? 21_000n : 0n;', testFile: incidents('payouts'), test: 'E35' },
  { incident: 'E35', file: 'wallets/withdrawals/payouts.ts', line: 'if (!gas) {', without: 'if (!gas) return undefined as never; if (!gas) {', testFile: incidents('payouts'), test: 'E35 a receiver that takes no coins' },
  { incident: 'E37', file: 'wallets/deposits/scanner.ts', line: 'formatAmount(transfer.amount > MAX_UNITS ? MAX_UNITS : transfer.amount)', without: 'formatAmount(transfer.amount)', testFile: incidents('tokens'), test: 'E37' },
  { incident: 'E38', file: 'wallets/keys/nonces.ts', line: 'if (before !== undefined && before !== signed)', without: 'if (before === signed && before === undefined)', testFile: 'wallets/keys/nonces.test.ts', test: 'E38 a number that comes again' },
];
