/** Random lives on the pure part of the engine, against a naive model, with every invariant after every step. */
import fc from 'fast-check';
import { formatAmount } from '../../domain/money/amount';
import type { Command } from '../../domain/contract/commands';
import { PULL_BACK_FEES, RESERVED_COSTS, available, debt, held, mustNotBeNegative } from '../../ledger/accounts';
import { apply } from './apply';
import { memoryFaults } from './memory-faults';
import { emptyState } from './modules';
import type { EngineState } from './modules';
import { availableToHedge } from '../modules/venue/state';
import type { OfferedQuote } from '../modules/swaps/state';
import { Model, PRELUDE, USERS, commandOf, dealOf, registry, wish } from './testing';
import type { Wish } from './testing';

const seed = Number(process.env.SEED ?? 20251121);
console.info(`engine against a naive model: seed ${seed}`);

const context = { now: 1_700_000_000_000, registry };
const ASSETS = ['ETH', 'USDT'];
const counts = new Map<string, number>();

function fresh(): EngineState {
  const state = emptyState({ registry });
  state.venueFree = new Map(ASSETS.map((asset) => [asset, 10n ** 30n]));
  return state;
}

/** Everything the engine remembers, to the last unit. */
function snapshot(state: EngineState): string {
  const books = [...state.books.entries()]
    .filter(({ amount }) => amount !== 0n)
    .map(({ account, asset, amount }) => `${account}|${asset}|${amount}`)
    .sort();
  const { swaps, intents, withdrawals, costs, reserves, quotes } = state;
  const maps = [swaps, intents, withdrawals, costs, reserves, quotes].map((map) =>
    [...(map as Map<string, unknown>)].sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const positions = ASSETS.map((asset) => state.books.position(asset));
  return JSON.stringify({ books, maps, positions }, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : value,
  );
}

function invariants(state: EngineState): void {
  expect(memoryFaults(state)).toEqual([]);
  const sums: Record<string, bigint> = {};
  const own: Record<string, bigint> = {};
  const holds = new Map<string, bigint>();
  const add = (at: string, amount: bigint): void => void holds.set(at, (holds.get(at) ?? 0n) + amount);
  for (const { userId, asset, amount, fee } of state.withdrawals.values())
    add(`${held(userId)} ${asset}`, amount + fee);
  for (const { userId, fromAsset, fromAmount } of state.swaps.values()) add(`${held(userId)} ${fromAsset}`, fromAmount);
  for (const { asset, amount } of state.costs.values()) add(`${RESERVED_COSTS} ${asset}`, amount);
  for (const { asset, pullBackFee } of state.withdrawals.values()) add(`${PULL_BACK_FEES} ${asset}`, -pullBackFee);
  for (const { account, asset, amount } of state.books.entries()) {
    sums[asset] = (sums[asset] ?? 0n) + amount;
    if (/^(equity|revenue|expense)\//.test(account)) own[asset] = (own[asset] ?? 0n) + amount;
    if (mustNotBeNegative(account) && amount < 0n)
      throw new Error(`${account} ${asset} is below zero: ${formatAmount(amount)}`);
    const claimed = account.endsWith('/held') || account === RESERVED_COSTS || account === PULL_BACK_FEES;
    if (claimed && amount !== (holds.get(`${account} ${asset}`) ?? 0n))
      throw new Error(`${account} ${asset} is ${amount}, claims are ${holds.get(`${account} ${asset}`) ?? 0n}`);
    holds.delete(`${account} ${asset}`);
  }
  for (const [at, claim] of holds) if (claim !== 0n) throw new Error(`${at}: ${claim} is claimed and nothing is there`);
  for (const asset of ASSETS) {
    expect([asset, sums[asset] ?? 0n]).toEqual([asset, 0n]);
    expect([asset, own[asset] ?? 0n]).toEqual([asset, state.books.position(asset)]);
  }
}

function agrees(state: EngineState, model: Model): void {
  for (const user of USERS) {
    for (const asset of ASSETS) {
      const { free, held: kept, owed } = model.balance(user, asset);
      const found = [available(user), held(user), debt(user)].map((account) => state.books.balance(account, asset));
      expect([user, asset, ...found]).toEqual([user, asset, free, kept, -owed]);
    }
  }
  for (const asset of ASSETS) {
    expect([asset, state.books.position(asset)]).toEqual([asset, model.position.get(asset) ?? 0n]);
    expect([asset, -state.books.balance('custody/binance', asset)]).toEqual([asset, model.atVenue.get(asset) ?? 0n]);
    expect(availableToHedge(state, asset) >= 0n).toBe(true);
  }
  expect([...state.withdrawals.keys()].sort()).toEqual([...model.papers.keys()].sort());
  expect([...state.intents.keys()].sort()).toEqual([...model.deals.keys()].sort());
}

function step(state: EngineState, model: Model, command: Command): void {
  const before = snapshot(state);
  const positions = ASSETS.map((asset) => state.books.position(asset));
  const expected = model.act(command);
  const outcome = apply(state, command, context);
  const code = 'refused' in outcome ? outcome.refused.code : undefined;
  expect({ command, code }).toEqual({ command, code: expected });
  counts.set(`${command.kind} ${code ?? 'done'}`, (counts.get(`${command.kind} ${code ?? 'done'}`) ?? 0) + 1);
  if ('refused' in outcome) return expect(snapshot(state)).toBe(before);
  for (const entry of outcome.done.entries) expect(entry.postings.length).toBeGreaterThan(1);
  // Below zero, or further below, only by a fact, and never in silence.
  ASSETS.forEach((asset, at) => {
    const now = state.books.position(asset);
    if (now >= 0n || now >= (positions[at] ?? 0n)) return;
    expect(outcome.done.events).toContainEqual(
      expect.objectContaining({ name: 'alert', code: 'NEEDS_OPERATOR_FUNDS' }),
    );
  });
}

const offer = (state: EngineState, quote: OfferedQuote): void =>
  void state.quotes.set(quote.quote.id, { ...quote, used: false });

function live(wishes: readonly Wish[]): { state: EngineState; history: (Command | OfferedQuote)[] } {
  const [state, model] = [fresh(), new Model()];
  const history: (Command | OfferedQuote)[] = [];
  [...PRELUDE, ...wishes].forEach((given, n) => {
    const made = commandOf(model, given, n);
    if (!made) return;
    history.push(made);
    if ('quote' in made) {
      offer(state, made);
      model.quotes.set(made.quote.id, dealOf(made));
      return;
    }
    step(state, model, made);
    invariants(state);
    agrees(state, model);
  });
  return { state, history };
}

test('random lives: the engine agrees with the model, and every invariant holds after every step', () => {
  fc.assert(
    fc.property(fc.array(wish, { minLength: 60, maxLength: 150, size: 'max' }), (wishes) => {
      const { state, history } = live(wishes);
      const again = fresh();
      for (const made of history) {
        if ('quote' in made) offer(again, made);
        else apply(again, made, context);
      }
      expect(snapshot(again)).toBe(snapshot(state));
    }),
    { seed, numRuns: Number(process.env.RUNS ?? 60), endOnFailure: true },
  );
  // Lives that never came to this point would prove nothing about it.
  const often = [
    'operator.contribute done',
    'deposit.credit done',
    'deposit.reverse done',
    'cost.reserve done',
    'cost.settle done',
    'cost.settle NOT_FOUND',
    'custody.move done',
    'venue.reserve done',
    'venue.reserve FUNDS_IN_TRANSIT',
    'venue.release done',
    'withdrawal.request done',
    'withdrawal.request INSUFFICIENT_FUNDS',
    'withdrawal.request BAD_AMOUNT',
    'asset.pause done',
    'withdrawal.request ASSET_PAUSED',
    'withdrawal.approve ASSET_PAUSED',
    'withdrawal.approve done',
    'withdrawal.approve WITHDRAWAL_STATE',
    'withdrawal.refuse done',
    'withdrawal.cancel done',
    'withdrawal.cancel NOT_FOUND',
    'withdrawal.confirm done',
    'withdrawal.fail done',
    'withdrawal.settleInternal done',
    'swap.accept done',
    'swap.accept QUOTE_USED',
    'swap.accept INSUFFICIENT_FUNDS',
    'venue.report done',
    'venue.report NOT_FOUND',
  ];
  expect(often.filter((what) => (counts.get(what) ?? 0) < 3)).toEqual([]);
});
