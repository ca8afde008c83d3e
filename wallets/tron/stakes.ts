import type { StakeRow } from '../../db/entities/stakes';
import type { ChainStore } from '../../db/stores/chain';
import type { StakeStore } from '../../db/stores/stakes';
import type { Clock } from '../../domain/clock-and-ids';
import type { Engine, EventBus, Logger, StakePurpose } from '../../domain/contract/ports';
import { formatAmount, parseAmount, parseSigned, toChainUnits } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Network } from '../../domain/registry';
import { claimId, costReference, transactionId, transactionReference } from '../../domain/references';
import { createApart } from '../apart';
import type { ChainReceipt } from '../chains/chain';
import type { TronChain } from '../chains/tron';
import { SUN_DECIMALS } from '../chains/tron/transfers';
import { releaseCost, reserveCost } from '../treasury/costs';
import type { Sender, Settle } from '../treasury/sender';

/** From unstaking until it can be had, on every TRON; the chain itself says when it really can. */
const DELAY_MS = 14 * 86_400_000;
/** What can be had again is asked for in every so many rounds: it has waited for days. */
const ROUNDS_A_CLAIM = 10;
/** A claim that was mined and failed is made again after this. */
const AFTER_FAILURE_MS = 600_000;

export interface StakesDeps {
  readonly chain: Pick<TronChain, 'stake' | 'stakeCost' | 'solidTime'>;
  readonly network: Network;
  readonly hotAddress: string;
  readonly stakeStore: StakeStore;
  readonly chainStore: ChainStore;
  readonly transactions: Sender;
  readonly engine: Engine;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}

const place = ({ network }: StakesDeps): `staked/${string}` => `staked/${network.id}`;
const intentOf = ({ kind, id }: StakeRow): string => transactionId(kind, id);

/**
 * Carries out what an operator wishes of the stake. What is staked is ours and lies in a place of its own in the
 * books, from the block in which it was mined until what was unstaked has become a balance again. Only the operator's
 * own coins are staked: what users are owed stays where it can be paid out.
 */
export function createStakes(deps: StakesDeps): { round(): Promise<void> } {
  const { transactions, stakeStore, network } = deps;
  for (const resource of ['energy', 'bandwidth'] as const) {
    transactions.onFinal(`stake-${resource}`, settleStake(deps));
    transactions.onFinal(`unstake-${resource}`, settleUnstake(deps));
  }
  transactions.onFinal('claim', settleClaim(deps));
  const apart = createApart(deps, 'stake');
  let rounds = 0;
  return {
    round: async () => {
      const open = await stakeStore.open(network.id);
      for (const row of open) if (row.state !== 'UNSTAKING') await apart(row.id, () => advance(deps, row));
      if (rounds++ % ROUNDS_A_CLAIM !== 0) return;
      await apart('claim', () => claim(deps));
      for (const row of open) if (row.state === 'UNSTAKING') await apart(row.id, () => had(deps, row));
    },
  };
}

async function advance(deps: StakesDeps, row: StakeRow): Promise<void> {
  const { chain, network, hotAddress, stakeStore, chainStore, transactions, engine, clock } = deps;
  const [id, amount] = [intentOf(row), parseAmount(row.amount)];
  const sent = await chainStore.find(id);
  if (sent?.state === 'VOID') {
    await stakeStore.advance(row.id, 'fail', { reason: 'the signer refused it', updatedAt: clock.now() });
    await releaseCost(engine, costReference(id), network.gasAsset, `hot/${network.id}`, row.kind);
    return;
  }
  if (sent) return;
  const gas = await chain.stakeCost(toChainUnits(amount, SUN_DECIMALS));
  if (row.state === 'PLANNED') {
    const reason =
      (await obstacle(deps, row, amount, gas.maxCost)) ??
      ((await reserveCost(engine, costReference(id), network.gasAsset, gas.maxCost, row.kind))
        ? null
        : 'NEEDS_OPERATOR_FUNDS');
    if (reason !== null) {
      if (reason !== row.reason) await stakeStore.waits(row.id, reason, clock.now());
      return;
    }
    if (!(await stakeStore.advance(row.id, 'send', { reason: null, updatedAt: clock.now() }))) {
      // Given up meanwhile.
      await releaseCost(engine, costReference(id), network.gasAsset, `hot/${network.id}`, row.kind);
      return;
    }
  }
  const purpose: StakePurpose = `${row.kind}-${row.resource === 'ENERGY' ? 'energy' : 'bandwidth'}`;
  await transactions.send({
    id,
    purpose,
    subject: row.id,
    from: 'hot',
    to: hotAddress,
    asset: network.gasAsset,
    amount: row.kind === 'stake' ? amount : 0n,
    gas,
    reservation: costReference(id),
  });
}

/** What it waits for, if for anything. */
async function obstacle(
  deps: StakesDeps,
  { kind, resource }: StakeRow,
  amount: Units,
  cost: Units,
): Promise<string | undefined> {
  const { chain, network, hotAddress, transactions, engine } = deps;
  if (kind === 'unstake')
    return (await chain.stake(hotAddress)).own[resource] < amount ? 'LENT_OR_NOT_STAKED' : undefined;
  if ((await transactions.free(network.gasAsset)) < amount + cost) return 'INSUFFICIENT_FUNDS';
  const position = (await engine.operatorPosition()).find(({ asset }) => asset === network.gasAsset);
  const staked = (await engine.custody()).find((row) => row.place === place(deps) && row.asset === network.gasAsset);
  const sending = (await deps.stakeStore.open(network.id))
    .filter((row) => row.kind === 'stake' && row.state === 'SENDING')
    .reduce((sum, row) => sum + parseAmount(row.amount), 0n);
  return parseSigned(position?.amount ?? '0') - parseSigned(staked?.amount ?? '0') - sending < amount + cost
    ? 'NEEDS_OPERATOR_FUNDS'
    : undefined;
}

const costOf = ({ network }: StakesDeps, reservation: string | null, { fee }: ChainReceipt) => ({
  reservation: reservation ?? '',
  asset: network.gasAsset,
  actual: formatAmount(fee),
  from: `hot/${network.id}` as const,
});

const settleStake =
  (deps: StakesDeps): Settle =>
  async (row, receipt) => {
    const { engine, network, stakeStore, clock } = deps;
    const [cost, reference, now] = [
      costOf(deps, row.reservation, receipt),
      transactionReference(row.id, 'final'),
      clock.now(),
    ];
    if (!receipt.succeeded) {
      await engine.submit({ kind: 'cost.settle', reference, paid: cost, purpose: 'stake' });
      return void (await stakeStore.advance(row.subject, 'fail', {
        txid: row.txid,
        reason: 'it was mined and failed',
        updatedAt: now,
      }));
    }
    await engine.submit({
      kind: 'custody.move',
      reference,
      asset: network.gasAsset,
      amount: formatAmount(parseAmount(row.amount)),
      from: `hot/${network.id}`,
      to: place(deps),
      cost,
    });
    await stakeStore.advance(row.subject, 'finish', { txid: row.txid, updatedAt: now });
  };

/** What had waited long enough came back with it. */
async function release(
  deps: StakesDeps,
  reference: string,
  receipt: ChainReceipt,
  cost: ReturnType<typeof costOf>,
  purpose: string,
): Promise<void> {
  const { engine, network } = deps;
  const released = receipt.succeeded ? (receipt.released ?? 0n) : 0n;
  if (released === 0n) await engine.submit({ kind: 'cost.settle', reference, paid: cost, purpose });
  else
    await engine.submit({
      kind: 'custody.move',
      reference,
      asset: network.gasAsset,
      amount: formatAmount(released),
      from: place(deps),
      to: `hot/${network.id}`,
      cost,
    });
}

const settleUnstake =
  (deps: StakesDeps): Settle =>
  async (row, receipt) => {
    const { stakeStore, clock } = deps;
    await release(
      deps,
      transactionReference(row.id, 'final'),
      receipt,
      costOf(deps, row.reservation, receipt),
      'unstake',
    );
    const now = clock.now();
    if (!receipt.succeeded)
      await stakeStore.advance(row.subject, 'fail', {
        txid: row.txid,
        reason: 'it was mined and failed',
        updatedAt: now,
      });
    else
      await stakeStore.advance(row.subject, 'unstake', {
        txid: row.txid,
        readyAt: (receipt.at ?? now) + DELAY_MS,
        updatedAt: now,
      });
  };

const settleClaim =
  (deps: StakesDeps): Settle =>
  (row, receipt) =>
    release(deps, transactionReference(row.id, 'final'), receipt, costOf(deps, row.reservation, receipt), 'claim');

/**
 * Takes what has waited long enough. By the chain's own word, so that it bears kills, and others who unstake with the
 * same key.
 */
async function claim(deps: StakesDeps): Promise<void> {
  const { chain, chainStore, network, hotAddress, transactions, engine, clock } = deps;
  const due = await dueOf(deps);
  if (due === undefined) return;
  const before = await chainStore.bySubject('claim', String(due));
  const last = before.at(-1);
  if (last && !['FAILED', 'VOID'].includes(last.state)) return;
  if (last?.state === 'VOID' && !transactions.mayTryAgain(last)) return;
  if (last?.state === 'FAILED' && clock.now() - last.updatedAt < AFTER_FAILURE_MS) return;
  const id = last?.state === 'VOID' ? last.id : claimId(network.id, due, before.length);
  const gas = await chain.stakeCost(0n);
  if (!(await reserveCost(engine, costReference(id), network.gasAsset, gas.maxCost, 'claim'))) return;
  await transactions.send({
    id,
    purpose: 'claim',
    subject: String(due),
    from: 'hot',
    to: hotAddress,
    asset: network.gasAsset,
    amount: 0n,
    gas,
    reservation: costReference(id),
  });
}

/** The time of the oldest unstaked TRX that can be had now. */
async function dueOf({ chain, hotAddress }: StakesDeps): Promise<number | undefined> {
  const { waiting } = await chain.stake(hotAddress);
  if (waiting.length === 0) return undefined;
  const now = await chain.solidTime();
  return waiting
    .filter(({ at }) => at <= now)
    .map(({ at }) => at)
    .toSorted((a, b) => a - b)[0];
}

/** It has become a balance, and the books know it: nothing that is due waits any more, and no claim is under way. */
async function had(deps: StakesDeps, { id, readyAt }: StakeRow): Promise<void> {
  const { chain, chainStore, stakeStore, network, clock } = deps;
  if (readyAt === null || (await chain.solidTime()) < readyAt || (await dueOf(deps)) !== undefined) return;
  if ((await chainStore.open(network.id)).some(({ purpose }) => purpose === 'claim' || purpose.startsWith('unstake-')))
    return;
  await stakeStore.advance(id, 'receive', { updatedAt: clock.now() });
}
